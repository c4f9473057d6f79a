import pytest
from siaga_dispatcher.core.roads.network import EmptyNetworkError, Street, network_of
from siaga_dispatcher.core.roads.speeds import SPEED_KMH, TOP_KMH, speed_kmh


@pytest.mark.parametrize(
    ("highway", "maxspeed", "expected"),
    [
        ("residential", "", 24),
        ("residential", "50", 40),
        ("primary", "30 km/h", 24),
        ("trunk", "50 mph", 64.37),
        ("motorway", "250", TOP_KMH),
        ("secondary", "RU:urban", 40),
        ("secondary", "0", 40),
        ("footway", "30", None),
        ("construction", "", None),
    ],
)
def test_speed(highway: str, maxspeed: str, expected: float | None) -> None:
    assert speed_kmh(highway, maxspeed) == (pytest.approx(expected, rel=0.001) if expected else None)


def test_no_road_is_faster_than_the_search_believes() -> None:
    assert max(SPEED_KMH.values()) <= TOP_KMH


def street(start: int, end: int, *, both_ways: bool = True) -> Street:
    return Street(start, end, [(start / 100, 0.0), (end / 100, 0.0)], 1_000, 36, both_ways)


def test_only_what_can_be_reached_and_left_again_remains() -> None:
    into_a_trap = street(3, 4, both_ways=False)
    island = street(8, 9)
    network = network_of([street(1, 2), street(2, 3), into_a_trap, island])
    assert network.junctions == 3
    assert list(network.length_m) == [1_000, 1_000]
    assert list(network.seconds) == pytest.approx([100, 100])


@pytest.mark.parametrize("streets", [[], [street(1, 2, both_ways=False)]])
def test_nothing_to_drive_on_is_told(streets: list[Street]) -> None:
    with pytest.raises(EmptyNetworkError, match="is this"):
        network_of(streets)
