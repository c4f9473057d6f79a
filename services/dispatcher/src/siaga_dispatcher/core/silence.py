"""A crew that does not answer, or cannot be told: the next unit goes in its place."""

from dataclasses import replace
from typing import Final

from siaga_tenants.crews import Acknowledge

from siaga_dispatcher.core.alerts import held_by, raised
from siaga_dispatcher.core.decision import Decision, ignore
from siaga_dispatcher.core.draft import Draft
from siaga_dispatcher.core.staffing import staff
from siaga_dispatcher.core.stand_down import stand_down
from siaga_dispatcher.core.values import (
    AlertKind,
    Assignment,
    Ending,
    Incident,
    NotDelivered,
    OrderKind,
    Situation,
    Submission,
    Timer,
    TimerKind,
    Unit,
    UnitStatus,
)

# The way of a notification that says that the unit has no way at all.
NO_ROUTE: Final = "none"


def on_not_delivered(failed: NotDelivered, unit: Unit, incident: Incident | None, situation: Situation) -> Decision:
    """Decide about an order that could not be handed to the crew on one way.

    When no way is left, nobody waits for an answer that cannot come: the next unit is sent at once.
    """
    assignment = incident.assignment_of(failed.order_id) if incident is not None else None
    if incident is None or assignment is None or not (assignment.active and assignment.silent):
        return ignore("not_waiting")
    if failed.attempt_id in assignment.failed_attempts:
        return ignore("already_known")
    attempts = (*assignment.failed_attempts, failed.attempt_id)
    draft = Draft(incident, incident, failed.event_id, situation.now, "notifier")
    draft.know((unit, *situation.units))
    noted = replace(assignment, failed_attempts=attempts)
    draft.change(
        "not_delivered",
        f"{assignment.unit_name}: pesan lewat {failed.channel} tidak sampai",
        assignments=incident.with_assignment(noted),
    )
    if failed.channel != NO_ROUTE and len(attempts) < len(unit.contacts):
        return draft.decision()
    return pass_on(draft, noted, "tidak dapat dihubungi", situation)


def on_submission(told: Submission, unit: Unit, incident: Incident | None, situation: Situation) -> Decision:
    """Decide about an order that has left, or could not yet.

    The crew's time to answer stands still while nothing can leave, and begins when it does: with the SMS centre away,
    the nearest crew would lose its task minute by minute to ones farther off, of whom none can be told either.
    """
    assignment = incident.assignment_of(told.order_id) if incident is not None else None
    if incident is None or assignment is None or not (assignment.active and assignment.silent):
        return ignore("not_waiting")
    running = {timer.kind for timer in incident.timers if timer.subject == assignment.order_id}
    asked = TimerKind.ACKNOWLEDGE_NEXT in running
    if told.sent is asked or not (told.sent or running) or (told.sent and not _waited(incident, assignment, situation)):
        return ignore("nothing_new")
    draft = Draft(incident, incident, told.event_id, situation.now, "notifier")
    draft.know((unit,))
    spans = situation.rules.policy.crews.acknowledge[incident.priority.name]
    draft.drop_timers(assignment.order_id)
    if told.sent:
        draft.set_timers(*_asked(assignment, spans, situation.now))
        draft.change("sent", f"{assignment.unit_name}: pesan lewat {told.channel} terkirim")
    else:
        later = situation.now + round(spans.next_unit_s * 1000)
        draft.set_timers(Timer(TimerKind.UNTOLD, assignment.order_id, later))
        draft.change("not_sent_yet", f"{assignment.unit_name}: pesan lewat {told.channel} belum dapat dikirim")
    return draft.decision()


def _waited(incident: Incident, assignment: Assignment, situation: Situation) -> bool:
    """Whether its time to answer stands still: its timer says so, or the alert that the timer has raised."""
    untold = any(t.kind == TimerKind.UNTOLD and t.subject == assignment.order_id for t in incident.timers)
    return untold or held_by(AlertKind.UNTOLD, incident.incident_id, assignment.unit_id, situation) is not None


def _asked(assignment: Assignment, spans: Acknowledge, now: int) -> tuple[Timer, Timer]:
    return (
        Timer(TimerKind.ACKNOWLEDGE_REMIND, assignment.order_id, now + round(spans.remind_s * 1000)),
        Timer(TimerKind.ACKNOWLEDGE_NEXT, assignment.order_id, now + round(spans.next_unit_s * 1000)),
    )


def pass_on(draft: Draft, assignment: Assignment, why: str, situation: Situation) -> Decision:
    """Send the next unit in place of a silent one; with nobody left the task stays with it, and it is reminded.

    Two are tried out: taking the task away leaves nobody when nobody else can go, and a crew that has not answered yet
    may still be on its way.
    """
    passed = _copied(draft)
    _take_away(passed, assignment, why, situation)
    if any(one.role == assignment.role and one.active for one in _added(passed)):
        return passed.decision()
    unit = draft.unit(assignment.unit_id)
    name = assignment.unit_name
    known = held_by(AlertKind.NOBODY_LEFT, draft.incident.incident_id, assignment.unit_id, situation)
    draft.change("nobody_left", f"{name}: {why}; tidak ada unit lain, tugas tetap padanya")
    if unit is not None:
        draft.order(OrderKind.REMIND, unit, "belum dijawab", assignment.order_id)
    if known is None:
        detail = f"{name}: {why}, dan tidak ada unit lain"
        draft.alert(raised(AlertKind.NOBODY_LEFT, draft.incident, assignment.unit_id, detail, situation))
    spans = situation.rules.policy.crews.acknowledge[draft.incident.priority.name]
    draft.set_timers(*_asked(assignment, spans, situation.now))
    # What would have to be known to find somebody.
    draft.search = passed.search
    return draft.decision()


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
