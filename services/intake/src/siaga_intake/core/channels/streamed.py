"""Canonical events under the contract's own names (`siaga.v1.CallEvent`), as the gRPC stream brings them.

The rules are those of the other doors; what Siaga112 makes itself (ids, the key of the caller, the time of taking) is not
believed from outside.
"""

import re
from dataclasses import replace
from typing import Final

from siaga_intake.core import rules
from siaga_intake.core.channels.form import filled_in
from siaga_intake.core.events import (
    AdditionalData,
    Channel,
    Civic,
    Defect,
    Form,
    Hangup,
    HangupBy,
    Ignored,
    Kind,
    LeftReason,
    Media,
    Position,
    Queue,
)  # fmt: skip
from siaga_intake.core.fields import (
    Payload,
    Refused,
    choice,
    flag,
    is_uuid,
    located,
    needed,
    part,
    parts,
    text,
    whole,
)  # fmt: skip
from siaga_intake.core.happening import Desk, Happening, Identity, Read, Reading
from siaga_intake.core.times import moment, moment_or

# `kind/instance`; kinds are words, as in the tenants' data.
_SOURCE: Final = re.compile(r"([a-z][a-z0-9_]{0,31})/(.+)", re.DOTALL)
# A citizen sends a picture or five; a list of the network's additions has a handful of entries.
_MAX_ENTRIES: Final = 32


def read(event: Payload, desk: Desk) -> Read:
    """Read one event."""
    kind = _kind(event)
    if isinstance(kind, Ignored):
        return kind
    found = _SOURCE.fullmatch(needed(event, "source"))
    if found is None:
        raise Refused("source", "must be like asterisk/pbx1")
    call_id = text(event, "call_id", "code").lower()
    if call_id and not is_uuid(call_id):
        raise Refused("call_id", "is no call id (a UUID); a switch's name of a call goes into call_ref")
    call_ref = text(event, "call_ref", "call_ref")
    if not (call_ref or call_id):
        raise Refused("call_ref", "missing, and there is no call_id either")
    at_ms = moment_or(event, "event_at_ms", desk.arrived_at_ms)
    where, defects = _position(part(event, "position"), "events", at_ms, "position.", desk)
    form, of_form = _form(part(event, "form"), at_ms, desk) if kind is Kind.FORM else (None, ())
    happening = Happening(
        kind,
        call_ref,
        at_ms,
        _identity(event),
        called=text(event, "called", "number"),
        queue=_queue(event),
        hangup=_hangup(event),
        operator=text(event, "operator") or (form.operator if form is not None else ""),
        digits=text(event, "digits", "digits"),
        form=form,
        text=text(event, "text", "text"),
        position=where,
        civic=_civic(event),
        additional=_additional(event),
        media=tuple(_media(each) for each in parts(event, "media")[:_MAX_ENTRIES]),
    )
    return Reading(
        (happening,),
        instance=found[2],
        source_kind=found[1],
        channel=choice(event, "channel", Channel) or Channel.VOICE,
        native_id=text(event, "event_id", "call_ref"),
        call_id=call_id,
        tenant=text(event, "tenant", "code"),
        backfilled=flag(event, "backfilled"),
        test=flag(event, "test"),
        emergency_id=text(event, "emergency_id", "call_ref"),
        defects=defects + of_form,
    )


def _kind(event: Payload) -> Kind | Ignored:
    name = needed(event, "kind", "code")
    known = Kind.__members__.get(name.upper())
    # A kind of a newer contract comes as its number.
    return Ignored("unknown_event", name) if known is None or not known.value else known


def _identity(event: Payload) -> Identity | None:
    caller = part(event, "caller")
    if not caller:
        return None
    number = text(caller, "number", "number", "caller.")
    trust = text(caller, "identity_trust", "code", "caller.").lower()
    if trust in ("no_sim", "anonymous"):
        return Identity(trust)
    return Identity(number, verified=trust == "verified", self_declared=trust == "unverified")


def _queue(event: Payload) -> Queue | None:
    queue = part(event, "queue")
    if not queue:
        return None
    left = choice(queue, "left_reason", LeftReason, "queue.") or LeftReason.UNSPECIFIED
    return Queue(
        text(queue, "name", path="queue."), left, whole(queue, "hold_ms", rules.MAX_DURATION_S * 1000, "queue.")
    )


def _hangup(event: Payload) -> Hangup | None:
    hangup = part(event, "hangup")
    if not hangup:
        return None
    return Hangup(
        choice(hangup, "by", HangupBy, "hangup.") or HangupBy.UNSPECIFIED,
        whole(hangup, "q850", rules.LARGEST_Q850, "hangup."),
        whole(hangup, "sip_status", rules.LARGEST_SIP_STATUS, "hangup."),
        text(hangup, "reason", path="hangup."),
    )


def _position(
    where: Payload, source: str, at_ms: int, path: str, desk: Desk
) -> tuple[Position | None, tuple[Defect, ...]]:
    try:
        fixed = moment(where, "fixed_at_ms", desk.arrived_at_ms, path)
        found, defects = located(where, text(where, "source", "code", path) or source, fixed or at_ms, path)
        if found is None:
            return None, defects
        confidence = whole(where, "confidence_percent", 100, path)
        told = replace(
            found,
            method=text(where, "method", "code", path),
            confidence_percent=float(confidence),
            shape=text(where, "shape", "code", path),
            floor=text(where, "floor", "code", path),
        )
    except Refused as refused:
        return None, (Defect(refused.field, refused.reason, refused.found),)
    return told, defects


def _form(form: Payload, at_ms: int, desk: Desk) -> tuple[Form, tuple[Defect, ...]]:
    where, defects = _position(part(form, "position", "form."), "operator", at_ms, "form.position.", desk)
    return filled_in(form, where, "form."), defects


def _civic(event: Payload) -> Civic | None:
    civic = part(event, "civic")
    if not civic:
        return None
    names = Civic.__dataclass_fields__
    return Civic(**{name: text(civic, name, "address", "civic.") for name in names})


_LISTS: Final = frozenset({"service_types", "languages", "comments", "references"})


def _additional(event: Payload) -> AdditionalData | None:
    told = part(event, "additional")
    if not told:
        return None
    single = {
        name: text(told, name, "address", "additional.")
        for name in AdditionalData.__dataclass_fields__
        if name not in _LISTS
    }
    return AdditionalData(**single, **{name: _texts(told, name) for name in _LISTS})  # type: ignore[arg-type]


def _texts(told: Payload, name: str) -> tuple[str, ...]:
    values = told.get(name)
    listed = values[:_MAX_ENTRIES] if isinstance(values, list) else []
    return tuple(each[: rules.MAX_LENGTH["address"]] for each in listed if isinstance(each, str) and each)


def _media(media: Payload) -> Media:
    return Media(
        needed(media, "media_id", "call_ref", "media."),
        text(media, "kind", "code", "media."),
        text(media, "mime_type", "name", "media."),
        text(media, "sha256", "name", "media."),
    )
