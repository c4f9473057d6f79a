import math

import pytest
from dispatcher_samples import CENTRE, POLICY, unit
from hypothesis import given
from hypothesis import strategies as st
from siaga_dispatcher.core import geo
from siaga_dispatcher.core.roads.drives import (
    NO_ANSWER,
    NO_ROAD,
    OFF_MAP_M,
    OFF_ROAD_KMH,
    Drive,
    by_great_circle,
    by_road,
    with_rests,
)
from siaga_dispatcher.core.roads.speeds import TOP_KMH
from siaga_kit.breaker import PATIENCE, REST_MS, Breaker


def test_a_drive_is_told_by_its_source() -> None:
    eta = by_road(Drive(600, 4_200), unit("a", away_m=3_000), CENTRE, POLICY, "osrm")
    assert (eta.seconds, eta.length_m, eta.source, eta.note) == (600, 4_200, "osrm", "")


def test_without_an_answer_the_great_circle_serves_and_says_so() -> None:
    eta = by_great_circle(unit("a", away_m=3_000), CENTRE, POLICY, NO_ANSWER)
    assert eta.seconds == pytest.approx(geo.eta_s(3_000, POLICY.detour_factor, 40), rel=0.001)
    assert (eta.source, eta.note) == ("great_circle", NO_ANSWER)


def test_a_unit_without_a_road_comes_after_one_that_drives_almost_twice_as_far() -> None:
    across_the_strait = by_road(None, unit("a", away_m=3_000), CENTRE, POLICY, "osrm")
    around = by_great_circle(unit("b", away_m=5_900), CENTRE, POLICY, "")
    assert across_the_strait.seconds > around.seconds
    assert across_the_strait.note == NO_ROAD


@given(st.floats(0, 1e5), st.integers(1, 40_000))
def test_no_time_beats_the_straight_line_at_top_speed(seconds: float, away_m: int) -> None:
    one = unit("a", away_m=away_m)
    eta = by_road(Drive(seconds, 0), one, CENTRE, POLICY, "valhalla")
    assert geo.reach_m(eta.seconds, 1, TOP_KMH) >= geo.distance_m(one.position, CENTRE) * 0.999_999


@pytest.mark.parametrize(
    ("seconds", "begin_m", "end_m"), [(math.nan, 0, 0), (-1, 0, 0), (60, OFF_MAP_M + 1, 0), (60, 0, OFF_MAP_M + 1)]
)
def test_what_is_no_drive(seconds: float, begin_m: float, end_m: float) -> None:
    assert with_rests(seconds, 500, begin_m, end_m) is None


def test_rests_are_driven_slowly() -> None:
    assert with_rests(60, 500, 30, 20) == Drive(60 + 50 / (OFF_ROAD_KMH / 3.6), 550)


def test_a_silent_server_is_left_alone_and_asked_again_after_a_rest() -> None:
    breaker = Breaker()
    for _ in range(PATIENCE):
        assert breaker.asks(0)
        breaker = breaker.after(0, answered=False)
    assert not breaker.asks(REST_MS - 1)
    assert breaker.asks(REST_MS)
    assert not breaker.after(REST_MS, answered=False).asks(REST_MS + 1)
    assert breaker.after(REST_MS, answered=True) == Breaker()


def test_silence_between_answers_is_borne() -> None:
    breaker = Breaker()
    for answered in [False, False, True] * 5:
        breaker = breaker.after(0, answered=answered)
        assert breaker.asks(0)
