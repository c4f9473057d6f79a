"""`tenants check` sees what single services would stumble over at their start."""

import shutil
from pathlib import Path

import pytest
from siaga_cli.main import build
from siaga_kit.embedded.errors import StackError
from typer.testing import CliRunner, Result

REAL = Path(__file__).resolve().parents[3] / "tenants"
SERANG = "36.73-kota-serang"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    shutil.copytree(REAL / SERANG, tmp_path / SERANG)
    return tmp_path


def check(directory: Path) -> Result:
    return CliRunner().invoke(build("tenants"), ["tenants", "check", str(directory)])


def refusal(directory: Path) -> str:
    result = check(directory)
    assert isinstance(result.exception, StackError)
    return str(result.exception)


def sign(directory: Path, file: str) -> None:
    sources = directory / SERANG / "sources.yaml"
    told = sources.read_text("utf-8")
    sources.write_text(told.replace("instance: edge1", f"instance: edge1, hmac_secret_file: {file}"), "utf-8")


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ("[{types: {kebakaran: {strong: [murub]}}}]", "rules[0].types.kebakaran: no such type"),
        ("[{slang: {api: [murub]}}, {tipes: {}}]", "rules[1].tipes: no such section; did you mean 'types'?"),
        ("[{types: {animal: {strong: ['{buaya']}}}]", "unpaired brace"),
    ],
)
def test_local_rules_are_compiled(directory: Path, rules: str, told: str) -> None:
    (directory / SERANG / "rules.yaml").write_text(f"rules: {rules}\n")
    said = refusal(directory)
    assert said.startswith(f"{directory / SERANG / 'rules.yaml'}: ")
    assert told in said


def test_good_local_rules_pass(directory: Path) -> None:
    (directory / SERANG / "rules.yaml").write_text("rules: [{types: {animal: {strong: [buaya muara]}}}]\n")
    assert check(directory).exit_code == 0


@pytest.mark.parametrize(
    ("content", "told"), [(None, "No such file or directory"), ("\n", "an HMAC secret must have 1 to")]
)
def test_a_secret_file_must_be_there_and_hold_something(directory: Path, content: str | None, told: str) -> None:
    sign(directory, "edge.key")
    if content is not None:
        (directory / SERANG / "edge.key").write_text(content)
    said = refusal(directory)
    assert f"{SERANG}/sources.yaml: kamailio/edge1: hmac_secret_file: {directory / SERANG / 'edge.key'}" in said
    assert told in said


def test_a_secret_file_beside_the_other_files_passes(directory: Path) -> None:
    sign(directory, "edge.key")
    (directory / SERANG / "edge.key").write_text("signing key\n")
    assert check(directory).exit_code == 0


def test_all_problems_are_told_at_once(directory: Path) -> None:
    sign(directory, "edge.key")
    (directory / SERANG / "rules.yaml").write_text("rules: [{tipes: {}}]\n")
    assert len(refusal(directory).splitlines()) == 2
