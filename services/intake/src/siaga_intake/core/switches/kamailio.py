"""Kamailio's accounting (acc_json), dialog records (cdr) and our own event style as canonical events.

Kamailio sees SIP, not the menu behind it: a 200 says that somebody or something answered, never that a person did.
"""

from collections.abc import Mapping
from typing import Final

from siaga_intake.core.events import Hangup, HangupBy, Ignored, Kind
from siaga_intake.core.fields import Payload, Refused, needed, text, whole
from siaga_intake.core.happening import Desk, Happening, Identity, Read, Reading
from siaga_intake.core.times import moment

_LARGEST_SIP: Final = 699
CANCELLED: Final = 487
_EMERGENCY: Final = "112"
_NOT_OF_CALLS: Final = frozenset({"ACK", "MESSAGE", "OPTIONS", "REFER"})
_CANCEL: Final = Hangup(HangupBy.CALLER, sip_status=CANCELLED, reason="CANCEL")

# Types of the event style that say something; `call.ringing` repeats with every retransmitted 180.
_EVENTS: Final[Mapping[str, tuple[Kind, HangupBy | None]]] = {
    "call.started": (Kind.RINGING, None),
    "call.ringing": (Kind.RINGING, None),
    "call.answered": (Kind.SIP_ANSWERED, None),
    "call.cancelled": (Kind.ENDED, HangupBy.CALLER),
    "call.failed": (Kind.ENDED, HangupBy.SYSTEM),
    "call.ended": (Kind.ENDED, HangupBy.UNSPECIFIED),
}


def read(event: Payload, desk: Desk) -> Read:
    """Read one event, in whichever of the three styles it is."""
    if "method" in event:
        return _accounting(event, desk)
    if "type" in event:
        return _event(event, desk)
    if "start_time" in event or "end_time" in event:
        return _dialog(event, desk)
    raise Refused("method", "missing (and neither type nor start_time is there)")


def _accounting(event: Payload, desk: Desk) -> Read:
    method = text(event, "method").upper()
    if method in _NOT_OF_CALLS:
        return Ignored("irrelevant_event")
    if method not in ("INVITE", "BYE", "CANCEL"):
        return Ignored("unknown_event", method)
    call_ref = needed(event, "callid", "call_ref")
    told = moment(event, "time", desk.arrived_at_ms)
    at_ms = desk.arrived_at_ms if told is None else told
    status = whole(event, "sip_code", _LARGEST_SIP)
    if method == "BYE":
        hangup = Hangup(_who_says_bye(event), sip_status=status)
        return Reading((Happening(Kind.ENDED, call_ref, at_ms, hangup=hangup),))
    identity, called = _identity(event), text(event, "dst_user", "number")
    ring = Happening(Kind.RINGING, call_ref, at_ms, identity, called)
    if method == "CANCEL":
        return Reading((ring, Happening(Kind.ENDED, call_ref, at_ms, identity, called, hangup=_CANCEL)))
    if status < 200:
        return Reading((ring,))
    if status < 300:
        return Reading((ring, Happening(Kind.SIP_ANSWERED, call_ref, at_ms, identity, called)))
    hangup = _CANCEL if status == CANCELLED else Hangup(HangupBy.SYSTEM, 0, status, text(event, "sip_reason"))
    return Reading((ring, Happening(Kind.ENDED, call_ref, at_ms, identity, called, hangup=hangup)))


def _who_says_bye(event: Payload) -> HangupBy:
    """The From user of a BYE is whoever sends it."""
    sender = text(event, "src_user", "number")
    if not sender:
        return HangupBy.UNSPECIFIED
    return HangupBy.CENTRE if sender.lstrip("+").removeprefix("62") == _EMERGENCY else HangupBy.CALLER


def _identity(event: Payload) -> Identity | None:
    """The caller, when the accounting's extra fields name him at all."""
    if "src_user" not in event and "pai" not in event:
        return None
    number = text(event, "src_user", "number")
    verified = text(event, "verstat").startswith("TN-Validation-Passed")
    return Identity(number, text(event, "pai", "number"), number, verified)


def _dialog(event: Payload, desk: Desk) -> Read:
    call_ref = needed(event, "callid", "call_ref")
    identity = _identity(event)
    started, ended = (moment(event, name, desk.arrived_at_ms) for name in ("start_time", "end_time"))
    happenings = []
    if started is not None:
        happenings.append(Happening(Kind.SIP_ANSWERED, call_ref, started, identity))
    if ended is not None:
        hangup = Hangup(HangupBy.UNSPECIFIED)
        happenings.append(Happening(Kind.ENDED, call_ref, ended, identity, hangup=hangup))
    if not happenings:
        raise Refused("start_time", "neither it nor end_time holds a time")
    return Reading(tuple(happenings))


def _event(event: Payload, desk: Desk) -> Read:
    meaning = _EVENTS.get(text(event, "type"))
    if meaning is None:
        name = text(event, "type")
        return Ignored("irrelevant_event") if name == "call.cancel_requested" else Ignored("unknown_event", name)
    kind, by = meaning
    call_ref = needed(event, "call_id", "call_ref")
    told = moment(event, "time", desk.arrived_at_ms)
    at_ms = desk.arrived_at_ms if told is None else told
    status = whole(event, "sip_status", _LARGEST_SIP)
    hangup = None if by is None else Hangup(by, sip_status=status)
    identity = Identity(text(event, "caller", "number")) if "caller" in event else None
    happening = Happening(kind, call_ref, at_ms, identity, text(event, "called", "number"), hangup=hangup)
    return Reading((happening,), native_id=text(event, "id"))
