"""Places by a small map: positions, borders, names in addresses, and which of two places is meant."""

from dataclasses import dataclass

import pytest
from siaga_classifier.core.events import Fix
from siaga_classifier.core.place import (
    SOURCE_GAZETTEER,
    Area,
    Centre,
    Doubt,
    Kind,
    Names,
    OwnNames,
    Place,
    Spot,
    locate,
    place_fields,
    place_of_words,
    spots_of,
)


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
    FakeArea("36.73.06.1002", "desa", "Drangong", "36.73.06", -6.3),
    FakeArea("36.73.06.1003", "desa", "Luas", "36.73.06"),
]
BEYOND = [
    Spot("36.72", Kind.KABUPATEN, "Kota Cilegon", "36", -6.0, 106.0, 9_000),
    Spot("36.04", Kind.KABUPATEN, "Kabupaten Serang", "36", -6.1, 106.0, 20_000),
    Spot("36.04.05", Kind.KECAMATAN, "Kecamatan Kramatwatu", "36.04", -6.05, 106.1, 4_000),
    Spot("36.04.09", Kind.KECAMATAN, "Kecamatan Ciruas", "36.04", -6.1, 106.2, 4_000),
    Spot("99.01.01", Kind.KECAMATAN, "Kecamatan Ciruas", "99.01", 1.0, 120.2, 4_000),
    Spot("99.02.01", Kind.KECAMATAN, "Kecamatan Jauh Sekali", "99.02", 1.0, 120.2, 4_000),
]
POST = Spot("", Kind.LANDMARK, "Puskesmas Banjarsari", "36.73.04.1002", -6.11, 106.11, 300.0)


def named(spot: Spot) -> tuple[str, Spot]:
    return spot.title.partition(" ")[2], spot


class FakeAreas:
    def at(self, lat: float, lon: float) -> Area | None:
        return AREAS[5] if lat > -7 else None

    def by_code(self, code: str) -> Area | None:
        return next((area for area in AREAS if area.code == code), None)

    def names(self) -> OwnNames:
        own = [*spots_of(AREAS), (POST.title, POST)]
        return OwnNames.of(
            own, spots_of(AREAS)[0][1], Names.of([*map(named, BEYOND), ("Serang", spots_of(AREAS)[0][1])]), {"luas"}
        )

    def regency(self, code: str) -> Centre | None:
        return next((Centre(spot.code, spot.title) for spot in BEYOND if spot.code == code), None)

    def regency_at(self, lat: float, lon: float) -> Centre | None:
        return Centre("36.72", "Kota Cilegon") if lat > -9 else None


MAP = FakeAreas()
CILEGON, KAB_SERANG = Centre("36.72", "Kota Cilegon"), Centre("36.04", "Kabupaten Serang")


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
        ("bukan drangong tapi banjarsari", "36.73.04.1002"),
        ("arah drangong", ""),
        ("kel. luas", "36.73.06.1003"),  # an everyday word is a name after its rank only
        ("lapangan luas", ""),
        ("banjar sari", "36.73.04.1002"),
        ("bnjarsari", "36.73.04.1002"),
        ("kel drangongg", "36.73.06.1002"),
        ("kel ds drnagong", "36.73.06.1002"),
        ("cipocok", "36.73.04"),
        ("", ""),
    ],
)  # fmt: skip
def test_names_in_an_address(address: str, code: str) -> None:
    place = locate(address, "", None, MAP)
    assert (place.area_code, place.address) == (code, address)
    assert (place.fix is not None) == bool(code)


def test_a_place_by_name_carries_its_uncertainty_and_its_full_name() -> None:
    place = locate("Banjarsari", "", None, MAP)
    assert place.fix == Fix(-6.1, 106.1, 900.0, 0, SOURCE_GAZETTEER)
    assert place.area_name == "Kelurahan Banjarsari, Kecamatan Cipocok Jaya"
    near = locate("dekat Banjarsari", "", None, MAP).fix
    assert near is not None
    assert near.radius_m > 900.0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("kebakaran di banjarsari", "36.73.04.1002"),
        ("kebakaran di kelurahan banjarsari", "36.73.04.1002"),
        ("kobongan ning drangong", "36.73.06.1002"),
        ("saya orang banjarsari mau tanya", ""),
        ("banjarsari", ""),
        ("dari banjarsari ada yang kecelakaan", ""),
        ("rumah luas", ""),
    ],
)
def test_a_text_must_say_that_a_name_is_where_it_is(text: str, code: str) -> None:
    assert place_of_words(text, MAP).area_code == code


def test_an_address_beats_the_text() -> None:
    assert locate("Drangong", "kebakaran di banjarsari", None, MAP).area_code == "36.73.06.1002"
    assert locate("gang melati", "kebakaran di banjarsari", None, MAP).area_code == "36.73.04.1002"


def test_a_name_that_two_places_bear_is_asked_for() -> None:
    place = locate("Desa Sukajaya", "", None, MAP)
    assert (place.fix, place.doubt) == (None, Doubt.AMBIGUOUS)
    assert [candidate.code for candidate in place.candidates] == ["36.73.01.1005", "36.73.05.1003"]


def test_a_landmark_is_known_better_than_its_area() -> None:
    place = locate("depan pkm banjarsari, kel banjarsari", "", None, MAP)
    assert (place.candidates[0].basis, place.area_code) == ("landmark", "36.73.04.1002")
    alone = locate("pkm banjarsari", "", None, MAP)
    assert (alone.area_code, alone.candidates[0].basis) == ("36.73.04.1002", "landmark")
    assert alone.fix == Fix(-6.11, 106.11, 300.0, 0, SOURCE_GAZETTEER)


@pytest.mark.parametrize(
    ("address", "detail"),
    [
        ("Banjarsari RT 03/02", "RT 3 RW 2"),
        ("rt.003 rw.011 drangong", "RT 3 RW 11"),
        ("RT03/RW02", "RT 3 RW 2"),
        ("rw 5", "RW 5"),
        ("rt 7", "RT 7"),
        ("artis berita", ""),
    ],
)
def test_rt_and_rw_are_kept(address: str, detail: str) -> None:
    assert locate(address, "", None, MAP).detail == detail


@pytest.mark.parametrize(
    ("text", "centre"),
    [
        ("kebakaran di Cilegon", CILEGON),
        ("saya di serang, yang kebakaran di cilegon", CILEGON),
        ("kebakaran rumah Kec. Kramatwatu", KAB_SERANG),
        ("rumah roboh di kramatwatu", KAB_SERANG),
        ("kab. serang, bukan kota", KAB_SERANG),
        ("kebakaran di ciruas", None),  # two regencies have one
        ("kebakaran di ciruas, kabupaten serang", KAB_SERANG),
        ("kebakaran di jauh sekali", None),
        ("jl raya cilegon kebakaran", None),
        ("truk dari cilegon terguling", None),
        ("bukan di cilegon", None),
        ("ini 112 kota serang ya", None),
        ("kebakaran di drangong", None),
    ],
)
def test_words_beyond_the_border_name_the_centre_whose_call_it_is(text: str, centre: Centre | None) -> None:
    place = place_of_words(text, MAP)
    assert place.misdirected_to == centre
    assert centre is None or place.fix is None


def test_a_place_here_and_one_beyond_are_asked_for() -> None:
    place = place_of_words("kebakaran di cilegon atau di drangong", MAP)
    assert (place.doubt, place.misdirected_to, place.fix) == (Doubt.AMBIGUOUS, None, None)


def test_a_fix_beats_names_and_knows_its_border() -> None:
    inside = Fix(-6.29, 106.1, 20.0)
    place = locate("Drangong", "", inside, MAP)
    assert (place.fix, place.area_code, place.address, place.inside) == (inside, "36.73.04.1002", "Drangong", True)
    assert place.doubt is Doubt.NONE
    outside = locate("", "", Fix(-8.0, 106.2), MAP)
    assert (outside.inside, outside.misdirected_to) == (False, CILEGON)
    assert locate("", "", Fix(-9.5, 106.2), MAP).misdirected_to is None


def test_words_that_contradict_a_phones_position_are_told_and_an_operators_pin_is_not_doubted() -> None:
    far = Fix(-6.1, 106.2, 50.0, source="app")
    place = locate("", "ibu saya pingsan di kel drangong", far, MAP)
    assert (place.fix, place.doubt) == (far, Doubt.WORDS_ELSEWHERE)
    assert place.candidates[0].code == "36.73.06.1002"
    assert locate("", "pingsan di kel drangong", Fix(-6.1, 106.2, 50_000.0), MAP).area_code == "36.73.06.1002"
    assert locate("", "pingsan di kel drangong", Fix(-6.1, 106.2, 50.0, source="operator"), MAP).doubt is Doubt.NONE
    abroad = locate("", "kakak saya di cilegon dipukuli", far, MAP)
    assert (abroad.doubt, abroad.misdirected_to) == (Doubt.WORDS_ELSEWHERE, CILEGON)


def test_words_within_a_coarse_fix_place_the_call_and_a_sharp_one_holds() -> None:
    cell = Fix(-6.28, 106.11, 5_000.0, source="cell")
    place = locate("kel drangong", "", cell, MAP)
    assert place.fix == Fix(-6.3, 106.1, 900.0, 0, SOURCE_GAZETTEER)
    assert (place.area_code, place.inside) == ("36.73.06.1002", True)
    assert locate("drangong atau banjarsari", "", cell, MAP).fix == cell
    sharp = Fix(-6.295, 106.1, 800.0, source="aml")
    assert locate("kel drangong", "", sharp, MAP).fix == sharp
    pin = Fix(-6.295, 106.1, 5_000.0, source="operator")
    assert locate("kel drangong", "", pin, MAP).fix == pin


def test_without_a_map_a_fix_is_a_place_all_the_same() -> None:
    fix = Fix(-6.2, 106.2)
    assert locate("x", "", fix, None).fix == fix
    assert place_of_words("kel drangong", None) == Place()


def test_a_place_in_json() -> None:
    assert place_fields(place_of_words("halo", MAP)) is None
    told = place_fields(place_of_words("kebakaran di cilegon", MAP))
    assert told is not None
    assert (told["code"], told["misdirected_to"]) == ("", {"code": "36.72", "name": "Kota Cilegon"})
    here = place_fields(place_of_words("kebakaran di drangong", MAP))
    assert here is not None
    assert (here["code"], here["radius_m"], here["lat"]) == ("36.73.06.1002", 900, -6.3)
