"""What integrators may know of an incident."""

from dataclasses import dataclass, replace
from typing import Final

from siaga_dispatcher.core.values import Incident, Place, Priority

CONFIDENTIAL: Final = "confidential"
# Three decimals are about 110 m: enough for a map of a regency, not for a front door.
COARSE_DECIMALS: Final = 3
COARSE_RADIUS_M: Final = 110.0
# "36.73.02.1005" is a kelurahan, its first three parts the kecamatan.
KECAMATAN_PARTS: Final = 3


@dataclass(frozen=True, slots=True)
class PublicView:
    """The redacted incident; priority None and no unit kinds = not told."""

    type: str
    priority: Priority | None
    place: Place
    unit_kinds: tuple[str, ...]


def public_view(incident: Incident, kecamatan_name: str) -> PublicView:
    """No address, no words of a call, a coarse position; of a confidential incident only the kecamatan and times."""
    if incident.confidential:
        return PublicView(CONFIDENTIAL, None, Place(None, "", kecamatan_code(incident.place), kecamatan_name), ())
    position = incident.place.position
    if position is not None:
        lat, lon = round(position.lat, COARSE_DECIMALS), round(position.lon, COARSE_DECIMALS)
        position = replace(position, lat=lat, lon=lon, radius_m=max(position.radius_m, COARSE_RADIUS_M))
    place = Place(position, "", incident.place.area_code, incident.place.area_name)
    kinds = tuple(sorted({assignment.unit_kind for assignment in incident.assignments}))
    return PublicView(incident.type, incident.priority, place, kinds)


def kecamatan_code(place: Place) -> str:
    """The kecamatan a place lies in; empty when not even that is known."""
    parts = place.area_code.split(".")
    return ".".join(parts[:KECAMATAN_PARTS]) if len(parts) >= KECAMATAN_PARTS else ""
