"""A crew that need not go: told at once, free at once, and asked until it has said that it knows."""

from dataclasses import replace
from typing import Final

from siaga_dispatcher.core.draft import Draft, answers, order_id_of
from siaga_dispatcher.core.staffing import needs_of
from siaga_dispatcher.core.values import Assignment, Ending, Incident, OrderKind, Rules, Unit, UnitStatus

# Stand-downs that a unit may owe an answer to; a crew that is silent about so many is looked for by other means.
OWED_AT_MOST: Final = 5
# A crew that has arrived is worth more than the plan: only a person calls it off.
_NOT_ARRIVED: Final = frozenset(
    {UnitStatus.DISPATCHED, UnitStatus.ACKNOWLEDGED, UnitStatus.EN_ROUTE, UnitStatus.DELAYED, UnitStatus.STAGING}
)


def stand_down(draft: Draft, unit: Unit, assignment: Assignment, ending: Ending, reason: str = "") -> Assignment:
    """Order the unit back and set it free; the assignment as it then is, for the caller's change.

    The unit can be sent elsewhere in the same second: a crew that has not read yet that it may go home is as near to
    the next emergency as one that has.
    """
    draft.order(OrderKind.STAND_DOWN, unit, reason)
    draft.release(unit)
    freed = draft.unit(unit.unit_id)
    assert freed is not None
    owed = (*(one for one in unit.stood_down_from if one != draft.incident.incident_id), draft.incident.incident_id)
    draft.put(freed, stood_down_from=owed[-OWED_AT_MOST:])
    left = UnitStatus.CLEAR if ending is Ending.STOOD_DOWN else UnitStatus.DECLINED
    return replace(
        assignment,
        status=left,
        ended_by=ending,
        clear_at_ms=draft.event_at_ms,
        stood_down_at_ms=draft.event_at_ms,
        task_code=unit.task_code,
    )


def stand_down_one(draft: Draft, assignment: Assignment, reason: str) -> None:
    """One unit is called off, the others go on."""
    changed = draft.incident.with_assignment(_back(draft, assignment, reason))
    draft.change("unit_stood_down", f"{assignment.unit_name}: ditarik; {reason}", assignments=changed)


def all_back(draft: Draft) -> tuple[Assignment, ...]:
    """Every unit still bound is called off; the assignments as they then are, for the caller's change."""
    return tuple(_back(draft, one) if one.active else one for one in draft.incident.assignments)


def _back(draft: Draft, assignment: Assignment, reason: str = "") -> Assignment:
    unit = draft.unit(assignment.unit_id)
    if unit is not None and unit.order_id == assignment.order_id:
        return stand_down(draft, unit, assignment, Ending.STOOD_DOWN, reason)
    return replace(
        assignment, status=UnitStatus.CLEAR, ended_by=Ending.STOOD_DOWN, clear_at_ms=draft.event_at_ms
    )  # fmt: skip


def no_longer_needed(before: Incident, after: Incident, rules: Rules) -> tuple[Assignment, ...]:
    """Units not yet arrived that the plan asked for before and does not now, the latest to arrive first.

    Roles that no plan named are a person's choice, and stay; one unit stays whatever the plan says.
    """
    wanted = {need.role: 0 for need in needs_of(before, rules)} | {n.role: n.count for n in needs_of(after, rules)}
    spare: list[Assignment] = []
    for role, count in wanted.items():
        bound = [one for one in after.active_assignments if one.role == role]
        away = sorted((one for one in bound if one.status in _NOT_ARRIVED), key=lambda one: (-one.eta_s, one.unit_id))
        spare += away[: max(0, len(bound) - count)]
    return tuple(spare[: len(after.active_assignments) - 1])


def tell_again(draft: Draft, unit: Unit, assignment: Assignment) -> None:
    """The stand-down once more, with the code of the task that it ended."""
    then = as_it_was(unit, assignment)
    first = order_id_of(OrderKind.STAND_DOWN, draft.incident, then)
    draft.order(OrderKind.STAND_DOWN, then, "belum dikonfirmasi", first)


def as_it_was(unit: Unit, assignment: Assignment) -> Unit:
    """The unit as it was on the assignment: orders about it carry that fence and that code."""
    return replace(unit, fence=assignment.fence, order_id=assignment.order_id, task_code=assignment.task_code)


def names_stand_down(order_id: str, incident: Incident, unit: Unit, assignment: Assignment) -> bool:
    """Whether the order named is the assignment's stand-down, or one that told it again."""
    then = as_it_was(unit, assignment)
    if order_id == order_id_of(OrderKind.STAND_DOWN, incident, then):
        return True
    told = (replace(incident, version=version) for version in range(1, incident.version + 1))
    return any(order_id == order_id_of(OrderKind.STAND_DOWN, version, then, again=True) for version in told)


def names_task(order_id: str, incident: Incident, unit: Unit, assignment: Assignment) -> bool:
    """Whether the order named is one that sent the unit on the assignment, or spoke of it."""
    return answers(order_id, incident, as_it_was(unit, assignment))
