"""Whose ground a point at the border is: 500 points a little inside and outside each regency, by the polygons themselves."""

import math
from pathlib import Path
from typing import Any, Final

import pytest
import shapely
from siaga_tenants import Borders, Tenants, load_tenants, national
from siaga_tenants.borders import _polygons

TENANTS: Final[Tenants] = load_tenants(Path(__file__).resolve().parents[3] / "tenants")
POINTS: Final = 125
# Metres from the border, on both sides.
OFF_BORDER_M: Final = 50.0
METRES_PER_DEGREE: Final = 111_320.0


def ground(borders: Borders) -> Any:
    """The desas of a regency as one piece, the slivers between their polygons filled."""
    whole = shapely.union_all([polygon for _, polygon in _polygons(borders.desa_file)])
    return shapely.union_all([shapely.Polygon(part.exterior) for part in shapely.get_parts(whole)])


def at_the_border(land: Any) -> list[tuple[float, float, bool]]:
    """Points left and right of the outer ring: latitude, longitude, and whether the land holds it."""
    ring = max(shapely.get_parts(land), key=lambda part: part.area).exterior
    off = OFF_BORDER_M / METRES_PER_DEGREE
    found = []
    for number in range(POINTS):
        here, next_ = (ring.interpolate(number / POINTS + step, normalized=True) for step in (0, 1e-6))
        length = math.hypot(next_.x - here.x, next_.y - here.y)
        for side in (off, -off):
            lon, lat = here.x - (next_.y - here.y) / length * side, here.y + (next_.x - here.x) / length * side
            found.append((lat, lon, bool(shapely.contains_xy(land, lon, lat))))
    return found


@pytest.mark.parametrize("code", list(TENANTS))
def test_every_point_at_the_border_is_inside_or_outside_as_its_polygon_says(code: str) -> None:
    gazetteer = TENANTS[code].gazetteer
    points = at_the_border(ground(gazetteer.borders))
    assert 0.4 < sum(inside for _, _, inside in points) / len(points) < 0.6
    wrong = [(lat, lon) for lat, lon, inside in points if gazetteer.contains(lat, lon) != inside]
    assert not wrong


def test_the_nearest_desa_names_the_regency_well_inside_and_mostly_at_its_border() -> None:
    country = national()
    for code, tenant in TENANTS.items():
        desas = [area for area in tenant.gazetteer.areas if area.level == "desa"]
        named = [country.nearest_regencies(area.lat, area.lon)[0][0] == code for area in desas]
        assert sum(named) / len(named) > 0.9
        held = [place[:2] for place in at_the_border(ground(tenant.gazetteer.borders)) if place[2]]
        among = [code in dict(country.nearest_regencies(*place)) for place in held]
        assert sum(among) / len(among) > 0.9


def test_the_country_is_whole() -> None:
    country = national()
    regencies = [area for area in country.by_code.values() if area.is_regency]
    assert (len(regencies), len(country.by_code) - len(regencies)) == (514, 7_285)
    assert country.by_code["36.72"].name == "Kota Cilegon"
    assert country.by_code["36.04.05"].regency_code == "36.04"
    assert all(-11.5 < area.lat < 6.5 and 94 < area.lon < 142 for area in country.by_code.values())


def test_the_open_sea_is_nobodys() -> None:
    assert national().nearest_regencies(-9.0, 95.0) == []
