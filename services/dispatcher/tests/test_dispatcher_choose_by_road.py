import pytest
from dispatcher_samples import CENTRE, DAMKAR, NOON_MS, POLICY, unit
from hypothesis import given
from hypothesis import strategies as st
from siaga_dispatcher.core import geo
from siaga_dispatcher.core.choose import Selection, choose
from siaga_dispatcher.core.eta import Eta
from siaga_dispatcher.core.roads.speeds import TOP_KMH
from siaga_dispatcher.core.values import Unit


def pick(units: list[Unit], etas: dict[str, Eta]) -> Selection:
    return choose([DAMKAR], units, CENTRE, POLICY, NOON_MS, etas=etas)


def test_the_sooner_one_by_road_goes_though_the_other_is_nearer() -> None:
    etas = {"over-the-river": Eta(900, 9_000, "graph"), "far": Eta(300, 4_000, "graph")}
    choice = pick([unit("over-the-river", away_m=500), unit("far", away_m=3_000)], etas).chosen[0]
    assert (choice.unit.unit_id, choice.eta) == ("far", etas["far"])
    assert choice.distance_m == pytest.approx(3_000, rel=0.001)
    assert choice.reason == "Pos far: 4.0 km lewat jalan, ±5 menit; tercepat dari 2 calon"


def test_a_time_that_is_not_the_one_wished_for_says_so() -> None:
    guess = Eta(300, 4_000, note="server rute tidak menjawab")
    assert "4.0 km, ±5 menit (server rute tidak menjawab)" in pick([unit("a")], {"a": guess}).chosen[0].reason


def test_without_a_road_network_the_time_is_reckoned_by_great_circle() -> None:
    choice = pick([unit("a", away_m=1_000)], {}).chosen[0]
    assert choice.eta.source == "great_circle"
    assert choice.eta_s == pytest.approx(geo.eta_s(1_000, POLICY.detour_factor, 40), rel=0.001)


@given(st.lists(st.tuples(st.integers(10, 39_900), st.floats(1, 5)), min_size=1, max_size=12))
def test_nobody_beyond_enough_comes_sooner(drives: list[tuple[int, float]]) -> None:
    units = [unit(f"u{index}", away_m=away_m) for index, (away_m, _) in enumerate(drives)]
    etas = {
        one.unit_id: Eta(geo.distance_m(one.position, CENTRE) / (TOP_KMH / 3.6) * slower, away_m * slower, "osrm")
        for one, (away_m, slower) in zip(units, drives, strict=True)
    }
    soonest = pick(units, etas).chosen[0].eta_s
    for radius_m in POLICY.radius_ladder_m:
        near = [one for one in units if geo.distance_m(one.position, CENTRE) <= radius_m]
        found = pick(near, {one.unit_id: etas[one.unit_id] for one in near})
        if near and radius_m >= found.enough_m:
            assert found.chosen[0].eta_s == soonest
            return
