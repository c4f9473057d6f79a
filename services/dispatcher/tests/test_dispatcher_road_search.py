"""Drives over a grid of nine junctions a kilometre apart, beside an honest search that knows no tricks."""

import math
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from siaga_dispatcher.core.geo import EARTH_RADIUS_M
from siaga_dispatcher.core.roads.drives import OFF_ROAD_KMH
from siaga_dispatcher.core.roads.network import Network
from siaga_dispatcher.core.roads.search import NEAR_KMH, NEAR_S, RoadSearch
from siaga_dispatcher.core.values import Position

DEGREE_M = EARTH_RADIUS_M * math.pi / 180
SPAN = 1_000 / DEGREE_M
PAIRS = [(n, n + 1) for n in range(9) if n % 3 < 2] + [(n, n + 3) for n in range(6)]


class Spot(NamedTuple):
    street: int
    share: float


def corner(number: int) -> tuple[float, float]:
    return (number % 3) * SPAN, (number // 3) * SPAN


def grid(speeds_kmh: list[float], both_ways: list[bool]) -> Network:
    start, end = np.array(PAIRS, np.int32).T
    return Network(
        start=start,
        end=end,
        length_m=np.full(len(PAIRS), 1_000.0),
        seconds=1_000 / (np.array(speeds_kmh) / 3.6),
        both_ways=np.array(both_ways),
        first=np.arange(0, 2 * len(PAIRS) + 1, 2, dtype=np.int32),
        course=np.array([corner(number) for pair in PAIRS for number in pair]),
    )


PLAIN = grid([36.0] * len(PAIRS), [True] * len(PAIRS))


def place(spot: Spot) -> Position:
    (lon_1, lat_1), (lon_2, lat_2) = (corner(number) for number in PAIRS[spot.street])
    return Position(lat_1 + spot.share * (lat_2 - lat_1), lon_1 + spot.share * (lon_2 - lon_1))


def honest(network: Network, begin: Spot, goal: Spot) -> tuple[float, float]:
    """Seconds and metres by relaxing every arc until nothing changes; the two spots are junctions of their own."""
    arcs: list[tuple[object, object, float, float]] = []

    def arc(tail: object, head: object, street: int, share: float) -> None:
        arcs.append((tail, head, share * float(network.seconds[street]), share * 1_000))

    for street, (start, end) in enumerate(PAIRS):
        marks: list[tuple[float, object]] = [(0.0, start), (1.0, end)]
        marks += [(spot.share, name) for name, spot in (("begin", begin), ("goal", goal)) if spot.street == street]
        marks.sort(key=lambda mark: (mark[0], str(mark[1])))
        for (share_1, one), (share_2, other) in pairwise(marks):
            arc(one, other, street, share_2 - share_1)
            if network.both_ways[street]:
                arc(other, one, street, share_2 - share_1)
    best: dict[object, tuple[float, float]] = {"begin": (0.0, 0.0)}
    for _ in range(len(arcs)):
        for tail, head, seconds, metres in arcs:
            if tail in best:
                found = (best[tail][0] + seconds, best[tail][1] + metres)
                best[head] = min(best.get(head, (math.inf, math.inf)), found)
    return best.get("goal", (math.inf, math.inf))


SPOTS = st.builds(Spot, st.integers(0, len(PAIRS) - 1), st.floats(0.05, 0.95))
GRIDS = st.builds(
    grid,
    st.lists(st.floats(5, 100), min_size=len(PAIRS), max_size=len(PAIRS)),
    st.lists(st.booleans(), min_size=len(PAIRS), max_size=len(PAIRS)),
)


@given(GRIDS, st.lists(SPOTS, min_size=1, max_size=5), SPOTS)
@settings(max_examples=60, deadline=None)
def test_every_drive_is_the_quickest(network: Network, origins: list[Spot], goal: Spot) -> None:
    drives = RoadSearch(network).drives([place(spot) for spot in origins], place(goal))
    for spot, drive in zip(origins, drives, strict=True):
        seconds, metres = honest(network, spot, goal)
        if math.isinf(seconds):
            assert drive is None
        else:
            assert drive is not None
            assert drive.seconds == pytest.approx(seconds, rel=1e-6, abs=0.01)
            assert drive.length_m == pytest.approx(metres, rel=1e-6, abs=0.1)


def test_who_drives_far_around_is_found_all_the_same() -> None:
    """One-way all around: to the neighbour's door it takes a lap, far longer than its straight line lets expect."""
    lap = grid([5.0] * len(PAIRS), [True] * len(PAIRS))
    one_way = [pair != (0, 1) for pair in PAIRS]
    drive = RoadSearch(replace(lap, both_ways=np.array(one_way))).drives([place(Spot(0, 0.9))], place(Spot(0, 0.1)))[0]
    assert drive is not None
    assert drive.length_m == pytest.approx(3_200, rel=0.001)
    assert drive.seconds > NEAR_S + 800 / (NEAR_KMH / 3.6)


def test_a_rest_beside_the_road_is_driven_slowly() -> None:
    beside = Position(-100 / DEGREE_M, 0.5 * SPAN)
    drive = RoadSearch(PLAIN).drives([beside], Position(0, 1.5 * SPAN))[0]
    assert drive is not None
    assert drive.length_m == pytest.approx(1_100, rel=0.001)
    assert drive.seconds == pytest.approx(100 + 100 / (OFF_ROAD_KMH / 3.6), rel=0.001)


def test_who_is_off_the_map_is_not_put_beside_its_edge() -> None:
    here, away = Position(0, 0), Position(1, 1)
    search = RoadSearch(PLAIN)
    off, near = search.drives([away, here], Position(SPAN, 0))
    assert off is None
    assert near is not None
    assert search.drives([here], away) == [None]


def test_of_two_roads_between_the_same_junctions_the_quicker_counts() -> None:
    twice = Network(
        start=np.array([0, 0, 1, 3], np.int32),
        end=np.array([1, 1, 2, 0], np.int32),
        length_m=np.array([1_000.0, 3_000.0, 1_000.0, 1_000.0]),
        seconds=np.array([500.0, 100.0, 100.0, 100.0]),
        both_ways=np.array([True, True, True, True]),
        first=np.array([0, 2, 5, 7, 9], np.int32),
        course=np.array(
            [corner(0), corner(1), corner(0), (SPAN / 2, -SPAN), corner(1), corner(1), corner(2), corner(3), corner(0)]
        ),
    )
    drive = RoadSearch(twice).drives([Position(SPAN, 0)], Position(0, 2 * SPAN))[0]
    assert drive is not None
    assert (drive.seconds, drive.length_m) == pytest.approx((300, 5_000), rel=0.001)
