"""`roster.yaml` and `vocabulary.yaml`: what they mean, and what is said of typing errors in them."""

import shutil
from datetime import date
from pathlib import Path

import pytest
from siaga_tenants import Contact, Tenant, TenantError, load_tenants
from siaga_tenants.vocabulary import CAPABILITIES, CAPABILITY_KINDS, UNIT_KINDS, UNIT_STATUSES

SERANG = "36.73-kota-serang"
ROSTER = """\
roster:
  - kinds: [satgas]
    shifts:
      - {name: kantor, days: [senin, selasa, rabu, kamis, jumat], from: "07:00", to: "16:00"}
    exceptions:
      - {dates: ["2026-12-25"], shifts: []}
      - {dates: ["2026-12-31", "2027-01-01"], shifts: [{name: siaga, from: "00:00", to: "00:00"}]}
  - units: [3673-DMK-01]
    shifts:
      - {name: siang, from: "08:00", to: "20:00", contacts: [{channel: sms, address: "+628119990001"}]}
      - {name: malam, from: "20:00", to: "08:00", contacts: [{channel: sms, address: "+628119990002"}]}
"""
VOCABULARY = """\
capabilities:
  - {code: FoamTender, label: mobil busa, kinds: [damkar]}
statuses:
  - {code: en_route, label: otw}
  - {code: istirahat, means: off_duty, label: istirahat}
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    shutil.copytree(Path(__file__).resolve().parents[3] / "tenants" / SERANG, tmp_path / SERANG)
    return tmp_path


def load(directory: Path, **files: str) -> Tenant:
    for name, text in files.items():
        (directory / SERANG / f"{name}.yaml").write_text(text)
    return load_tenants(directory)["36.73"]


def problem(directory: Path, **files: str) -> str:
    with pytest.raises(TenantError) as caught:
        load(directory, **files)
    (found,) = caught.value.problems
    return found.removeprefix(f"{directory / SERANG}/")


def test_a_roster_is_read(directory: Path) -> None:
    roster = load(directory, roster=ROSTER).roster
    satgas = roster.of("3673-STG-01", "satgas")
    assert satgas is not None
    friday, saturday = date(2026, 11, 27), date(2026, 11, 28)
    assert [(shift.from_minute, shift.until_minute) for shift in satgas.beginning_on(friday)] == [(420, 960)]
    assert satgas.beginning_on(saturday) == ()
    # Christmas is a Friday; New Year's eve is on duty round the clock.
    assert satgas.beginning_on(date(2026, 12, 25)) == ()
    assert [(shift.from_minute, shift.until_minute) for shift in satgas.beginning_on(date(2027, 1, 1))] == [(0, 1440)]
    engine = roster.of("3673-DMK-01", "damkar")
    assert engine is not None
    assert [(shift.from_minute, shift.until_minute) for shift in engine.beginning_on(saturday)] == [
        (480, 1200),
        (1200, 1920),
    ]
    assert tuple(engine.all_contacts()) == (Contact("sms", "+628119990001"), Contact("sms", "+628119990002"))
    assert roster.of("3673-DMK-02", "damkar") is None


def test_without_one_everybody_is_on_duty(directory: Path) -> None:
    assert load(directory).roster.of("3673-DMK-01", "damkar") is None


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("kinds: [satgas]", "kinds: [satgass]", "2: roster[0].kinds[0]: 'satgass' is not known; did you mean 'satgas'?"),
        ("units: [3673-DMK-01]", "units: [3673-DMK-91]", "8: roster[1].units[0]: '3673-DMK-91' is not in units.yaml; list"),
        ("units: [3673-DMK-01]", "kinds: [satgas]", "8: roster[1].kinds[0]: 'satgas' stands twice; one entry says all"),
        ("kinds: [satgas]", "name: x", "2: roster[0].name: unknown key; use one of: shifts"),
        ('"07:00"', '"7:00"', "4: roster[0].shifts[0].from: '7:00' is not a time like \"07:00\" in quotes"),
        ("senin", "senen", "4: roster[0].shifts[0].days[0]: 'senen' is not known; did you mean 'senin'?"),
        ("2026-12-25", "2026-12-32", "6: roster[0].exceptions[0].dates[0]: '2026-12-32' is no day of the calendar"),
        ("2026-12-25", "2026-12-31", "7: roster[0].exceptions[1].dates[0]: 2026-12-31 stands twice; remove one"),
        ("+628119990001", "+6281103673101", "10: roster[1].shifts[0].contacts[0].address: '+6281103673101' belongs to 3673-PKM"),
        (
            "[3673-DMK-01]", "[3673-DMK-01, 3673-DMK-02]",
            "10: roster[1].shifts[0].contacts[0].address: belongs to one crew, but the entry names several",
        ),
    ],
)  # fmt: skip
def test_a_typing_error_in_a_roster(directory: Path, old: str, new: str, expected: str) -> None:
    text = ROSTER.replace(old, new, 1)
    with pytest.raises(TenantError) as caught:
        load(directory, roster=text)
    found = [each.removeprefix(f"{directory / SERANG}/roster.yaml:") for each in caught.value.problems]
    assert [each for each in found if each.startswith(expected)], found


def test_a_crew_keeps_its_number_over_several_shifts(directory: Path) -> None:
    assert load(directory, roster=ROSTER.replace("+628119990002", "+628119990001")).roster


def test_words_of_a_centre(directory: Path) -> None:
    terms = load(directory, vocabulary=VOCABULARY).terms
    assert (terms.label("en_route"), terms.label("on_scene"), terms.label("istirahat")) == (
        "otw",
        "di lokasi",
        "istirahat",
    )
    assert (terms.means("istirahat"), terms.means("en_route"), terms.means("tidur")) == ("off_duty", "en_route", None)
    assert terms.kinds_of("FoamTender") == ("damkar",)


def test_a_capability_of_its_own_may_be_needed_and_had(directory: Path) -> None:
    for name, old in (("units", "[StructureFireEngine, FireWaterTender"), ("plan", "[StructureFireEngine")):
        file = directory / SERANG / f"{name}.yaml"
        file.write_text(file.read_text().replace(old, f"{old}, FoamTender"))
    tenant = load(directory, vocabulary=VOCABULARY.replace("kinds: [damkar]", "kinds: [damkar, satgas]"))
    assert any("FoamTender" in unit.capabilities for unit in tenant.units)
    (directory / SERANG / "vocabulary.yaml").unlink()
    with pytest.raises(TenantError, match="'FoamTender' is not known"):
        load(directory)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "FoamTender",
            "LightRescue",
            "2: capabilities[0].code: 'LightRescue' is known already; give yours another code",
        ),
        ("kinds: [damkar]", "kinds: []", "2: capabilities[0].kinds: is empty; name at least one of: puskesmas"),
        ("means: off_duty", "means: offduty", "5: statuses[1].means: 'offduty' is not known; did you mean 'off_duty'?"),
        ("means: off_duty, ", "", "5: statuses[1]: 'istirahat' is none of ours; add 'means: …' with one of: off_duty"),
        (
            "{code: en_route,",
            "{code: en_route, means: staging,",
            "4: statuses[0].means: 'en_route' is one of ours, and",
        ),
        (
            "{code: istirahat, means: off_duty,",
            "{code: en_route,",
            "5: statuses[1].code: 'en_route' stands twice; remove",
        ),
    ],
)
def test_a_typing_error_in_the_words(directory: Path, old: str, new: str, expected: str) -> None:
    assert problem(directory, vocabulary=VOCABULARY.replace(old, new, 1)).startswith(f"vocabulary.yaml:{expected}")


def test_a_capability_that_no_unit_of_the_kind_can_have(directory: Path) -> None:
    file = directory / SERANG / "units.yaml"
    text = file.read_text().replace("capabilities: [GroundBLSAmbulance]", "capabilities: [StructureFireEngine]", 1)
    assert "'puskesmas' cannot have 'StructureFireEngine', only damkar, satgas; correct the kind" in problem(
        directory, units=text
    )


def test_the_usual_words_are_complete() -> None:
    assert set(CAPABILITIES) >= {"GroundALSAmbulance", "GroundBLSAmbulance", "StructureFireEngine", "LightRescue"}
    assert all(set(kinds) <= set(UNIT_KINDS) for kinds in CAPABILITY_KINDS.values())
    assert len(UNIT_STATUSES) == 16
