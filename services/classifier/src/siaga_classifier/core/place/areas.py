"""A tenant's map, as far as it is asked here."""

from typing import Protocol

from siaga_classifier.core.place.model import Area, Centre
from siaga_classifier.core.place.names import OwnNames


class Areas(Protocol):
    """What of a tenant's map is asked here."""

    def at(self, lat: float, lon: float) -> Area | None: ...
    def by_code(self, code: str) -> Area | None: ...
    def names(self) -> OwnNames: ...
    def regency(self, code: str) -> Centre | None: ...
    def regency_at(self, lat: float, lon: float) -> Centre | None: ...


def full_name(area: Area, areas: Areas) -> str:
    """`Kelurahan Banjarsari, Kecamatan Cipocok Jaya`: the area and what it lies in, without the kabupaten."""
    parent = areas.by_code(area.parent_code)
    if parent is None or parent.level == "kabupaten":
        return area.title
    return f"{area.title}, {parent.title}"
