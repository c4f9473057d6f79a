"""The canonical call event: one vocabulary for every switch and channel."""

from dataclasses import field as field_

from siaga_contracts.terms import CallbackResult, CallerTag, Channel, Disposition, HangupBy, Priority
from siaga_contracts.terms import CallEventKind as Kind
from siaga_contracts.terms import IdentityTrust as Trust
from siaga_contracts.terms import QueueLeftReason as LeftReason
from siaga_contracts.values import value

__all__ = [
    "CallbackResult", "CallerTag", "Channel", "Disposition", "HangupBy", "Kind", "LeftReason", "Priority", "Trust",
]  # fmt: skip


@value(frozen=True, slots=True)
class Caller:
    """Who calls. `key` and `number` are empty when there is no number."""

    key: str
    number: str
    trust: Trust
    # The network asserts one number and the caller's own device states another.
    contradicted: bool = False


@value(frozen=True, slots=True)
class Queue:
    """The queue a caller waits in or has left."""

    name: str
    left: LeftReason = LeftReason.UNSPECIFIED
    hold_ms: int = 0


@value(frozen=True, slots=True)
class Hangup:
    """How a call, or its talk, ended. `q850` 0 = not told."""

    by: HangupBy
    q850: int = 0
    sip_status: int = 0
    reason: str = ""


@value(frozen=True, slots=True)
class Position:
    """A point in WGS 84 degrees; `radius_m` 0 = uncertainty not stated, `fixed_at_ms` 0 = unknown."""

    lat: float
    lon: float
    source: str
    radius_m: float = 0.0
    fixed_at_ms: int = 0
    # RFC 4119's words: GNSS, Cell, Wifi, Manual, …
    method: str = ""
    # How probably, in percent, the true place lies within the radius; 0 = not told.
    confidence_percent: float = 0.0
    # What it was given as (circle, ellipse, polygon, …), of which point and radius are the enclosing circle.
    shape: str = ""
    floor: str = ""


@value(frozen=True, slots=True)
class Civic:
    """An address as the network states it (RFC 5139, profile for Indonesia: A1 provinsi … A6 RT); empty = not told."""

    country: str = ""
    province: str = ""
    regency: str = ""
    district: str = ""
    village: str = ""
    rw: str = ""
    rt: str = ""
    road: str = ""
    house_number: str = ""
    landmark: str = ""
    name: str = ""
    floor: str = ""
    postal_code: str = ""
    # All of it in one line, for people.
    written: str = ""


@value(frozen=True, slots=True)
class AdditionalData:
    """What network and device add to a call (RFC 7852); empty = not told."""

    provider: str = ""
    provider_contact: str = ""
    service_environment: str = ""
    service_types: tuple[str, ...] = ()
    service_mobility: str = ""
    device_classification: str = ""
    device_make_and_model: str = ""
    subscriber_name: str = ""
    languages: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()
    references: tuple[str, ...] = ()


@value(frozen=True, slots=True)
class Media:
    """A picture, voice note or document that a citizen sent, by the channel's own name of it."""

    media_id: str
    kind: str = ""
    mime_type: str = ""
    sha256: str = ""


@value(frozen=True, slots=True)
class Form:
    """The operator's form; what the operator left open is empty."""

    operator: str = ""
    text: str = ""
    address: str = ""
    position: Position | None = None
    type: str = ""
    priority: Priority = Priority.UNSPECIFIED
    disposition: Disposition = Disposition.UNSPECIFIED
    callback: CallbackResult = CallbackResult.UNSPECIFIED
    callback_reason: str = ""
    caller_tags: tuple[CallerTag, ...] = ()
    safe_to_contact: bool = False


@value(frozen=True, slots=True)
class CallEvent:
    """One thing that happened on one call, complete: what goes on the topic."""

    event_id: str
    call_id: str
    tenant: str
    source: str
    call_ref: str
    channel: Channel
    kind: Kind
    event_at_ms: int
    received_at_ms: int
    caller: Caller | None
    called: str
    queue: Queue | None
    hangup: Hangup | None
    operator: str
    digits: str
    form: Form | None
    text: str
    position: Position | None
    backfilled: bool
    test: bool
    civic: Civic | None = None
    additional: AdditionalData | None = None
    media: tuple[Media, ...] = ()
    # The call as the emergency network names it (urn:emergency:uid:callid:…).
    emergency_id: str = ""


@value(frozen=True, slots=True)
class Ignored:
    """A payload that is understood to say nothing about a call, or not understood at all (`unknown_event`)."""

    reason: str
    # What the source calls the event, where it is not known here.
    name: str = ""


@value(frozen=True, slots=True)
class Defect:
    """A part of a payload that is left out for `reason` while the rest is taken: a fix in another country, say."""

    field: str
    reason: str
    # What stood there, for whoever explains a capture of his own; it goes into no answer and no log.
    found: str = field_(default="", compare=False)


@value(frozen=True, slots=True)
class Accepted:
    """A payload that has become events, and what of it had to be left out."""

    events: tuple[CallEvent, ...]
    defects: tuple[Defect, ...] = ()


@value(frozen=True, slots=True)
class Refusal:
    """A payload that cannot be taken, with the field to mend."""

    field: str
    reason: str
    # What stood there, as for a defect.
    found: str = field_(default="", compare=False)
