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


def withheld(incident: Incident, kecamatan_name: str) -> Incident:
    """A confidential incident for who did not say why they look: how it stands and who works on it, nothing of the case.

    Distances go with the place, for those from several stations tell where it is; so do words that people typed.
    """
    place = Place(None, "", kecamatan_code(incident.place), kecamatan_name)
    return replace(
        incident,
        type=CONFIDENTIAL,
        further_types=(),
        place=place,
        text="",
        callback_number="",
        reasons=tuple(replace(reason, rule=CONFIDENTIAL, detail="") for reason in incident.reasons[:1]),
        change=replace(incident.change, reason="", candidates=()),
        shortfalls=tuple(replace(gap, detail="") for gap in incident.shortfalls),
        links=tuple(replace(link, detail="") for link in incident.links),
        assignments=tuple(
            replace(one, selection_reason="", distance_m=0.0, eta_s=0.0, position_age_s=None)
            for one in incident.assignments
        ),
    )


def kecamatan_code(place: Place) -> str:
    """The kecamatan a place lies in; empty when not even that is known."""
    parts = place.area_code.split(".")
    return ".".join(parts[:KECAMATAN_PARTS]) if len(parts) >= KECAMATAN_PARTS else ""
