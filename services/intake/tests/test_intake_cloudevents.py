"""Canonical CloudEvents: one that tells a whole call becomes an event for each of its times."""

from collections.abc import Callable
from typing import Any

import pytest
from siaga_intake.core.events import CallEvent, Channel, Disposition, HangupBy, Ignored, Kind, Refusal, Trust

Events = Callable[[str, Any], tuple[CallEvent, ...]]
END_MS = 1_710_123_357_300
DATA: dict[str, Any] = {
    "tenant": "36.73", "channel": "voice", "direction": "incoming", "called": "112",
    "caller": {"number": "+6281234567890", "identity_trust": "asserted", "verstat": None},
    "switch": {"kind": "asterisk", "call_ref": "1710123330.41"},
    "t": {
        "ring": "2024-03-11T02:15:30.120Z", "ivr_enter": "2024-03-11T02:15:31.000Z", "ivr_confirm": None,
        "queue_enter": None, "answer": None, "end": "2024-03-11T02:15:57.300Z",
    },
    "outcome": "ivr_prank", "outcome_basis": ["ivr_no_input", "hangup_by_caller"],
    "hangup": {"by": "caller", "q850": 16}, "backfilled": False, "test": False,
}  # fmt: skip
EVENT: dict[str, Any] = {
    "specversion": "1.0", "type": "id.siaga112.call.ended.v1", "source": "intake/asterisk/pbx1", "id": "01HRM8",
    "subject": "urn:emergency:uid:callid:01HRM8:psap-3673.example", "time": "2024-03-11T02:15:57.300Z", "data": DATA,
}  # fmt: skip


def with_data(**changes: Any) -> dict[str, Any]:
    return {**EVENT, "data": {**DATA, **changes}}


def without(name: str) -> dict[str, Any]:
    return {**EVENT, "data": {key: value for key, value in DATA.items() if key != name}}


def test_a_whole_call_is_told_by_its_times(events: Events) -> None:
    found = events("events", EVENT)
    assert [(event.kind, event.event_at_ms) for event in found] == [
        (Kind.RINGING, 1_710_123_330_120),
        (Kind.IVR_ENTERED, 1_710_123_331_000),
        (Kind.ENDED, END_MS),
    ]
    assert found[-1].hangup is not None
    assert (found[-1].hangup.by, found[-1].hangup.q850) == (HangupBy.CALLER, 16)
    assert {event.caller.trust for event in found if event.caller} == {Trust.ASSERTED}
    assert len({event.event_id for event in found}) == len(found)


def test_it_meets_the_switchs_own_events_in_one_call(events: Events) -> None:
    (ami,) = events("asterisk", {"Event": "Hangup", "Uniqueid": "1710123330.41", "Cause": "16"})
    for source in ("intake/asterisk/pbx1", "intake/asterisk/pbx1.example", "asterisk/pbx1", "somewhere"):
        assert {event.call_id for event in events("events", {**EVENT, "source": source})} == {ami.call_id}


def test_without_times_it_is_one_event_at_its_own_time(told: Callable[..., Any]) -> None:
    assert told("events", without("t")) == [("ENDED", END_MS)]
    ringing = {**without("t"), "type": "id.siaga112.call.received.v1"}
    assert told("events", ringing) == [("RINGING", END_MS)]


@pytest.mark.parametrize(
    ("basis", "outcome", "by"),
    [
        (["hangup_by_caller"], "ivr_prank", HangupBy.CALLER),
        (["queue_timeout"], "", HangupBy.SYSTEM),
        ([], "unserved", HangupBy.SYSTEM),
        ([], "abandon", HangupBy.UNSPECIFIED),
        ("odd", "", HangupBy.UNSPECIFIED),
    ],
)
def test_hints_stand_in_for_a_hangup_that_is_not_told(events: Events, basis: Any, outcome: str, by: HangupBy) -> None:
    ended = events("events", with_data(hangup=None, outcome_basis=basis, outcome=outcome))[-1]
    assert ended.hangup is not None
    assert ended.hangup.by is by


def test_an_outcome_claims_a_disposition_only_of_an_answered_call(events: Events) -> None:
    answered = with_data(outcome="answered_prank", t={**DATA["t"], "answer": "2024-03-11T02:15:40Z"}, operator="op-03")
    form = events("events", answered)[-1]
    assert form.kind is Kind.FORM
    assert form.form is not None
    assert (form.form.disposition, form.form.operator) == (Disposition.PRANK, "op-03")
    assert Kind.FORM not in {event.kind for event in events("events", with_data(outcome="answered_prank"))}


def test_flags_and_channel(events: Events) -> None:
    event = with_data(channel="whatsapp", switch=None, test=True, backfilled=True, text="tolong", t=None)
    (message,) = events("events", {**event, "type": "id.siaga112.call.message.v1"})
    assert (message.kind, message.channel, message.text) == (Kind.MESSAGE, Channel.WHATSAPP, "tolong")
    assert (message.test, message.backfilled, message.source) == (True, True, "whatsapp/1")


@pytest.mark.parametrize(
    ("caller", "trust"),
    [
        ({"number": "", "identity_trust": "no_sim"}, Trust.NO_SIM),
        ({"identity_trust": "anonymous"}, Trust.ANONYMOUS),
        ({"number": "081234567890", "identity_trust": "unverified"}, Trust.UNVERIFIED),
        ({"number": "081234567890", "verstat": "TN-Validation-Passed-A"}, Trust.VERIFIED),
    ],
)
def test_trust(events: Events, caller: dict[str, str], trust: Trust) -> None:
    found = events("events", with_data(caller=caller))[0].caller
    assert found is not None
    assert found.trust is trust


@pytest.mark.parametrize(
    ("event", "field"),
    [
        ({**EVENT, "specversion": "0.3"}, "specversion"),
        ({**EVENT, "id": ""}, "id"),
        ({**EVENT, "type": None}, "type"),
        ({**EVENT, "time": "2024-03-11T02:15:57"}, "time"),
        ({**EVENT, "data": []}, "data"),
        ({**without("switch"), "subject": ""}, "data.switch.call_ref"),
        (with_data(tenant="32.14"), "data.tenant"),
        (with_data(channel="pigeon"), "data.channel"),
        (with_data(hangup={"by": "nobody"}), "data.hangup.by"),
        (with_data(t={"ring": "noon"}), "data.t.ring"),
    ],
)
def test_refusal_names_the_field(take: Callable[..., Any], event: dict[str, Any], field: str) -> None:
    refused = take("events", event)
    assert isinstance(refused, Refusal)
    assert refused.field == field


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({**EVENT, "type": "com.example.other"}, "unknown_event"),
        ({**EVENT, "type": "id.siaga112.call.sung.v1"}, "unknown_event"),
        (with_data(direction="outgoing"), "outgoing_call"),
    ],
)
def test_says_nothing(take: Callable[..., Any], event: dict[str, Any], reason: str) -> None:
    ignored = take("events", event)
    assert isinstance(ignored, Ignored)
    assert ignored.reason == reason
    assert bool(ignored.name) == (reason == "unknown_event")
