"""Which fixes of a unit are believed, what a position is worth, and where a unit stands when its task is over."""

from dataclasses import replace

import pytest
from dispatcher_samples import CENTRE, NOON_MS, RULES, call, north, report, seen, unit
from hypothesis import given
from hypothesis import strategies as st
from siaga_dispatcher.core import geo, positions
from siaga_dispatcher.core.decide import on_assessment, on_unit_report
from siaga_dispatcher.core.positions import FixResult, PositionState, moved, position_age_s, position_state, told
from siaga_dispatcher.core.values import Position, Situation, Unit, UnitStatus

S = 1000
MIN = 60 * S


def fix(away_m: float, at_s: float = 0, radius_m: float = 5) -> Position:
    """A tracker's fix so far north of the centre, so many seconds after noon."""
    return Position(north(away_m).lat, CENTRE.lon, radius_m, NOON_MS + int(at_s * S), "gps")


def at(unit_at: Position) -> Unit:
    return unit("d1", away_m=0, position=unit_at)


@pytest.mark.parametrize(
    ("position", "after_ms", "state"),
    [
        (fix(3000), 0, PositionState.FRESH),
        (fix(3000), 2 * MIN, PositionState.FRESH),
        (fix(3000), 2 * MIN + 1, PositionState.STALE),
        (fix(3000), 30 * MIN, PositionState.STALE),
        (fix(3000), 30 * MIN + 1, PositionState.TOO_OLD),
        (fix(3000), -5 * MIN, PositionState.FRESH),
        (fix(140), 31 * MIN, PositionState.AT_STATION),
        (fix(160), 31 * MIN, PositionState.TOO_OLD),
        (replace(north(0), source="station"), 999 * MIN, PositionState.AT_STATION),
        (replace(north(5000), source="gps"), 0, PositionState.AT_STATION),
    ],
)
def test_what_a_position_is_worth(position: Position, after_ms: int, state: PositionState) -> None:
    found = position_state(at(position), NOON_MS + after_ms)
    assert found is state
    at_home = state is PositionState.AT_STATION
    assert (position_age_s(at(position), NOON_MS + after_ms) is None) == at_home


def test_a_station_whose_place_is_an_estimate_is_wider_but_not_without_end() -> None:
    estimated = replace(at(fix(1200)), station=replace(north(0), radius_m=1300, source="station"))
    assert positions.at_station(estimated)
    assert not positions.at_station(
        replace(estimated, station=replace(estimated.station, radius_m=9000), position=fix(1600))
    )


def test_a_month_replayed_in_a_minute_still_chooses_units() -> None:
    """The wall clock is years ahead of the events: neither stations nor the month's own fixes are old to them."""
    units = (at(fix(800, -60)), unit("d2", away_m=4000))
    opened = on_assessment(call(), None, (), Situation(units, RULES, NOON_MS + 7 * 365 * 86_400_000))
    assert opened.incident is not None
    assert [(a.unit_id, a.position_age_s) for a in opened.incident.assignments] == [("d1", 60.0)]
    late = on_assessment(call(event_at_ms=NOON_MS + 31 * MIN), None, (), Situation(units, RULES, NOON_MS))
    assert late.incident is not None
    assert [(a.unit_id, a.position_age_s) for a in late.incident.assignments] == [("d2", None)]


@pytest.mark.parametrize(
    ("known", "fixes", "results", "ends_m"),
    [
        pytest.param(fix(0), [fix(100, 5)], ["accepted"], 100, id="drives"),
        pytest.param(fix(0, 10), [fix(100, 5)], ["older"], 0, id="older is dropped"),
        pytest.param(fix(0), [fix(0)], ["again"], 0, id="the same fix again"),
        pytest.param(fix(0), [fix(40_000, 5)], ["too_fast"], 0, id="teleports"),
        pytest.param(
            fix(0), [fix(40_000, 5), fix(50, 10)], ["too_fast", "accepted"], 50, id="a reflection is forgotten"
        ),
        pytest.param(fix(0), [fix(40_000, 5), fix(40_100, 10)], ["too_fast", "confirmed"], 40_100, id="confirmed"),
        pytest.param(fix(0), [fix(40_000, 5), fix(-40_000, 10)], ["too_fast", "too_fast"], 0, id="two that contradict"),
        pytest.param(fix(0), [fix(40_000, 3600)], ["accepted"], 40_000, id="an hour later it may be anywhere"),
        pytest.param(fix(0), [fix(500, 5, 5000)], ["too_vague"], 0, id="a cell's circle"),
        pytest.param(
            replace(north(0), source="station"), [fix(40_000, 5)], ["accepted"], 40_000, id="the first of all"
        ),
        pytest.param(
            fix(0), [fix(300, 20), fix(100, 5), fix(200, 10)], ["accepted"] * 3, 300, id="a batch in any order"
        ),
    ],
)
def test_which_fixes_are_believed(known: Position, fixes: list[Position], results: list[str], ends_m: float) -> None:
    found = moved(at(known), fixes)
    assert [each.value for each in found.results] == results
    assert geo.distance_m(found.unit.position, north(ends_m)) < 1


def test_a_doubt_outlives_the_batch_and_ends_with_a_good_fix() -> None:
    doubted = moved(at(fix(0)), [fix(40_000, 5)]).unit
    assert doubted.doubtful_position == fix(40_000, 5)
    assert moved(doubted, [fix(40_050, 10)]).results == (FixResult.CONFIRMED,)
    assert moved(doubted, [fix(20, 10)]).unit.doubtful_position is None
    assert moved(doubted, [fix(40_000, 5)]).unit == doubted


def test_a_clock_that_is_ahead_counts_from_when_it_was_heard() -> None:
    heard = report("d1", None, position=fix(0, 7 * 3600), event_at_ms=NOON_MS)
    found = told(heard)
    assert found is not None
    assert found.fixed_at_ms == NOON_MS


FIXES = st.builds(fix, st.floats(-60_000, 60_000), st.integers(-600, 600), st.sampled_from([0.0, 30.0, 3000.0]))


@given(st.lists(FIXES, min_size=1, max_size=8))
def test_a_unit_never_goes_back_in_time_nor_jumps_without_a_second_word(fixes: list[Position]) -> None:
    found = moved(at(fix(0)), fixes)
    assert found.unit.position.fixed_at_ms >= NOON_MS
    jumped = geo.distance_m(found.unit.position, fix(0)) > 300 / 3.6 * 600 + 200
    assert not jumped or FixResult.CONFIRMED in found.results
    again = moved(found.unit, fixes)
    assert FixResult.CONFIRMED in again.results or again.unit.position == found.unit.position


def test_a_freed_unit_stands_where_its_tracker_says_else_at_its_station() -> None:
    assert positions.rest_position(at(fix(3000)), NOON_MS + MIN) == fix(3000)
    assert positions.rest_position(at(fix(3000)), NOON_MS + 5 * MIN) == at(fix(3000)).station
    beside = replace(fix(3000), source=positions.BESIDE_A_WORD)
    assert positions.rest_position(at(beside), NOON_MS) == at(beside).station


def test_a_position_beside_a_word_moves_only_a_unit_on_a_task_or_with_a_tracker() -> None:
    said = report("d1", UnitStatus.AVAILABLE, position=fix(3000), event_at_ms=NOON_MS)
    free = unit("d1", away_m=0)
    assert positions.heard(free, said) == free
    assert positions.heard(replace(free, incident_id="i"), said).position.source == positions.BESIDE_A_WORD
    assert positions.heard(at(fix(2900, -5)), said).position == fix(3000)


def test_a_report_of_a_position_alone_moves_a_unit_and_nothing_else() -> None:
    decision = on_unit_report(report("d1", None, position=fix(3000)), unit("d1"), None, seen())
    (after,) = decision.units
    assert after.position.lat == fix(3000).lat
    assert after.status is UnitStatus.AVAILABLE
