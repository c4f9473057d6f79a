"""A tenant's map with the country around it, as the core asks for it; indexes are made on the first question."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from siaga_tenants import Area, Gazetteer, Landmark, NationalArea, UnitSpec, national

from siaga_classifier.core.place import Centre, Kind, Names, OwnNames, Spot, spots_of

# A landmark known better than this share of its desa's radius lies in the desa; a coarser one only in its kecamatan.
DESA_SHARE: Final = 1.2
# At the sea a point outside the border is nobody's ground: the next regency must be about as near as the tenant's own desas.
NEXT_DOOR: Final = 4.0
# What regencies are called beside their names.
_ALIASES: Final = {
    "33.72": ("Solo",), "34.71": ("Jogja", "Yogya", "Jogjakarta"), "36.74": ("Tangsel",), "31.71": ("Jakarta", "Jakpus"),
    "31.72": ("Jakut",), "31.73": ("Jakbar",), "31.74": ("Jaksel",), "31.75": ("Jaktim",), "73.71": ("Makasar",),
    "36.72": ("Merak",), "18.13": ("Krui",), "16.02": ("OKI",), "16.01": ("OKU",), "16.08": ("OKU Timur",),
    "16.09": ("OKU Selatan",), "16.06": ("Muba",), "16.05": ("Mura",),
}  # fmt: skip


@cache
def national_names() -> Names:
    """Regencies and kecamatan of the country by name."""
    return Names.of(named for area in national().by_code.values() for named in _named(area))


@cache
def ordinary_words() -> frozenset[str]:
    """Words of everyday that are also names, or nearly."""
    return frozenset(files("siaga_classifier").joinpath("data/ordinary_words.txt").read_text("utf-8").split())


class TenantAreas:
    """A tenant's gazetteer, its landmarks and what lies beyond its border."""

    def __init__(
        self,
        gazetteer: Gazetteer,
        landmarks: tuple[Landmark, ...] = (),
        units: tuple[UnitSpec, ...] = (),
        neighbours: Mapping[str, Gazetteer] | None = None,
    ) -> None:
        self._gazetteer = gazetteer
        self._landmarks = landmarks
        self._units = units
        self._neighbours = neighbours or {}
        self._regency = next(area for area in gazetteer.areas if area.level == "kabupaten")
        self._names: OwnNames | None = None

    @property
    def areas(self) -> tuple[Area, ...]:
        """All areas of the tenant."""
        return self._gazetteer.areas

    def at(self, lat: float, lon: float) -> Area | None:
        """The smallest area that holds the point."""
        return self._gazetteer.at(lat, lon)

    def by_code(self, code: str) -> Area | None:
        """The area of a Kemendagri code."""
        return self._gazetteer.by_code(code)

    def names(self) -> OwnNames:
        """The index of all names; made on the first call, for a nation has 514 tenants and a start has a second."""
        if self._names is None:
            named = [*spots_of(self._gazetteer.areas), *self._named_landmarks()]
            regency = next(spot for _, spot in named if spot.kind is Kind.KABUPATEN)
            self._names = OwnNames.of(named, regency, national_names(), ordinary_words())
        return self._names

    def regency(self, code: str) -> Centre | None:
        """The centre of a regency."""
        area = national().by_code.get(code)
        return Centre(code, area.name) if area else None

    def regency_at(self, lat: float, lon: float) -> Centre | None:
        """Whose ground a point outside this tenant is: by the borders of a tenant that has it, else by the nearest desa.

        None at sea, where the nearest desas are the tenant's own by far.
        """
        near = dict(national().nearest_regencies(lat, lon))
        for code in near:
            if code in self._neighbours and self._neighbours[code].contains(lat, lon):
                return self.regency(code)
        own_m = near.pop(self._regency.code, None)
        for code, away_m in near.items():
            if code not in self._neighbours and (own_m is None or away_m <= NEXT_DOOR * own_m):
                return self.regency(code)
        return None

    def _named_landmarks(self) -> Iterator[tuple[str, Spot]]:
        for unit in self._units:
            if unit.kind == "puskesmas" and not unit.example:
                yield unit.name, self._landmark(unit.name, unit.lat, unit.lon, unit.radius_m)
        for landmark in self._landmarks:
            spot = self._landmark(landmark.name, landmark.lat, landmark.lon, landmark.radius_m)
            yield from ((name, spot) for name in (landmark.name, *landmark.aliases))

    def _landmark(self, name: str, lat: float, lon: float, radius_m: float) -> Spot:
        holder = self.at(lat, lon)
        while holder is not None and holder.level == "desa" and radius_m > DESA_SHARE * holder.radius_m:
            holder = self.by_code(holder.parent_code)
        return Spot("", Kind.LANDMARK, name, (holder or self._regency).code, lat, lon, radius_m)


def _named(area: NationalArea) -> Iterator[tuple[str, Spot]]:
    title = area.name if area.is_regency else f"Kecamatan {area.name}"
    kind = Kind.KABUPATEN if area.is_regency else Kind.KECAMATAN
    spot = Spot(area.code, kind, title, area.code.rpartition(".")[0], area.lat, area.lon, area.radius_m)
    bare = area.name.removeprefix("Kabupaten ").removeprefix("Kota ") if area.is_regency else area.name
    for name in {bare, bare.removeprefix("Administrasi "), *_ALIASES.get(area.code, ())}:
        yield name, spot
