"""mod_json_cdr records, and what they mean."""

from collections.abc import Callable
from typing import Any

import pytest
from siaga_intake.core.events import Accepted, CallEvent, HangupBy, Ignored, LeftReason, Refusal, Trust

Events = Callable[[str, Any], tuple[CallEvent, ...]]

IVR_PRANK: dict[str, Any] = {
    "core-uuid": "6f0c", "switchname": "fs1", "channel_data": {"state": "CS_REPORTING", "direction": "inbound"},
    "variables": {
        "uuid": "a1b2", "call_uuid": "a1b2", "sip_call_id": "b7c1@10.0.0.5", "caller_id_number": "+6281234567890",
        "sip_from_user": "+6281234567890", "destination_number": "112", "start_epoch": "1710123330",
        "answer_epoch": "1710123331", "bridge_epoch": "0", "end_epoch": "1710123346", "digits_dialed": "none",
        "ivr_menu_status": "timeout", "last_app": "ivr", "hangup_cause": "NORMAL_CLEARING", "hangup_cause_q850": "16",
        "sip_hangup_disposition": "recv_bye",
    },
    "app_log": {"applications": [
        {"app_name": "answer", "app_data": "", "app_stamp": "1710123331000000"}, {"app_name": "ivr", "app_data": "ivr-112"},
    ]},
    "callflow": [{"profile_index": "1", "times": {
        "created_time": "1710123330120000", "answered_time": "1710123331000000", "bridged_time": "0",
        "hangup_time": "1710123346200000",
    }}],
}  # fmt: skip
ABANDONED: dict[str, Any] = {"variables": {
    "uuid": "c3d4", "answer_epoch": "1710123400", "bridge_epoch": "0", "cc_queue": "112-utama@default",
    "cc_side": "member", "cc_queue_joined_epoch": "1710123402", "cc_queue_canceled_epoch": "1710123429",
    "cc_cause": "cancel", "cc_cancel_reason": "BREAK_OUT", "hangup_cause": "NORMAL_CLEARING",
    "sip_hangup_disposition": "recv_bye",
}}  # fmt: skip
ANSWERED: dict[str, Any] = {"variables": {
    "uuid": "e5f6", "cc_queue": "112-utama@default", "cc_cause": "answered", "cc_agent": "op-03",
    "cc_agent_bridged": "true", "cc_queue_answered_epoch": "1710123508", "cc_queue_terminated_epoch": "1710123556",
    "bridge_epoch": "1710123508", "billsec": "54", "hangup_cause": "NORMAL_CLEARING",
}}  # fmt: skip


def changed(record: dict[str, Any], **variables: str) -> dict[str, Any]:
    return {**record, "variables": {**record["variables"], **variables}}


def by_kind(events: tuple[CallEvent, ...]) -> dict[str, CallEvent]:
    return {event.kind.name: event for event in events}


def test_a_menu_that_answers_is_no_answer(told: Callable[..., Any]) -> None:
    assert told("freeswitch", IVR_PRANK) == [
        ("RINGING", 1_710_123_330_120),
        ("IVR_ENTERED", 1_710_123_331_000),
        ("ENDED", 1_710_123_346_200),
    ]


def test_a_caller_who_leaves_the_queue(events: Events) -> None:
    found = by_kind(events("freeswitch", ABANDONED))
    assert list(found) == ["QUEUE_JOINED", "QUEUE_LEFT", "ENDED"]
    left, ended = found["QUEUE_LEFT"].queue, found["ENDED"].hangup
    assert left is not None
    assert ended is not None
    assert (left.name, left.left, left.hold_ms) == ("112-utama", LeftReason.CALLER_LEFT, 27_000)
    assert ended.by is HangupBy.CALLER
    assert found["ENDED"].event_at_ms == 1_710_123_429_000


@pytest.mark.parametrize(("reason", "why"), [("TIMEOUT", LeftReason.TIMEOUT), ("NO_AGENT_TIMEOUT", LeftReason.EMPTY)])
def test_a_queue_that_gives_up_is_our_fault(events: Events, reason: str, why: LeftReason) -> None:
    found = by_kind(
        events("freeswitch", changed(ABANDONED, cc_cancel_reason=reason, sip_hangup_disposition="send_bye"))
    )
    left, ended = found["QUEUE_LEFT"].queue, found["ENDED"].hangup
    assert left is not None
    assert ended is not None
    assert (left.left, ended.by) == (why, HangupBy.SYSTEM)


def test_an_operator_answers(events: Events) -> None:
    found = by_kind(events("freeswitch", ANSWERED))
    assert list(found) == ["ANSWERED", "TALK_ENDED", "ENDED"]
    assert found["ANSWERED"].event_at_ms == 1_710_123_508_000
    assert found["ANSWERED"].operator == "op-03"
    assert found["TALK_ENDED"].event_at_ms == found["ENDED"].event_at_ms == 1_710_123_556_000


@pytest.mark.parametrize(
    ("disposition", "by"),
    [
        ("recv_bye", HangupBy.CALLER),
        ("recv_cancel", HangupBy.CALLER),
        ("send_bye", HangupBy.CENTRE),
        ("send_refuse", HangupBy.SYSTEM),
        ("", HangupBy.UNSPECIFIED),
    ],
)
def test_who_hung_up(events: Events, disposition: str, by: HangupBy) -> None:
    ended = events("freeswitch", changed(IVR_PRANK, sip_hangup_disposition=disposition))[-1]
    assert ended.hangup is not None
    assert (ended.hangup.by, ended.hangup.q850, ended.hangup.reason) == (by, 16, "NORMAL_CLEARING")


def test_digits_and_confirmation(told: Callable[..., Any]) -> None:
    confirmed = changed(IVR_PRANK, digits_dialed="55", siaga_ivr="confirmed")
    assert told("freeswitch", confirmed)[2:4] == [
        ("IVR_INPUT", 1_710_123_331_000),
        ("IVR_CONFIRMED", 1_710_123_331_000),
    ]
    silent = changed(IVR_PRANK, siaga_ivr="silent")
    assert ("SILENT_CONFIRMED", 1_710_123_331_000) in told("freeswitch", silent)


def test_a_menu_entered_says_success_and_is_no_confirmation(told: Callable[..., Any]) -> None:
    kinds = [kind for kind, _ in told("freeswitch", changed(IVR_PRANK, ivr_menu_status="success"))]
    assert kinds == ["RINGING", "IVR_ENTERED", "ENDED"]


def test_encoded_values_are_read_as_the_number_they_are(events: Events) -> None:
    encoded = changed(IVR_PRANK, caller_id_number="%2B6281234567890", sip_from_user="%2B6281234567890")
    for record in (IVR_PRANK, encoded):
        caller = events("freeswitch", record)[0].caller
        assert caller is not None
        assert (caller.number, caller.trust) == ("+6281234567890", Trust.ASSERTED)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (changed(ANSWERED, cc_side="agent"), "other_leg"),
        (changed({**ANSWERED, "channel_data": {"direction": "outbound"}}, call_uuid="a1b2"), "other_leg"),
        ({**ANSWERED, "channel_data": {"direction": "outbound"}}, "outgoing_call"),
    ],
)
def test_other_legs(take: Callable[..., Any], record: dict[str, Any], reason: str) -> None:
    assert take("freeswitch", record) == Ignored(reason)


@pytest.mark.parametrize(("record", "field"), [({}, "variables.uuid"), ({"variables": "x"}, "variables")])
def test_refusal_names_the_field(take: Callable[..., Any], record: dict[str, Any], field: str) -> None:
    refused = take("freeswitch", record)
    assert isinstance(refused, Refusal)
    assert refused.field == field


@pytest.mark.parametrize(
    ("record", "field"),
    [
        (changed({**IVR_PRANK, "callflow": []}, start_epoch="soon"), "variables.start_epoch"),
        (changed(IVR_PRANK, hangup_cause_q850="500"), "variables.hangup_cause_q850"),
        (changed(IVR_PRANK, hangup_cause="x" * 200), "variables.hangup_cause"),
        ({**IVR_PRANK, "callflow": [{"times": {"created_time": "x"}}]}, "callflow[0].times.created_time"),
        ({**IVR_PRANK, "app_log": 7}, "app_log"),
    ],
)
def test_what_is_odd_in_a_record_is_left_out(take: Callable[..., Any], record: dict[str, Any], field: str) -> None:
    taken = take("freeswitch", record)
    assert isinstance(taken, Accepted)
    assert [defect.field for defect in taken.defects] == [field]
    assert taken.events[-1].kind.name == "ENDED"


def test_encoded_values_are_read_as_they_are_meant(events: Events) -> None:
    found = by_kind(events("freeswitch", changed(ABANDONED, cc_queue="112-utama%40default")))
    left = found["QUEUE_LEFT"].queue
    assert left is not None
    assert left.name == "112-utama"


def test_a_record_without_variables_of_the_caller_has_them_in_its_first_profile(events: Events) -> None:
    flow = [
        {"caller_profile": {"caller_id_number": "op-03", "destination_number": "2002"}, "times": {"bridged_time": "1710123560000000"}},
        {"caller_profile": {"caller_id_number": "+6281234567890", "destination_number": "112", "uuid": "e5f6"},
         "times": {"bridged_time": "1710123508000000"}},
    ]  # fmt: skip
    found = by_kind(events("freeswitch", {"callflow": flow, "variables": {"end_epoch": "1710123600"}}))
    answered = found["ANSWERED"]
    assert (answered.call_ref, answered.called, answered.event_at_ms) == ("e5f6", "112", 1_710_123_508_000)
    assert answered.caller is not None
    assert answered.caller.number == "+6281234567890"


def test_an_operator_who_asks_a_colleague_makes_no_call(take: Callable[..., Any]) -> None:
    assert take("freeswitch", changed(IVR_PRANK, sip_from_user="op-03")) == Ignored("outgoing_call")
