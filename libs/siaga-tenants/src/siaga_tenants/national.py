"""All regencies and kecamatan of Indonesia, and whose ground a point is: for what lies beyond a tenant's border."""

import csv
import gzip
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np

from siaga_tenants.borders import METRES_PER_DEGREE

# As data/wilayah/build_national.py writes the points of the desas.
STEPS_PER_DEGREE: Final = 1_000
# How far desas are looked for around a point, in degrees: 9 km, and where the country is empty 55 km. A point further from
# every desa is open sea or abroad: nobody's.
REACHES_DEGREES: Final = (0.08, 0.5)
REGENCY_CODE_CHARS: Final = 5
# Where regencies meet, the fifth nearest is none of those that a point may lie in.
ENOUGH: Final = 4


@dataclass(frozen=True, slots=True)
class NationalArea:
    """A kabupaten, kota or kecamatan; `radius_m` holds nine tenths of its desas."""

    code: str
    name: str
    lat: float
    lon: float
    radius_m: float

    @property
    def is_regency(self) -> bool:
        return len(self.code) == REGENCY_CODE_CHARS

    @property
    def regency_code(self) -> str:
        return self.code[:REGENCY_CODE_CHARS]


@dataclass(frozen=True, slots=True)
class NationalGazetteer:
    """The country by code and by the points of its 83,000 desas."""

    by_code: Mapping[str, NationalArea]
    _regencies: tuple[str, ...] = field(repr=False)
    # Sorted by latitude: rows of regency index, latitude, longitude.
    _regency: Any = field(repr=False, compare=False)
    _lat: Any = field(repr=False, compare=False)
    _lon: Any = field(repr=False, compare=False)

    def nearest_regencies(self, lat: float, lon: float) -> list[tuple[str, float]]:
        """Regencies with a desa near the point, with the distance in metres to the nearest one; the nearest first."""
        found: dict[str, float] = {}
        for reach in REACHES_DEGREES:
            found = self._within(lat, lon, reach)
            if len(found) > 1:
                break
        return list(found.items())

    def _within(self, lat: float, lon: float, reach: float) -> dict[str, float]:
        low, high = np.searchsorted(self._lat, (lat - reach, lat + reach))
        east = (self._lon[low:high] - lon) * math.cos(math.radians(lat))
        close = np.flatnonzero(np.abs(east) <= reach)
        away = np.hypot(self._lat[low:high][close] - lat, east[close]) * METRES_PER_DEGREE
        found: dict[str, float] = {}
        for index in np.argsort(away, kind="stable"):
            code = self._regencies[int(self._regency[low + close[index]])]
            found.setdefault(code, float(away[index]))
            if len(found) == ENOUGH:
                break
        return found


@cache
def national() -> NationalGazetteer:
    """The gazetteer that comes with the package, read on the first call (0.1 s)."""
    folder = files("siaga_tenants").joinpath("data")
    text = gzip.decompress(folder.joinpath("national.csv.gz").read_bytes()).decode("utf-8")
    areas = {
        code: NationalArea(code, name, float(lat), float(lon), float(radius_m))
        for code, name, lat, lon, radius_m in list(csv.reader(text.splitlines()))[1:]
    }
    packed = np.frombuffer(gzip.decompress(folder.joinpath("national_desa.bin.gz").read_bytes()), "<i4")
    regency, lat, lon = packed.reshape(3, -1).cumsum(axis=1)
    order = np.argsort(lat, kind="stable")
    return NationalGazetteer(
        areas,
        tuple(code for code in areas if len(code) == REGENCY_CODE_CHARS),
        regency[order],
        lat[order] / STEPS_PER_DEGREE,
        lon[order] / STEPS_PER_DEGREE,
    )
