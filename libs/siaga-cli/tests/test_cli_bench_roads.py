"""The reckoning of `bench roads`, on two roads to one incident."""

from pathlib import Path
from random import Random

import pytest
from siaga_cli.bench.roads import fire_stations
from siaga_cli.bench.roads_compare import Case, compare, places
from siaga_dispatcher.adapters.roads.files import read_map
from siaga_dispatcher.core.roads.drives import Drive
from siaga_dispatcher.core.roads.search import RoadSearch

ROADS = Path(__file__).parents[3] / "data" / "roads"
RIGHT = Case((1_000.0, 2_000.0), (Drive(100, 1_200), Drive(240, 2_400)))
OVER_THE_RIVER = Case((1_000.0, 2_000.0), (Drive(420, 5_000), Drive(240, 2_400)))


def test_what_the_straight_line_costs() -> None:
    compared = compare([RIGHT, OVER_THE_RIVER])
    assert (compared.cases, compared.differs) == (2, 0.5)
    assert compared.lost_mean_min == compared.lost_max_min == 3
    assert compared.lost_over_all_s == 90
    assert compared.detour_median == pytest.approx(1.2)
    assert compared.detour_p90 == pytest.approx(5)


def test_where_it_is_always_right_it_costs_nothing() -> None:
    compared = compare([RIGHT])
    assert (compared.differs, compared.lost_max_min, compared.lost_over_all_s) == (0, 0, 0)


def test_places_lie_on_the_roads() -> None:
    network, _ = read_map(ROADS / "balikpapan_kota_drive.graphml.gz")
    drawn = places(network, 20, Random(1))
    assert all(drive is not None for drive in RoadSearch(network).drives(drawn[1:], drawn[0]))


def test_the_fire_stations_of_a_country() -> None:
    stations = fire_stations(ROADS / "liechtenstein-latest.osm.pbf")
    assert len(stations) == 6
    assert all(47.04 < one.lat < 47.28 and 9.47 < one.lon < 9.64 for one in stations)
