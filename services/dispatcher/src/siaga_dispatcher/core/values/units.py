"""A unit as it is, and what its crew or tracker says."""

from siaga_contracts.values import value
from siaga_tenants.model import Contact

from siaga_dispatcher.core.values.places import Position
from siaga_dispatcher.core.values.terms import UnitStatus


@value(frozen=True, slots=True)
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
    # Number behind its latest code: the codes go on from the highest of all units.
    task_serial: str = ""
    # By the roster it is not on duty now.
    off_shift: bool = False
    # When its last task ended; 0 = it had none yet.
    free_since_ms: int = 0
    # No longer in the centre's list: never sent again.
    retired: bool = False
    # A fix that came too far from the last one; a second one near it makes it believed.
    doubtful_position: Position | None = None
    # Incidents that it was stood down from and has not confirmed yet, the latest last.
    stood_down_from: tuple[str, ...] = ()
    # When its crew last went on or off duty by its own word; it holds until the next change of shift.
    duty_word_at_ms: int = 0
    # The centre's own code for its status, where the crew used one.
    status_code: str = ""

    @property
    def free(self) -> bool:
        """Whether it can be sent now."""
        waits = self.status in (UnitStatus.AVAILABLE, UnitStatus.AVAILABLE_MOBILE)
        return waits and not (self.incident_id or self.off_shift or self.retired)


@value(frozen=True, slots=True)
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
    # A status code of the centre, where `status` is None.
    status_code: str = ""
