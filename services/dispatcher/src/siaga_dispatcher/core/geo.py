"""Distance and time between two points, without a map."""

import math
from collections.abc import Callable
from typing import Final

from siaga_dispatcher.core.values import Position

EARTH_RADIUS_M: Final = 6_371_008.8
# For a kind of unit the tenant names no speed for: slow enough for a regency's roads to promise nothing false.
DEFAULT_SPEED_KMH: Final = 30.0


def distance_m(here: Position, there: Position) -> float:
    """Great-circle distance (haversine)."""
    return from_point(here)(there)


def from_point(here: Position) -> Callable[[Position], float]:
    """Measures great-circle distances from one point to many."""
    lat, lon = math.radians(here.lat), math.radians(here.lon)
    cos_lat = math.cos(lat)
    radians, sin, cos, sqrt = math.radians, math.sin, math.cos, math.sqrt

    def to(there: Position) -> float:
        there_lat = radians(there.lat)
        across = sin((there_lat - lat) / 2)
        along = sin((radians(there.lon) - lon) / 2)
        chord = sqrt(across * across + cos_lat * cos(there_lat) * along * along)
        return 2 * EARTH_RADIUS_M * math.asin(min(1.0, chord))

    return to


def eta_s(straight_m: float, detour_factor: float, speed_kmh: float) -> float:
    """Driving time over a straight distance made longer by the roads."""
    return straight_m * detour_factor / (speed_kmh / 3.6)


def reach_m(seconds: float, detour_factor: float, speed_kmh: float) -> float:
    """The straight distance that takes so long: the inverse of `eta_s`."""
    return seconds * (speed_kmh / 3.6) / detour_factor
