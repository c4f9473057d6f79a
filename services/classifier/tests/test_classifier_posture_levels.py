"""How levels follow one another, what minutes amount to, and what is learned as usual."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga.v1 import posture_pb2
from siaga_classifier.core.posture.levels import GREEN, MOVES, Held, Level, Measured, Move, follow
from siaga_classifier.core.posture.pressure import (
    MINUTE_MS,
    WINDOW,
    Minute,
    Pressure,
    Readings,
    Thresholds,
    after,
    measure,
    now,
)
from siaga_classifier.core.posture.usual import UNKNOWN_USUAL, UNLEARNED, learned, per_minute

THRESHOLDS = Thresholds(callers_per_minute=(4, 8, 16), calm_minutes=3)
START = 60 * 24 * 365 * 49
LEVELS = st.sampled_from(list(Level))
MINUTES = st.dictionaries(
    st.integers(START + 1, START + 90),
    st.builds(
        Minute,
        st.integers(0, 200),
        st.integers(0, 100),
        st.integers(0, 40),
        st.integers(0, 40),
        st.integers(0, 300_000),
    ),
    max_size=60,
)


def test_levels_are_numbered_as_in_the_contract() -> None:
    names = {level.value: f"POSTURE_LEVEL_{level.name}" for level in Level}
    assert {number: name for name, number in posture_pb2.PostureLevel.items() if number} == names


def test_the_table_has_every_pair() -> None:
    assert set(MOVES) == {(held, measured) for held in Level for measured in Level}
    assert MOVES[Level.GREEN, Level.RED] is Move.RISE
    assert MOVES[Level.RED, Level.ORANGE] is Move.CALM


@given(st.lists(LEVELS, max_size=40))
def test_a_level_rises_at_once_and_falls_only_after_calm_minutes(measured: list[Level]) -> None:
    held, history = GREEN, []
    for minute, level in enumerate(measured):
        before = held
        held = follow(held, Measured(level, "rate"), minute * MINUTE_MS, 3)
        history.append(level)
        assert held.level >= level
        if held.level > before.level:
            assert (held.level, held.since_ms) == (level, minute * MINUTE_MS)
        if held.level < before.level:
            assert len(history) >= 3
            # To the worst of the calm minutes, never below.
            assert held.level == max(history[-3:]) < before.level
        if held.level == before.level:
            assert held.since_ms == before.since_ms


def test_a_pressed_minute_begins_the_calm_anew() -> None:
    held = Held(Level.RED, 0, "rate")
    for level in (Level.GREEN, Level.GREEN, Level.RED, Level.GREEN, Level.YELLOW):
        held = follow(held, Measured(level, "rate"), MINUTE_MS, 3)
        assert held.level is Level.RED
    held = follow(held, Measured(Level.GREEN), 9 * MINUTE_MS, 3)
    assert (held.level, held.since_ms, held.reason) == (Level.YELLOW, 9 * MINUTE_MS, "rate")


@pytest.mark.parametrize(
    ("readings", "level", "reason"),
    [
        (Readings(callers_per_minute=3.9), Level.GREEN, ""),
        (Readings(callers_per_minute=4), Level.YELLOW, "rate"),
        (Readings(callers_per_minute=8), Level.ORANGE, "rate"),
        (Readings(callers_per_minute=16), Level.RED, "rate"),
        # A thousand calls of one number are one caller.
        (Readings(calls_per_minute=600, callers_per_minute=1), Level.GREEN, ""),
        (Readings(unserved_share=0.2, ended=5), Level.YELLOW, "unserved"),
        (Readings(unserved_share=1.0, ended=5), Level.ORANGE, "unserved"),
        (Readings(unserved_share=1.0, ended=4), Level.GREEN, ""),
        (Readings(longest_wait_ms=60_000), Level.YELLOW, "wait"),
        (Readings(longest_wait_ms=3_600_000), Level.ORANGE, "wait"),
        (Readings(callers_per_minute=9, unserved_share=0.5, ended=9, longest_wait_ms=60_000), Level.ORANGE, "rate, unserved"),
    ],
)  # fmt: skip
def test_what_readings_amount_to(readings: Readings, level: Level, reason: str) -> None:
    assert measure(readings, THRESHOLDS) == Measured(level, reason)


def test_without_fixed_numbers_the_usual_rate_measures() -> None:
    for usual, callers, level in ((1, 8, Level.RED), (3, 8, Level.YELLOW), (6, 8, Level.GREEN)):
        readings = Readings(callers_per_minute=callers, usual_per_minute=usual)
        assert measure(readings, Thresholds()).level is level


@given(MINUTES, st.integers(START + 1, START + 89))
def test_it_does_not_matter_in_how_many_looks_minutes_are_folded_in(counts: dict[int, Minute], cut: int) -> None:
    once, changes = after(Pressure(START), counts, START + 90, THRESHOLDS)
    half, earlier = after(Pressure(START), counts, cut, THRESHOLDS)
    twice, later = after(half, counts, START + 90, THRESHOLDS)
    assert (once, changes) == (twice, earlier + later)
    assert after(twice, counts, START + 90, THRESHOLDS) == (twice, [])


@given(MINUTES, st.integers(START + 1, START + 90), st.integers(1, 50))
def test_more_callers_never_lower_a_level(counts: dict[int, Minute], minute: int, more: int) -> None:
    before = counts.get(minute, Minute())
    grown = counts | {minute: Minute(before.calls + more, before.callers + more, before.ended, before.unserved, before.longest_wait_ms)}  # fmt: skip
    for until in range(START, START + 91, 9):
        less, _ = after(Pressure(START), counts, until, THRESHOLDS)
        most, _ = after(Pressure(START), grown, until, THRESHOLDS)
        assert most.held.level >= less.held.level


@given(MINUTES, st.integers(START, START + 90))
def test_a_minute_under_way_only_raises_and_its_end_agrees(counts: dict[int, Minute], over: int) -> None:
    pressure, _ = after(Pressure(START), counts, over, THRESHOLDS)
    seen = now(pressure, counts, over + 1, THRESHOLDS).held
    closed, _ = after(pressure, counts, over + 1, THRESHOLDS)
    assert seen.level >= pressure.held.level
    if seen.level > pressure.held.level:
        # What people were told at once, the whole minute does not take back.
        assert closed.held.level >= seen.level
        assert closed.held.since_ms == seen.since_ms


def test_a_share_is_judged_when_its_minute_is_over() -> None:
    counts = {START + 1: Minute(calls=2, callers=2, ended=5, unserved=5)}
    assert now(Pressure(START), counts, START + 1, THRESHOLDS).held.level is Level.GREEN
    closed, _ = after(Pressure(START), counts, START + 1, THRESHOLDS)
    assert closed.held == Held(Level.ORANGE, (START + 1) * MINUTE_MS, "unserved")


def test_a_flood_is_red_in_the_minute_in_which_it_comes_and_green_when_it_is_over() -> None:
    counts = {START + minute: Minute(calls=90, callers=80) for minute in range(10, 20)}
    pressure, changes = after(Pressure(START), counts, START + 9, THRESHOLDS)
    assert changes == []
    assert now(pressure, counts, START + 10, THRESHOLDS).held == Held(Level.RED, (START + 10) * MINUTE_MS, "rate")
    _, changes = after(pressure, counts, START + 60, THRESHOLDS)
    told = [(change.held.level, change.held.since_ms // MINUTE_MS - START) for change in changes]
    # Windows that still see the flood, three calm minutes, then the worst of these, and green after three more.
    assert told[0] == (Level.RED, 10)
    assert told[-1][0] is Level.GREEN
    assert told[-1][1] <= 20 + WINDOW + 2 * 3
    assert all(level < Level.RED for level, _ in told[1:])


def test_an_unknown_centre_is_taken_for_a_large_one_and_learns() -> None:
    assert per_minute(UNLEARNED, START, 1) == UNKNOWN_USUAL
    usual = UNLEARNED
    for minute in range(START, START + 60 * 25):
        usual = learned(usual, minute, 3)
    assert per_minute(usual, START, 1) == 3
    # An hour that is not learned yet is taken to be like the one before it.
    fresh = UNLEARNED
    for minute in range(START, START + 61):
        fresh = learned(fresh, minute, 5)
    assert per_minute(fresh, START + 61, 1) == 5
    assert per_minute(learned(UNLEARNED, START, 0), START, 2) == UNKNOWN_USUAL
    assert per_minute(usual, START, 7) == 7


def test_a_flood_that_lasts_does_not_become_what_is_usual() -> None:
    usual = UNLEARNED
    for minute in range(START, START + 60 * 24 * 3):
        usual = learned(usual, minute, 2)
    for minute in range(START + 60 * 24 * 3, START + 60 * (24 * 3 + 12)):
        usual = learned(usual, minute, 100)
    assert per_minute(usual, START, 1) <= 2 * 1.2
