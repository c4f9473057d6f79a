"""FreeSWITCH's events while a call lasts, and what they mean."""

from collections.abc import Callable
from typing import Any

import pytest
from siaga_intake.core.events import CallEvent, HangupBy, Ignored, LeftReason, Refusal

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
