"""FreeSWITCH's events while a call lasts, and what they mean."""

from collections.abc import Callable
from typing import Any

import pytest
from siaga_intake.core.events import Accepted, CallEvent, HangupBy, Ignored, LeftReason, Refusal, Trust

AT_MS = 1_710_123_330_120
LEG = {
    "Unique-ID": "a1b2", "Channel-Call-UUID": "a1b2", "Call-Direction": "inbound", "FreeSWITCH-Switchname": "fs1",
    "Event-Date-Timestamp": "1710123330120000", "Caller-Caller-ID-Number": "+6281234567890",
    "Caller-Destination-Number": "112",
}  # fmt: skip
MEMBER = {
    "Event-Name": "CUSTOM", "Event-Subclass": "callcenter::info", "CC-Queue": "112-utama@default",
    "CC-Member-Session-UUID": "a1b2", "CC-Member-CID-Number": "+6281234567890", "Event-Date-Timestamp": "1710123330120000",
}  # fmt: skip


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"Event-Name": "CHANNEL_CREATE", **LEG}, "RINGING"),
        ({"Event-Name": "CHANNEL_EXECUTE", **LEG, "Application": "ivr"}, "IVR_ENTERED"),
        ({"Event-Name": "DTMF", **LEG, "DTMF-Digit": "1"}, "IVR_INPUT"),
        ({"Event-Name": "DETECTED_SPEECH", **LEG}, "TALK_DETECTED"),
        ({"Event-Name": "DETECTED_SPEECH", **LEG, "Speech-Type": "begin-speaking"}, "TALK_DETECTED"),
        ({"Event-Name": "TALK", **LEG}, "TALK_DETECTED"),
        ({"Event-Name": "CUSTOM", "Event-Subclass": "menu::enter", **LEG}, "IVR_ENTERED"),
        (
            {"Event-Name": "CHANNEL_EXECUTE", **LEG, "Application": "set", "Application-Data": "siaga_ivr=confirmed"},
            "IVR_CONFIRMED",
        ),
        (
            {"Event-Name": "CHANNEL_EXECUTE", **LEG, "Application": "set", "Application-Data": "siaga_ivr=silent"},
            "SILENT_CONFIRMED",
        ),
        ({"Event-Name": "CHANNEL_UNBRIDGE", **LEG}, "TALK_ENDED"),
        ({"Event-Name": "CHANNEL_BRIDGE", **LEG}, "ANSWERED"),
        ({"Event-Name": "CHANNEL_HANGUP_COMPLETE", **LEG, "Hangup-Cause": "NORMAL_CLEARING"}, "ENDED"),
        ({**MEMBER, "CC-Action": "member-queue-start"}, "QUEUE_JOINED"),
        ({**MEMBER, "CC-Action": "bridge-agent-start", "CC-Agent": "op-03@default"}, "ANSWERED"),
        ({**MEMBER, "CC-Action": "bridge-agent-end", "CC-Agent": "op-03@default"}, "TALK_ENDED"),
        ({**MEMBER, "CC-Action": "member-queue-end", "CC-Cause": "Cancel"}, "QUEUE_LEFT"),
    ],
)
def test_event(told: Callable[..., Any], event: dict[str, str], kind: str) -> None:
    assert told("freeswitch", event) == [(kind, AT_MS)]


@pytest.mark.parametrize(
    ("reason", "left"), [("BREAK_OUT", LeftReason.CALLER_LEFT), ("TIMEOUT", LeftReason.TIMEOUT), ("NONE", 0)]
)
def test_why_a_member_left(events: Callable[..., tuple[CallEvent, ...]], reason: str, left: LeftReason) -> None:
    event = {**MEMBER, "CC-Action": "member-queue-end", "CC-Cause": "Cancel", "CC-Cancel-Reason": reason}
    queue = events("freeswitch", event)[0].queue
    assert queue is not None
    assert (queue.name, queue.left) == ("112-utama", left)


def test_events_and_call_record_meet_in_one_call(events: Callable[..., tuple[CallEvent, ...]]) -> None:
    record = {
        "switchname": "fs1",
        "variables": {"uuid": "a1b2", "start_epoch": "1710123330", "end_epoch": "1710123346"},
    }
    ended = {"Event-Name": "CHANNEL_HANGUP_COMPLETE", **LEG, "variable_sip_hangup_disposition": "recv_cancel"}
    (live,) = events("freeswitch", ended)
    assert live.hangup is not None
    assert live.hangup.by is HangupBy.CALLER
    assert {event.call_id for event in events("freeswitch", record)} == {live.call_id}


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"Event-Name": "HEARTBEAT"}, "irrelevant_event"),
        ({"Event-Name": "CHANNEL_EXECUTE", **LEG, "Application": "answer"}, "irrelevant_event"),
        ({"Event-Name": "CUSTOM", "Event-Subclass": "sofia::register"}, "irrelevant_event"),
        ({**MEMBER, "CC-Action": "agent-offering"}, "irrelevant_event"),
        ({**MEMBER, "CC-Action": "bridge-agent-fail"}, "irrelevant_event"),
        ({**MEMBER, "CC-Action": "members-count"}, "irrelevant_event"),
        ({"Event-Name": "CUSTOM", "Event-Subclass": "our_module::thing"}, "unknown_event"),
        (
            {"Event-Name": "CHANNEL_EXECUTE", **LEG, "Application": "set", "Application-Data": "siaga_ivr=entered"},
            "irrelevant_event",
        ),
        ({"Event-Name": "DETECTED_SPEECH", **LEG, "Speech-Type": "closed"}, "irrelevant_event"),
        ({"Content-Type": "command/reply", "Reply-Text": "+OK"}, "irrelevant_event"),
        ({"Event-Name": "CHANNEL_CREATE", **LEG, "variable_sip_from_user": "op03"}, "outgoing_call"),
        ({**MEMBER, "CC-Action": "member-queue-end", "CC-Cause": "Terminated"}, "irrelevant_event"),
        ({"Event-Name": "CHANNEL_CREATE", **LEG, "Call-Direction": "outbound"}, "other_leg"),
        ({"Event-Name": "CHANNEL_BRIDGE", **LEG, "Unique-ID": "c3d4"}, "other_leg"),
        ({"Event-Name": "SOMETHING_NEW"}, "unknown_event"),
    ],
)
def test_says_nothing(take: Callable[..., Any], event: dict[str, str], reason: str) -> None:
    ignored = take("freeswitch", event)
    assert isinstance(ignored, Ignored)
    assert ignored.reason == reason
    assert bool(ignored.name) == (reason == "unknown_event")


@pytest.mark.parametrize(
    ("event", "field"),
    [
        ({"Event-Name": "CHANNEL_CREATE"}, "Unique-ID"),
        ({"Event-Name": "DTMF", **LEG}, "DTMF-Digit"),
        ({**MEMBER, "CC-Action": "member-queue-start", "CC-Member-Session-UUID": ""}, "CC-Member-Session-UUID"),
    ],
)
def test_refusal_names_the_field(take: Callable[..., Any], event: dict[str, str], field: str) -> None:
    assert take("freeswitch", event) == Refusal(field, "missing")


def test_a_call_centre_of_old_names_the_caller_otherwise(events: Callable[..., tuple[CallEvent, ...]]) -> None:
    event = {
        "Event-Name": "CUSTOM", "Event-Subclass": "callcenter::info", "CC-Action": "bridge-agent-start", "CC-Name": "112-utama@default",
        "CC-Agent": "op-03@default", "CC-Caller-UUID": "a1b2", "CC-Caller-CID-Number": "+6281234567890",
        "Unique-ID": "agents-own", "Event-Date-timestamp": "1710123330120000",
    }  # fmt: skip
    (answered,) = events("freeswitch", event)
    assert (answered.call_ref, answered.event_at_ms, answered.operator) == ("a1b2", AT_MS, "op-03")
    assert answered.queue is not None
    assert answered.queue.name == "112-utama"


def test_what_an_operators_channel_says_of_the_number_outranks_no_doubt(
    events: Callable[..., tuple[CallEvent, ...]],
) -> None:
    spoofed = {"variable_sip_P-Asserted-Identity": "<sip:+6281234567890@ims>", "variable_sip_from_user": "+628777"}
    (rung,) = events(
        "freeswitch", {"Event-Name": "CHANNEL_CREATE", **LEG, **spoofed, "variable_sip_from_user": "0811111111"}
    )
    assert rung.caller is not None
    assert rung.caller.trust is Trust.UNVERIFIED
    (answered,) = events("freeswitch", {**MEMBER, "CC-Action": "bridge-agent-start", "Unique-ID": "agents-own"})
    assert answered.caller is None


def test_how_long_a_caller_waited(events: Callable[..., tuple[CallEvent, ...]]) -> None:
    event = {
        **MEMBER, "CC-Action": "member-queue-end", "CC-Cause": "Cancel", "CC-Cancel-Reason": "BREAK_OUT",
        "CC-Member-Joined-Time": "1710123303", "CC-Member-Leaving-Time": "1710123330",
    }  # fmt: skip
    queue = events("freeswitch", event)[0].queue
    assert queue is not None
    assert queue.hold_ms == 27_000


@pytest.mark.parametrize(
    ("reason", "by"),
    [("BREAK_OUT", HangupBy.CENTRE), ("TIMEOUT", HangupBy.SYSTEM), ("NO_AGENT_TIMEOUT", HangupBy.SYSTEM)],
)
def test_a_queue_that_gave_up_ends_the_call(
    events: Callable[..., tuple[CallEvent, ...]], reason: str, by: HangupBy
) -> None:
    told = {"cc_cause": "cancel", "cc_cancel_reason": reason, "sip_hangup_disposition": "send_bye"}
    event = {
        "Event-Name": "CHANNEL_HANGUP_COMPLETE",
        **LEG,
        **{f"variable_{name}": value for name, value in told.items()},
    }
    (ended,) = events("freeswitch", event)
    assert ended.hangup is not None
    assert ended.hangup.by is by


def test_a_drill_is_one(events: Callable[..., tuple[CallEvent, ...]]) -> None:
    (event,) = events("freeswitch", {"Event-Name": "CHANNEL_CREATE", **LEG, "variable_siaga_test": "true"})
    assert event.test


def test_an_odd_time_costs_no_event(take: Callable[..., Any]) -> None:
    taken = take("freeswitch", {"Event-Name": "CHANNEL_CREATE", **LEG, "Event-Date-Timestamp": "soon"})
    assert isinstance(taken, Accepted)
    assert [defect.field for defect in taken.defects] == ["Event-Date-Timestamp"]
