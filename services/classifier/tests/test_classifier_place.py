"""Places: positions, borders, and names in addresses."""

from dataclasses import dataclass

import pytest
from siaga_classifier.core.events import Fix
from siaga_classifier.core.place import SOURCE_GAZETTEER, Area, locate


@dataclass(frozen=True)
class FakeArea:
    code: str
    level: str
    name: str
    parent_code: str
    lat: float = -6.1
    lon: float = 106.1
    radius_m: float = 900.0

    @property
    def title(self) -> str:
        return {"desa": "Kelurahan ", "kecamatan": "Kecamatan "}.get(self.level, "") + self.name


AREAS = [
    FakeArea("36.73", "kabupaten", "Kota Serang", ""),
    FakeArea("36.73.01", "kecamatan", "Serang", "36.73"),
    FakeArea("36.73.01.1001", "desa", "Serang", "36.73.01"),
    FakeArea("36.73.01.1005", "desa", "Sukajaya", "36.73.01"),
    FakeArea("36.73.04", "kecamatan", "Cipocok Jaya", "36.73"),
    FakeArea("36.73.04.1002", "desa", "Banjarsari", "36.73.04"),
    FakeArea("36.73.05", "kecamatan", "Curug", "36.73"),
    FakeArea("36.73.05.1003", "desa", "Sukajaya", "36.73.05"),
    FakeArea("36.73.06", "kecamatan", "Taktakan", "36.73"),
    FakeArea("36.73.06.1001", "desa", "Taktakan", "36.73.06"),
    FakeArea("36.73.06.1002", "desa", "Drangong", "36.73.06"),
]


class FakeAreas:
    def at(self, lat: float, lon: float) -> Area | None:
        return AREAS[5] if lat > -7 else None

    def by_name(self, name: str) -> tuple[Area, ...]:
        return tuple(area for area in AREAS if area.name.lower() == name or area.name.lower() == f"kota {name}")

    def by_code(self, code: str) -> Area | None:
        return next((area for area in AREAS if area.code == code), None)


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("Kel. Banjarsari, Kec. Cipocok Jaya", "36.73.04.1002"),
        ("jl raya pandeglang km 3 banjarsari cipocok jaya", "36.73.04.1002"),
        ("Gg. Melati RT 03/02 Banjarsari, Kota Serang", "36.73.04.1002"),
        ("perum taman, kecamatan cipocok jaya", "36.73.04"),
        ("Taktakan", "36.73.06"),
        ("kelurahan taktakan", "36.73.06.1001"),
        ("Sukajaya, Curug", "36.73.05.1003"),
        ("Desa Sukajaya", ""),  # two of that name
        ("Banjarsari atau Drangong", ""),
        ("Jl. Taktakan 12", ""),  # a street named after it may run elsewhere
        ("Jl. Banjarsari no 5, Drangong", "36.73.06.1002"),
        ("Kota Serang", ""),  # too wide to send anybody to
        ("dekat masjid agung", ""),
        ("", ""),
    ],
)
def test_names_in_an_address(address: str, code: str) -> None:
    place = locate(address, "", None, FakeAreas())
    assert (place.area_code, place.address) == (code, address)
    assert (place.fix is not None) == bool(code)


def test_a_place_by_name_carries_its_uncertainty_and_its_full_name() -> None:
    place = locate("Banjarsari", "", None, FakeAreas())
    assert place.fix == Fix(-6.1, 106.1, 900.0, 0, SOURCE_GAZETTEER)
    assert place.area_name == "Kelurahan Banjarsari, Kecamatan Cipocok Jaya"


def test_a_text_must_name_the_place_fully() -> None:
    assert locate("", "kebakaran di banjarsari", None, FakeAreas()).fix is None
    assert locate("", "kebakaran di kelurahan banjarsari", None, FakeAreas()).area_code == "36.73.04.1002"


def test_a_fix_beats_names_and_knows_its_border() -> None:
    inside, outside = Fix(-6.2, 106.2), Fix(-8.0, 106.2)
    place = locate("Drangong", "", inside, FakeAreas())
    assert (place.fix, place.area_code, place.address, place.inside) == (inside, "36.73.04.1002", "Drangong", True)
    assert not locate("", "", outside, FakeAreas()).inside


def test_without_a_map_a_fix_is_a_place_all_the_same() -> None:
    fix = Fix(-6.2, 106.2)
    assert locate("x", "", fix, None).fix == fix
