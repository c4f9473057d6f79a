"""Shapes of GML as RFC 5491 allows them, each as the circle around its footprint on the ground."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import cos, hypot, inf, radians, sin
from typing import Final
from xml.etree.ElementTree import Element

from siaga_intake.core import rules
from siaga_intake.core.position.markup import below, local, said

# Metres of a degree in Indonesia, of WGS 84 and rounded up: a circle may be a step too wide, never too narrow.
_METRES_OF_LAT: Final = 110_620.0
_METRES_OF_LON_AT_THE_EQUATOR: Final = 111_413.0
# RFC 5491 advises at most 15 corners; a coastline would hold the loop.
MAX_CORNERS: Final = 1_000
# Steps towards the farthest corner: after these the circle is within some percent of the smallest there is.
_STEPS: Final = 60
# An arc is walked in steps of this many degrees.
_ARC_STEP: Final = 5.0
# What bulges between two steps, and what the rounded lengths of a degree move the middle by, as a part of the radius.
_ARC_SLACK: Final = 0.002
# WGS 84 in two and three dimensions: degrees of latitude, then of longitude. RFC 5491 allows no other.
_WGS84: Final = re.compile(r"(?<!\d)(?:4326|4979)$")
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
# Units other than the metre (EPSG 9001) that RFC 5491 asks for, by the end of their names.
_METRES: Final[Mapping[str, float]] = {"9002": 0.3048, "ft": 0.3048, "9036": 1000.0, "km": 1000.0}

Corner = tuple[float, float]


class Unusable(Exception):  # noqa: N818  (it carries an answer to the sender)
    """A shape that gives no place, and why."""


@dataclass(frozen=True, slots=True)
class Circle:
    """The circle around a shape, in degrees and metres; a point has no radius. `shape` is what it was given as."""

    lat: float
    lon: float
    radius_m: float
    shape: str


def circle(element: Element) -> Circle:
    """The circle around a shape. Raises Unusable."""
    _check_system(element)
    name = local(element)
    shape, reading = _READERS[name]
    lat, lon, radius_m = reading(element)
    if not radius_m <= rules.MAX_RADIUS_M:
        raise Unusable(f"wider than {rules.MAX_RADIUS_M:.0f} m")
    return Circle(lat, lon, radius_m, shape)


def _check_system(element: Element) -> None:
    for each in element.iter():
        named = each.get("srsName", "").strip()
        if named and not _WGS84.search(named):
            raise Unusable("in another reference system than WGS 84 (EPSG 4326 or 4979)")


def _point(element: Element) -> tuple[float, float, float]:
    return (*_corners(element)[0], 0.0)


def _round(element: Element) -> tuple[float, float, float]:
    return (*_corners(element)[0], _length(element, "radius"))


def _ellipse(element: Element) -> tuple[float, float, float]:
    return (*_corners(element)[0], max(_length(element, "semiMajorAxis"), _length(element, "semiMinorAxis")))


def _polygon(element: Element) -> tuple[float, float, float]:
    return _around(_corners(element))


def _arc_band(element: Element) -> tuple[float, float, float]:
    lat, lon = _corners(element)[0]
    inner, outer = _length(element, "innerRadius"), _length(element, "outerRadius")
    start, opening = _number(element, "startAngle"), _number(element, "openingAngle")
    if not inner <= outer <= rules.MAX_RADIUS_M or not 0 < opening <= 360 or not abs(start) <= 360:
        raise Unusable("radii or angles that make no band")
    if opening >= 180:
        return lat, lon, outer
    steps = int(opening / _ARC_STEP) + 1
    bearings = [radians(start + opening * step / steps) for step in range(steps + 1)]
    rim = [(outer * cos(each), outer * sin(each)) for each in bearings]
    ends = [(inner * cos(each), inner * sin(each)) for each in (bearings[0], bearings[-1])]
    north, east, radius_m = _smallest([*rim, *ends])
    return lat + north / _METRES_OF_LAT, lon + east / _metres_of_lon(lat), radius_m + outer * _ARC_SLACK


_READERS: Final[Mapping[str, tuple[str, Callable[[Element], tuple[float, float, float]]]]] = {
    "Point": ("point", _point),
    "Circle": ("circle", _round),
    "Sphere": ("sphere", _round),
    "Ellipse": ("ellipse", _ellipse),
    "Ellipsoid": ("ellipsoid", _ellipse),
    "Polygon": ("polygon", _polygon),
    "Prism": ("prism", _polygon),
    "ArcBand": ("arc_band", _arc_band),
}
# The names of all shapes that are read.
SHAPES: Final = frozenset(_READERS)


def _corners(element: Element) -> list[Corner]:
    """All positions in a shape, latitude first; heights are left out."""
    corners: list[Corner] = []
    for each in below(element, "pos", "posList"):
        numbers = _numbers(said(each))
        size = len(numbers) if local(each) == "pos" else _dimension(element, each)
        if size not in (2, 3) or not numbers or len(numbers) % size:
            raise Unusable("coordinates that are no pairs of latitude and longitude")
        corners += [(numbers[index], numbers[index + 1]) for index in range(0, len(numbers), size)]
    if not corners:
        raise Unusable("no coordinates")
    if len(corners) > MAX_CORNERS:
        raise Unusable(f"more than {MAX_CORNERS:,} corners")
    if not all(abs(lat) <= 90 and abs(lon) <= 180 for lat, lon in corners):
        raise Unusable("coordinates that are not on Earth (latitude comes first)")
    return corners


def _dimension(element: Element, positions: Element) -> int:
    """How many numbers a position of a list has: as said, else as its reference system has."""
    told = positions.get("srsDimension") or element.get("srsDimension")
    if told is not None:
        return {"2": 2, "3": 3}.get(told.strip(), 0)
    systems = [each.get("srsName", "") for each in (positions, *element.iter())]
    return 3 if any(system.strip().endswith("4979") for system in systems) else 2


def _numbers(written: str) -> list[float]:
    words = written.replace(",", " ").split()
    if not all(_NUMBER.fullmatch(word) for word in words):
        raise Unusable("coordinates that are no numbers")
    return [float(word) for word in words]


def _number(element: Element, name: str) -> float:
    found = next(below(element, name), None)
    if found is None:
        raise Unusable(f"no {name}")
    written = said(found)
    if not _NUMBER.fullmatch(written):
        raise Unusable(f"{name} is no number")
    return float(written)


def _length(element: Element, name: str) -> float:
    """A length in metres, which an unknown unit is taken for: the standard allows no other."""
    value = _number(element, name)
    if not 0 <= value < inf:
        raise Unusable(f"{name} is no length")
    unit = next(below(element, name)).get("uom", "").strip().lower()
    return value * _METRES.get(re.split(r"[:/#]", unit)[-1], 1.0)


def _around(corners: list[Corner]) -> tuple[float, float, float]:
    """The circle around corners in degrees, measured on the plane that touches Earth at the first."""
    lat, lon = corners[0]
    # At the corner nearest to the equator a degree of longitude is longest: no corner may be left outside.
    width = max(_metres_of_lon(each) for each, _ in corners)
    north, east, radius_m = _smallest([((y - lat) * _METRES_OF_LAT, (x - lon) * width) for y, x in corners])
    return lat + north / _METRES_OF_LAT, lon + east / width, radius_m


def _metres_of_lon(lat: float) -> float:
    return _METRES_OF_LON_AT_THE_EQUATOR * max(cos(radians(lat)), 1e-6)


def _smallest(points: Iterable[Corner]) -> tuple[float, float, float]:
    """Nearly the smallest circle around points: from their middle, ever smaller steps towards the farthest of them."""
    points = list(dict.fromkeys(points))
    y, x = ((min(axis) + max(axis)) / 2 for axis in zip(*points, strict=True))
    best = (y, x, inf)
    for step in range(_STEPS):
        far_y, far_x = max(points, key=lambda point: hypot(point[0] - y, point[1] - x))
        best = min(best, (y, x, hypot(far_y - y, far_x - x)), key=lambda found: found[2])
        y, x = y + (far_y - y) / (step + 2), x + (far_x - x) / (step + 2)
    return best
