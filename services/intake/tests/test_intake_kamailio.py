"""Kamailio's three styles: accounting, dialog records and events,."""

from collections.abc import Callable
from typing import Any

import pytest
from siaga_intake.core.events import CallEvent, HangupBy, Ignored, Refusal, Trust

Events = Callable[[str, Any], tuple[CallEvent, ...]]
CANCELLED: dict[str, Any] = {
    "method": "INVITE", "from_tag": "a73k", "to_tag": "", "callid": "b7c1@10.0.0.5", "sip_code": "487",
    "sip_reason": "Request Terminated", "time": 1710123346, "src_user": "+6281234567890", "pai": "tel:+6281234567890",
    "dst_user": "112", "uac_ip": "10.1.2.3",
}  # fmt: skip
ANSWERED: dict[str, Any] = {
    "method": "INVITE", "from_tag": "q9", "to_tag": "z1", "callid": "d0e2@10.0.0.5", "sip_code": "200",
    "sip_reason": "OK", "time": 1710123500, "src_user": "anonymous", "dst_user": "112",
}  # fmt: skip
BYE: dict[str, Any] = {**ANSWERED, "method": "BYE", "time": 1710123548}
DIALOG: dict[str, Any] = {
    "start_time": "1710123500.112", "end_time": "1710123548.870", "duration": "48.758", "callid": "d0e2@10.0.0.5",
    "src_user": "anonymous",
}  # fmt: skip
STYLE: dict[str, Any] = {
    "id": "7f3c", "time": "1710123330", "call_id": "d0e2@10.0.0.5", "called": "112", "caller": "081234567890",
    "source_ip": "10.1.2.3",
}  # fmt: skip


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (CANCELLED, [("RINGING", 1_710_123_346_000), ("ENDED", 1_710_123_346_000)]),
        (ANSWERED, [("RINGING", 1_710_123_500_000), ("SIP_ANSWERED", 1_710_123_500_000)]),
        ({**ANSWERED, "sip_code": "503"}, [("RINGING", 1_710_123_500_000), ("ENDED", 1_710_123_500_000)]),
        ({**ANSWERED, "sip_code": "183"}, [("RINGING", 1_710_123_500_000)]),
        (BYE, [("ENDED", 1_710_123_548_000)]),
        (DIALOG, [("SIP_ANSWERED", 1_710_123_500_112), ("ENDED", 1_710_123_548_870)]),
        ({**STYLE, "type": "call.started"}, [("RINGING", 1_710_123_330_000)]),
        ({**STYLE, "type": "call.ringing"}, [("RINGING", 1_710_123_330_000)]),
        ({**STYLE, "type": "call.answered"}, [("SIP_ANSWERED", 1_710_123_330_000)]),
        ({**STYLE, "type": "call.cancelled"}, [("ENDED", 1_710_123_330_000)]),
        ({**STYLE, "type": "call.failed", "sip_status": 503}, [("ENDED", 1_710_123_330_000)]),
        ({**STYLE, "type": "call.ended"}, [("ENDED", 1_710_123_330_000)]),
    ],
)
def test_event(told: Callable[..., Any], event: dict[str, Any], expected: list[tuple[str, int]]) -> None:
    assert told("kamailio", event) == expected


@pytest.mark.parametrize(
    ("event", "by", "status"),
    [
        (CANCELLED, HangupBy.CALLER, 487),
        ({**ANSWERED, "sip_code": "503"}, HangupBy.SYSTEM, 503),
        (BYE, HangupBy.CALLER, 200),
        ({**BYE, "src_user": "112"}, HangupBy.CENTRE, 200),
        ({key: BYE[key] for key in ("method", "callid", "time")}, HangupBy.UNSPECIFIED, 0),
        (DIALOG, HangupBy.UNSPECIFIED, 0),
        ({**STYLE, "type": "call.cancelled", "sip_status": 487}, HangupBy.CALLER, 487),
        ({**STYLE, "type": "call.failed", "sip_status": 503}, HangupBy.SYSTEM, 503),
        ({**STYLE, "type": "call.ended"}, HangupBy.UNSPECIFIED, 0),
    ],
)
def test_who_ended_it(events: Events, event: dict[str, Any], by: HangupBy, status: int) -> None:
    hangup = events("kamailio", event)[-1].hangup
    assert hangup is not None
    assert (hangup.by, hangup.sip_status) == (by, status)


def test_the_same_call_in_all_three_styles(events: Events) -> None:
    calls = {events("kamailio", each)[0].call_id for each in (ANSWERED, BYE, DIALOG, {**STYLE, "type": "call.ended"})}
    assert len(calls) == 1


def test_identity(events: Events) -> None:
    asserted, anonymous = events("kamailio", CANCELLED)[0].caller, events("kamailio", ANSWERED)[0].caller
    contradicted = events("kamailio", {**CANCELLED, "src_user": "+628111111111"})[0].caller
    assert asserted is not None
    assert anonymous is not None
    assert contradicted is not None
    assert (asserted.trust, asserted.number) == (Trust.ASSERTED, "+6281234567890")
    assert (anonymous.trust, anonymous.number, anonymous.key) == (Trust.ANONYMOUS, "", "")
    assert (contradicted.trust, contradicted.key) == (Trust.UNVERIFIED, asserted.key)


def test_a_resent_event_has_its_own_id(events: Events) -> None:
    started, ringing = (events("kamailio", {**STYLE, "type": kind})[0] for kind in ("call.started", "call.answered"))
    again = events("kamailio", {**STYLE, "type": "call.started", "source_ip": "10.9.9.9"})[0]
    assert again.event_id == started.event_id != ringing.event_id


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"method": "ACK", "callid": "x"}, "irrelevant_event"),
        ({"method": "PRANK"}, "unknown_event"),
        ({**STYLE, "type": "call.cancel_requested"}, "irrelevant_event"),
        ({**STYLE, "type": "call.sung"}, "unknown_event"),
    ],
)
def test_says_nothing(take: Callable[..., Any], event: dict[str, Any], reason: str) -> None:
    ignored = take("kamailio", event)
    assert isinstance(ignored, Ignored)
    assert ignored.reason == reason
    assert bool(ignored.name) == (reason == "unknown_event")


@pytest.mark.parametrize(
    ("event", "field"),
    [
        ({}, "method"),
        ({**CANCELLED, "callid": ""}, "callid"),
        ({**CANCELLED, "sip_code": "two hundred"}, "sip_code"),
        ({**CANCELLED, "time": -3}, "time"),
        ({"start_time": "0", "callid": "x"}, "start_time"),
        ({**STYLE, "type": "call.started", "call_id": None}, "call_id"),
    ],
)
def test_refusal_names_the_field(take: Callable[..., Any], event: dict[str, Any], field: str) -> None:
    refused = take("kamailio", event)
    assert isinstance(refused, Refusal)
    assert refused.field == field
