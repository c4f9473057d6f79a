"""The four seed tenants: they load, and their data hold together."""

import math
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_tenants import Area, Tenant, Tenants, UnitSpec, load_tenants
from siaga_tenants.describe import border_problems, describe
from siaga_tenants.vocabulary import PRIORITIES, TYPES, TYPES_WITHOUT_UNIT

ROOT = Path(__file__).resolve().parents[3]
CODES = ("17.71", "18.04", "32.14", "36.73")
# Hypothesis cannot take a module fixture; polygons are read once for all tests.
TENANTS: Tenants = load_tenants(ROOT / "tenants")


@pytest.fixture(params=CODES)
def tenant(request: pytest.FixtureRequest) -> Tenant:
    return TENANTS[request.param]


def distance_m(unit: UnitSpec, area: Area) -> float:
    stretch = math.cos(math.radians(area.lat))
    return math.hypot(unit.lat - area.lat, (unit.lon - area.lon) * stretch) * 111_320


def test_all_four_are_there() -> None:
    assert tuple(TENANTS) == CODES
    assert {tenant.timezone for tenant in TENANTS.values()} == {"Asia/Jakarta"}


@pytest.mark.parametrize(
    ("code", "puskesmas", "desa"), [("17.71", 20, 67), ("18.04", 15, 136), ("32.14", 20, 192), ("36.73", 16, 67)]
)
def test_counts_are_those_of_the_sources(code: str, puskesmas: int, desa: int) -> None:
    tenant = TENANTS[code]
    assert sum(unit.kind == "puskesmas" for unit in tenant.units) == puskesmas
    assert sum(area.level == "desa" for area in tenant.gazetteer.areas) == desa


def test_ids_and_addresses_are_unique_over_all() -> None:
    units = [unit for tenant in TENANTS.values() for unit in tenant.units]
    addresses = [contact.address for unit in units for contact in unit.contacts]
    assert len({unit.unit_id for unit in units}) == len(units)
    assert len(set(addresses)) == len(addresses)
    assert all(any(contact.channel == "sms" for contact in unit.contacts) for unit in units)


def test_every_post_that_is_not_a_puskesmas_says_it_is_an_example(tenant: Tenant) -> None:
    for unit in tenant.units:
        assert unit.example == (unit.kind != "puskesmas")
        assert unit.example == unit.name.startswith("Contoh: ")


def test_polygons_and_gazetteer_agree(tenant: Tenant) -> None:
    assert list(border_problems(tenant)) == []


def test_every_desa_point_lies_in_its_own_polygon(tenant: Tenant) -> None:
    for area in tenant.gazetteer.areas:
        if area.level == "desa":
            assert tenant.gazetteer.at(area.lat, area.lon) == area


def test_tenants_do_not_hold_each_others_points(tenant: Tenant) -> None:
    for other in TENANTS.values():
        if other is not tenant:
            assert not any(tenant.gazetteer.contains(area.lat, area.lon) for area in other.gazetteer.areas)


@given(code=st.sampled_from(CODES), north=st.floats(-0.6, 0.6), east=st.floats(-0.6, 0.6))
def test_contains_and_at_say_the_same(code: str, north: float, east: float) -> None:
    gazetteer = TENANTS[code].gazetteer
    centre = gazetteer.areas[0]
    lat, lon = centre.lat + north, centre.lon + east
    area = gazetteer.at(lat, lon)
    assert gazetteer.contains(lat, lon) == (area is not None)
    if area is not None:
        assert area.level in {"desa", "kabupaten"}
        # What holds a point is not farther from it than the area is long: ten radii cover the most crooked desa.
        assert math.hypot(lat - area.lat, lon - area.lon) * 111_320 < 10 * area.radius_m
        assert gazetteer.borders.distance_m(lat, lon) < 5_000


@given(lat=st.floats(allow_nan=True, allow_infinity=True), lon=st.floats(allow_nan=True, allow_infinity=True))
def test_no_number_breaks_the_question(lat: float, lon: float) -> None:
    assert TENANTS["36.73"].gazetteer.contains(lat, lon) in {True, False}


@pytest.mark.parametrize(
    ("code", "name", "expected"),
    [
        ("36.73", "banjarsari", ["36.73.05.1005"]),
        ("36.73", "Kelurahan  BANJARSARI", ["36.73.05.1005"]),
        ("36.73", "kec. cipocok jaya", ["36.73.05", "36.73.05.1001"]),
        ("36.73", "kota serang", ["36.73"]),
        ("36.73", "serang", ["36.73", "36.73.01", "36.73.01.1001"]),
        ("32.14", "purwakarta", ["32.14", "32.14.01"]),
        ("36.73", "atlantis", []),
        ("36.73", "", []),
    ],
)
def test_areas_by_name(code: str, name: str, expected: list[str]) -> None:
    assert [area.code for area in TENANTS[code].gazetteer.by_name(name)] == expected


def test_full_name_of_an_area() -> None:
    gazetteer = TENANTS["36.73"].gazetteer
    kelurahan, kecamatan = gazetteer.by_code("36.73.05.1005"), gazetteer.by_code("36.73.05")
    assert kelurahan is not None
    assert kecamatan is not None
    assert gazetteer.full_name(kelurahan) == "Kelurahan Banjarsari, Kecamatan Cipocok Jaya"
    assert gazetteer.full_name(kecamatan) == "Kecamatan Cipocok Jaya"


@pytest.mark.parametrize("incident_type", TYPES)
def test_every_type_and_priority_has_a_plan(tenant: Tenant, incident_type: str) -> None:
    for priority in PRIORITIES:
        needs = tenant.plan.needs(incident_type, priority)
        assert bool(needs) == (incident_type not in TYPES_WITHOUT_UNIT)
        assert not needs or any(not need.optional for need in needs)


def test_mass_casualty_is_never_answered_by_fewer_than_a_life_threat(tenant: Tenant) -> None:
    for incident_type in TYPES:
        assert tenant.plan.needs(incident_type, "P0") == tenant.plan.needs(incident_type, "P1")


@pytest.mark.parametrize(
    ("incident_type", "priority", "kinds"),
    [
        ("fire_building", "P1", ["damkar", "damkar", "puskesmas", "satgas"]),
        ("fire_land", "P3", ["damkar", "satgas"]),
        ("medical_birth", "P2", ["puskesmas"]),
        ("animal", "P3", ["damkar"]),
        ("kdrt", "P1", ["satgas", "puskesmas"]),
        ("fallen_pole", "P3", ["satgas"]),
        ("clean_water", "P4", ["damkar"]),
        ("unclear", "P2", ["satgas"]),
        ("prank", "P4", []),
    ],
)
def test_who_goes(tenant: Tenant, incident_type: str, priority: str, kinds: list[str]) -> None:
    assert [need.kinds[0] for need in tenant.plan.needs(incident_type, priority)] == kinds


def test_each_need_has_a_unit_within_the_widest_search_from_every_desa(tenant: Tenant) -> None:
    widest_m = tenant.dispatch.radius_ladder_m[-1]
    assert widest_m == 40_000
    for need in {need for needs in tenant.plan.entries.values() for need in needs}:
        fitting = [unit for unit in tenant.units if need.fits(unit.kind, unit.capabilities)]
        for area in tenant.gazetteer.areas:
            if area.level == "desa":
                nearest_m = min(distance_m(unit, area) for unit in fitting)
                assert nearest_m < widest_m, f"{tenant.code} {need} from {area.name}"


def test_confidential_text_tells_nothing(tenant: Tenant) -> None:
    text = tenant.messages["sms_confidential"].lower()
    assert "senyap" in text
    for label in tenant.messages.type_labels.values():
        assert label.lower() not in text


def test_only_pranks_count_against_a_caller(tenant: Tenant) -> None:
    counted = {outcome for outcome, weight in tenant.sanctions.weights.items() if weight}
    assert counted == {"answered_prank", "ivr_prank"}


def test_built_files_are_what_the_script_builds(tenant: Tenant) -> None:
    build = runpy.run_path(str(ROOT / "tenants/build.py"))["build"]
    (folder,) = (ROOT / "tenants").glob(f"{tenant.code}-*")
    for name, text in build(folder).items():
        assert (folder / name).read_text("utf-8") == text, f"run tenants/build.py: {name} differs"


def test_description_warns_of_examples_and_estimates() -> None:
    assert "10 are examples, 26 positions are estimates" in describe(TENANTS["36.73"])


def test_command_line_prints_a_summary_or_the_errors(tmp_path: Path) -> None:
    def run(directory: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "siaga_tenants", str(directory)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    good, bad = run(ROOT / "tenants"), run(tmp_path)
    assert (good.returncode, good.stderr) == (0, "")
    assert "36.73 Kota Serang" in good.stdout
    assert (bad.returncode, bad.stdout) == (1, "")
    assert "holds no tenant" in bad.stderr
