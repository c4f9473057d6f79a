"""Kamailio's accounting (acc_json), dialog records (cdr), calls under way (dlg.list) and our own event style.

Kamailio sees SIP, not the menu behind it: a 200 says that somebody or something answered, never that a person did.
Our event style is what deploy/kamailio/kamailio.cfg sends: headers and body as they were in the INVITE, read here.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

from siaga_intake.core import rules
from siaga_intake.core.events import Hangup, HangupBy, Ignored, Kind
from siaga_intake.core.fields import EMPTY, Payload, Refused, needed, part, text, whole
from siaga_intake.core.happening import Desk, Happening, Identity, Read, Reading
from siaga_intake.core.switches import sip_address, sip_text
from siaga_intake.core.switches.kamailio_body import parts_told
from siaga_intake.core.switches.sip import hangup_for
from siaga_intake.core.switches.sip_extras import extras
from siaga_intake.core.times import moment, moment_or

CANCELLED: Final = 487
_EMERGENCY: Final = "112"
_NOT_OF_CALLS: Final = frozenset({"ACK", "MESSAGE", "OPTIONS", "REFER"})
_CANCEL: Final = Hangup(HangupBy.CALLER, sip_status=CANCELLED, reason="CANCEL")

_PARTIES: Final[Mapping[str, HangupBy]] = {
    "caller": HangupBy.CALLER,
    "centre": HangupBy.CENTRE,
    "system": HangupBy.SYSTEM,
}
# What tells our event style from others of its kind: a type may be sent under one id with the others of its call.
_ALERTING: Final = "call.ringing"

# Types of the event style that say something, and who ended the call where the event does not say.
_EVENTS: Final[Mapping[str, tuple[Kind, HangupBy | None]]] = {
    "call.started": (Kind.RINGING, None),
    "call.ringing": (Kind.RINGING, None),
    "call.answered": (Kind.SIP_ANSWERED, None),
    "call.cancelled": (Kind.ENDED, HangupBy.CALLER),
    "call.failed": (Kind.ENDED, HangupBy.SYSTEM),
    "call.ended": (Kind.ENDED, HangupBy.UNSPECIFIED),
}


def split(payload: Payload) -> Sequence[object]:
    """The calls in an answer to `dlg.list`, as JSON-RPC gives it; any other payload is one."""
    calls = payload.get("result")
    return calls if isinstance(calls, list) and "jsonrpc" in payload else (payload,)


def read(event: Payload, desk: Desk) -> Read:
    """Read one event, in whichever of the three styles it is."""
    if "method" in event:
        return _accounting(event, desk)
    if "type" in event:
        return _event(event, desk)
    if "call-id" in event:
        return _under_way(event, desk)
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
    at_ms = moment_or(event, "time", desk.arrived_at_ms)
    status = whole(event, "sip_code", rules.LARGEST_SIP_STATUS)
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
    """The caller, when the event names him at all, in whole headers or in numbers alone."""
    named = [name for name in ("from", "caller", "src_user") if isinstance(event.get(name), (str, int))]
    asserted = _line(event, "pai") or _line(event, "rpid")
    if not named and not asserted:
        return None
    sender = _line(event, named[0]) if named else ""
    return sip_address.identity(sender, sip_text.listed(asserted), _line(event, "verstat"))


def _line(event: Payload, name: str) -> str:
    """A header as it was sent; whatever else stands there is none, for no header is worth a call."""
    value = event.get(name)
    return str(value)[: sip_text.MAX_LINE].strip() if isinstance(value, (str, int)) else ""


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


def _under_way(dialog: Payload, desk: Desk) -> Read:
    """An entry of `dlg.list`: a call that Kamailio has in memory, with the ids that its own events have."""
    call_ref = sip_address.call_ref(text(dialog, "call-id", "text"))
    caller = part(dialog, "caller")
    variables = dialog.get("variables")
    known = (
        {key: value for each in variables if isinstance(each, Mapping) for key, value in each.items()}
        if isinstance(variables, list)
        else EMPTY
    )
    identity = _identity({"from": dialog.get("from_uri"), "pai": known.get("pai")})
    begun, answered, ended = (moment(dialog, name, desk.arrived_at_ms) for name in ("init_ts", "start_ts", "end_ts"))
    called = sip_address.called(_line(dialog, "to_uri"))
    happenings = [Happening(Kind.RINGING, call_ref, begun or desk.arrived_at_ms, identity, called)]
    if answered is not None:
        happenings.append(Happening(Kind.SIP_ANSWERED, call_ref, answered, identity, called))
    if ended is not None:
        # Kamailio forgets it some seconds later, and does not say who ended it.
        happenings.append(Happening(Kind.ENDED, call_ref, ended, identity, called, hangup=Hangup(HangupBy.UNSPECIFIED)))
    named = f"{call_ref}|{text(caller, 'tag', 'call_ref')}"
    native_id = hashlib.md5(named.encode(errors="replace"), usedforsecurity=False).hexdigest()
    return Reading(tuple(happenings), native_id=native_id, backfilled=True)


def _event(event: Payload, desk: Desk) -> Read:
    name = text(event, "type")
    meaning = _EVENTS.get(name)
    if meaning is None:
        return Ignored("irrelevant_event") if name == "call.cancel_requested" else Ignored("unknown_event", name)
    kind, by = meaning
    call_ref = sip_address.call_ref(text(event, "call_id", "text"), "call_id")
    at_ms = moment_or(event, "time", desk.arrived_at_ms)
    status = whole(event, "sip_status", rules.LARGEST_SIP_STATUS)
    hangup = None
    if by is not None:
        hangup = hangup_for(_PARTIES.get(text(event, "by"), by), sip_text.listed(_line(event, "reason")), status)
    call_info = sip_text.listed(_line(event, "call_info"))
    extra = extras(parts_told(event), sip_text.listed(_line(event, "geolocation")), call_info, at_ms, desk.area)
    happening = Happening(
        kind, call_ref, at_ms, _identity(event), sip_address.called(_line(event, "called")), hangup=hangup,
        part="alerting" if name == _ALERTING else "",
    )  # fmt: skip
    return Reading(
        (happening, *extra.happenings(call_ref, at_ms)),
        native_id=text(event, "id"),
        test=sip_address.is_test(happening.called),
        emergency_id=sip_address.emergency_id(call_info),
        defects=extra.defects,
    )
