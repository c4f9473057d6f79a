"""Crews that are under way learn what has changed of what they read in their order."""

from collections.abc import Collection, Sequence

from siaga_dispatcher.core.draft import Draft
from siaga_dispatcher.core.values import Incident, OrderKind, Unit


def tell_crews(draft: Draft, before: Incident, units: Sequence[Unit]) -> None:
    """Units already sent learn of what they read in their order: type, priority, place, text."""
    if _as_read(draft.incident) == _as_read(before):
        return
    draft.know(units)
    tell(draft, [assignment.unit_id for assignment in before.active_assignments])


def tell(draft: Draft, unit_ids: Collection[str], reason: str = "") -> None:
    """The ticket as it is now, to those of these units that work on it; `reason` is for the crew."""
    for assignment in draft.incident.active_assignments:
        unit = draft.unit(assignment.unit_id)
        if assignment.unit_id in unit_ids and unit is not None and unit.order_id == assignment.order_id:
            draft.order(OrderKind.UPDATE, unit, reason)


def _as_read(incident: Incident) -> tuple[object, ...]:
    return (
        incident.type,
        incident.further_types,
        incident.priority,
        incident.confidential,
        incident.place,
        incident.text,
    )
