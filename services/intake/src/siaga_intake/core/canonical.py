"""From what a source says to complete call events: whose call it is, under which ids, by which caller."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import msgspec
from siaga_contracts import ids

from siaga_intake.core.centre import Centre
from siaga_intake.core.events import Accepted, CallEvent, Kind, Refusal
from siaga_intake.core.fields import Payload
from siaga_intake.core.happening import Happening, Reading
from siaga_intake.core.identity import caller
from siaga_intake.core.rules import INDONESIA, Area

# Events of a call come close together: the calls under way of a nation's busy hour fit.
_CALLS_REMEMBERED: Final = 65_536
_DIGEST_BYTES: Final = 16
# By their numbers: an enumeration's own `name` is a call of some length, and every event asks for it.
_KINDS: Final = tuple(Kind(number).name for number in range(len(Kind)))
_encoder = msgspec.json.Encoder(order="deterministic")
_call_id = lru_cache(maxsize=_CALLS_REMEMBERED)(ids.call_id)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from, as its credentials and headers tell."""

    centre: Centre
    received_at_ms: int
    # Stands in for a time that a payload lacks: the arrival, or the arrival that a recording tells.
    arrived_at_ms: int
    secret: bytes
    # `kind/instance` of the source whose credentials these are; empty with a local token.
    source: str = ""
    # The instance a header names.
    named: str = ""
    # Centres that a payload may choose by its `tenant`, when neither credentials nor header do.
    open_to: Mapping[str, Centre] = field(default_factory=dict)
    # Centre and source by the number or id that citizens write to, where several sources share these credentials.
    reached: Mapping[str, tuple[Centre, str]] = field(default_factory=dict)
    test: bool = False
    # Read from the switch's own records, for a time in which nobody listened.
    backfilled: bool = False
    # Where a caller can be.
    area: Area = INDONESIA


def canonical(reading: Reading, kind: str, payload: Payload, origin: Origin) -> Accepted | Refusal:
    """The events of one payload that came through the door of `kind`."""
    owner = whose(reading, kind, origin)
    if isinstance(owner, Refusal):
        return owner
    native = reading.native_id or digest(payload)
    events = tuple(_event(each, reading, native, owner, origin) for each in reading.happenings)
    return Accepted(events, reading.defects)


def whose(reading: Reading, kind: str, origin: Origin) -> tuple[Centre, str] | Refusal:
    """The centre and the source (`kind/instance`) that a reading through the door of `kind` belongs to."""
    if reading.reached_at and reading.reached_at in origin.reached:
        return origin.reached[reading.reached_at]
    centre = origin.centre
    if reading.tenant and reading.tenant != centre.tenant:
        chosen = origin.open_to.get(reading.tenant)
        if chosen is None:
            return Refusal("data.tenant", "is not the tenant of this source")
        centre = chosen
    return centre, _source(reading, kind, centre, origin)


def _source(reading: Reading, kind: str, centre: Centre, origin: Origin) -> str:
    kind = reading.source_kind or kind
    if origin.source.startswith(f"{kind}/"):
        return origin.source
    return centre.source(kind, origin.named or reading.instance)


def is_drill(reading: Reading, owner: tuple[Centre, str], origin: Origin) -> bool:
    """Whether it says so itself, was brought by a drill's credentials, or tells of a call on a line for drills."""
    centre, source = owner
    return reading.test or origin.test or source in centre.drills


def digest(payload: Payload) -> str:
    """The content's name: what the same event sent again has in common with the first."""
    return hashlib.blake2b(_encoder.encode(payload), digest_size=_DIGEST_BYTES).hexdigest()


def _event(happening: Happening, reading: Reading, native: str, owner: tuple[Centre, str], origin: Origin) -> CallEvent:
    centre, source = owner
    tenant = centre.tenant
    named = f"{native}:{_KINDS[happening.kind]}"
    return CallEvent(
        event_id=ids.event_id(tenant, source, f"{named}:{happening.part}" if happening.part else named),
        call_id=reading.call_id or _call_id(tenant, source, happening.call_ref),
        tenant=tenant,
        source=source,
        call_ref=happening.call_ref,
        channel=reading.channel,
        kind=happening.kind,
        event_at_ms=happening.at_ms,
        received_at_ms=origin.received_at_ms,
        caller=caller(happening.identity, tenant, origin.secret) if happening.identity is not None else None,
        called=happening.called,
        queue=happening.queue,
        hangup=happening.hangup,
        operator=happening.operator,
        digits=happening.digits,
        form=happening.form,
        text=happening.text,
        position=happening.position,
        backfilled=reading.backfilled or origin.backfilled,
        test=is_drill(reading, owner, origin),
        civic=happening.civic,
        additional=happening.additional,
        media=happening.media,
        emergency_id=reading.emergency_id,
    )
