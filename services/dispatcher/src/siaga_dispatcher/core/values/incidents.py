"""An incident with everything decided about it."""

from siaga_contracts.values import value

from siaga_dispatcher.core.values.calls import Reason
from siaga_dispatcher.core.values.messages import Told
from siaga_dispatcher.core.values.places import Place
from siaga_dispatcher.core.values.terms import IncidentStatus, LinkKind, Priority, UnitStatus


@value(frozen=True, slots=True)
class Assignment:
    """One unit on one incident; a time of 0 = not yet, `position_age_s` None = it stood at its station."""

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
    eta_source: str = ""
    position_age_s: float | None = None
    # Why it left (clear, declined, unacknowledged, diverted, stood_down, out_of_service, moved); empty while it is bound.
    ended_by: str = ""
    # A stand-down is over only when the crew has confirmed it.
    stood_down_at_ms: int = 0
    stand_down_confirmed_at_ms: int = 0
    # The code by which it confirms; kept from when it is stood down, for the unit's own is then gone.
    task_code: str = ""
    # Event time of the crew's last word about the task.
    last_word_at_ms: int = 0
    # Attempts to tell the crew that have failed for good.
    failed_attempts: tuple[str, ...] = ()
    # How far the word of the task got before the crew answered, each in a rank above the one before.
    told: tuple[Told, ...] = ()
    # How often it was asked again because nobody else could go in its place.
    nobody_left: int = 0

    @property
    def active(self) -> bool:
        """Whether the unit is still bound to the incident."""
        return self.status not in (UnitStatus.CLEAR, UnitStatus.DECLINED)

    @property
    def silent(self) -> bool:
        """Whether the crew has said nothing yet about the task it has."""
        return self.status is UnitStatus.DISPATCHED and not self.acknowledged_at_ms

    @property
    def unconfirmed(self) -> bool:
        """Whether it was stood down and has not said that it knows."""
        return bool(self.stood_down_at_ms) and not self.stand_down_confirmed_at_ms


@value(frozen=True, slots=True)
class Shortfall:
    """A need that no unit fills; code as in the contract (`no_candidate`, `all_busy`, …)."""

    role: str
    code: str
    detail: str = ""


@value(frozen=True, slots=True)
class Candidate:
    """One unit that a choice looked at; `verdict` is `chosen` or why not. `position_age_s` None = at its station."""

    unit_id: str
    unit_name: str
    unit_kind: str
    role: str
    verdict: str
    detail: str
    distance_m: float
    eta_s: float
    eta_source: str
    position_age_s: float | None = None


@value(frozen=True, slots=True)
class Change:
    """What a version changed, by whom, caused by what; with the candidates where it is a choice of units."""

    kind: str
    actor: str
    reason: str
    event_at_ms: int
    cause_id: str
    candidates: tuple[Candidate, ...] = ()


@value(frozen=True, slots=True)
class Link:
    """How an incident belongs to another; `version` is the other's when they were linked."""

    incident_id: str
    kind: LinkKind
    ticket_no: str = ""
    at_ms: int = 0
    detail: str = ""
    version: int = 0


@value(frozen=True, slots=True)
class Account:
    """What one of several calls told, so that it can be given an incident of its own again."""

    call_id: str
    event_at_ms: int
    type: str
    priority: Priority | None
    place: Place
    text: str = ""
    callback_number: str = ""


@value(frozen=True, slots=True)
class Timer:
    """What happens to the incident by itself at `due_ms` of the wall clock; `subject` is an order or a unit."""

    kind: str
    subject: str
    due_ms: int

    @property
    def key(self) -> str:
        """What names it within its incident."""
        return f"{self.kind}:{self.subject}"


@value(frozen=True, slots=True)
class Incident:
    """An incident. `version` 0 = not stored yet."""

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
    # Types that calls joined later turned out to have: their needs count too.
    further_types: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    # Needed to go on from here; no answer to a question shows it.
    callback_number: str = ""
    # A reopened incident never closes itself again.
    reopened: bool = False
    last_call_at_ms: int = 0
    # Revision of each call's assessment already taken in, so that an old one that comes again changes nothing.
    revisions: tuple[tuple[str, int], ...] = ()
    timers: tuple[Timer, ...] = ()
    # One for each call, once there are several.
    accounts: tuple[Account, ...] = ()
    # The latest version that changed more than how far crews were told; 0 = not known.
    acted_version: int = 0

    def unchanged_since(self, version: int) -> bool:
        """Whether who saw it in that version has seen all that matters to what they decide."""
        return (self.acted_version or self.version) <= version <= self.version

    @property
    def active_assignments(self) -> tuple[Assignment, ...]:
        """Units still bound to it."""
        return tuple(assignment for assignment in self.assignments if assignment.active)

    def linked(self, kind: LinkKind) -> tuple[Link, ...]:
        """Its links of a kind, the oldest first."""
        return tuple(link for link in self.links if link.kind is kind)

    def assignment_of(self, order_id: str) -> Assignment | None:
        """The assignment that an order made."""
        return next((assignment for assignment in self.assignments if assignment.order_id == order_id), None)

    def with_assignment(self, changed: Assignment) -> tuple[Assignment, ...]:
        """Its assignments with one of them changed."""
        return tuple(changed if one.order_id == changed.order_id else one for one in self.assignments)

    def revision_of(self, call_id: str) -> int:
        """Latest revision of a call's assessment taken in; 0 = none."""
        return dict(self.revisions).get(call_id, 0)
