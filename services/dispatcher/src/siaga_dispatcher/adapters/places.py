"""What the gazetteers add to a place: the area of a point, the point of an area, the kecamatan's name."""

from collections.abc import Mapping
from dataclasses import replace

from siaga_contracts.values import changed
from siaga_tenants import Gazetteer

from siaga_dispatcher.core.redact import kecamatan_code
from siaga_dispatcher.core.values import Assessment, Place, Position


class Places:
    """The gazetteers of all tenants."""

    def __init__(self, gazetteers: Mapping[str, Gazetteer]) -> None:
        self._gazetteers = gazetteers

    def completed(self, assessment: Assessment) -> Assessment:
        """The assessment with its place completed."""
        return changed(assessment, place=self.complete(assessment.tenant, assessment.place))

    def complete(self, tenant: str, place: Place) -> Place:
        """The place with its area found from its position, or its position from its area; the address stays as typed."""
        gazetteer = self._gazetteers[tenant]
        if place.position is None and place.area_code:
            area = gazetteer.by_code(place.area_code)
            if area is not None:
                return replace(place, position=Position(area.lat, area.lon, area.radius_m, 0, "gazetteer"))
        elif place.position is not None and not place.area_code:
            area = gazetteer.at(place.position.lat, place.position.lon)
            if area is not None:
                return replace(place, area_code=area.code, area_name=gazetteer.full_name(area))
        return place

    def kecamatan_name(self, tenant: str, place: Place) -> str:
        """The kecamatan a place lies in; empty when unknown."""
        area = self._gazetteers[tenant].by_code(kecamatan_code(place))
        return area.title if area is not None else ""

    def centre(self, tenant: str) -> Position | None:
        """The middle of the regency."""
        for area in self._gazetteers[tenant].areas:
            if area.level == "kabupaten":
                return Position(area.lat, area.lon, area.radius_m, 0, "tenant")
        return None
