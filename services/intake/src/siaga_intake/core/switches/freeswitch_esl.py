"""FreeSWITCH's events (ESL) as canonical events, for centres that want them while the call lasts.

The caller's own leg is the one that came in; what the operator's leg does says nothing unless it is named here.
"""

from collections.abc import Callable, Mapping
from typing import Final

from siaga_intake.core import rules
from siaga_intake.core.events import Hangup, Ignored, Kind, LeftReason, Queue
from siaga_intake.core.fields import Payload, flag, needed, text
from siaga_intake.core.happening import Desk, Happening, Identity, Read, Reading
from siaga_intake.core.lenient import Lenient
from siaga_intake.core.switches import freeswitch

_IRRELEVANT: Final = Ignored("irrelevant_event")
_OTHER_LEG: Final = Ignored("other_leg")
_CALL_CENTRE: Final = "callcenter::info"
_MENU_ENTERED: Final = "menu::enter"
_DIGITS: Final = frozenset("0123456789ABCDabcd*#")
# Applications by which a dialplan says something to us.
_SETTERS: Final = frozenset({"set", "export"})
# Speech that has ended, or a recogniser that has been closed, is no talk.
_SILENCE: Final = frozenset({"closed", "end-speaking", "no-input", "stop-speaking"})


def read(event: Payload, desk: Desk) -> Read:
    """Read one event."""
    if "Event-Name" not in event and text(event, "Content-Type") in freeswitch.SOCKET_WORDS:
        return _IRRELEVANT
    name = needed(event, "Event-Name")
    if name == "CUSTOM":
        return _custom(event, desk)
    reader = _READERS.get(name)
    if reader is None:
        return _IRRELEVANT if name in freeswitch.EVENTS else Ignored("unknown_event", name)
    return _on_leg(event, desk, reader)


class _Leg:
    """One event on the caller's leg, with what every reader of it needs."""

    __slots__ = ("at_ms", "call_ref", "event", "lenient")

    def __init__(self, event: Payload, call_ref: str, desk: Desk) -> None:
        self.event = event
        self.call_ref = call_ref
        self.lenient = Lenient(desk.arrived_at_ms)
        # Versions before 1.0.5 wrote the last word small.
        told = self.lenient.moment(event, "Event-Date-Timestamp") or self.lenient.moment(event, "Event-Date-timestamp")
        self.at_ms = desk.arrived_at_ms if told is None else told

    def text(self, name: str, rule: str = "name") -> str:
        return self.lenient.text(self.event, name, rule)

    def variable(self, name: str, rule: str = "name") -> str:
        return self.text(f"variable_{name}", rule)

    def identity(self) -> Identity | None:
        number = self.text("Caller-Caller-ID-Number", "number") or self.text("Caller-ANI", "number")
        stated = self.variable("sip_from_user", "number")
        if not number and not stated and "Caller-Caller-ID-Number" not in self.event:
            return None
        asserted, verstat = self.variable("sip_P-Asserted-Identity", "number"), self.variable("sip_verstat")
        return freeswitch.identity(number, asserted, stated, verstat)

    def happens(
        self, kind: Kind, *, called: str = "", hangup: Hangup | None = None, operator: str = "", digits: str = ""
    ) -> Happening:
        return Happening(kind, self.call_ref, self.at_ms, self.identity(), called, None, hangup, operator, digits)

    def reading(self, *happenings: Happening) -> Reading:
        return Reading(
            happenings,
            self.text("FreeSWITCH-Switchname") or self.text("FreeSWITCH-Hostname"),
            test=flag(self.event, f"variable_{freeswitch.TEST_VARIABLE}"),
            defects=self.lenient.defects,
        )


def _on_leg(event: Payload, desk: Desk, reader: Callable[[_Leg], Happening | None]) -> Read:
    unique = text(event, "Caller-Unique-ID", "call_ref") or text(event, "variable_uuid", "call_ref")
    unique = text(event, "Unique-ID", "call_ref") or unique or needed(event, "Unique-ID", "call_ref")
    call_ref = text(event, "variable_call_uuid", "call_ref") or text(event, "Channel-Call-UUID", "call_ref") or unique
    # The operator's leg is the one that the switch dials, or that belongs to another leg's call.
    if call_ref != unique or text(event, "Call-Direction") == "outbound":
        return _OTHER_LEG
    if freeswitch.is_operator(text(event, "variable_sip_from_user") or text(event, "Caller-Username"), desk):
        return Ignored("outgoing_call")
    leg = _Leg(event, call_ref, desk)
    happening = reader(leg)
    return _IRRELEVANT if happening is None else leg.reading(happening)


def _created(leg: _Leg) -> Happening:
    return leg.happens(Kind.RINGING, called=leg.text("Caller-Destination-Number", "number"))


def _executed(leg: _Leg) -> Happening | None:
    application = leg.text("Application")
    if application in freeswitch.MENUS:
        return leg.happens(Kind.IVR_ENTERED)
    kind = _MENU_RESULTS.get(leg.text("Application-Data", "text")) if application in _SETTERS else None
    return None if kind is None else leg.happens(kind)


_MENU_RESULTS: Final = {f"{freeswitch.IVR_VARIABLE}={name}": kind for name, kind in freeswitch.MENU_RESULTS.items()}


def _digit(leg: _Leg) -> Happening:
    """A key; that one was pressed counts even when it cannot be read which."""
    digits = needed(leg.event, "DTMF-Digit", "digits")
    if not _DIGITS.issuperset(digits):
        leg.lenient.note("DTMF-Digit", "is no key of a telephone")
        digits = ""
    return leg.happens(Kind.IVR_INPUT, digits=digits)


def _talking(leg: _Leg) -> Happening | None:
    return None if leg.text("Speech-Type") in _SILENCE else leg.happens(Kind.TALK_DETECTED)


def _bridged(leg: _Leg) -> Happening:
    return leg.happens(Kind.ANSWERED, operator=freeswitch.short(leg.variable("cc_agent")))


def _unbridged(leg: _Leg) -> Happening:
    return leg.happens(Kind.TALK_ENDED, operator=freeswitch.short(leg.variable("cc_agent")))


def _ended(leg: _Leg) -> Happening:
    reason = leg.variable("cc_cancel_reason")
    cancelled = leg.variable("cc_cause") == "cancel"
    cause = leg.text("Hangup-Cause") or leg.variable("hangup_cause")
    hangup = freeswitch.hangup(
        leg.variable("sip_hangup_disposition"),
        cause,
        leg.lenient.whole(leg.event, "variable_hangup_cause_q850", rules.LARGEST_Q850),
        freeswitch.left_reason(reason) if cancelled else None,
    )
    return leg.happens(Kind.ENDED, hangup=hangup)


_READERS: Final[Mapping[str, Callable[[_Leg], Happening | None]]] = {
    "CHANNEL_CREATE": _created,
    "CHANNEL_EXECUTE": _executed,
    "DTMF": _digit,
    "DETECTED_SPEECH": _talking,
    "TALK": _talking,
    "CHANNEL_BRIDGE": _bridged,
    "CHANNEL_UNBRIDGE": _unbridged,
    "CHANNEL_HANGUP_COMPLETE": _ended,
}

_ACTIONS: Final[Mapping[str, Kind]] = {
    "member-queue-start": Kind.QUEUE_JOINED,
    "member-queue-resume": Kind.QUEUE_JOINED,
    "bridge-agent-start": Kind.ANSWERED,
    "bridge-agent-end": Kind.TALK_ENDED,
    "member-queue-end": Kind.QUEUE_LEFT,
}


def _custom(event: Payload, desk: Desk) -> Read:
    """Events of modules: of these only the call centre's, and the menus', tell of a call."""
    subclass = text(event, "Event-Subclass")
    if subclass == _CALL_CENTRE:
        return _call_centre(event, desk)
    if subclass == _MENU_ENTERED:
        return _on_leg(event, desk, lambda leg: leg.happens(Kind.IVR_ENTERED))
    module = subclass.partition("::")[0]
    return _IRRELEVANT if module in freeswitch.MODULES else Ignored("unknown_event", subclass or "CUSTOM")


def _call_centre(event: Payload, desk: Desk) -> Read:
    """mod_callcenter: it names the caller's channel as the member's session, older versions as the caller's."""
    kind = _ACTIONS.get(text(event, "CC-Action"))
    if kind is None:
        return _IRRELEVANT
    reason = LeftReason.UNSPECIFIED
    if kind is Kind.QUEUE_LEFT:
        if text(event, "CC-Cause") != "Cancel":
            # Terminated: an operator has spoken with the caller, which the bridge events tell.
            return _IRRELEVANT
        reason = freeswitch.left_reason(text(event, "CC-Cancel-Reason"))
    old = text(event, "CC-Caller-UUID", "call_ref")
    leg = _Leg(event, old or needed(event, "CC-Member-Session-UUID", "call_ref"), desk)
    queue = Queue(freeswitch.short(leg.text("CC-Queue") or leg.text("CC-Name")), reason, _held_ms(leg, kind))
    operator = freeswitch.short(leg.text("CC-Agent"))
    return leg.reading(Happening(kind, leg.call_ref, leg.at_ms, _member(leg), queue=queue, operator=operator))


def _held_ms(leg: _Leg, kind: Kind) -> int:
    """How long the caller waited, once that is over."""
    if kind is Kind.QUEUE_JOINED or kind is Kind.TALK_ENDED:
        return 0
    joined = leg.lenient.moment(leg.event, "CC-Member-Joined-Time")
    over = leg.lenient.moment(
        leg.event, "CC-Member-Leaving-Time" if kind is Kind.QUEUE_LEFT else "CC-Agent-Answered-Time"
    )
    return max(0, over - joined) if joined is not None and over is not None else 0


def _member(leg: _Leg) -> Identity | None:
    """The member, with all that its own channel tells; on an operator's channel nothing but the number is the caller's.

    There a number alone would outrank the doubts about it that the caller's own events tell.
    """
    if leg.text("Unique-ID", "call_ref") not in ("", leg.call_ref):
        return None
    told = leg.identity()
    if told is not None:
        return told
    for name in ("CC-Member-CID-Number", "CC-Caller-CID-Number"):
        if name in leg.event:
            return Identity(leg.text(name, "number"))
    return None
