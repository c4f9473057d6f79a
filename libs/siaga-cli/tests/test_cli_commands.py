"""The command line: exit codes, shapes for scripts, what is refused."""

import json
import os
import sys
from pathlib import Path

import pytest
from siaga_cli import testing
from siaga_cli.console import err, out
from siaga_cli.demo import _home
from siaga_cli.lag import process_of
from siaga_cli.main import COMMANDS, build, command_of
from siaga_kit.embedded import state
from siaga_kit.embedded.errors import StackError
from siaga_kit.embedded.home import Home, project_root
from siaga_kit.embedded.supervisor import hold
from typer.testing import CliRunner, Result


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home", tmp_path / "jars")
    made.prepare()
    return made


def invoke(home: Home, *words: str) -> Result:
    return CliRunner().invoke(build(words[0]), ["--home", str(home.root), *words])


def tell(home: Home, *, ready: bool) -> None:
    process = state.ProcessState("redis", os.getpid(), ready=ready, restarts=2, url="redis://x", why=None)
    state.write(home, state.StackState(os.getpid(), "ready", None, (process,), None))


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["status", "--json"], "status"),
        (["--home", "demo", "status"], "status"),
        (["--home=x", "dlq", "list"], "dlq"),
        (["--help"], None),
        ([], None),
        (["nope"], None),
    ],
)
def test_only_the_command_asked_for_is_loaded(words: list[str], command: str | None) -> None:
    assert command_of(words) == command


def test_the_help_names_every_command() -> None:
    said = CliRunner().invoke(build(), ["--help"]).output
    assert all(f" {command} " in said for command in COMMANDS)


def test_status_of_nothing_fails_and_is_still_json(home: Home) -> None:
    result = invoke(home, "status", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {"processes": []}


def test_status_has_the_promised_shape(home: Home) -> None:
    with hold(home):
        tell(home, ready=True)
        result = invoke(home, "status", "--json")
    assert result.exit_code == 0
    (process,) = json.loads(result.stdout)["processes"]
    assert process.pop("rss_mb") > 1
    assert process == {
        "name": "redis",
        "pid": os.getpid(),
        "ready": True,
        "restarts": 2,
        "url": "redis://x",
        "lag": None,
    }


def test_status_fails_while_something_is_not_ready(home: Home) -> None:
    with hold(home):
        tell(home, ready=False)
        assert invoke(home, "status").exit_code == 1


def test_status_does_not_believe_a_dead_supervisors_state(home: Home) -> None:
    tell(home, ready=True)
    result = invoke(home, "status")
    assert result.exit_code == 1
    assert "redis may still run" in result.output


@pytest.mark.parametrize(
    "words",
    [
        ("replay", "x", "--speed", "-1"),
        ("replay", "x", "--speed", "fast"),
        ("replay", "x", "--crews", "some"),
        ("replay", "no-such-scenario"),
        ("up", "--ports", "mine"),
        ("test", "nope"),
        ("dlq", "redrive"),
        ("dlq", "redrive", "x", "--all"),
    ],
)
def test_a_wrong_command_line_is_a_usage_error(home: Home, words: tuple[str, ...]) -> None:
    assert invoke(home, *words).exit_code == 2


def test_operating_commands_without_a_stack_say_how_to_get_one(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIAGA_KAFKA__BOOTSTRAP", raising=False)
    result = invoke(home, "topics", "check")
    assert isinstance(result.exception, StackError)
    assert "siaga up" in str(result.exception)


def test_doctor_tells_each_check_and_its_remedy(home: Home) -> None:
    result = invoke(home, "doctor", "--json")
    checks = {check["check"]: check for check in json.loads(result.stdout)["checks"]}
    assert set(checks) == {
        "python",
        "disk",
        "memory",
        "java",
        "kafka jars",
        "redis",
        "ports",
        "stack",
        "topics",
        "tenants",
    }
    assert all(check["remedy"] for check in checks.values() if check["verdict"] == "bad")
    assert checks["redis"]["verdict"] == "ok"


@pytest.mark.parametrize(
    ("group", "process"),
    [
        ("siaga.classifier", "classifier"),
        ("siaga-classifier-ledger", "ledger"),
        ("siaga.dispatcher.reports", "dispatcher"),
        ("somebody-elses", None),
        ("siaga.redis", None),
    ],
)
def test_a_consumer_group_belongs_to_a_process(group: str, process: str | None) -> None:
    assert process_of(group) == process


def test_the_demo_runs_beside_data_that_is_not_its_own(home: Home) -> None:
    (home.data / "kafka").mkdir()
    beside = _home(home)
    assert beside.root == home.root / "demo"
    assert (home.data / "kafka").exists()


def test_the_demo_clears_its_own_data(home: Home) -> None:
    assert _home(home) == home
    (home.data / "kafka").mkdir()
    assert _home(home) == home
    assert not (home.data / "kafka").exists()


def _steps(monkeypatch: pytest.MonkeyPatch, *codes: int) -> None:
    steps = tuple(testing.Step(f"step {code}", [sys.executable, "-c", f"raise SystemExit({code})"]) for code in codes)
    monkeypatch.setattr(testing, "GROUPS", {"lint": steps})


def test_the_first_failing_step_ends_the_tests(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    _steps(monkeypatch, 0, 5, 0)
    result = invoke(home, "test", "lint")
    assert result.exit_code == 1
    assert "step 5 failed" in result.output
    assert result.output.count("▶") == 2


def test_all_steps_pass(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    _steps(monkeypatch, 0, 0)
    result = invoke(home, "test")
    assert result.exit_code == 0
    assert "2 steps" in result.output


def test_a_missing_tool_is_a_missing_prerequisite(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(testing, "GROUPS", {"lint": (testing.Step("ghost", ["/nonexistent/ghost"]),)})
    assert invoke(home, "test", "lint").exit_code == 3


def test_a_step_reads_the_files_that_have_its_mark(tmp_path: Path) -> None:
    for name, text in (
        ("one", "@pytest.mark.e2e"),
        ("two", "pytestmark = [pytest.mark.e2e]"),
        ("three", "mark.faults"),
    ):
        (tmp_path / "tests" / name).mkdir(parents=True)
        (tmp_path / "tests" / name / f"test_{name}.py").write_text(text)
    assert testing.files_marked(tmp_path, "e2e") == ["tests/one/test_one.py", "tests/two/test_two.py"]
    assert all(testing.files_marked(project_root(), mark) for mark in testing.MARKED)


def test_places_in_files_are_printed_as_they_are() -> None:
    for console in (out, err):
        with console.capture() as printed:
            console.print("gazetteer.csv:100: lat")
        assert printed.get() == "gazetteer.csv:100: lat\n"
