"""Asterisk's manager events (AMI) as canonical events.

Legs belong together by Linkedid; the caller's own leg is the one whose Uniqueid it is. What another leg does (an operator's
phone rings, is answered, hangs up) says nothing about the call unless it is named here.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from siaga_intake.core import rules
from siaga_intake.core.centre import plain
from siaga_intake.core.events import Hangup, HangupBy, Ignored, Kind, Queue
from siaga_intake.core.fields import Payload, flag, needed, text, whole
from siaga_intake.core.happening import Desk, Happening, Identity, Read, Reading
from siaga_intake.core.switches import dialplan
from siaga_intake.core.times import moment

# A Uniqueid is `[system-]epoch.number`: the channel's birth.
_BORN: Final = re.compile(r"(?:.*-)?(\d{9,10})\.\d+", re.ASCII)
_TALK_ENDED_BY: Final[Mapping[str, HangupBy]] = {"caller": HangupBy.CALLER, "agent": HangupBy.CENTRE}

# Known to say nothing about the call; anything in neither table is `unknown_event`.
IRRELEVANT: Final = frozenset({
    "AGIExec", "AGIExecStart", "AGIExecEnd", "AgentCalled", "AgentDump", "AgentRingNoAnswer", "AsyncAGI", "AsyncAGIStart",
    "AsyncAGIExec", "AsyncAGIEnd", "Bridge", "BridgeCreate", "BridgeDestroy", "BridgeLeave", "CEL", "Cdr",
    "ChannelTalkingStop", "ChannelUpdate", "ContactStatus", "DeviceStateChange", "Dial", "DialBegin", "DialEnd", "DialState",
    "DTMFBegin", "ExtensionStatus", "FullyBooted", "HangupRequest", "Hold", "LocalBridge", "Masquerade", "MusicOnHoldStart",
    "MusicOnHoldStop", "NewAccountCode", "NewCallerid", "NewConnectedLine", "Newstate", "PeerStatus", "QueueCallerLeave",
    "QueueMember", "QueueMemberAdded", "QueueMemberPause", "QueueMemberPaused", "QueueMemberRemoved", "QueueMemberStatus",
    "QueueParams", "QueueStatusComplete", "Registry", "Rename", "RTCPReceived", "RTCPSent", "SIPRinging", "SoftHangupRequest",
    "SuccessfulAuth", "Unhold", "UserEvent",
})  # fmt: skip
_IRRELEVANT: Final = Ignored("irrelevant_event")
_OTHER_LEG: Final = Ignored("other_leg")


def read(event: Payload, desk: Desk) -> Read:
    """Read one AMI event."""
    name = needed(event, "Event")
    reader = _READERS.get(name)
    if reader is None:
        return _IRRELEVANT if name in IRRELEVANT else Ignored("unknown_event", name)
    if name == "VarSet" and event.get("Variable") not in dialplan.VARIABLES:
        # Hundreds a call, some of global variables, which have no channel.
        return _IRRELEVANT
    return reader(_Leg(event, desk))


class _Leg:
    """One event on one leg, with what every reader of it needs."""

    __slots__ = ("at_ms", "call_ref", "event", "operators", "own", "told_time", "unique")

    def __init__(self, event: Payload, desk: Desk) -> None:
        unique = needed(event, "Uniqueid", "call_ref")
        self.event = event
        self.unique = unique
        self.operators = desk.operators
        self.call_ref = text(event, "Linkedid", "call_ref") or unique
        self.own = self.call_ref == unique
        told = moment(event, "Timestamp", desk.arrived_at_ms)
        self.told_time = told is not None
        self.at_ms = desk.arrived_at_ms if told is None else told

    def born_ms(self) -> int:
        born = _BORN.fullmatch(self.unique)
        return int(born[1]) * 1000 if born else self.at_ms

    def identity(self) -> Identity | None:
        # On other legs CallerIDNum is the operator's extension.
        if not self.own or "CallerIDNum" not in self.event:
            return None
        return Identity(text(self.event, "CallerIDNum", "number"))

    def happens(
        self,
        kind: Kind,
        at_ms: int | None = None,
        *,
        queue: Queue | None = None,
        hangup: Hangup | None = None,
        operator: str = "",
        digits: str = "",
        called: str = "",
    ) -> Happening:
        at = self.at_ms if at_ms is None else at_ms
        return Happening(kind, self.call_ref, at, self.identity(), called, queue, hangup, operator, digits)

    def reading(self, *happenings: Happening) -> Reading:
        return Reading(happenings, text(self.event, "SystemName"))

    def in_ivr(self) -> bool:
        return self.own and text(self.event, "Context").lower().startswith(dialplan.IVR_CONTEXT)

    def with_ivr(self, happening: Happening) -> Reading:
        """The happening, and the menu as well when the dialplan's context says that the caller is in one."""
        if self.in_ivr():
            return self.reading(self.happens(Kind.IVR_ENTERED, happening.at_ms), happening)
        return self.reading(happening)


def _new_channel(leg: _Leg) -> Read:
    if not leg.own:
        return _OTHER_LEG
    at_ms = leg.at_ms if leg.told_time else leg.born_ms()
    ring = leg.happens(Kind.RINGING, at_ms, called=text(leg.event, "Exten", "number"))
    return leg.reading(ring, leg.happens(Kind.IVR_ENTERED, at_ms)) if leg.in_ivr() else leg.reading(ring)


def _new_exten(leg: _Leg) -> Read:
    return leg.reading(leg.happens(Kind.IVR_ENTERED)) if leg.in_ivr() else _IRRELEVANT


def _digit(leg: _Leg) -> Read:
    if not leg.own or text(leg.event, "Direction").lower() == "sent":
        return _OTHER_LEG
    if "End" in leg.event and not flag(leg.event, "End"):
        # The old DTMF event comes twice: as the key goes down and as it comes up.
        return _IRRELEVANT
    return leg.reading(leg.happens(Kind.IVR_INPUT, digits=needed(leg.event, "Digit", "digits")))


def _variable(leg: _Leg) -> Read:
    if not leg.own:
        return _OTHER_LEG
    meaning = dialplan.variable(text(leg.event, "Variable"), text(leg.event, "Value"))
    return _IRRELEVANT if meaning is None else leg.reading(leg.happens(meaning[0], queue=meaning[1]))


def _joined(leg: _Leg) -> Read:
    return leg.with_ivr(leg.happens(Kind.QUEUE_JOINED, queue=_queue(leg.event)))


def _abandoned(leg: _Leg) -> Read:
    # One function of Asterisk records callers who left, time-outs and withdrawals: never "caller left" on this alone.
    return leg.reading(leg.happens(Kind.QUEUE_LEFT, queue=_queue(leg.event)))


def _queue(event: Payload) -> Queue:
    # Seconds, whatever the manual says.
    hold_s = whole(event, "HoldTime", rules.MAX_DURATION_S)
    return Queue(text(event, "Queue"), hold_ms=hold_s * 1000)


def _agent_connect(leg: _Leg) -> Read:
    return leg.reading(leg.happens(Kind.ANSWERED, queue=_queue(leg.event), operator=_member(leg.event)))


def _agent_complete(leg: _Leg) -> Read:
    """The end of the talk, and the answer reckoned from its length: the connect event may have been missed."""
    talk_ms = whole(leg.event, "TalkTime", rules.MAX_DURATION_S) * 1000
    queue, operator = _queue(leg.event), _member(leg.event)
    reason = text(leg.event, "Reason")
    hangup = Hangup(_TALK_ENDED_BY.get(reason.lower(), HangupBy.UNSPECIFIED), reason=reason)
    return leg.reading(
        leg.happens(Kind.ANSWERED, leg.at_ms - talk_ms, queue=queue, operator=operator),
        leg.happens(Kind.TALK_ENDED, queue=queue, hangup=hangup, operator=operator),
    )


def _member(event: Payload) -> str:
    return text(event, "MemberName") or text(event, "Member") or dialplan.interface(text(event, "Interface"))


def _bridge_enter(leg: _Leg) -> Read:
    operator = dialplan.interface(text(leg.event, "Channel"))
    if leg.own or plain(operator) not in leg.operators:
        return _IRRELEVANT
    return leg.reading(leg.happens(Kind.ANSWERED, operator=operator))


def _talking(leg: _Leg) -> Read:
    return leg.reading(leg.happens(Kind.TALK_DETECTED)) if leg.own else _OTHER_LEG


def _hangup(leg: _Leg) -> Read:
    if not leg.own:
        return _OTHER_LEG
    cause = whole(leg.event, "Cause", dialplan.LARGEST_Q850)
    return leg.with_ivr(leg.happens(Kind.ENDED, hangup=dialplan.hangup(cause, text(leg.event, "Cause-txt"))))


_READERS: Final[Mapping[str, Callable[[_Leg], Read]]] = {
    "Newchannel": _new_channel,
    "Newexten": _new_exten,
    "DTMF": _digit,
    "DTMFEnd": _digit,
    "VarSet": _variable,
    "QueueCallerJoin": _joined,
    "QueueCallerAbandon": _abandoned,
    "AgentConnect": _agent_connect,
    "AgentComplete": _agent_complete,
    "BridgeEnter": _bridge_enter,
    "ChannelTalkingStart": _talking,
    "Hangup": _hangup,
}
