"""A crew that does not answer: the next unit goes in its place, or it is asked again, ever less often."""

from dataclasses import replace
from typing import Final

from siaga_tenants.crews import Acknowledge

from siaga_dispatcher.core.alerts import held_by, raised
from siaga_dispatcher.core.decision import Decision, Search
from siaga_dispatcher.core.draft import Draft
from siaga_dispatcher.core.live import live
from siaga_dispatcher.core.staffing import staff
from siaga_dispatcher.core.stand_down import stand_down
from siaga_dispatcher.core.values import (
    AlertKind,
    Assignment,
    Ending,
    Incident,
    OrderKind,
    Situation,
    Timer,
    TimerKind,
    UnitStatus,
)

# The wait doubles each time, so these reach half an hour with a life at stake. A crew that has not answered so many is
# not brought to it by more, and messages without end are no longer read; the alert stays, and the search goes on.
REMINDED_ALONE_MOST: Final = 5


def asked(assignment: Assignment, spans: Acknowledge, now: int) -> tuple[Timer, Timer]:
    """The timers of a crew that has just learned of its task."""
    return (
        Timer(TimerKind.ACKNOWLEDGE_REMIND, assignment.order_id, now + round(spans.remind_s * 1000)),
        Timer(TimerKind.ACKNOWLEDGE_NEXT, assignment.order_id, now + round(spans.next_unit_s * 1000)),
    )


def pass_on(draft: Draft, assignment: Assignment, why: str, situation: Situation) -> Decision:
    """Send the next unit in place of a silent one; with nobody left the task stays with it, and it is reminded."""
    passed, search = _tried(draft, assignment, why, situation)
    if passed is not None:
        return passed
    times = assignment.nobody_left + 1
    alone = replace(assignment, nobody_left=times)
    unit = draft.unit(assignment.unit_id)
    name = assignment.unit_name
    known = held_by(AlertKind.NOBODY_LEFT, draft.incident.incident_id, assignment.unit_id, situation)
    draft.change(
        "nobody_left",
        f"{name}: {why}; tidak ada unit lain, tugas tetap padanya",
        assignments=draft.incident.with_assignment(alone),
    )
    if unit is not None:
        draft.order(OrderKind.REMIND, unit, "belum dijawab", assignment.order_id)
    if known is None:
        detail = f"{name}: {why}, dan tidak ada unit lain"
        draft.alert(raised(AlertKind.NOBODY_LEFT, draft.incident, assignment.unit_id, detail, situation))
    draft.drop_timers(assignment.order_id)
    if times < REMINDED_ALONE_MOST:
        spans = situation.rules.policy.crews.acknowledge[draft.incident.priority.name]
        due_ms = situation.now + round(spans.next_unit_s * 1000) * 2**times
        draft.set_timers(Timer(TimerKind.ACKNOWLEDGE_NEXT, assignment.order_id, due_ms))
    # What would have to be known to find somebody.
    draft.search = search
    return draft.decision()


def say_untold(draft: Draft, assignment: Assignment, situation: Situation) -> None:
    """A supervisor learns that no message of the task has left yet: somebody has to reach the crew by voice."""
    name = assignment.unit_name
    draft.change("untold", f"{name}: pesan belum dapat dikirim")
    detail = f"{name}: pesan belum dapat dikirim, hubungi lewat radio atau telepon"
    draft.alert(raised(AlertKind.UNTOLD, draft.incident, assignment.unit_id, detail, situation))


def alone(incident: Incident) -> tuple[Assignment, ...]:
    """Silent crews whose task somebody else would have if there were one."""
    return tuple(one for one in incident.assignments if one.nobody_left and one.active and one.silent)


def relieved(draft: Draft, situation: Situation) -> Decision | None:
    """Send a unit that may be had by now in place of a silent one; None = there is none still.

    The draft then knows what would have to be known to find somebody.
    """
    for assignment in alone(draft.incident):
        if not live(assignment.dispatched_at_ms, situation):
            continue
        passed, search = _tried(draft, assignment, "tidak menjawab", situation)
        if passed is not None:
            return passed
        draft.search = search
    return None


def _tried(
    draft: Draft, assignment: Assignment, why: str, situation: Situation
) -> tuple[Decision | None, Search | None]:
    """What it comes to when the task is taken away, if somebody then has it; and what that was searched with.

    It is tried on a copy: taking the task away leaves nobody when nobody else can go, and a crew that has not answered
    yet may still be on its way.
    """
    passed = _copied(draft)
    _take_away(passed, assignment, why, situation)
    found = any(one.role == assignment.role and one.active for one in _added(passed))
    return (passed.decision() if found else None), passed.search


def _copied(draft: Draft) -> Draft:
    copy = Draft(draft.before, draft.incident, draft.cause_id, draft.event_at_ms, draft.actor)
    copy.snapshots = list(draft.snapshots)
    copy.book.loaded = dict(draft.book.loaded)
    return copy


def _take_away(draft: Draft, assignment: Assignment, why: str, situation: Situation) -> None:
    unit = draft.unit(assignment.unit_id)
    left = replace(assignment, status=UnitStatus.DECLINED, ended_by=Ending.UNACKNOWLEDGED)
    if unit is not None and unit.order_id == assignment.order_id:
        left = stand_down(draft, unit, assignment, Ending.UNACKNOWLEDGED, f"{why}; diganti unit lain")
    name = assignment.unit_name
    draft.change("unit_unacknowledged", f"{name}: {why}; diganti", assignments=draft.incident.with_assignment(left))
    detail = f"{name}: {why}, unit berikutnya dikirim"
    draft.alert(raised(AlertKind.UNACKNOWLEDGED, draft.incident, assignment.unit_id, detail, situation))
    others = tuple(one for one in situation.units if one.unit_id != assignment.unit_id)
    staff(draft, replace(situation, units=others))


def _added(draft: Draft) -> tuple[Assignment, ...]:
    known = {one.order_id for one in draft.before.assignments} if draft.before is not None else set()
    return tuple(one for one in draft.incident.assignments if one.order_id not in known)
