"""`quarantine`: what was not taken can be listed and looked at, and nothing of a person is shown."""

import json
from pathlib import Path

import pytest
from siaga_cli.main import build
from siaga_intake.adapters.quarantine import Quarantine
from siaga_kit.embedded.errors import StackError
from siaga_kit.embedded.home import Home
from typer.testing import CliRunner, Result


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home", tmp_path / "jars")
    made.prepare()
    kept = Quarantine(made.data / "intake" / "quarantine-1.sqlite3", now_s=lambda: 1_710_123_600.0)
    kept.open()
    kept.unreadable("36.73", "asterisk/pbx1", "the body is no JSON: at 7", b'{"CallerIDNum": "081234567890"')
    kept.unreadable("32.14", "kamailio/edge1", "the form has no field cdr", b"x=1")
    kept.close()
    return made


def invoke(home: Home, *words: str) -> Result:
    return CliRunner().invoke(build("quarantine"), ["--home", str(home.root), "quarantine", *words])


def listed(home: Home, *words: str) -> list[str]:
    result = invoke(home, "list", "--json", *words)
    assert result.exit_code == 0, result.output
    return [each["source"] for each in json.loads(result.stdout)]


@pytest.mark.parametrize(
    ("words", "sources"),
    [
        ([], {"asterisk/pbx1", "kamailio/edge1"}),
        (["--tenant", "36.73"], {"asterisk/pbx1"}),
        (["--source", "kamailio/edge1"], {"kamailio/edge1"}),
        (["--reason", "no JSON"], {"asterisk/pbx1"}),
        (["--since", "7d"], set()),
    ],
)
def test_list(home: Home, words: list[str], sources: set[str]) -> None:
    assert set(listed(home, *words)) == sources


def test_one_is_shown_with_its_samples_masked(home: Home) -> None:
    (entry,) = json.loads(invoke(home, "list", "--json", "--tenant", "36.73").stdout)
    assert (entry["count"], entry["outcome"], entry["first"]) == (1, "unreadable", "2024-03-11 02:20:00Z")
    shown = json.loads(invoke(home, "show", entry["id"], "--json").stdout)
    assert shown["samples"] == [{"seen": "2024-03-11 02:20:00Z", "payload": '{"CallerIDNum": "081*******90"'}]
    told = invoke(home, "show", entry["id"]).stdout
    assert "081*******90" in told
    assert entry["id"] in invoke(home, "list").stdout


def test_of_an_intake_elsewhere(home: Home, tmp_path: Path) -> None:
    elsewhere = ["--data-dir", str(home.data / "intake")]
    other = Home(tmp_path / "other", tmp_path / "jars")
    assert isinstance(invoke(other, "list").exception, StackError)
    assert len(listed(other, *elsewhere)) == 2


def test_what_is_not_there_is_said_with_what_to_do(home: Home) -> None:
    error = invoke(home, "show", "nonsense").exception
    assert isinstance(error, StackError)
    assert "quarantine list" in str(error)


@pytest.mark.parametrize("since", ["yesterday", "-1h", "7w", "99999d"])
def test_a_time_that_is_none_is_refused(home: Home, since: str) -> None:
    assert invoke(home, "list", "--since", since).exit_code == 2
