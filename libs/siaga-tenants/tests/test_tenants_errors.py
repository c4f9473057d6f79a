"""Broken tenant data: each typo gets its file, line, place, and what to do."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from broken_tenants import CASES, Case
from siaga_tenants import TenantError, load_tenants

REAL = Path(__file__).resolve().parents[3] / "tenants"
SERANG = "36.73-kota-serang"

Break = Callable[[str, str, str], int]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    shutil.copytree(REAL / SERANG, tmp_path / SERANG)
    return tmp_path


@pytest.fixture
def break_(directory: Path) -> Break:
    """Replaces the first occurrence of a text in a file of Serang; returns the line it stands on."""

    def replace(name: str, old: str, new: str) -> int:
        file = directory / SERANG / name
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), "utf-8")
        return text[: text.index(old)].count("\n") + 1

    return replace


def problems_of(directory: Path) -> tuple[str, ...]:
    with pytest.raises(TenantError) as caught:
        load_tenants(directory)
    return caught.value.problems


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_typo_is_named_with_line_and_remedy(directory: Path, break_: Break, case: Case) -> None:
    line = break_(case.name, case.old, case.new) + case.below
    assert f"{directory / SERANG / case.name}:{line}: {case.expected}" in problems_of(directory)


def test_message_stands_exactly_as_documented(directory: Path, break_: Break) -> None:
    line = break_("units.yaml", "lat: -6.176046", "lta: -6.176046")
    file = directory / SERANG / "units.yaml"
    assert problems_of(directory)[:2] == (
        f"{file}:{line}: units[0].lta: unknown key; did you mean 'lat'?",
        f"{file}:{line - 4}: units[0]: has no 'lat'; add 'lat: …'",
    )


def test_all_problems_are_told_at_once(directory: Path, break_: Break) -> None:
    break_("tenant.yaml", "Asia/Jakarta", "WIB")
    break_("sources.yaml", "kind: app", "kind: apps")
    break_("messages.yaml", "{ticket} Tlp", "Tlp")
    assert len(problems_of(directory)) == 3


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("units.yaml", "", "1: is empty; see the same file of another tenant for what belongs there"),
        ("plan.yaml", "plan:\n  default: [}\n", "2: is no YAML: expected the node content, but found '}'"),
        ("units.yaml", "units: []\n", "1: units: is empty; a centre without units can send nobody, list them"),
        ("sources.yaml", "- 1\n", "1: is a list, must be a mapping; write 'key: value' lines"),
        ("gazetteer.csv", "kode,nama\n", "1: header: must be exactly code,level,name,parent_code,lat,lon,area_km2"),
    ],
)
def test_file_that_is_wrong_as_a_whole_gives_one_complaint(
    directory: Path, name: str, text: str, expected: str
) -> None:
    (directory / SERANG / name).write_text(text, "utf-8")
    assert f"{directory / SERANG / name}:{expected}" in problems_of(directory)
    assert len(problems_of(directory)) == 1


@pytest.mark.parametrize("name", ["tenant.yaml", "units.yaml", "plan.yaml", "messages.yaml", "borders/desa.geojson.gz"])
def test_missing_file_gives_one_complaint(directory: Path, name: str) -> None:
    (directory / SERANG / name).unlink()
    (problem,) = problems_of(directory)
    assert problem.startswith(f"{directory / SERANG / name}:1: cannot be read:")


def test_rules_may_be_left_out(directory: Path) -> None:
    (directory / SERANG / "rules.yaml").unlink()
    assert load_tenants(directory)["36.73"].rules == ()


def test_rules_are_handed_on_as_written(directory: Path) -> None:
    text = "rules:\n  - {id: lokal, terms: [kobong], weight: 2.5, count: 3, on: true, none: null}\n"
    (directory / SERANG / "rules.yaml").write_text(text, "utf-8")
    (rule,) = load_tenants(directory)["36.73"].rules
    assert rule == {"id": "lokal", "terms": ["kobong"], "weight": 2.5, "count": 3, "on": True, "none": None}


def test_long_template_is_refused_with_its_length(directory: Path, break_: Break) -> None:
    break_("messages.yaml", "BATAL.", "BATAL. " + "x" * 120)
    (problem,) = problems_of(directory)
    assert "templates.sms_stand_down: takes " in problem
    assert problem.endswith("an SMS has 160, shorten it")


def test_ids_and_numbers_stand_once_over_all_tenants(directory: Path) -> None:
    shutil.copytree(REAL / "32.14-purwakarta", directory / "32.14-purwakarta")
    file = directory / "32.14-purwakarta/units.yaml"
    file.write_text(file.read_text("utf-8").replace("+6281103214101", "+6281103673101"), "utf-8")
    (problem,) = problems_of(directory)
    assert problem.startswith(f"{directory / SERANG / 'units.yaml'}:")
    assert "units[0]: '+6281103673101' stands already at " in problem


@pytest.mark.parametrize(
    ("told", "expected"), [("edge.key", "{folder}/edge.key"), ("/etc/siaga/edge.key", "/etc/siaga/edge.key")]
)
def test_a_secret_file_is_looked_for_beside_the_tenants_other_files(
    directory: Path, break_: Break, told: str, expected: str
) -> None:
    break_("sources.yaml", "instance: edge1", f"instance: edge1, hmac_secret_file: {told}")
    (tenant,) = load_tenants(directory).values()
    found = next(source.hmac_secret_file for source in tenant.sources if source.name == "kamailio/edge1")
    assert found == expected.format(folder=directory / SERANG)


def test_two_sources_cannot_share_a_token(directory: Path, break_: Break) -> None:
    token = "0123456789abcdef" * 4
    first = break_("sources.yaml", "instance: pbx1", f'instance: pbx1, token_sha256: "{token}"')
    second = break_("sources.yaml", "instance: fs1", f'instance: fs1, token_sha256: "{token}"')
    file = directory / SERANG / "sources.yaml"
    assert problems_of(directory) == (
        f"{file}:{second}: sources[1].token_sha256: '{token}' stands already at {file}:{first}; every one has its own",
    )


@pytest.mark.parametrize(
    ("entry", "expected"),
    [(None, "holds no tenant; add a folder like 36.73-kota-serang"), ("Serang", "is no tenant's folder; name it like")],
)
def test_directory_without_tenants(tmp_path: Path, entry: str | None, expected: str) -> None:
    if entry:
        (tmp_path / entry).mkdir()
    assert expected in "\n".join(problems_of(tmp_path))


def test_directory_that_is_not_there(tmp_path: Path) -> None:
    assert problems_of(tmp_path / "none")[0].endswith("is no directory; name the one that holds the tenants' folders")


def test_two_folders_of_one_code(directory: Path) -> None:
    shutil.copytree(directory / SERANG, directory / "36.73-serang-lama")
    assert f"{directory / '36.73-serang-lama'}:1: has the same code as {SERANG}; remove one of them" in problems_of(
        directory
    )
