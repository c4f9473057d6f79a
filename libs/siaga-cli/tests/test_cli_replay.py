"""On which stack a replay runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from siaga_cli import replaying
from siaga_cli.main import build
from siaga_kit.embedded.addresses import StackAddresses
from siaga_kit.embedded.errors import StackError
from typer.testing import CliRunner

SUMMARY = SimpleNamespace(ok=True, as_json=dict)
REAL_SMS = StackAddresses("k:1", "redis://r:2/0", "http://i:3", "", 2775, "c:6", "d:7", Path("/t"), "")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Path | None]:
    """The folders on which stacks were started; None = one of the stack's own making."""
    folders: list[Path | None] = []

    @contextmanager
    def stack(folder: Path | None = None, **_: Any) -> Iterator[SimpleNamespace]:
        folders.append(folder)
        yield SimpleNamespace(addresses=None)

    monkeypatch.setattr(replaying, "Stack", stack)
    monkeypatch.setattr(replaying, "play", lambda *_, **__: SUMMARY)
    monkeypatch.setattr("siaga_cli.replaying.state.read", lambda _: None)
    monkeypatch.delenv("SIAGA_HOME", raising=False)
    return folders


def replay(*options: str, **environ: str) -> None:
    words = [*options, "replay", "serang-slice", "--json"]
    assert CliRunner().invoke(build("replay"), words, env=environ, catch_exceptions=False).exit_code == 0


def test_a_replay_without_a_stack_takes_the_folder_that_was_chosen(started: list[Path | None], tmp_path: Path) -> None:
    replay("--home", str(tmp_path / "told"))
    replay(SIAGA_HOME=str(tmp_path / "set"))
    assert started == [tmp_path / "told", tmp_path / "set"]


def test_a_replay_without_a_stack_leaves_the_usual_folder_alone(started: list[Path | None]) -> None:
    replay()
    assert started == [None]


def test_a_replay_over_a_real_sms_centre_is_refused_with_the_remedy() -> None:
    with pytest.raises(StackError, match=r"cannot compare SMS[^→]*→ replay on a stack of its own"):
        replaying.play("serang-slice", REAL_SMS, None, crews=True)
