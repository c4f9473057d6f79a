"""Asterisk's manager events (AMI) as canonical events.

Legs belong together by Linkedid; the caller's own leg is the one whose Uniqueid it is. What another leg does (an operator's
phone rings, is answered, hangs up) says nothing about the call unless it is named here.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from siaga_intake.core import rules
from siaga_intake.core.centre import plain
from siaga_intake.core.events import Hangup, HangupBy, Ignored, Kind, Queue
from siaga_intake.core.fields import EMPTY, Payload, flag, needed, text, whole
from siaga_intake.core.happening import Desk, Happening, Identity, Read, Reading
from siaga_intake.core.switches import dialplan
from siaga_intake.core.switches.ami_events import IRRELEVANT
from siaga_intake.core.times import moment

_TALK_ENDED_BY: Final[Mapping[str, HangupBy]] = {"caller": HangupBy.CALLER, "agent": HangupBy.CENTRE}

# A call's dozens of events name the same few channels.
_CHANNELS_REMEMBERED: Final = 16_384
_CHANNEL: Final = "ChanVariable."
_IRRELEVANT: Final = Ignored("irrelevant_event")
_OTHER_LEG: Final = Ignored("other_leg")


def read(event: Payload, desk: Desk) -> Read:
    """Read one AMI event."""
    name = needed(event, "Event")
    # Versions differ in the case of letters: Newcallerid and NewCallerid, Unparkedcall and UnParkedCall.
    known = name.lower()
    reader = _READERS.get(known)
    if reader is None:
        return _IRRELEVANT if known in IRRELEVANT else Ignored("unknown_event", name)
    if known == "varset" and event.get("Variable") not in dialplan.VARIABLES:
        # Hundreds a call, some of global variables, which have no channel.
        return _IRRELEVANT
    return reader(event, desk)


class _Leg:
    """One event on one leg, with what every reader of it needs."""

    __slots__ = ("at_ms", "call_ref", "event", "operator", "own", "told_time", "unique")

    def __init__(self, event: Payload, desk: Desk) -> None:
        unique = needed(event, "Uniqueid", "call_ref")
        self.event = event
        self.unique = unique
        self.call_ref = text(event, "Linkedid", "call_ref") or unique
        self.operator = _operator(text(event, "Channel", "call_ref"), desk)
        # Up to Asterisk 11 no event has a Linkedid, and an operator's telephone would look like a caller.
        self.own = self.call_ref == unique and not self.operator
        told = moment(event, "Timestamp", desk.arrived_at_ms)
        self.told_time = told is not None
        self.at_ms = desk.arrived_at_ms if told is None else told

    def born_ms(self) -> int:
        return dialplan.born_ms(self.unique) or self.at_ms

    def identity(self) -> Identity | None:
        # On other legs CallerIDNum is the operator's extension.
        if not self.own or "CallerIDNum" not in self.event:
            return None
        number = text(self.event, "CallerIDNum", "number")
        return Identity(number, text(_variables(self.event), dialplan.ASSERTED, "number", _CHANNEL), number)

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
        test = flag(_variables(self.event), dialplan.TEST)
        return Reading(happenings, text(self.event, "SystemName"), test=test)

    def in_ivr(self) -> bool:
        return self.own and text(self.event, "Context").lower().startswith(dialplan.IVR_CONTEXT)

    def with_ivr(self, happening: Happening) -> Reading:
        """The happening, and the menu as well when the dialplan's context says that the caller is in one."""
        if self.in_ivr():
            return self.reading(self.happens(Kind.IVR_ENTERED, happening.at_ms), happening)
        return self.reading(happening)


def _variables(event: Payload) -> Payload:
    """The channel's variables that `channelvars` in manager.conf adds to every event; a forwarder may write them otherwise."""
    held = event.get("ChanVariable")
    return held if isinstance(held, Mapping) else EMPTY


def _operator(channel: str, desk: Desk) -> str:
    """The operator whose telephone a channel is; empty = none of ours."""
    name, spelt = _telephone(channel)
    return name if spelt in desk.operators else ""


@lru_cache(maxsize=_CHANNELS_REMEMBERED)
def _telephone(channel: str) -> tuple[str, str]:
    name = dialplan.interface(channel)
    return name, plain(name)


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
    # Seconds, whatever the manual says; with a small t up to Asterisk 11.
    hold_s = whole(event, "HoldTime" if "HoldTime" in event else "Holdtime", rules.MAX_DURATION_S)
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
    if leg.call_ref == leg.unique or not leg.operator:
        return _IRRELEVANT
    return leg.reading(leg.happens(Kind.ANSWERED, operator=leg.operator))


def _bridged(event: Payload, desk: Desk) -> Read:
    """Two channels of an Asterisk up to 11: the caller's is the one that is no operator's."""
    legs = [(_operator(text(event, f"Channel{n}", "call_ref"), desk), f"Uniqueid{n}") for n in (1, 2)]
    operators = [operator for operator, _ in legs if operator]
    if text(event, "Bridgestate").lower() not in ("", "link") or len(operators) != 1:
        return _IRRELEVANT
    call_ref = next(needed(event, unique, "call_ref") for operator, unique in legs if not operator)
    leg = _Leg({**event, "Uniqueid": call_ref}, desk)
    return leg.reading(leg.happens(Kind.ANSWERED, operator=operators[0]))


def _talking(leg: _Leg) -> Read:
    return leg.reading(leg.happens(Kind.TALK_DETECTED)) if leg.own else _OTHER_LEG


def _hangup(leg: _Leg) -> Read:
    if not leg.own:
        return _OTHER_LEG
    cause = whole(leg.event, "Cause", rules.LARGEST_Q850)
    return leg.with_ivr(leg.happens(Kind.ENDED, hangup=dialplan.hangup(cause, text(leg.event, "Cause-txt"))))


def _of_leg(reader: Callable[[_Leg], Read]) -> Callable[[Payload, Desk], Read]:
    return lambda event, desk: reader(_Leg(event, desk))


_READERS: Final[Mapping[str, Callable[[Payload, Desk], Read]]] = {
    "newchannel": _of_leg(_new_channel),
    "newexten": _of_leg(_new_exten),
    "dtmf": _of_leg(_digit),
    "dtmfend": _of_leg(_digit),
    "varset": _of_leg(_variable),
    "queuecallerjoin": _of_leg(_joined),
    # Up to Asterisk 11.
    "join": _of_leg(_joined),
    "queuecallerabandon": _of_leg(_abandoned),
    "agentconnect": _of_leg(_agent_connect),
    "agentcomplete": _of_leg(_agent_complete),
    "bridgeenter": _of_leg(_bridge_enter),
    "bridge": _bridged,
    # Up to Asterisk 1.4.
    "link": _bridged,
    "channeltalkingstart": _of_leg(_talking),
    "hangup": _of_leg(_hangup),
}
