"""What a place is: areas and landmarks that names stand for, candidates, and the place of a call."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from siaga_classifier.core.events import Fix

SOURCE_GAZETTEER: Final = "gazetteer"
# A kecamatan beyond the border is taken for what a bare name means within this distance only; the country has 7,000.
NEIGHBOUR_M: Final = 80_000.0
METRES_PER_DEGREE: Final = 111_320.0


class Kind(StrEnum):
    """What a name is the name of."""

    KABUPATEN = "kabupaten"
    KECAMATAN = "kecamatan"
    DESA = "desa"
    LANDMARK = "landmark"


class Doubt(StrEnum):
    """Why a person must look at a place before anybody is sent there."""

    NONE = ""
    # Two places fit about as well.
    AMBIGUOUS = "ambiguous_place"
    # The words name another place than the phone's position.
    WORDS_ELSEWHERE = "words_elsewhere"


@dataclass(frozen=True, slots=True)
class Spot:
    """Something with a name on the map. `parent_code` of a landmark is the smallest area that holds it."""

    code: str
    kind: Kind
    title: str
    parent_code: str
    lat: float
    lon: float
    radius_m: float

    @property
    def regency_code(self) -> str:
        return (self.code or self.parent_code)[:5]


@dataclass(frozen=True, slots=True)
class Centre:
    """A 112 centre: the code and name of its regency."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that the words may mean; `radius_m` is how far the true place may be from the point."""

    code: str
    name: str
    lat: float
    lon: float
    radius_m: float
    # How well the words fit, 0 .. 1.
    score: float
    basis: str


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a call. `inside` is False when its position lies beyond the tenant's border."""

    fix: Fix | None = None
    address: str = ""
    area_code: str = ""
    area_name: str = ""
    inside: bool = True
    score: float = 0.0
    # What the words may mean, the best first; empty when nobody's words were needed.
    candidates: tuple[Candidate, ...] = ()
    misdirected_to: Centre | None = None
    doubt: Doubt = Doubt.NONE
    # RT and RW as told: the crew's last hundred metres.
    detail: str = ""


class Area(Protocol):
    """An area of the gazetteer."""

    @property
    def code(self) -> str: ...
    @property
    def level(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def parent_code(self) -> str: ...
    @property
    def lat(self) -> float: ...
    @property
    def lon(self) -> float: ...
    @property
    def radius_m(self) -> float: ...


def spots_of(areas: Sequence[Area]) -> list[tuple[str, Spot]]:
    """The areas of a gazetteer as named spots."""
    return [
        (area.name, Spot(area.code, Kind(area.level), area.title, area.parent_code, area.lat, area.lon, area.radius_m))
        for area in areas
    ]


def distance_m(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Metres between two points of one country, good to a percent."""
    east = (lon - other_lon) * math.cos(math.radians((lat + other_lat) / 2))
    return math.hypot(lat - other_lat, east) * METRES_PER_DEGREE
