"""Small parts of the tenant data: plan precedence, SMS length, names, border files."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_tenants import Area, Borders, BordersError, Gazetteer, Messages, Need, ResponsePlan, gsm7_length
from siaga_tenants.gazetteer import normalise_name
from siaga_tenants.model import family_of

PLAN = ResponsePlan(
    {
        (pattern, priority): (Need(f"{pattern} {priority}", ("satgas",)),)
        for pattern, priority in [
            ("fire_building", "P2"),
            ("fire_*", "P1"),
            ("fire_*", "any"),
            ("flood", "any"),
            ("riot", "P0"),
            ("default", "any"),
        ]
    }
)


@pytest.mark.parametrize(
    ("incident_type", "priority", "entry"),
    [
        ("fire_building", "P2", "fire_building P2"),
        ("fire_building", "P1", "fire_* P1"),
        ("fire_building", "P0", "fire_* P1"),
        ("fire_building", "P4", "fire_* any"),
        ("fire_land", "P2", "fire_* any"),
        ("flood", "P1", "flood any"),
        ("riot", "P0", "riot P0"),
        ("riot", "P1", "default any"),
        ("rescue", "", "default any"),
        ("a type nobody knows", "P3", "default any"),
    ],
)
def test_the_most_specific_entry_holds(incident_type: str, priority: str, entry: str) -> None:
    assert [need.role for need in PLAN.needs(incident_type, priority)] == [entry]


def test_a_plan_without_entry_sends_nobody() -> None:
    assert ResponsePlan({}).needs("flood", "P1") == ()


def test_family() -> None:
    assert family_of("fire_building") == "fire_*"
    assert family_of("flood") == "flood"


@pytest.mark.parametrize(
    ("capabilities", "fits"),
    [((), False), (("A",), False), (("A", "B"), True), (("C", "B", "A"), True)],
)
def test_a_need_wants_all_its_capabilities(capabilities: tuple[str, ...], fits: bool) -> None:
    need = Need("x", ("damkar", "satgas"), ("A", "B"))
    assert need.fits("satgas", capabilities) == fits
    assert not need.fits("puskesmas", capabilities)


@pytest.mark.parametrize(
    ("text", "length"), [("", 0), ("a" * 160, 160), ("{x}", 5), ("€", 2), ("é\n", 2), ("ó", None), ("“", None)]
)
def test_gsm7_length(text: str, length: int | None) -> None:
    assert gsm7_length(text) == length


def test_messages_are_a_mapping_of_templates() -> None:
    messages = Messages({"sms_update": "x"}, {"flood": "Banjir"})
    assert dict(messages) == {"sms_update": "x"}
    assert messages["sms_update"] == messages.templates["sms_update"]


@given(st.text())
def test_a_normalised_name_stays_as_it_is(name: str) -> None:
    once = normalise_name(name)
    assert normalise_name(once) == once
    assert once == once.strip().lower()


def area(code: str, area_km2: float) -> Area:
    return Area(code, "desa", f"Desa {code}", "1", 0, 0, area_km2)


def square(code: str, size: float) -> str:
    ring = [[0, 0], [size, 0], [size, size], [0, size], [0, 0]]
    return (
        f'{{"type":"Feature","properties":{{"kode":"{code}"}},"geometry":{{"type":"Polygon","coordinates":[{ring}]}}}}'
    )


def write_squares(file: Path, *features: str) -> Path:
    file.write_bytes(gzip.compress(f'{{"features":[{",".join(features)}]}}'.encode()))
    return file


def test_the_smallest_area_that_holds_the_point_is_told(tmp_path: Path) -> None:
    desa = write_squares(tmp_path / "desa.gz", square("small", 0.5), square("large", 1), square("strange", 0.1))
    outline = write_squares(tmp_path / "outline.gz", square("all", 2))
    areas = [area("large", 4), area("small", 1), area("all", 16)]
    gazetteer = Gazetteer.of(areas, Borders(desa, outline))
    found = [gazetteer.at(at, at) for at in (0.05, 0.5, 0.7, 1.5, 2.5)]
    assert [area and area.code for area in found] == ["small", "small", "large", None, None]
    assert gazetteer.borders.distance_m(1, 1) == 0
    assert gazetteer.borders.distance_m(0, 3) == pytest.approx(111_320)


def test_the_outline_fills_gaps_between_desas_and_adds_nothing_at_the_border(tmp_path: Path) -> None:
    ring = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]
    gap = [[0.4, 0.4], [0.6, 0.4], [0.6, 0.6], [0.4, 0.6], [0.4, 0.4]]
    shape = f'{{"type":"Polygon","coordinates":[{ring},{gap}]}}'
    holed = f'{{"type":"Feature","properties":{{"kode":"holed"}},"geometry":{shape}}}'
    borders = Borders(
        write_squares(tmp_path / "desa.gz", holed), write_squares(tmp_path / "outline.gz", square("all", 1.1))
    )
    assert [sorted(borders.holding(at, at)) for at in (0.2, 0.5, 1.05)] == [["all", "holed"], ["all"], []]


@pytest.mark.parametrize("content", [b"", b"no gzip", gzip.compress(b"[]"), gzip.compress(b'{"features":[]}')])
def test_a_border_file_that_is_broken_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "desa.geojson.gz"
    file.write_bytes(content)
    with pytest.raises(BordersError, match=r"desa\.geojson\.gz:1: "):
        Borders(file, file).holding(0, 0)
