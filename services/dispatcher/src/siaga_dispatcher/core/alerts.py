"""Alerts about crews: when one is raised, and when it no longer holds."""

from dataclasses import replace

from siaga_contracts import ids

from siaga_dispatcher.core.lifecycle import FINISHED
from siaga_dispatcher.core.values import Alert, AlertKind, Ending, Incident, Situation, UnitStatus


def raised(kind: AlertKind, incident: Incident, unit_id: str, detail: str, situation: Situation) -> Alert:
    """The alert, new or told again. `detail` says no place and no word of a call."""
    held = held_by(kind, incident.incident_id, unit_id, situation)
    if held is not None:
        return replace(held, detail=detail, priority=incident.priority, version=held.version + 1)
    return Alert(
        ids.derived("alert", kind, incident.incident_id, unit_id, str(incident.version)),
        incident.tenant,
        kind,
        detail,
        situation.now,
        incident_id=incident.incident_id,
        unit_id=unit_id,
        priority=incident.priority,
    )


def held_by(kind: AlertKind, incident_id: str, unit_id: str, situation: Situation) -> Alert | None:
    """The alert of this kind that holds about a unit on an incident."""
    wanted = (kind, incident_id, unit_id)
    return next((one for one in situation.alerts if (one.kind, one.incident_id, one.unit_id) == wanted), None)


def ended(alert: Alert, now: int) -> Alert:
    """The alert, over."""
    return replace(alert, cleared_at_ms=now, version=alert.version + 1)


def holds(alert: Alert, before: Incident | None, after: Incident) -> bool:
    """Whether an alert about a crew still holds after a decision; of other kinds nothing is known here."""
    of_unit = [one for one in after.assignments if one.unit_id == alert.unit_id]
    finished = after.status in FINISHED
    match alert.kind:
        case AlertKind.UNACKNOWLEDGED:
            silent = any(one.ended_by == Ending.UNACKNOWLEDGED and not one.last_word_at_ms for one in of_unit)
            return silent and not finished
        case AlertKind.NOBODY_LEFT:
            return any(one.active and one.silent for one in of_unit)
        case AlertKind.UNTOLD:
            return any(one.active and one.silent and not one.told for one in of_unit)
        case AlertKind.STAND_DOWN_UNCONFIRMED:
            return any(one.unconfirmed for one in of_unit)
        case AlertKind.CREW_OVERDUE:
            said = {one.order_id: one.last_word_at_ms for one in before.assignments} if before else {}
            return any(one.active and one.last_word_at_ms == said.get(one.order_id) for one in of_unit)
        case AlertKind.MAYDAY:
            # Of a crew without a task the incident was opened for it, and it is none of its units.
            distress = not of_unit or any(one.active and one.status is UnitStatus.MAYDAY for one in of_unit)
            return distress and not finished
        case _:
            return True
