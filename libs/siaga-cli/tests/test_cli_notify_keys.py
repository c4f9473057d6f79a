"""`notify keys` makes a centre's key once, for its owner's eyes only."""

import base64
import json
from pathlib import Path

import pytest
from siaga_cli.main import build
from siaga_kit.embedded.errors import StackError
from siaga_notifier.adapters.push.vapid import public_key
from typer.testing import CliRunner


def run(directory: Path, *more: str) -> dict[str, object]:
    result = CliRunner().invoke(build("notify"), ["notify", "keys", "--tenants-dir", str(directory), "--json", *more])
    if isinstance(result.exception, StackError):
        raise result.exception
    assert result.exit_code == 0, result.output
    told: dict[str, object] = json.loads(result.stdout)
    return told


def test_a_key_is_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "36.73-kota-serang"
    folder.mkdir()
    first = run(tmp_path)
    file = folder / "vapid.key"
    assert first == {"file": str(file), "made": True, "public_key": public_key(file)}
    assert len(base64.urlsafe_b64decode(str(first["public_key"]) + "=")) == 65
    assert file.stat().st_mode & 0o777 == 0o600
    # With another key every device would fall silent.
    assert run(tmp_path, "--tenant", "36.73") == {**first, "made": False}


def test_which_regency_must_be_sure(tmp_path: Path) -> None:
    for name in ("36.73-kota-serang", "32.14-purwakarta"):
        (tmp_path / name).mkdir()
    with pytest.raises(StackError, match="say --tenant"):
        run(tmp_path)
    with pytest.raises(StackError, match="no tenant"):
        run(tmp_path, "--tenant", "11.11")
    assert run(tmp_path, "--tenant", "32.14")["made"]


def test_a_file_that_is_no_key_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "36.73-kota-serang"
    folder.mkdir()
    (folder / "vapid.key").write_text("not a key")
    with pytest.raises(StackError, match="no key"):
        run(tmp_path)
