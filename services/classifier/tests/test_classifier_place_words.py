"""Addresses and texts as people write them, on the real maps of the four regencies."""

import csv
import re
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_classifier.adapters.maps import TenantAreas
from siaga_classifier.core.place import Doubt, Kind, Place, locate, place_of_words, spots_of
from siaga_classifier.core.place.ranking import MAX_TOLD
from siaga_classifier.core.place.tokens import squeezed
from siaga_classifier.tenants import TenantViews
from siaga_tenants import load_tenants

ROOT: Final = Path(__file__).resolve().parents[3]
VIEWS: Final = TenantViews(load_tenants(ROOT / "tenants"))
with (Path(__file__).parent / "data/place_cases.tsv").open(encoding="utf-8", newline="") as stream:
    CASES: Final = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
with (ROOT / "data/utterances/everyday_and_unclear.tsv").open(encoding="utf-8", newline="") as stream:
    EVERYDAY: Final = [
        row["text"]
        for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        if row["kind"] == "everyday"
    ]
# Of everyday texts so many may name a place, all of them by its name: "mati lampu di Sukarami". Beyond it, words became places.
MAX_NAMED_SHARE: Final = 0.03
NAME_PARTS: Final = re.compile(r"Kelurahan |Kecamatan |Kabupaten |Kota Administrasi |Kota |Desa |Puskesmas |, ")


def told(place: Place) -> str:
    """A place in one word: its code, `>code` of another centre, `?` for one to be asked for, nothing for none."""
    if place.misdirected_to:
        return f">{place.misdirected_to.code}"
    return "?" if place.doubt is Doubt.AMBIGUOUS else place.area_code


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['tenant']} {case['words']}")
def test_words_name_a_place(case: dict[str, str]) -> None:
    areas = VIEWS[case["tenant"]].areas
    address, text = (case["words"], "") if case["in"] == "address" else ("", case["words"])
    assert told(locate(address, text, None, areas)) == case["expected"]


@pytest.mark.parametrize("code", list(VIEWS))
def test_everyday_words_become_no_places(code: str) -> None:
    """Where chatter names a place, the place's name stands in it: none is made of an ordinary or a misspelt word."""
    named = []
    for text in EVERYDAY:
        place = place_of_words(text, VIEWS[code].areas)
        if place.fix is not None or place.doubt or place.misdirected_to:
            named.append(text)
            letters = squeezed(text)
            best = place.candidates[0].name
            parts = [part for whole in NAME_PARTS.split(best) if whole for part in (whole, whole.split()[0])]
            assert any(squeezed(part) in letters for part in parts), (text, best)
    assert len(named) <= MAX_NAMED_SHARE * len(EVERYDAY)


@pytest.mark.parametrize(
    "text",
    [
        "ada yang serang anjing saya", "lama sekali menunggu", "rumah baru kebakaran", "di pasar ramai", "jaya selalu",
        "di kota banyak orang", "luas tanahnya", "di kampung ada acara", "di situ ada ular",
        "di ujung gang", "di benteng", "mau ke kantor desa", "di desa kami", "kel. besar", "kec. depan", "ds", "kp. kp. kp.",
    ],
)  # fmt: skip
@pytest.mark.parametrize("code", list(VIEWS))
def test_ordinary_words_are_no_places(code: str, text: str) -> None:
    place = place_of_words(text, VIEWS[code].areas)
    assert (place.fix, place.misdirected_to) == (None, None)


WORDS = st.sampled_from(
    [*" ".join(case["words"] for case in CASES).split(), "rt", "03/02", ",", ".", ";", "\n", "112", "bukan"]
)
LINES = st.lists(WORDS, max_size=60).map(" ".join)


@given(st.sampled_from(list(VIEWS)), LINES | st.text(max_size=2_000), LINES | st.text(max_size=2_000))
def test_anything_may_be_written(code: str, address: str, text: str) -> None:
    place = locate(address, text, None, VIEWS[code].areas)
    assert place.address == address
    assert all(0 <= candidate.score <= 1 and candidate.radius_m > 0 for candidate in place.candidates)
    assert len(place.candidates) <= MAX_TOLD
    assert place.fix is None or (place.area_code.startswith(code) and not place.doubt and place.misdirected_to is None)


@given(st.sampled_from(CASES), st.data())
def test_case_and_full_stops_change_nothing(case: dict[str, str], data: st.DataObject) -> None:
    plain = case["words"]
    shouted = "".join(letter.upper() if data.draw(st.booleans()) else letter for letter in plain)
    dotted = "".join(f".{letter}" if letter == " " and data.draw(st.booleans()) else letter for letter in shouted)
    areas = VIEWS[case["tenant"]].areas
    assert told(locate(dotted, "", None, areas)) == told(locate(plain, "", None, areas))


def test_every_name_of_a_map_is_found_by_its_rank() -> None:
    """`kel. X, kec. Y` for each of the 462 desas, as written and with its spaces gone."""
    for view in VIEWS.values():
        assert isinstance(view.areas, TenantAreas)
        for _, spot in spots_of(view.areas.areas):
            if spot.kind is Kind.DESA:
                kecamatan = view.areas.by_code(spot.parent_code)
                assert kecamatan is not None
                name = spot.title.partition(" ")[2]
                for written in (name, name.replace(" ", ""), name.upper()):
                    assert locate(f"kel. {written}, kec. {kecamatan.name}", "", None, view.areas).area_code == spot.code
