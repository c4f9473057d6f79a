"""Whether a call tells of an incident that is already open."""

from collections.abc import Iterable
from typing import Final

from siaga_tenants.model import DispatchPolicy

from siaga_dispatcher.core import geo
from siaga_dispatcher.core.lifecycle import FINISHED
from siaga_dispatcher.core.values import Assessment, Incident

MINUTE_MS: Final = 60_000


def find_home(assessment: Assessment, open_incidents: Iterable[Incident], policy: DispatchPolicy) -> Incident | None:
    """The open incident the call joins, nearest first; None = it opens its own.

    Same type, within `join_minutes` of the incident's calls by event time, within `join_distance_m` of its place. A
    call or incident that nobody could locate joins nothing: to send twice is better than not to send.
    """
    place = assessment.place.position
    if place is None:
        return None
    found: list[tuple[float, int, str, Incident]] = []
    for incident in open_incidents:
        if incident.type != assessment.type or incident.status in FINISHED or incident.place.position is None:
            continue
        if not _same_time(assessment.event_at_ms, incident, policy.join_minutes):
            continue
        away_m = geo.distance_m(place, incident.place.position)
        if away_m <= policy.join_distance_m:
            found.append((away_m, incident.opened_at_ms, incident.incident_id, incident))
    return min(found)[3] if found else None


def window_ms(event_at_ms: int, policy: DispatchPolicy) -> tuple[int, int]:
    """Event times between which an incident's latest call must lie to be looked at at all."""
    reach_ms = policy.join_minutes * MINUTE_MS
    # No upper end: a late call may belong to an incident that has had many later ones.
    return event_at_ms - reach_ms, 2**53


def _same_time(event_at_ms: int, incident: Incident, join_minutes: int) -> bool:
    reach_ms = join_minutes * MINUTE_MS
    latest = max(incident.opened_at_ms, incident.last_call_at_ms)
    return incident.opened_at_ms - reach_ms <= event_at_ms <= latest + reach_ms
