"""What becomes of an incident that lacks a unit, or has only a silent one, when one may be had."""

from siaga_dispatcher.core.decision import Decision, ignore
from siaga_dispatcher.core.draft import Draft
from siaga_dispatcher.core.lifecycle import FINISHED
from siaga_dispatcher.core.silence import alone, relieved
from siaga_dispatcher.core.staffing import staff
from siaga_dispatcher.core.values import Incident, Situation


def on_unit_free(incident: Incident, situation: Situation, cause_id: str, event_at_ms: int) -> Decision:
    """Try a waiting incident again, now that a unit is free: in place of a crew that does not answer, too."""
    silent = alone(incident)
    if incident.status in FINISHED or not (incident.shortfalls or silent):
        return ignore("not_waiting")
    draft = Draft(incident, incident, cause_id, max(event_at_ms, incident.event_at_ms), "dispatcher")
    draft.know(situation.units)
    passed = relieved(draft, situation)
    if passed is not None:
        return passed
    wider = draft.search
    if incident.shortfalls:
        staff(draft, situation)
    # The search for a relief looks for what is missing besides, too.
    draft.search = wider or draft.search
    return draft.decision()
