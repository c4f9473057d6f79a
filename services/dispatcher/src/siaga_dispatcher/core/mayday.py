"""A crew in distress: the most urgent there is, whatever it was doing."""

from dataclasses import replace
from typing import Final

from siaga_contracts import ids

from siaga_dispatcher.core.alerts import raised
from siaga_dispatcher.core.decision import Decision
from siaga_dispatcher.core.draft import Draft
from siaga_dispatcher.core.staffing import staff
from siaga_dispatcher.core.values import (
    AlertKind,
    Change,
    Incident,
    IncidentStatus,
    Place,
    Priority,
    Situation,
    Unit,
    UnitReport,
    UnitStatus,
)

# What a crew in distress needs at least; the plan's most urgent entry for it says who that is.
RESCUE: Final = "rescue"


def distress_on_task(draft: Draft, unit: Unit, situation: Situation) -> None:
    """The incident becomes the most urgent, and needs a rescue too; the crew in distress fills none of its needs."""
    was = draft.incident
    if was.priority > Priority.P0:
        raised_to = f"{was.priority.name} → P0: darurat petugas {unit.name}"
        draft.change("priority_raised", raised_to, priority=Priority.P0)
    if RESCUE not in (was.type, *was.further_types):
        draft.change("type_added", f"darurat petugas: {RESCUE}", further_types=(*was.further_types, RESCUE))
    draft.alert(raised(AlertKind.MAYDAY, draft.incident, unit.unit_id, _detail(unit), situation))
    staff(draft, situation)


def on_distress(report: UnitReport, unit: Unit, situation: Situation) -> Decision:
    """A crew without a task is in distress: an incident of its own, where it was last seen."""
    blank = Incident(
        # Said again by another way, the unit is in distress already; a crew that has recovered may be so once more.
        incident_id=ids.derived("incident", unit.tenant, "mayday", report.report_id, str(unit.version)),
        tenant=unit.tenant,
        status=IncidentStatus.VERIFIED,
        type=RESCUE,
        priority=Priority.P0,
        confidential=False,
        place=Place(unit.position, f"DARURAT PETUGAS {unit.name}, posisi terakhir"),
        opened_at_ms=report.event_at_ms,
        event_at_ms=report.event_at_ms,
        change=Change("", "", "", 0, ""),
        last_call_at_ms=report.event_at_ms,
    )
    draft = Draft(None, blank, report.report_id, report.event_at_ms, f"unit {unit.unit_id}")
    draft.know((unit,))
    draft.put(unit, status=UnitStatus.MAYDAY)
    draft.change("opened", f"darurat petugas {unit.name}")
    draft.alert(raised(AlertKind.MAYDAY, draft.incident, unit.unit_id, _detail(unit), situation))
    others = tuple(one for one in situation.units if one.unit_id != unit.unit_id)
    staff(draft, replace(situation, units=others))
    return draft.decision()


def _detail(unit: Unit) -> str:
    return f"DARURAT PETUGAS: {unit.name}"
