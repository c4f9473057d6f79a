"""The areas of a tenant: by point, by name, by code."""

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Self

from siaga_tenants.borders import Borders

Level = Literal["kabupaten", "kecamatan", "desa"]
LEVELS: Final[tuple[Level, ...]] = ("kabupaten", "kecamatan", "desa")

# Words before a name that people leave out.
_RANK = re.compile(r"^(kabupaten|kab|kota|kecamatan|kec|kelurahan|kel|desa)\s+")
_NOT_A_WORD = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Area:
    """A kabupaten, kecamatan or desa; lat/lon is a point inside it."""

    code: str
    level: Level
    name: str
    parent_code: str
    lat: float
    lon: float
    area_km2: float

    @property
    def radius_m(self) -> float:
        """Radius of the circle of the same area: the uncertainty of "somewhere in it"."""
        return math.sqrt(self.area_km2 / math.pi) * 1000

    @property
    def title(self) -> str:
        """The name with its rank: `Kelurahan Banjarsari`. A desa code whose last part begins with 1 is a kelurahan."""
        if self.level == "kabupaten":
            return self.name
        if self.level == "kecamatan":
            return f"Kecamatan {self.name}"
        return f"{'Kelurahan' if self.code.rpartition('.')[2].startswith('1') else 'Desa'} {self.name}"


def normalise_name(name: str) -> str:
    """Lower case, no accents or punctuation, single spaces: the form in which names are compared."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return _NOT_A_WORD.sub(" ", plain).strip()


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """All areas of a tenant. Border polygons are read on the first question about a point."""

    areas: tuple[Area, ...]
    borders: Borders = field(repr=False, compare=False)
    _by_code: Mapping[str, Area] = field(repr=False, compare=False)
    _by_name: Mapping[str, tuple[Area, ...]] = field(repr=False, compare=False)

    @classmethod
    def of(cls, areas: Sequence[Area], borders: Borders) -> Self:
        """A gazetteer of these areas with their borders."""
        by_name: dict[str, list[Area]] = {}
        for area in areas:
            full = normalise_name(area.name)
            for name in {full, _RANK.sub("", full)}:
                by_name.setdefault(name, []).append(area)
        return cls(
            tuple(areas),
            borders,
            {area.code: area for area in areas},
            {name: tuple(found) for name, found in by_name.items()},
        )

    def at(self, lat: float, lon: float) -> Area | None:
        """The smallest area whose polygon holds the point; None outside the tenant."""
        held = [self._by_code[code] for code in self.borders.holding(lat, lon) if code in self._by_code]
        return min(held, key=lambda area: (area.area_km2, area.code), default=None)

    def contains(self, lat: float, lon: float) -> bool:
        """Whether the point lies in the tenant."""
        return self.at(lat, lon) is not None

    def by_name(self, name: str) -> tuple[Area, ...]:
        """All areas of that name, whatever its case; several when the name occurs twice. With or without its rank."""
        wanted = normalise_name(name)
        return self._by_name.get(wanted) or self._by_name.get(_RANK.sub("", wanted), ())

    def by_code(self, code: str) -> Area | None:
        """The area of a Kemendagri code."""
        return self._by_code.get(code)

    def full_name(self, area: Area) -> str:
        """`Kelurahan Banjarsari, Kecamatan Cipocok Jaya`: the area and what it lies in, without the kabupaten."""
        parent = self._by_code.get(area.parent_code)
        if parent is None or parent.level == "kabupaten":
            return area.title
        return f"{area.title}, {parent.title}"
