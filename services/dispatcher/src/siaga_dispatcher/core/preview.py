"""Who would be sent, and why, without doing it."""

from dataclasses import dataclass
from typing import Final

from siaga_contracts import ids
from siaga_tenants.model import Need

from siaga_dispatcher.core.coverage import Standing, left_short
from siaga_dispatcher.core.decision import Search
from siaga_dispatcher.core.staffing import needs_of, open_needs, select, somewhere, unlocated
from siaga_dispatcher.core.values import (
    Candidate,
    Change,
    Incident,
    IncidentStatus,
    Place,
    Position,
    Priority,
    Shortfall,
    Situation,
)

# Others than the chosen that are told of, per role: what a screen shows; the answer stays small in a city.
PREVIEWED_PER_ROLE: Final = 20


@dataclass(frozen=True, slots=True)
class Preview:
    """What a choice would be now. `search` is what it would like to know before it is sure."""

    needs: tuple[Need, ...]
    candidates: tuple[Candidate, ...] = ()
    shortfalls: tuple[Shortfall, ...] = ()
    # Posts that would be left under their minimum, in words.
    warnings: tuple[str, ...] = ()
    search: Search | None = None


def imagined(
    tenant: str, kind: str, priority: Priority, position: Position, further_types: tuple[str, ...], at_ms: int
) -> Incident:
    """An incident that nobody has called about."""
    return Incident(
        incident_id=ids.derived("imagined", tenant, kind, str(at_ms)),
        tenant=tenant,
        status=IncidentStatus.VERIFIED,
        type=kind,
        priority=priority,
        confidential=False,
        place=Place(position),
        opened_at_ms=at_ms,
        event_at_ms=at_ms,
        change=Change("", "", "", at_ms, ""),
        further_types=further_types,
    )


def preview(
    incident: Incident, situation: Situation, standing: Standing, at_ms: int, excluded: frozenset[str] = frozenset()
) -> Preview:
    """Who would be sent for what the incident still lacks, as if the `excluded` units were not there."""
    needs = open_needs(incident, needs_of(incident, situation.rules))
    if needs and not somewhere(incident):
        return Preview(needs, shortfalls=unlocated(needs))
    if not needs:
        return Preview(needs)
    units = tuple(unit for unit in situation.units if unit.unit_id not in excluded)
    selection, search = select(incident, needs, situation, units, at_ms)
    return Preview(
        needs,
        selection.candidates(PREVIEWED_PER_ROLE),
        selection.shortfalls,
        left_short(standing.covers, frozenset(choice.unit.unit_id for choice in selection.chosen)),
        search,
    )
