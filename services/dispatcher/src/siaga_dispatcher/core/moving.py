"""Units go on under another ticket: the same order, the same task code, the same timers."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from siaga_dispatcher.core.draft import Draft
from siaga_dispatcher.core.lifecycle import UNIT_TRIGGERS, Trigger
from siaga_dispatcher.core.values import Assignment, Ending, Incident, UnitStatus

# A crew that has arrived works where it stands, whatever becomes of the tickets.
UNDER_WAY: Final = frozenset(
    {UnitStatus.DISPATCHED, UnitStatus.ACKNOWLEDGED, UnitStatus.EN_ROUTE, UnitStatus.DELAYED, UnitStatus.STAGING}
)


def bound(draft: Draft, assignment: Assignment) -> bool:
    """Whether its unit is known here, and works on this very order."""
    unit = draft.unit(assignment.unit_id)
    return unit is not None and unit.order_id == assignment.order_id


def let_go(
    draft: Draft, moving: Sequence[Assignment], kind: str, reason: str, trigger: Trigger | None, **fields: Any
) -> None:
    """The units go on under another ticket; here it stays written that they came."""
    orders = {a.order_id for a in moving}
    assignments = tuple(
        replace(a, status=UnitStatus.CLEAR, ended_by=Ending.MOVED, clear_at_ms=draft.event_at_ms)
        if a.order_id in orders
        else a
        for a in draft.incident.assignments
    )
    draft.change(kind, reason, trigger, assignments=assignments, **fields)


def receive(draft: Draft, other: Incident, moving: Sequence[Assignment], kind: str, reason: str) -> None:
    """Units come with their orders and timers from the other incident, which lets them go."""
    if not moving:
        return
    orders = {a.order_id for a in moving}
    kept = tuple(a for a in draft.incident.assignments if a.order_id not in orders)
    draft.change(kind, reason, Trigger.ASSIGN, assignments=(*kept, *moving))
    triggers = {UNIT_TRIGGERS.get(a.status) for a in moving}
    for trigger in (Trigger.UNIT_EN_ROUTE, Trigger.UNIT_ON_SCENE):
        if trigger in triggers:
            draft.change("unit_status", "unit yang datang sudah lebih jauh", trigger)
    subjects = orders | {a.unit_id for a in moving}
    for giver in draft.book.drafts:
        if giver.incident.incident_id == other.incident_id:
            draft.set_timers(*(timer for timer in giver.incident.timers if timer.subject in subjects))
            for subject in subjects:
                giver.drop_timers(subject)
    for assignment in moving:
        unit = draft.unit(assignment.unit_id)
        assert unit is not None
        draft.put(unit, incident_id=draft.incident.incident_id)
