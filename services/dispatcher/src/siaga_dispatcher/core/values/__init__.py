"""What the dispatcher thinks in: places, units, incidents, orders, and what is told to it."""

from siaga_dispatcher.core.values.calls import Assessment, Reason
from siaga_dispatcher.core.values.incidents import (
    Account,
    Assignment,
    Candidate,
    Change,
    Incident,
    Link,
    Shortfall,
    Timer,
)
from siaga_dispatcher.core.values.messages import NotDelivered, Progress, Told, Unacknowledged
from siaga_dispatcher.core.values.outcomes import Alert, Order
from siaga_dispatcher.core.values.places import Place, Position
from siaga_dispatcher.core.values.situation import Rules, Situation
from siaga_dispatcher.core.values.terms import (
    AlertKind,
    Ending,
    IncidentStatus,
    LinkKind,
    MessageState,
    OrderKind,
    Priority,
    TimerKind,
    UnitStatus,
)
from siaga_dispatcher.core.values.units import Unit, UnitReport

__all__ = [
    "Account", "Alert", "AlertKind", "Assessment", "Assignment", "Candidate", "Change", "Ending", "Incident",
    "IncidentStatus", "Link", "LinkKind", "MessageState", "NotDelivered", "Order", "OrderKind", "Place", "Position",
    "Priority", "Progress", "Reason", "Rules", "Shortfall", "Situation", "Timer", "TimerKind", "Told", "Unacknowledged",
    "Unit", "UnitReport", "UnitStatus",
]  # fmt: skip
