"""Kamailio's three styles: accounting, dialog records and events,."""

import base64
import hashlib
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


NUMBER = "+6281234567890"
PLACE = (
    '<presence xmlns="urn:ietf:params:xml:ns:pidf"><tuple><status><geopriv><location-info>'
    "<Point><pos>-6.1149 106.1502</pos></Point></location-info></geopriv></status></tuple></presence>"
)
STARTED: dict[str, Any] = {
    **{name: value for name, value in STYLE.items() if name != "caller"}, "type": "call.started",
    "called": "sip:112@10.0.0.6", "from": '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=a1',
    "pai": f'"A, B" <sip:trunk@10.0.0.5>, <tel:{NUMBER};verstat=TN-Validation-Passed>', "privacy": "id",
    "call_info": "<urn:emergency:uid:callid:a1b2:edge.example>;purpose=emergency-CallId",
}  # fmt: skip


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


MIXED = {
    "content_type": "multipart/mixed; boundary=x",
    "body_base64": in_base64(
        f"--x\r\nContent-Type: application/isup\r\n\r\n\x01\x10\r\n--x\r\nContent-Type: application/pidf+xml\r\n\r\n{PLACE}\r\n--x--"
    ),
}


def test_a_call_in_the_words_of_its_invite(events: Events) -> None:
    (ringing,) = events("kamailio", STARTED)
    assert ringing.caller is not None
    assert (ringing.called, ringing.caller.number, ringing.caller.trust) == ("112", NUMBER, Trust.VERIFIED)
    assert ringing.emergency_id == "urn:emergency:uid:callid:a1b2:edge.example"


@pytest.mark.parametrize(
    "where",
    [
        {"pidf_lo": PLACE},
        {"pidf_lo": [PLACE]},
        {"pidf_lo": f"Content-ID: <place@c>\r\nContent-Type: application/pidf+xml\r\n\r\n{PLACE}"},
        {"content_type": "application/pidf+xml", "body_base64": in_base64(PLACE)},
        MIXED,
    ],
)
def test_where_the_caller_is(events: Events, where: dict[str, Any]) -> None:
    ringing, position = events("kamailio", {**STARTED, **where})
    assert (ringing.kind.name, position.kind.name) == ("RINGING", "POSITION")
    assert position.position is not None
    assert (position.position.lat, position.position.lon) == (-6.1149, 106.1502)


@pytest.mark.parametrize(
    "worthless",
    [
        {"pidf_lo": "<presence"}, {"pidf_lo": 7}, {"body_base64": "%%%", "content_type": "multipart/mixed; boundary=x"},
        {"body_base64": "AAAA"}, {"geolocation": "<cid:gone@c>"}, {"geolocation": ["x"]}, {"call_info": {"a": 1}},
        {"pai": ["x"]}, {"from": "<sip:" + "9" * 20_000}, {"reason": 7}, {"by": "nobody"}, {"call_id": "x" * 3_000},
    ],
)  # fmt: skip
def test_no_header_is_worth_a_call(events: Events, worthless: dict[str, Any]) -> None:
    assert [event.kind.name for event in events("kamailio", {**STARTED, **worthless})] == ["RINGING"]


@pytest.mark.parametrize(
    ("told", "by", "q850"),
    [
        ({"type": "call.ended", "by": "centre", "reason": "Q.850;cause=16"}, HangupBy.CENTRE, 16),
        ({"type": "call.ended", "by": "caller"}, HangupBy.CALLER, 0),
        ({"type": "call.ended", "by": "system"}, HangupBy.SYSTEM, 0),
        ({"type": "call.failed", "by": "nobody"}, HangupBy.SYSTEM, 0),
    ],
)
def test_who_ended_it_as_the_edge_says(events: Events, told: dict[str, Any], by: HangupBy, q850: int) -> None:
    hangup = events("kamailio", {**STYLE, **told})[0].hangup
    assert hangup is not None
    assert (hangup.by, hangup.q850) == (by, q850)


def test_one_id_for_a_call_names_each_of_its_events(events: Events) -> None:
    types = ("call.started", "call.ringing", "call.answered", "call.ended")
    assert len({events("kamailio", {**STYLE, "type": each})[0].event_id for each in types}) == len(types)


DIALOGS: dict[str, Any] = {
    "jsonrpc": "2.0", "id": 1, "result": [{
        "h_entry": 1, "h_id": 2, "call-id": "d0e2@10.0.0.5", "from_uri": "sip:anonymous@anonymous.invalid",
        "to_uri": "sip:112@10.0.0.6", "state": 4, "start_ts": 1710123346, "init_ts": 1710123330, "end_ts": 0,
        "caller": {"tag": "a1"}, "callee": {"tag": "b2"}, "profiles": [], "variables": [{"pai": f"<tel:{NUMBER}>"}],
    }],
}  # fmt: skip


def test_calls_under_way_have_the_ids_of_their_own_events(events: Events, door: Callable[..., Any]) -> None:
    (dialog,) = door("kamailio").split(DIALOGS)
    told = events("kamailio", dialog)
    assert [(event.kind.name, event.event_at_ms) for event in told] == [
        ("RINGING", 1_710_123_330_000), ("SIP_ANSWERED", 1_710_123_346_000),
    ]  # fmt: skip
    assert all(event.backfilled and event.caller is not None and event.caller.number == NUMBER for event in told)
    native = hashlib.md5(b"d0e2@10.0.0.5|a1").hexdigest()
    pushed = [
        events("kamailio", {**STYLE, "id": native, "type": each})[0] for each in ("call.started", "call.answered")
    ]
    assert [event.event_id for event in told] == [event.event_id for event in pushed]


def test_a_call_that_still_rings_is_told_as_ringing(events: Events, door: Callable[..., Any]) -> None:
    (dialog,) = door("kamailio").split(DIALOGS)
    assert [event.kind.name for event in events("kamailio", {**dialog, "start_ts": 0, "variables": None})] == [
        "RINGING"
    ]


def test_a_call_just_over_is_told_to_its_end(events: Events, door: Callable[..., Any]) -> None:
    (dialog,) = door("kamailio").split(DIALOGS)
    told = events("kamailio", {**dialog, "state": 5, "end_ts": 1710123399})
    assert [(event.kind.name, event.event_at_ms) for event in told][-1] == ("ENDED", 1_710_123_399_000)
    assert len(told) == 3
