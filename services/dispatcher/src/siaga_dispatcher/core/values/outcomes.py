"""What becomes known by a decision besides the incident itself: orders to crews, alerts to supervisors."""

from siaga_contracts.values import value

from siaga_dispatcher.core.values.incidents import Incident
from siaga_dispatcher.core.values.terms import OrderKind, Priority
from siaga_dispatcher.core.values.units import Unit


@value(frozen=True, slots=True)
class Order:
    """A word to a unit; an empty task code or ticket number is filled in by the commit.

    `reason` is for the crew; `about_order_id` is the order that a reminder repeats.
    """

    order_id: str
    kind: OrderKind
    unit: Unit
    incident: Incident
    event_at_ms: int
    reason: str = ""
    about_order_id: str = ""


@value(frozen=True, slots=True)
class Alert:
    """What a supervisor has to see now; `cleared_at_ms` 0 = it still holds. Times are of the wall clock.

    `detail` never says a place or a word of a call.
    """

    alert_id: str
    tenant: str
    kind: str
    detail: str
    raised_at_ms: int
    cleared_at_ms: int = 0
    incident_id: str = ""
    unit_id: str = ""
    priority: Priority | None = None
    suggested_unit_id: str = ""
    post_id: str = ""
    version: int = 1
