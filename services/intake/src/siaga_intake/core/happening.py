"""What a switch's own event says, before it is known whose call it is."""

from dataclasses import field

from siaga_contracts.values import value

from siaga_intake.core.events import (
    AdditionalData,
    Channel,
    Civic,
    Defect,
    Form,
    Hangup,
    Ignored,
    Kind,
    Media,
    Position,
    Queue,
)  # fmt: skip
from siaga_intake.core.rules import INDONESIA, Area


@value(frozen=True, slots=True)
class Identity:
    """The caller as the source names him; all of it may be empty. `asserted` is P-Asserted-Identity."""

    number: str = ""
    asserted: str = ""
    # The number as the caller's own equipment states it, where it is told apart from `number`.
    stated: str = ""
    verified: bool = False
    # Typed by a citizen: nobody on the way vouches for it.
    self_declared: bool = False
    # What the network found when it checked the number, in its own words (TN-Validation-Passed).
    verstat: str = ""


@value(frozen=True, slots=True)
class Happening:
    """One canonical thing read from a payload. `part` tells it from others of its kind in the same payload."""

    kind: Kind
    call_ref: str
    at_ms: int
    identity: Identity | None = None
    called: str = ""
    queue: Queue | None = None
    hangup: Hangup | None = None
    operator: str = ""
    digits: str = ""
    form: Form | None = None
    text: str = ""
    position: Position | None = None
    civic: Civic | None = None
    additional: AdditionalData | None = None
    media: tuple[Media, ...] = ()
    part: str = ""


@value(frozen=True, slots=True)
class OfCaller:
    """Belongs to the call under way of this number: a position that the network sends apart from the call (AML)."""

    number: str


@value(frozen=True, slots=True)
class OfSession:
    """Belongs to the written conversation with this address at its channel; `opens` names a new one."""

    address: str
    opens: str


Belongs = OfCaller | OfSession


@value(frozen=True, slots=True)
class Reading:
    """All that one payload says, and about which source. `instance` is the switch's own name for itself, or empty."""

    happenings: tuple[Happening, ...]
    instance: str = ""
    # The kind of source whose call this is, where the payload names another than the door it came through.
    source_kind: str = ""
    channel: Channel = Channel.VOICE
    # The source's own id of the event; empty = the content names it.
    native_id: str = ""
    # The call's name in Siaga112, where the payload knows it; the call_ref then need not be known.
    call_id: str = ""
    tenant: str = ""
    backfilled: bool = False
    test: bool = False
    emergency_id: str = ""
    # What of the payload had to be left out.
    defects: tuple[Defect, ...] = ()
    # The number or id of ours that the citizen wrote to, where several sources share one way in.
    reached_at: str = ""
    # Where no call_ref is in the payload: how to find the call.
    belongs: Belongs | None = None


@value(frozen=True, slots=True)
class Desk:
    """What a reader may know besides the payload. `arrived_at_ms` stands in for a time that the payload lacks."""

    arrived_at_ms: int
    # Operators' names as `plain` leaves them, to tell their legs from the callers'.
    operators: frozenset[str] = field(default_factory=frozenset)
    # What the centre's clocks are ahead of UTC.
    zone_hours: int = 7
    # Where positions that network and phone give are taken; elsewhere they are left out.
    area: Area = INDONESIA


Read = Reading | Ignored
