"""How fast a vehicle goes on a road, by the road's class and its speed limit; and what is no road for one."""

import re
from collections.abc import Mapping
from typing import Final

# No crew is believed to be faster: the limit of motorways in Indonesia (PP 79/2013 art. 23). It bounds the search for
# units, so a road that were faster would hide the unit that comes over it.
TOP_KMH: Final = 100.0
# What is driven of a limit: bends, crossings, others. OSRM's car profile has the same (`speed_reduction`).
SHARE_OF_LIMIT: Final = 0.8
# A limit below is a mistake in the map, and would make its road a wall.
LOWEST_LIMIT_KMH: Final = 5.0
KMH_PER_MPH: Final = 1.609344

# OSRM's car profile (profiles/car.lua), but nowhere above the share of what PP 79/2013 art. 23 permits: 100 km/h on
# motorways, 80 between towns, 50 in towns, 30 among houses.
SPEED_KMH: Final[Mapping[str, float]] = {
    "motorway": 80.0,
    "motorway_link": 45.0,
    "trunk": 64.0,
    "trunk_link": 40.0,
    "primary": 64.0,
    "primary_link": 30.0,
    "secondary": 40.0,
    "secondary_link": 25.0,
    "tertiary": 40.0,
    "tertiary_link": 20.0,
    "unclassified": 25.0,
    "residential": 24.0,
    "living_street": 10.0,
    "service": 15.0,
    "road": 15.0,
}
_LIMIT: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(mph|km/h|kmh|kph)?\s*", re.IGNORECASE)


def speed_kmh(highway: str, maxspeed: str = "") -> float | None:
    """Assumed speed on a road of this class and limit (OpenStreetMap's tags `highway` and `maxspeed`).

    A limit that is no number (`RU:urban`) is not known. None = no road for a vehicle.
    """
    usual = SPEED_KMH.get(highway)
    if usual is None:
        return None
    limit = _LIMIT.fullmatch(maxspeed)
    if limit is None:
        return usual
    limit_kmh = float(limit[1]) * (KMH_PER_MPH if (limit[2] or "").lower() == "mph" else 1.0)
    return usual if limit_kmh < LOWEST_LIMIT_KMH else min(limit_kmh * SHARE_OF_LIMIT, TOP_KMH)
