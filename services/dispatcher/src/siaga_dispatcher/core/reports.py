"""What a crew's word leads to: the assignment moves on, the unit becomes free, the next unit is sent."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from siaga_dispatcher.core import positions
from siaga_dispatcher.core.after_stand_down import confirm, owed_by, word_after_stand_down
from siaga_dispatcher.core.decision import Decision, ignore
from siaga_dispatcher.core.draft import Draft, answers
from siaga_dispatcher.core.duty import with_word
from siaga_dispatcher.core.lifecycle import (
    LATE_WORDS,
    OFF_TASK,
    STEPS_BACK,
    UNIT_TRIGGERS,
    IllegalTransition,
    Trigger,
    next_assignment,
)
from siaga_dispatcher.core.links import settle_suggestions
from siaga_dispatcher.core.mayday import distress_on_task, on_distress
from siaga_dispatcher.core.staffing import staff
from siaga_dispatcher.core.timers import AT_SCENE
from siaga_dispatcher.core.values import (
    Assignment,
    Ending,
    Incident,
    Rules,
    Situation,
    Unit,
    UnitReport,
    UnitStatus,
)

HANDLED: Final = "handled"
_LEAVING: Final = frozenset({UnitStatus.DECLINED, UnitStatus.OUT_OF_SERVICE})


def on_unit_report(
    report: UnitReport,
    unit: Unit,
    incident: Incident | None,
    situation: Situation,
    ended: Sequence[Incident] = (),
) -> Decision:
    """Decide about one report. `incident` is the one the unit works on; `situation.units` are candidates for a replacement.

    `ended` are incidents that it was stood down from and has not confirmed.

    A word about another task than the present one changes nothing but the position; one that cannot follow is taken with
    a warning or refused with one.
    """
    moved = positions.heard(unit, report)
    if report.status is None:
        return _unit_only(moved, unit, "no_status", report)
    # Nobody in distress looks up which order holds.
    distress = report.status is UnitStatus.MAYDAY
    late = None if distress else word_after_stand_down(report, moved, ended, situation)
    if late is not None:
        return late
    if not unit.incident_id or incident is None:
        return _off_task(moved, unit, report, situation)
    if report.order_id and not distress and not answers(report.order_id, incident, unit):
        return _unit_only(moved, unit, "other_order", report)
    assignment = next((a for a in incident.active_assignments if a.order_id == unit.order_id), None)
    if assignment is None:
        return _unit_only(moved, unit, "not_assigned", report)
    if assignment.status is report.status or _is_well(assignment, report, situation):
        return _said_again(report, moved, unit, incident, assignment, situation)
    try:
        next_assignment(assignment.status, report.status)
    except IllegalTransition as refused:
        return _out_of_turn(report, moved, unit, incident, assignment, refused)
    draft = Draft(incident, incident, report.report_id, report.event_at_ms, f"unit {unit.unit_id}")
    draft.know((unit,))
    # Whoever speaks of its present task knows that the ones before it have ended.
    confirm(draft, owed_by(unit, ended))
    moved = replace(moved, stood_down_from=())
    if report.status in _LEAVING:
        _leave(draft, moved, assignment, report, situation)
    elif report.status is UnitStatus.CLEAR:
        _clear(draft, moved, assignment, report, situation.rules)
    else:
        _progress(draft, moved, assignment, report, situation)
    return draft.decision()


def _out_of_turn(
    report: UnitReport,
    moved: Unit,
    unit: Unit,
    incident: Incident,
    assignment: Assignment,
    refused: IllegalTransition,
) -> Decision:
    """A word that cannot follow: a step back is taken, others are refused; a person sees a warning of either."""
    assert report.status is not None
    steps_back = report.status in STEPS_BACK.get(assignment.status, ())
    overtaken = report.event_at_ms < _last_word_ms(assignment)
    taken = "dicatat" if steps_back else "ditolak"
    warning = f"{unit.name}: {assignment.status} → {report.status} tidak lazim, {taken}"
    if overtaken or report.status in LATE_WORDS or (not steps_back and warning == incident.change.reason):
        return _unit_only(moved, unit, f"illegal: {refused}", report)
    draft = Draft(incident, incident, report.report_id, report.event_at_ms, f"unit {unit.unit_id}")
    draft.know((unit,))
    if not steps_back:
        if moved != unit:
            draft.put(moved)
        draft.change("unit_warning", warning)
        return draft.decision()
    draft.put(replace(moved, status=report.status))
    draft.change("unit_warning", warning, assignments=_with(incident, replace(assignment, status=report.status)))
    return draft.decision()


def _last_word_ms(assignment: Assignment) -> int:
    """When the crew last moved on, as far as times are kept."""
    return max(assignment.acknowledged_at_ms, assignment.en_route_at_ms, assignment.on_scene_at_ms)


def _progress(draft: Draft, unit: Unit, assignment: Assignment, report: UnitReport, situation: Situation) -> None:
    status = report.status
    assert status is not None
    draft.put(replace(unit, status=status))
    trigger = UNIT_TRIGGERS.get(status)
    draft.change(
        "unit_status",
        f"{unit.name}: {assignment.status} → {status}",
        trigger,
        assignments=_with(draft.incident, replace(assignment, status=status, **_stamps(assignment, status, report))),
    )
    if status is UnitStatus.MAYDAY:
        distress_on_task(draft, unit, situation)


def _clear(draft: Draft, unit: Unit, assignment: Assignment, report: UnitReport, rules: Rules) -> None:
    done = replace(
        assignment, status=UnitStatus.CLEAR, ended_by=Ending.CLEAR, **_stamps(assignment, UnitStatus.CLEAR, report)
    )
    draft.release(unit)
    draft.change(
        "unit_status", f"{unit.name}: {assignment.status} → clear", assignments=_with(draft.incident, done)
    )  # fmt: skip
    if not draft.incident.active_assignments:
        finish(draft, rules)


def finish(draft: Draft, rules: Rules) -> None:
    """All units are clear: resolved; and closed, unless a person reopened it or a need was never filled."""
    draft.change("resolved", "semua unit selesai", Trigger.ALL_CLEAR)
    settle_suggestions(draft)
    if rules.policy.auto_close and not draft.incident.reopened and not draft.incident.shortfalls:
        draft.change("closed", HANDLED, Trigger.CLOSE, disposition=HANDLED)


def _leave(draft: Draft, unit: Unit, assignment: Assignment, report: UnitReport, situation: Situation) -> None:
    """The unit does not go, or not on: the next one does, and this one is not asked again for this incident."""
    broken = report.status is UnitStatus.OUT_OF_SERVICE
    left = replace(
        assignment,
        status=UnitStatus.DECLINED,
        ended_by=Ending.OUT_OF_SERVICE if broken else Ending.DECLINED,
        clear_at_ms=report.event_at_ms,
        last_word_at_ms=report.event_at_ms,
    )
    draft.release(unit, UnitStatus.OUT_OF_SERVICE if broken else UnitStatus.AVAILABLE)
    draft.change(
        "unit_out_of_service" if broken else "unit_declined",
        f"{unit.name}: {assignment.status} → {report.status}",
        assignments=_with(draft.incident, left),
    )
    others = tuple(candidate for candidate in situation.units if candidate.unit_id != unit.unit_id)
    staff(draft, replace(situation, units=others))
    if draft.incident.active_assignments:
        return
    served = [a for a in draft.incident.assignments if a.status is UnitStatus.CLEAR and a.ended_by != Ending.MOVED]
    if served and not draft.incident.shortfalls:
        finish(draft, situation.rules)
    elif not draft.incident.shortfalls:
        draft.change("queued", "tidak ada unit lagi", Trigger.QUEUE)


def _said_again(
    report: UnitReport, moved: Unit, unit: Unit, incident: Incident, assignment: Assignment, situation: Situation
) -> Decision:  # fmt: skip
    """A crew at the scene that says anything is well: that is worth a version only where somebody waits for it."""
    if not _watched(assignment, situation) or report.event_at_ms <= assignment.last_word_at_ms:
        return _unit_only(moved, unit, "already_so", report)
    draft = Draft(incident, incident, report.report_id, report.event_at_ms, f"unit {unit.unit_id}")
    draft.know((unit,))
    if moved != unit:
        draft.put(moved)
    said = replace(assignment, last_word_at_ms=report.event_at_ms)
    draft.change("crew_contact", f"{unit.name}: memberi kabar", assignments=incident.with_assignment(said))
    return draft.decision()


def _watched(assignment: Assignment, situation: Situation) -> bool:
    safety_min = situation.rules.policy.crews.safety_min.get(assignment.unit_kind, 0)
    return bool(safety_min) and assignment.status in AT_SCENE


def _is_well(assignment: Assignment, report: UnitReport, situation: Situation) -> bool:
    """A crew at the scene that types OK: it is asked after by nobody else."""
    return report.status is UnitStatus.ACKNOWLEDGED and _watched(assignment, situation)


def _off_task(moved: Unit, unit: Unit, report: UnitReport, situation: Situation) -> Decision:
    if report.status is UnitStatus.MAYDAY and unit.status is not UnitStatus.MAYDAY:
        return on_distress(report, moved, situation)
    if report.status not in OFF_TASK:
        return _unit_only(moved, unit, "no_open_order", report)
    said = with_word(moved, report, situation.rules, situation.now)
    return _unit_only(said, unit, "already_so" if said == moved else "", report)


def _unit_only(unit: Unit, before: Unit, why: str, report: UnitReport) -> Decision:
    """Only the unit changes (status off task, position), or nothing does, because of `why`."""
    if unit == before:
        return ignore(why)
    stored = replace(unit, version=before.version + 1, event_at_ms=max(before.event_at_ms, report.event_at_ms))
    return Decision(units=(stored,), ignored=why)


def _with(incident: Incident, changed: Assignment) -> tuple[Assignment, ...]:
    return tuple(changed if a.order_id == changed.order_id else a for a in incident.assignments)


def _stamps(assignment: Assignment, status: UnitStatus, report: UnitReport) -> dict[str, Any]:
    """The times this word sets; a crew that says anything has acknowledged. A time already set stays."""
    stamps: dict[str, int] = {"last_word_at_ms": max(assignment.last_word_at_ms, report.event_at_ms)}
    if not assignment.acknowledged_at_ms:
        stamps["acknowledged_at_ms"] = report.event_at_ms
    if status is UnitStatus.EN_ROUTE and not assignment.en_route_at_ms:
        stamps["en_route_at_ms"] = report.event_at_ms
    arrived = UNIT_TRIGGERS.get(status) is Trigger.UNIT_ON_SCENE
    if arrived and not assignment.on_scene_at_ms:
        stamps["on_scene_at_ms"] = report.event_at_ms
    if status is UnitStatus.CLEAR:
        stamps["clear_at_ms"] = report.event_at_ms
    return stamps
