"""Shapes of RFC 5491, each within the circle that is made of it."""

from math import cos, hypot, radians, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_intake.core.position import markup, shapes
from siaga_intake.core.position.shapes import Circle

WGS84 = 'srsName="urn:ogc:def:crs:EPSG::4326"'
WGS84_3D = 'srsName="urn:ogc:def:crs:EPSG::4979"'
METRES = 'uom="urn:ogc:def:uom:EPSG::9001"'


def of(written: str) -> Circle:
    document = f'<x xmlns:gml="http://www.opengis.net/gml" xmlns:gs="http://www.opengis.net/pidflo/1.0">{written}</x>'
    root = markup.parse(document).root
    assert root is not None
    return shapes.circle(root[0])


def metres(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Between places some kilometres apart, by the lengths of a degree on the ellipsoid."""
    north, east = _degree((lat + other_lat) / 2)
    return hypot((other_lat - lat) * north, (other_lon - lon) * east)


def _degree(lat: float) -> tuple[float, float]:
    """Metres of a degree of latitude and of longitude there."""
    at = radians(lat)
    return 111_132.95 - 559.85 * cos(2 * at) + 1.175 * cos(4 * at), 111_412.84 * cos(at) - 93.5 * cos(3 * at)


HEIGHT = f"<gs:height {METRES}>25</gs:height>"
AXES = (
    f"<gs:semiMajorAxis {METRES}>77.5</gs:semiMajorAxis><gs:semiMinorAxis {METRES}>30</gs:semiMinorAxis>"
    '<gs:orientation uom="urn:ogc:def:uom:EPSG::9102">43.2</gs:orientation>'
)
# The shapes of RFC 5491 §5, moved to Serang.
ROUND_SHAPES = [
    (f"<gml:Point {WGS84}><gml:pos>-6.1 106.2</gml:pos></gml:Point>", (-6.1, 106.2, 0.0, "point")),
    (f"<gml:Point {WGS84_3D}><gml:pos>-6.1 106.2 35.3</gml:pos></gml:Point>", (-6.1, 106.2, 0.0, "point")),
    (f"<gs:Circle {WGS84}><gml:pos>-6.1 106.2</gml:pos><gs:radius {METRES}>18</gs:radius></gs:Circle>",
     (-6.1, 106.2, 18.0, "circle")),
    (f"<gs:Ellipse {WGS84}><gml:pos>-6.1 106.2</gml:pos>{AXES}</gs:Ellipse>", (-6.1, 106.2, 77.5, "ellipse")),
    (f"<gs:Sphere {WGS84_3D}><gml:pos>-6.1 106.2 26.3</gml:pos><gs:radius {METRES}>850.24</gs:radius></gs:Sphere>",
     (-6.1, 106.2, 850.24, "sphere")),
    ((f"<gs:Ellipsoid {WGS84_3D}><gml:pos>-6.1 106.2 26.3</gml:pos>{AXES}"
     f"<gs:verticalAxis {METRES}>28.7</gs:verticalAxis></gs:Ellipsoid>"), (-6.1, 106.2, 77.5, "ellipsoid")),
]  # fmt: skip


@pytest.mark.parametrize(("info", "around"), ROUND_SHAPES, ids=[each[1][3] for each in ROUND_SHAPES])
def test_a_round_shape(info: str, around: tuple[float, float, float, str]) -> None:
    assert of(info) == Circle(*around)


HEXAGON = [
    (-6.1, 106.1),
    (-6.101, 106.1005),
    (-6.101, 106.1015),
    (-6.1, 106.102),
    (-6.099, 106.1015),
    (-6.099, 106.1005),
]
RING = "<gml:exterior><gml:LinearRing>{}</gml:LinearRing></gml:exterior>"


def _pos_list(corners: list[tuple[float, ...]], attributes: str = "") -> str:
    numbers = " ".join(str(number) for corner in [*corners, corners[0]] for number in corner)
    return RING.format(f"<gml:posList {attributes}>{numbers}</gml:posList>")


def _pos(corners: list[tuple[float, ...]]) -> str:
    return RING.format("".join(f"<gml:pos>{' '.join(map(str, each))}</gml:pos>" for each in [*corners, corners[0]]))


HIGH = [(*corner, 35.0) for corner in HEXAGON]
POLYGONS = [
    f"<gml:Polygon {WGS84}>{_pos_list(HEXAGON)}</gml:Polygon>",
    f"<gs:Polygon {WGS84}>{_pos(HEXAGON)}</gs:Polygon>",
    f"<gml:Polygon {WGS84_3D}>{_pos_list(HIGH)}</gml:Polygon>",
    f"<gml:Polygon {WGS84}>{_pos_list(HIGH, 'srsDimension=' + chr(34) + '3' + chr(34))}</gml:Polygon>",
    f"<gml:Polygon {WGS84_3D}>{_pos(HIGH)}</gml:Polygon>",
    f"<gs:Prism {WGS84_3D}><gs:base><gml:Polygon>{_pos_list(HIGH)}</gml:Polygon></gs:base>{HEIGHT}</gs:Prism>",
]


@pytest.mark.parametrize("info", POLYGONS)
def test_a_polygon_is_the_circle_around_it(info: str) -> None:
    found = of(info)
    assert found.shape == ("prism" if "Prism" in info else "polygon")
    assert metres(found.lat, found.lon, -6.1, 106.101) < 1
    assert found.radius_m == pytest.approx(124, rel=0.02)


BAND = (
    f"<gs:ArcBand {WGS84}><gml:pos>-6.1 106.2</gml:pos><gs:innerRadius {METRES}>{{}}</gs:innerRadius>"
    f"<gs:outerRadius {METRES}>{{}}</gs:outerRadius><gs:startAngle>{{}}</gs:startAngle>"
    "<gs:openingAngle>{}</gs:openingAngle></gs:ArcBand>"
)  # fmt: skip


def _from(bearing: float, distance_m: float) -> tuple[float, float]:
    """The place so far from the bands' middle."""
    north, east = _degree(-6.1)
    return -6.1 + distance_m * cos(radians(bearing)) / north, 106.2 + distance_m * sin(radians(bearing)) / east


@given(
    inner=st.floats(0, 3000), width=st.floats(1, 3000), start=st.floats(0, 359), opening=st.floats(1, 360),
    along=st.floats(0, 1), outwards=st.floats(0, 1),
)  # fmt: skip
def test_all_of_an_arc_band_lies_within_its_circle(
    inner: float, width: float, start: float, opening: float, along: float, outwards: float
) -> None:
    found = of(BAND.format(f"{inner:.3f}", f"{inner + width:.3f}", f"{start:.3f}", f"{opening:.3f}"))
    assert found.shape == "arc_band"
    place = _from(start + opening * along, inner + width * outwards)
    # A hand's breadth in a kilometre is what measuring on the plane is out by.
    assert metres(found.lat, found.lon, *place) <= found.radius_m * 1.0001 + 0.1
    assert found.radius_m <= (inner + width) * 1.05


CORNERS = st.lists(st.tuples(st.floats(-6.4, -6.0), st.floats(106.0, 106.4)), min_size=3, max_size=15)


@given(CORNERS)
def test_every_corner_of_a_polygon_lies_within_its_circle(corners: list[tuple[float, ...]]) -> None:
    written = [(round(lat, 6), round(lon, 6)) for lat, lon in corners]
    found = of(f"<gml:Polygon {WGS84}>{_pos_list(list(written))}</gml:Polygon>")
    distances = [metres(found.lat, found.lon, *corner) for corner in written]
    assert max(distances) <= found.radius_m + 0.2
    # And no wider than the widest distance there is between two of them.
    widest = max(metres(*one, *two) for one in written for two in written)
    assert found.radius_m <= widest * 1.02 + 0.2


@pytest.mark.parametrize(
    ("unit", "radius_m"), [("m", 18), ("urn:ogc:def:uom:EPSG::9036", 18_000), ("km", 18_000), ("", 18)]
)
def test_a_radius_in_other_units(unit: str, radius_m: float) -> None:
    circle = f'<gs:Circle><gml:pos>-6.1 106.2</gml:pos><gs:radius uom="{unit}">18</gs:radius></gs:Circle>'
    assert of(circle).radius_m == radius_m
