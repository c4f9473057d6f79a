"""What becomes of an incident that lacks a unit, when one may be had."""

from siaga_dispatcher.core.decision import Decision, ignore
from siaga_dispatcher.core.draft import Draft
from siaga_dispatcher.core.lifecycle import FINISHED
from siaga_dispatcher.core.staffing import staff
from siaga_dispatcher.core.values import Incident, Situation


def on_unit_free(incident: Incident, situation: Situation, cause_id: str, event_at_ms: int) -> Decision:
    """Try a waiting incident again, now that a unit is free."""
    if incident.status in FINISHED or not incident.shortfalls:
        return ignore("not_waiting")
    draft = Draft(incident, incident, cause_id, max(event_at_ms, incident.event_at_ms), "dispatcher")
    staff(draft, situation)
    return draft.decision()
