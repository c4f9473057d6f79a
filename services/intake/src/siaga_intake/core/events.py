"""The canonical call event: one vocabulary for every switch and channel."""

from dataclasses import dataclass

from siaga_contracts.terms import CallEventKind as Kind
from siaga_contracts.terms import Channel, Disposition, HangupBy, Priority
from siaga_contracts.terms import IdentityTrust as Trust
from siaga_contracts.terms import QueueLeftReason as LeftReason

__all__ = ["Channel", "Disposition", "HangupBy", "Kind", "LeftReason", "Priority", "Trust"]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. `key` and `number` are empty when there is no number."""

    key: str
    number: str
    trust: Trust


@dataclass(frozen=True, slots=True)
class Queue:
    """The queue a caller waits in or has left."""

    name: str
    left: LeftReason = LeftReason.UNSPECIFIED
    hold_ms: int = 0


@dataclass(frozen=True, slots=True)
class Hangup:
    """How a call, or its talk, ended. `q850` 0 = not told."""

    by: HangupBy
    q850: int = 0
    sip_status: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Position:
    """A point in WGS 84 degrees; `radius_m` 0 = uncertainty not stated, `fixed_at_ms` 0 = unknown."""

    lat: float
    lon: float
    source: str
    radius_m: float = 0.0
    fixed_at_ms: int = 0


@dataclass(frozen=True, slots=True)
class Form:
    """The operator's form; what the operator left open is empty."""

    operator: str = ""
    text: str = ""
    address: str = ""
    position: Position | None = None
    type: str = ""
    priority: Priority = Priority.UNSPECIFIED
    disposition: Disposition = Disposition.UNSPECIFIED


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Ignored:
    """A payload that is understood to say nothing about a call, or not understood at all (`unknown_event`)."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A payload that cannot be taken, with the field to mend."""

    field: str
    reason: str
