"""A unit as it becomes by what a row says of it."""

import math
from dataclasses import replace
from typing import Final, TypeVar

from siaga_tenants.borders import METRES_PER_DEGREE
from siaga_tenants.gazetteer import normalise_name
from siaga_tenants.model import UnitSpec
from siaga_tenants.unit_lists.rows import Told

# What lies nearer is the same place, written with other decimals.
SAME_PLACE_M: Final = 1.0
# How far off a position from a list may be when it does not say.
IMPORTED_RADIUS_M: Final = 100.0

T = TypeVar("T")


def moved_m(before: UnitSpec, after: UnitSpec) -> float:
    """How far a unit's station has moved, in metres."""
    return _apart_m(before.lat, before.lon, after.lat, after.lon)


def merged(told: Told, unit_id: str, known: UnitSpec | None) -> UnitSpec | tuple[str, str]:
    """The unit; or the field that a new one lacks, and the remedy."""
    if known is None:
        return _new(told, unit_id)
    here = told.place or (known.lat, known.lon)
    stays = _apart_m(known.lat, known.lon, *here) < SAME_PLACE_M
    lat, lon = (known.lat, known.lon) if stays else here
    name = told.name or known.name
    # A register that writes all names in capitals gives nobody another name.
    name = known.name if normalise_name(name) == normalise_name(known.name) else name
    return replace(
        known,
        kind=told.kind or known.kind,
        name=name,
        address=known.address if told.address is None else told.address,
        lat=lat,
        lon=lon,
        radius_m=_or(told.radius_m, known.radius_m if stays else IMPORTED_RADIUS_M),
        coord_source=_or(told.coord_source, known.coord_source if stays else "imported"),
        capabilities=_or(told.capabilities, known.capabilities),
        contacts=(
            *_or(told.phones, tuple(one for one in known.contacts if one.channel == "sms")),
            *_or(told.topics, tuple(one for one in known.contacts if one.channel != "sms")),
        ),
        # With another name it is no invented post any more.
        example=_or(told.example, known.example and name == known.name),
    )


def _new(told: Told, unit_id: str) -> UnitSpec | tuple[str, str]:
    contacts = (*(told.phones or ()), *(told.topics or ()))
    if told.kind is None:
        return "kind", "is missing, and the unit is new; say puskesmas, damkar, satgas, polisi, pmi, pln or sar"
    if told.name is None:
        return "name", "is missing, and the unit is new; say what people call it"
    if told.place is None:
        return "lat", "is missing, and the unit is new; give it latitude and longitude"
    if not contacts:
        return "phone", "is missing, and the unit is new; a unit nobody can reach cannot be sent, give it a number"
    return UnitSpec(
        unit_id=unit_id,
        kind=told.kind,
        name=told.name,
        lat=told.place[0],
        lon=told.place[1],
        radius_m=_or(told.radius_m, IMPORTED_RADIUS_M),
        coord_source=told.coord_source or "imported",
        capabilities=told.capabilities or (),
        contacts=contacts,
        example=bool(told.example),
        address=told.address or "",
    )


def _apart_m(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    east = (lon - other_lon) * math.cos(math.radians(lat))
    return math.hypot(lat - other_lat, east) * METRES_PER_DEGREE


def _or(told: T | None, otherwise: T) -> T:
    return otherwise if told is None else told
