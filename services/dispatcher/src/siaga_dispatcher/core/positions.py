"""Where a unit is: which fixes are believed, and for how long one is worth anything.

Age is counted in event time: from the fix to the event that is decided about, never to the wall clock. So a month that is
replayed in a minute chooses as the month did. Units without a tracker stand at their station, whose place does not age.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from siaga_dispatcher.core import geo
from siaga_dispatcher.core.values import Position, Unit, UnitReport

# A tracker that tells every 5 to 60 seconds and has not for so long is told to people as old.
STALE_MS: Final = 120_000
# A unit heard of longer ago may be anywhere: sent by its old position it could come last of all.
TOO_OLD_MS: Final = 30 * 60_000
# A vehicle in its yard or before its gate is at its station.
STATION_RADIUS_M: Final = 150.0
# A station whose own place is an estimate may be so far off; beyond it a unit under way would count as at home.
STATION_RADIUS_MOST_M: Final = 1_500.0
# Faster than any vehicle here, helicopters included: a fix that needs more is a reflection, or another device.
FASTEST_KMH: Final = 300.0
# Two fixes of a vehicle that stands differ by this much without either being wrong.
JITTER_M: Final = 50.0
# A fix by cell towers says which town the unit is in; the last good one says more.
VAGUEST_M: Final = 1_000.0
# Devices tell whole seconds: fixes of the same second are not infinitely fast.
SHORTEST_S: Final = 1.0
# Positions beside a crew's word, apart from those of what goes on telling.
BESIDE_A_WORD: Final = "crew"
STATION: Final = "station"


class PositionState(StrEnum):
    """What a unit's position is worth at a time."""

    AT_STATION = "at_station"
    FRESH = "fresh"
    STALE = "stale"
    # Not chosen without a person.
    TOO_OLD = "too_old"


class FixResult(StrEnum):
    """What became of a fix; the last four change nothing but the doubt."""

    ACCEPTED = "accepted"
    # Too far from the one before, and near one that had been doubted.
    CONFIRMED = "confirmed"
    AGAIN = "again"
    OLDER = "older"
    TOO_VAGUE = "too_vague"
    TOO_FAST = "too_fast"


@dataclass(frozen=True, slots=True)
class Moved:
    """A unit after fixes, and what became of each."""

    unit: Unit
    results: tuple[FixResult, ...]


def position_state(unit: Unit, at_ms: int) -> PositionState:
    """What its position is worth to a decision about an event of that time."""
    position = unit.position
    if position.source == STATION or not position.fixed_at_ms:
        return PositionState.AT_STATION
    age_ms = at_ms - position.fixed_at_ms
    if age_ms <= STALE_MS:
        return PositionState.FRESH
    # Only now: a distance costs more than all the rest, and nearly all positions are fresh or stations'.
    if at_station(unit):
        return PositionState.AT_STATION
    return PositionState.STALE if age_ms <= TOO_OLD_MS else PositionState.TOO_OLD


def position_age_s(unit: Unit, at_ms: int) -> float | None:
    """How long before that event its position was true; None = it stands at its station."""
    if position_state(unit, at_ms) is PositionState.AT_STATION:
        return None
    return max(0.0, (at_ms - unit.position.fixed_at_ms) / 1000)


def at_station(unit: Unit) -> bool:
    """Whether its latest position is its station, or within the station's radius."""
    radius_m = min(max(unit.station.radius_m, STATION_RADIUS_M), STATION_RADIUS_MOST_M)
    return geo.distance_m(unit.position, unit.station) <= radius_m


def tracked(unit: Unit, at_ms: int) -> bool:
    """Whether something that goes on telling says where it is."""
    position = unit.position
    return position.source not in (STATION, BESIDE_A_WORD) and 0 < position.fixed_at_ms >= at_ms - STALE_MS


def rest_position(unit: Unit, at_ms: int) -> Position:
    """Where a unit counts as standing once its task is over: where its tracker says, else at its station.

    What its crew told beside a word was true of that moment. Kept, it would make a unit that nothing tells of any more too
    old to be sent half an hour later.
    """
    return unit.position if tracked(unit, at_ms) else unit.station


def told(report: UnitReport) -> Position | None:
    """The report's fix, never later than it was heard.

    A clock that is ahead (local time sent as UTC, mostly) would make all that comes after it look older.
    """
    fix = report.position
    if fix is None:
        return None
    return replace(fix, fixed_at_ms=min(fix.fixed_at_ms or report.event_at_ms, report.event_at_ms))


def heard(unit: Unit, report: UnitReport) -> Unit:
    """The unit where the report says; beside a crew's word only on a task, for the reason that `rest_position` tells."""
    fix = told(report)
    if fix is None:
        return unit
    if report.status is None or tracked(unit, report.event_at_ms):
        return moved(unit, (fix,)).unit
    return moved(unit, (replace(fix, source=BESIDE_A_WORD),)).unit if unit.incident_id else unit


def moved(unit: Unit, fixes: Iterable[Position]) -> Moved:
    """The unit after these fixes, which may come in any order. Only the unit's position and doubt change."""
    results: list[FixResult] = []
    for fix in sorted(fixes, key=lambda each: each.fixed_at_ms):
        result = judged(unit, fix)
        results.append(result)
        if result in (FixResult.ACCEPTED, FixResult.CONFIRMED):
            unit = replace(unit, position=fix, doubtful_position=None)
        elif result is FixResult.TOO_FAST:
            unit = replace(unit, doubtful_position=fix)
    return Moved(unit, tuple(results))


def judged(unit: Unit, fix: Position) -> FixResult:
    """Whether a fix of a unit is believed."""
    known = unit.position
    if fix.radius_m > VAGUEST_M:
        return FixResult.TOO_VAGUE
    # A station's place has no time: nothing is older, and nothing too fast.
    if known.source == STATION or not known.fixed_at_ms:
        return FixResult.ACCEPTED
    if fix.fixed_at_ms < known.fixed_at_ms:
        return FixResult.OLDER
    if fix.fixed_at_ms == known.fixed_at_ms and (fix.lat, fix.lon) == (known.lat, known.lon):
        return FixResult.AGAIN
    if _possible(known, fix):
        return FixResult.ACCEPTED
    doubted = unit.doubtful_position
    if doubted is None or fix.fixed_at_ms <= doubted.fixed_at_ms:
        return FixResult.TOO_FAST
    return FixResult.CONFIRMED if _possible(doubted, fix) else FixResult.TOO_FAST


def _possible(before: Position, after: Position) -> bool:
    """Whether a vehicle can have gone from one to the other, by the kindest reading of both."""
    seconds = max((after.fixed_at_ms - before.fixed_at_ms) / 1000, SHORTEST_S)
    metres = geo.distance_m(before, after) - before.radius_m - after.radius_m - JITTER_M
    return metres <= seconds * FASTEST_KMH / 3.6
