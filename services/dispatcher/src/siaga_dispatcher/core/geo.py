"""Distance and time between two points, without a map."""

import math
from typing import Final

from siaga_dispatcher.core.values import Position

EARTH_RADIUS_M: Final = 6_371_008.8
# For a kind of unit the tenant names no speed for: slow enough for a regency's roads to promise nothing false.
DEFAULT_SPEED_KMH: Final = 30.0


def distance_m(here: Position, there: Position) -> float:
    """Great-circle distance (haversine)."""
    lat_1, lat_2 = math.radians(here.lat), math.radians(there.lat)
    half_lat = (lat_2 - lat_1) / 2
    half_lon = math.radians(there.lon - here.lon) / 2
    chord = math.sin(half_lat) ** 2 + math.cos(lat_1) * math.cos(lat_2) * math.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(chord)))


def eta_s(straight_m: float, detour_factor: float, speed_kmh: float) -> float:
    """Driving time over a straight distance made longer by the roads."""
    return straight_m * detour_factor / (speed_kmh / 3.6)


def reach_m(seconds: float, detour_factor: float, speed_kmh: float) -> float:
    """The straight distance that takes so long: the inverse of `eta_s`."""
    return seconds * (speed_kmh / 3.6) / detour_factor
