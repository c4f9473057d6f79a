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
from siaga_dispatcher.core.values.outcomes import Alert, Order
from siaga_dispatcher.core.values.places import Place, Position
from siaga_dispatcher.core.values.situation import Rules, Situation
from siaga_dispatcher.core.values.terms import (
    AlertKind,
    Ending,
    IncidentStatus,
    LinkKind,
    OrderKind,
    Priority,
    TimerKind,
    UnitStatus,
)
from siaga_dispatcher.core.values.units import NotDelivered, Submission, Unit, UnitReport

__all__ = [
    "Account", "Alert", "AlertKind", "Assessment", "Assignment", "Candidate", "Change", "Ending", "Incident",
    "IncidentStatus", "Link", "LinkKind", "NotDelivered", "Order", "OrderKind", "Place", "Position", "Priority",
    "Reason", "Rules", "Shortfall", "Situation", "Submission", "Timer", "TimerKind", "Unit", "UnitReport", "UnitStatus",
]  # fmt: skip
