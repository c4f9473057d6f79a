"""What a crew says after it was stood down: that it knows, or that it goes all the same."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from siaga_dispatcher.core.choose import choose
from siaga_dispatcher.core.decision import Decision
from siaga_dispatcher.core.draft import Draft
from siaga_dispatcher.core.duty import with_word
from siaga_dispatcher.core.lifecycle import FINISHED, OFF_TASK
from siaga_dispatcher.core.staffing import assign, needs_of, open_needs, search_point
from siaga_dispatcher.core.stand_down import names_stand_down, names_task, tell_again
from siaga_dispatcher.core.values import Assignment, Incident, Situation, Unit, UnitReport, UnitStatus

Owed = tuple[Incident, Assignment]

# Whoever says one of these means to go on with the task.
_GOING: Final = frozenset(
    {
        UnitStatus.EN_ROUTE,
        UnitStatus.STAGING,
        UnitStatus.DELAYED,
        UnitStatus.ON_SCENE,
        UnitStatus.PATIENT_CONTACT,
        UnitStatus.TRANSPORTING,
        UnitStatus.AT_HOSPITAL,
    }
)


def owed_by(unit: Unit, ended: Iterable[Incident]) -> list[Owed]:
    """The stand-downs that a unit has not confirmed, the latest first."""
    return [
        (incident, assignment)
        for incident in reversed(tuple(ended))
        for assignment in reversed(incident.assignments)
        if assignment.unit_id == unit.unit_id and assignment.unconfirmed
    ]


def word_after_stand_down(
    report: UnitReport, unit: Unit, ended: Sequence[Incident], situation: Situation
) -> Decision | None:
    """Decide about a word on a task that the unit was stood down from; None = it speaks of something else.

    Without an order it is about the last thing the crew was told, if it has no task now.
    """
    owed = owed_by(unit, ended)
    if not owed or report.status is None:
        return None
    if not report.order_id:
        return None if unit.incident_id or report.status in _GOING else _confirmed(report, unit, owed, situation)
    for incident, assignment in owed:
        if names_stand_down(report.order_id, incident, unit, assignment):
            going = report.status in _GOING
        elif names_task(report.order_id, incident, unit, assignment):
            # By its code the task is meant as it stands, and it has ended; by its order, as it was sent.
            read = report.status is UnitStatus.ACKNOWLEDGED and report.order_id != assignment.task_code
            going = read or report.status in _GOING
        else:
            continue
        if going:
            return _late(report, unit, incident, assignment, situation)
        return _confirmed(report, unit, [(incident, assignment)], situation)
    return None


def confirm(draft: Draft, owed: Sequence[Owed]) -> None:
    """Note in each incident that the crew knows of its stand-down."""
    sides = {draft.incident.incident_id: draft}
    for incident, assignment in owed:
        side = sides.get(incident.incident_id)
        if side is None:
            side = sides[incident.incident_id] = draft.beside(incident, incident)
        known = replace(
            assignment, stand_down_confirmed_at_ms=draft.event_at_ms, last_word_at_ms=draft.event_at_ms
        )  # fmt: skip
        side.change(
            "stand_down_confirmed",
            f"{assignment.unit_name}: penarikan dikonfirmasi",
            assignments=side.incident.with_assignment(known),
        )


def _draft(report: UnitReport, unit: Unit, incident: Incident) -> Draft:
    draft = Draft(incident, incident, report.report_id, report.event_at_ms, f"unit {unit.unit_id}")
    draft.know((unit,))
    return draft


def _without(unit: Unit, owed: Sequence[Owed]) -> tuple[str, ...]:
    over = {incident.incident_id for incident, _ in owed}
    return tuple(one for one in unit.stood_down_from if one not in over)


def _confirmed(report: UnitReport, unit: Unit, owed: Sequence[Owed], situation: Situation) -> Decision:
    draft = _draft(report, unit, owed[0][0])
    off_task = report.status in OFF_TASK and not unit.incident_id
    said = with_word(unit, report, situation.rules, situation.now) if off_task else unit
    draft.put(said, stood_down_from=_without(unit, owed))
    confirm(draft, owed)
    return draft.decision()


def _late(
    report: UnitReport, unit: Unit, incident: Incident, assignment: Assignment, situation: Situation
) -> Decision:  # fmt: skip
    """The crew goes although it was stood down: sent again where its need is still open, else told again to turn back."""
    draft = _draft(report, unit, incident)
    said = replace(
        assignment,
        acknowledged_at_ms=assignment.acknowledged_at_ms or report.event_at_ms,
        last_word_at_ms=report.event_at_ms,
    )
    if _taken_back(draft, unit, said, situation):
        return draft.decision()
    draft.change(
        "late_word",
        f"{unit.name}: {report.status} setelah ditarik; diminta kembali",
        assignments=incident.with_assignment(said),
    )
    tell_again(draft, unit, said)
    return draft.decision()


def _taken_back(draft: Draft, unit: Unit, said: Assignment, situation: Situation) -> bool:
    incident, rules = draft.incident, situation.rules
    around = search_point(incident, rules)
    wanted = [need for need in open_needs(incident, needs_of(incident, rules)) if need.role == said.role]
    if not unit.free or incident.status in FINISHED or around is None or not wanted:
        return False
    back = replace(unit, stood_down_from=_without(unit, [(incident, said)]))
    selection = choose(
        (replace(wanted[0], count=1),), (back,), around, rules.policy, situation.now, priority=incident.priority
    )
    if not selection.chosen:
        return False
    draft.change(
        "late_acknowledgement",
        f"{unit.name}: menjawab terlambat; masih dibutuhkan, ditugaskan lagi",
        assignments=incident.with_assignment(replace(said, stand_down_confirmed_at_ms=draft.event_at_ms)),
    )
    filled = wanted[0].count == 1
    gaps = tuple(gap for gap in incident.shortfalls if not (filled and gap.role == said.role))
    assign(draft, selection.chosen, gaps)
    return True
