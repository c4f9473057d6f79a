"""What the dispatcher thinks in: places, units, incidents, orders, and what is told to it."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from siaga_tenants.model import Contact, DispatchPolicy, ResponsePlan


class Priority(IntEnum):
    """P0 (crew mayday, mass casualty) is the most urgent; lower number = sooner."""

    P0 = 0
    P1 = 1
    P2 = 2
    P3 = 3
    P4 = 4


class IncidentStatus(StrEnum):
    """Where an incident stands."""

    RECEIVED = "received"
    CLASSIFIED = "classified"
    VERIFIED = "verified"
    QUEUED = "queued"
    DISPATCHED = "dispatched"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    UNDER_CONTROL = "under_control"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    MERGED = "merged"
    HANDED_OVER = "handed_over"
    REOPENED = "reopened"


class UnitStatus(StrEnum):
    """What a unit does, and where it stands with a task."""

    OFF_DUTY = "off_duty"
    AVAILABLE = "available"
    AVAILABLE_MOBILE = "available_mobile"
    DISPATCHED = "dispatched"
    ACKNOWLEDGED = "acknowledged"
    EN_ROUTE = "en_route"
    STAGING = "staging"
    ON_SCENE = "on_scene"
    PATIENT_CONTACT = "patient_contact"
    TRANSPORTING = "transporting"
    AT_HOSPITAL = "at_hospital"
    CLEAR = "clear"
    DELAYED = "delayed"
    DECLINED = "declined"
    OUT_OF_SERVICE = "out_of_service"
    MAYDAY = "mayday"


class OrderKind(StrEnum):
    """What a unit is asked."""

    DISPATCH = "dispatch"
    STAND_DOWN = "stand_down"
    UPDATE = "update"


@dataclass(frozen=True, slots=True)
class Position:
    """A point with its uncertainty; radius 0 = not stated, `fixed_at_ms` 0 = unknown."""

    lat: float
    lon: float
    radius_m: float = 0.0
    fixed_at_ms: int = 0
    source: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A place as people and maps name it; the address is what the crew reads, as it was typed."""

    position: Position | None = None
    address: str = ""
    area_code: str = ""
    area_name: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of a decision, for people."""

    rule: str
    detail: str = ""
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit; `incident_id` empty = free of tasks. `fence` grows with every assignment."""

    unit_id: str
    tenant: str
    kind: str
    name: str
    capabilities: tuple[str, ...]
    station: Position
    position: Position
    status: UnitStatus = UnitStatus.AVAILABLE
    incident_id: str = ""
    order_id: str = ""
    fence: int = 0
    version: int = 0
    contacts: tuple[Contact, ...] = ()
    event_at_ms: int = 0
    example: bool = False
    # The code its crew types back; given out by the store when the order is committed.
    task_code: str = ""

    @property
    def free(self) -> bool:
        """Whether it can be sent now."""
        return not self.incident_id and self.status in (UnitStatus.AVAILABLE, UnitStatus.AVAILABLE_MOBILE)


@dataclass(frozen=True, slots=True)
class Assignment:
    """One unit on one incident; a time of 0 = not yet."""

    unit_id: str
    unit_name: str
    unit_kind: str
    order_id: str
    fence: int
    status: UnitStatus
    role: str
    distance_m: float
    eta_s: float
    selection_reason: str
    dispatched_at_ms: int
    acknowledged_at_ms: int = 0
    en_route_at_ms: int = 0
    on_scene_at_ms: int = 0
    clear_at_ms: int = 0

    @property
    def active(self) -> bool:
        """Whether the unit is still bound to the incident."""
        return self.status not in (UnitStatus.CLEAR, UnitStatus.DECLINED)


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A need that no unit fills; code as in the contract (`no_candidate`, `all_busy`, …)."""

    role: str
    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What a version changed, by whom, caused by what."""

    kind: str
    actor: str
    reason: str
    event_at_ms: int
    cause_id: str


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident with everything decided about it. `version` 0 = not stored yet."""

    incident_id: str
    tenant: str
    status: IncidentStatus
    type: str
    priority: Priority
    confidential: bool
    place: Place
    opened_at_ms: int
    event_at_ms: int
    change: Change
    version: int = 0
    ticket_no: str = ""
    call_ids: tuple[str, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    shortfalls: tuple[Shortfall, ...] = ()
    reasons: tuple[Reason, ...] = ()
    disposition: str = ""
    text: str = ""
    # Working state that is never published with the incident:
    callback_number: str = ""
    # A reopened incident never closes itself again.
    reopened: bool = False
    last_call_at_ms: int = 0
    # Revision of each call's assessment already taken in, so that an old one that comes again changes nothing.
    revisions: tuple[tuple[str, int], ...] = ()
    # Types that calls joined later turned out to have: their needs count too.
    further_types: tuple[str, ...] = ()

    @property
    def active_assignments(self) -> tuple[Assignment, ...]:
        """Units still bound to it."""
        return tuple(assignment for assignment in self.assignments if assignment.active)

    def revision_of(self, call_id: str) -> int:
        """Latest revision of a call's assessment taken in; 0 = none."""
        return dict(self.revisions).get(call_id, 0)


@dataclass(frozen=True, slots=True)
class Order:
    """A word to a unit; an empty task code or ticket number is filled in by the commit."""

    order_id: str
    kind: OrderKind
    unit: Unit
    incident: Incident
    event_at_ms: int


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a call is now, as the classifier sees it; None = not told."""

    assessment_id: str
    call_id: str
    tenant: str
    revision: int
    event_at_ms: int
    advice: str
    outcome: str
    type: str
    priority: Priority | None
    confidential: bool
    test: bool
    place: Place = Place()
    text: str = ""
    callback_number: str = ""
    operator: str = ""
    reasons: tuple[Reason, ...] = ()

    @property
    def wants_help(self) -> bool:
        """Only this ever opens an incident or moves a unit.

        The advice alone counts: it is given after an operator's word, or without one where the tenant's policy lets a
        channel and type go by themselves. A second opinion here would leave such a report to nobody.
        """
        return self.advice == "dispatch" and not self.test


@dataclass(frozen=True, slots=True)
class UnitReport:
    """What a crew or a tracker says; `order_id` empty = the unit's only open one, `status` None = position only."""

    report_id: str
    tenant: str
    unit_id: str
    order_id: str
    status: UnitStatus | None
    event_at_ms: int
    via: str = ""
    text: str = ""
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """A tenant's data that decisions hang on. `centre` stands in for a place that nobody could locate."""

    plan: ResponsePlan
    policy: DispatchPolicy
    centre: Position | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """What a decision sees of the world: the units loaded so far, the tenant's rules, the wall clock (`now`, ms)."""

    units: tuple[Unit, ...]
    rules: Rules
    now: int
