"""What happens when nobody says anything: which timers run, and what each does when its time has come.

Timers are a value of what is decided: `with_timers` sets and stops them after every decision, whoever made it, so that no
way to send a unit or to hear of one can forget them.
"""

from collections.abc import Iterator
from typing import Final

from siaga_contracts.values import changed

from siaga_dispatcher.core.alerts import ended, holds, raised
from siaga_dispatcher.core.decision import Decision, Timeline, ignore
from siaga_dispatcher.core.draft import Draft
from siaga_dispatcher.core.live import live
from siaga_dispatcher.core.silence import pass_on, say_untold
from siaga_dispatcher.core.stand_down import tell_again
from siaga_dispatcher.core.values import (
    Alert,
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

MINUTE_MS: Final = 60_000
AT_SCENE: Final = frozenset(
    {UnitStatus.ON_SCENE, UnitStatus.PATIENT_CONTACT, UnitStatus.TRANSPORTING, UnitStatus.AT_HOSPITAL}
)
_KINDS: Final = frozenset(TimerKind)
# How long these run is the priority's to say.
_BY_PRIORITY: Final = frozenset({TimerKind.UNTOLD, TimerKind.ACKNOWLEDGE_REMIND, TimerKind.ACKNOWLEDGE_NEXT})


def with_timers(decision: Decision, situation: Situation) -> Decision:
    """The decision with the timers that follow from it, and with the end of alerts that no longer hold."""
    if not decision.timelines:
        return decision
    timelines = tuple(_timed(timeline, situation) for timeline in decision.timelines)
    return changed(decision, timelines=timelines, alerts=(*decision.alerts, *_over(decision, situation)))


def on_timer(incident: Incident, timer: Timer, situation: Situation) -> Decision:
    """Decide about a timer whose time has come; one that was stopped or moved meanwhile does nothing.

    `situation.units` hold the unit it is about, and candidates for its place.
    """
    if timer not in incident.timers:
        return ignore("timer_gone")
    cause = f"timer:{incident.incident_id}:{timer.key}:{timer.due_ms}"
    stopped = changed(incident, timers=tuple(one for one in incident.timers if one != timer))
    draft = Draft(incident, stopped, cause, situation.now, "dispatcher")
    draft.know(situation.units)
    assignment = incident.assignment_of(timer.subject)
    if assignment is None:
        draft.change("timer_stopped", f"{timer.kind}: penugasan sudah tidak ada")
        return draft.decision()
    if timer.kind == TimerKind.ACKNOWLEDGE_NEXT:
        return pass_on(draft, assignment, "tidak menjawab", situation)
    _told(draft, timer, assignment, situation)
    return draft.decision()


def _told(draft: Draft, timer: Timer, assignment: Assignment, situation: Situation) -> None:
    """What does not change who goes: a reminder, an alert."""
    unit = draft.unit(assignment.unit_id)
    name = assignment.unit_name
    match timer.kind:
        case TimerKind.ACKNOWLEDGE_REMIND:
            draft.change("reminded", f"{name}: belum menjawab, diingatkan")
            if unit is not None:
                draft.order(OrderKind.REMIND, unit, "belum dijawab", assignment.order_id)
        case TimerKind.UNTOLD:
            say_untold(draft, assignment, situation)
        case TimerKind.STAND_DOWN_REMIND:
            draft.change("stand_down_reminded", f"{name}: penarikan belum dikonfirmasi, diingatkan")
            if unit is not None:
                tell_again(draft, unit, assignment)
        case TimerKind.STAND_DOWN_ALERT:
            draft.change("stand_down_unconfirmed", f"{name}: penarikan tidak dikonfirmasi")
            detail = f"{name}: penarikan tidak dikonfirmasi, hubungi lewat radio atau telepon"
            draft.alert(raised(AlertKind.STAND_DOWN_UNCONFIRMED, draft.incident, assignment.unit_id, detail, situation))
        case TimerKind.CREW_SAFETY:
            minutes = situation.rules.policy.crews.safety_min.get(assignment.unit_kind, 0)
            draft.change("crew_overdue", f"{name}: {minutes:g} menit di lokasi tanpa kabar")
            detail = f"{name}: {minutes:g} menit tanpa kabar, periksa keselamatan petugas"
            draft.alert(raised(AlertKind.CREW_OVERDUE, draft.incident, assignment.unit_id, detail, situation))
        case _:
            draft.change("timer_stopped", f"{timer.kind}: tidak dikenal")


def _timed(timeline: Timeline, situation: Situation) -> Timeline:
    after = timeline.after
    others = tuple(timer for timer in after.timers if timer.kind not in _KINDS)
    timers = (*others, *_running(timeline.before, after, situation))
    if timers == after.timers:
        return timeline
    return changed(timeline, snapshots=(*timeline.snapshots[:-1], changed(after, timers=timers)))


def _running(before: Incident | None, after: Incident, situation: Situation) -> Iterator[Timer]:
    """The timers of crews that run after a decision, in a lasting order."""
    known = {timer.key: timer for timer in after.timers}
    for assignment in after.assignments:
        was = before.assignment_of(assignment.order_id) if before is not None else None
        for kind, span_ms, fresh in _wanted(assignment, was, after, situation):
            timer = Timer(kind, assignment.order_id, situation.now + round(span_ms))
            running = known.get(timer.key)
            if fresh:
                yield timer if running is None or kind is TimerKind.CREW_SAFETY else min(timer, running, key=_due_ms)
            elif running is not None:
                raised_since = before is not None and after.priority < before.priority
                sooner = raised_since and kind in _BY_PRIORITY
                yield min(timer, running, key=_due_ms) if sooner else running


def _due_ms(timer: Timer) -> int:
    return timer.due_ms


def _wanted(
    assignment: Assignment, was: Assignment | None, incident: Incident, situation: Situation
) -> Iterator[tuple[TimerKind, float, bool]]:
    """The kinds of timers that an assignment has, with their spans, and whether each begins now."""
    policy = situation.rules.policy.crews
    if assignment.silent and live(assignment.dispatched_at_ms, situation):
        spans = policy.acknowledge[incident.priority.name]
        told = bool(assignment.told)
        yield TimerKind.UNTOLD, spans.remind_s * 1000, was is None and not told
        # Its time to answer begins when it is told.
        yield TimerKind.ACKNOWLEDGE_REMIND, spans.remind_s * 1000, was is None and told
        yield TimerKind.ACKNOWLEDGE_NEXT, spans.next_unit_s * 1000, was is None and told
    # A crew that was silent about its task will be silent about this too; that is what its other alert says.
    asked = assignment.unconfirmed and assignment.ended_by == Ending.STOOD_DOWN
    if asked and live(assignment.stood_down_at_ms, situation):
        begins = was is None or not was.stood_down_at_ms
        yield TimerKind.STAND_DOWN_REMIND, policy.stand_down.remind_s * 1000, begins
        yield TimerKind.STAND_DOWN_ALERT, policy.stand_down.alert_s * 1000, begins
    safety_min = policy.safety_min.get(assignment.unit_kind, 0)
    if assignment.active and assignment.status in AT_SCENE and safety_min and live(incident.event_at_ms, situation):
        said = was is None or was.last_word_at_ms != assignment.last_word_at_ms or was.status not in AT_SCENE
        # Told again each time that long goes by, until the crew says something.
        again = not any(one.key == f"{TimerKind.CREW_SAFETY}:{assignment.order_id}" for one in incident.timers)
        yield TimerKind.CREW_SAFETY, safety_min * MINUTE_MS, said or again


def _over(decision: Decision, situation: Situation) -> Iterator[Alert]:
    """Alerts that the decision ends."""
    told = {alert.alert_id for alert in decision.alerts}
    timelines = {timeline.after.incident_id: timeline for timeline in decision.timelines}
    for alert in situation.alerts:
        timeline = timelines.get(alert.incident_id)
        if timeline is not None and alert.alert_id not in told and not holds(alert, timeline.before, timeline.after):
            yield ended(alert, situation.now)
