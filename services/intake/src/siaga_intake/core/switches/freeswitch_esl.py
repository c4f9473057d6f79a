"""FreeSWITCH's events (ESL, as JSON) as canonical events, for centres that want them while the call lasts."""

from collections.abc import Callable, Mapping
from typing import Final

from siaga_intake.core.events import Hangup, Ignored, Kind, LeftReason, Queue
from siaga_intake.core.fields import Payload, needed, text, whole
from siaga_intake.core.happening import Desk, Happening, Identity, Read, Reading
from siaga_intake.core.switches.freeswitch_cdr import CANCEL_REASONS, LARGEST_Q850, MENUS, hangup_by
from siaga_intake.core.times import moment

_IRRELEVANT: Final = Ignored("irrelevant_event")
_OTHER_LEG: Final = Ignored("other_leg")
_CALL_CENTRE: Final = "callcenter::info"
IRRELEVANT: Final = frozenset({
    "API", "BACKGROUND_JOB", "CHANNEL_ANSWER", "CHANNEL_CALLSTATE", "CHANNEL_DESTROY", "CHANNEL_EXECUTE_COMPLETE",
    "CHANNEL_HANGUP", "CHANNEL_HOLD", "CHANNEL_ORIGINATE", "CHANNEL_OUTGOING", "CHANNEL_PARK", "CHANNEL_PROGRESS",
    "CHANNEL_PROGRESS_MEDIA", "CHANNEL_STATE", "CHANNEL_UNBRIDGE", "CHANNEL_UNHOLD", "CODEC", "HEARTBEAT", "MODULE_LOAD",
    "PLAYBACK_START", "PLAYBACK_STOP", "PRESENCE_IN", "RE_SCHEDULE", "RECORD_START", "RECORD_STOP",
})  # fmt: skip


def read(event: Payload, desk: Desk) -> Read:
    """Read one event."""
    name = needed(event, "Event-Name")
    if name == "CUSTOM":
        return _call_centre(event, desk)
    reader = _READERS.get(name)
    if reader is None:
        return _IRRELEVANT if name in IRRELEVANT else Ignored("unknown_event", name)
    leg = needed(event, "Unique-ID", "call_ref")
    call_ref = text(event, "variable_call_uuid", "call_ref") or text(event, "Channel-Call-UUID", "call_ref") or leg
    # The operator's leg is the one that the switch dials, or that belongs to another leg's call.
    if call_ref != leg or text(event, "Call-Direction") == "outbound":
        return _OTHER_LEG
    happening = reader(event, call_ref, _at(event, desk))
    return _IRRELEVANT if happening is None else _reading(event, happening)


def _at(event: Payload, desk: Desk) -> int:
    told = moment(event, "Event-Date-Timestamp", desk.arrived_at_ms)
    return desk.arrived_at_ms if told is None else told


def _reading(event: Payload, happening: Happening) -> Reading:
    return Reading((happening,), text(event, "FreeSWITCH-Switchname"))


def _identity(event: Payload) -> Identity | None:
    if "Caller-Caller-ID-Number" not in event:
        return None
    return Identity(
        text(event, "Caller-Caller-ID-Number", "number"),
        text(event, "variable_sip_P-Asserted-Identity", "number"),
        text(event, "variable_sip_from_user", "number"),
    )


def _created(event: Payload, call_ref: str, at_ms: int) -> Happening:
    called = text(event, "Caller-Destination-Number", "number")
    return Happening(Kind.RINGING, call_ref, at_ms, _identity(event), called)


def _executed(event: Payload, call_ref: str, at_ms: int) -> Happening | None:
    in_menu = text(event, "Application") in MENUS
    return Happening(Kind.IVR_ENTERED, call_ref, at_ms, _identity(event)) if in_menu else None


def _digit(event: Payload, call_ref: str, at_ms: int) -> Happening:
    digits = needed(event, "DTMF-Digit", "digits")
    return Happening(Kind.IVR_INPUT, call_ref, at_ms, _identity(event), digits=digits)


def _talking(event: Payload, call_ref: str, at_ms: int) -> Happening:
    return Happening(Kind.TALK_DETECTED, call_ref, at_ms, _identity(event))


def _bridged(event: Payload, call_ref: str, at_ms: int) -> Happening:
    return Happening(
        Kind.ANSWERED, call_ref, at_ms, _identity(event), operator=_agent(text(event, "variable_cc_agent"))
    )


def _ended(event: Payload, call_ref: str, at_ms: int) -> Happening:
    by = hangup_by(text(event, "variable_sip_hangup_disposition"))
    q850 = whole(event, "variable_hangup_cause_q850", LARGEST_Q850)
    hangup = Hangup(by, q850, reason=text(event, "Hangup-Cause"))
    return Happening(Kind.ENDED, call_ref, at_ms, _identity(event), hangup=hangup)


def _agent(name: str) -> str:
    return name.partition("@")[0]


_READERS: Final[Mapping[str, Callable[[Payload, str, int], Happening | None]]] = {
    "CHANNEL_CREATE": _created,
    "CHANNEL_EXECUTE": _executed,
    "DTMF": _digit,
    "DETECTED_SPEECH": _talking,
    "CHANNEL_BRIDGE": _bridged,
    "CHANNEL_HANGUP_COMPLETE": _ended,
}

_ACTIONS: Final[Mapping[str, Kind]] = {
    "member-queue-start": Kind.QUEUE_JOINED,
    "member-queue-resume": Kind.QUEUE_JOINED,
    "bridge-agent-start": Kind.ANSWERED,
    "bridge-agent-end": Kind.TALK_ENDED,
    "member-queue-end": Kind.QUEUE_LEFT,
}


def _call_centre(event: Payload, desk: Desk) -> Read:
    """mod_callcenter: it names the caller's channel as the member's session."""
    kind = _ACTIONS.get(text(event, "CC-Action"))
    if text(event, "Event-Subclass") != _CALL_CENTRE or kind is None:
        return _IRRELEVANT
    reason = LeftReason.UNSPECIFIED
    if kind is Kind.QUEUE_LEFT:
        if text(event, "CC-Cause") != "Cancel":
            # Terminated: an operator has spoken with the caller, which the bridge events tell.
            return _IRRELEVANT
        reason = CANCEL_REASONS.get(text(event, "CC-Cancel-Reason").upper(), LeftReason.UNSPECIFIED)
    call_ref = needed(event, "CC-Member-Session-UUID", "call_ref")
    identity = Identity(text(event, "CC-Member-CID-Number", "number")) if "CC-Member-CID-Number" in event else None
    queue = Queue(text(event, "CC-Queue").partition("@")[0], reason)
    operator = _agent(text(event, "CC-Agent"))
    return _reading(event, Happening(kind, call_ref, _at(event, desk), identity, queue=queue, operator=operator))
