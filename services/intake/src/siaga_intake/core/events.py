"""The canonical call event: one vocabulary for every switch and channel. Numbers equal those of the contract."""

from dataclasses import dataclass
from enum import IntEnum


class Kind(IntEnum):
    """What happened on a call."""

    RINGING = 1
    IVR_ENTERED = 2
    IVR_INPUT = 3
    IVR_CONFIRMED = 4
    TALK_DETECTED = 5
    QUEUE_JOINED = 6
    QUEUE_LEFT = 7
    ANSWERED = 8
    TALK_ENDED = 9
    ENDED = 10
    SIP_ANSWERED = 11
    FORM = 12
    MESSAGE = 13
    POSITION = 14


class Channel(IntEnum):
    """The way a call came in."""

    VOICE = 1
    APP = 2
    WHATSAPP = 3
    SMS = 4
    LAPOR = 5
    WEB = 6


class Trust(IntEnum):
    """How far the caller's number can be believed."""

    UNSPECIFIED = 0
    VERIFIED = 1
    ASSERTED = 2
    UNVERIFIED = 3
    ANONYMOUS = 4
    NO_SIM = 5


class HangupBy(IntEnum):
    """Who ended a call; SYSTEM is our fault, never the caller's."""

    UNSPECIFIED = 0
    CALLER = 1
    CENTRE = 2
    SYSTEM = 3


class LeftReason(IntEnum):
    """Why a caller is no longer in the queue."""

    UNSPECIFIED = 0
    ANSWERED = 1
    CALLER_LEFT = 2
    TIMEOUT = 3
    WITHDRAWN = 4
    EMPTY = 5
    FULL = 6
    KEY = 7


class Disposition(IntEnum):
    """What the operator found the call to be."""

    UNSPECIFIED = 0
    EMERGENCY = 1
    PRANK = 2
    GHOST = 3
    NON_EMERGENCY = 4
    MISDIRECTED = 5
    TEST = 6


class Priority(IntEnum):
    """P1 life threat now … P4 service; P0 ranks above P1."""

    UNSPECIFIED = 0
    P0 = 1
    P1 = 2
    P2 = 3
    P3 = 4
    P4 = 5


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
