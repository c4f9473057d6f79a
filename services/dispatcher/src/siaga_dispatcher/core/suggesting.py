"""Open incidents that look like one, and that nothing joined by itself: people are asked, once for each pair."""

from collections.abc import Iterable
from typing import Final

from siaga_dispatcher.core.decision import Decision, ignore
from siaga_dispatcher.core.draft import Draft
from siaga_dispatcher.core.join import find_similar
from siaga_dispatcher.core.lifecycle import FINISHED
from siaga_dispatcher.core.links import suggest
from siaga_dispatcher.core.values import Incident, Situation

# In a flood everything looks like everything: more than the likeliest few would only cost operators their attention.
SUGGESTED_MOST: Final = 3
# After these changes an incident may look like one that it did not look like before.
_TELLING: Final = frozenset({"details_updated", "type_changed"})


def may_look_alike(decision: Decision) -> bool:
    """Whether it is worth looking for incidents like the one decided about."""
    if decision.ignored:
        # Taken in before, perhaps by a process that died before it looked.
        return decision.ignored == "already_taken_in"
    return decision.alike or any(
        snapshot.change.kind in _TELLING for timeline in decision.timelines[:1] for snapshot in timeline.snapshots
    )


def on_similar(incident: Incident, open_incidents: Iterable[Incident], situation: Situation) -> Decision:
    """Ask people about the open incidents that look like this one. A pair that is linked in any way is not asked about."""
    if incident.status in FINISHED:
        return ignore("incident_finished")
    cause = f"similar:{incident.incident_id}:{incident.version}"
    draft = Draft(incident, incident, cause, incident.event_at_ms, "dispatcher")
    for like in find_similar(incident, open_incidents, situation.rules.policy, SUGGESTED_MOST):
        suggest(draft, like.incident, like.reason, situation.now)
    return draft.decision()
