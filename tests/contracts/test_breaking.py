"""The contracts are linted and compared with the released ones; and the comparison really refuses a break."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUF = Path(sys.executable).parent / "buf"
BASELINE = ROOT / "protos" / "baseline.binpb"


def buf(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(BUF), *arguments], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "protos", tmp_path / "protos")
    shutil.copy(ROOT / "buf.yaml", tmp_path)
    return tmp_path


def change(copy: Path, file: str, old: str, new: str) -> None:
    path = copy / "protos" / "siaga" / "v1" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_the_contracts_break_nobody() -> None:
    done = buf(ROOT, "breaking", "--against", str(BASELINE))
    assert done.returncode == 0, done.stdout


def test_a_new_field_is_welcome(copy: Path) -> None:
    change(copy, "call.proto", "bool test = 20;", "bool test = 20;\n  string tongue = 99;")
    assert buf(copy, "breaking", "--against", str(BASELINE)).returncode == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("string call_id = 2;", "int64 call_id = 2;"),
        ("string tenant = 3;", ""),
        ("bool test = 20;", "bool test = 98;"),
        ("CALL_EVENT_KIND_ENDED = 10;", "CALL_EVENT_KIND_OVER = 10;"),
    ],
)
def test_a_breaking_change_is_refused(copy: Path, old: str, new: str) -> None:
    change(copy, "call.proto", old, new)
    done = buf(copy, "breaking", "--against", str(BASELINE))
    assert done.returncode == 100, done.stdout + done.stderr
    assert "call.proto" in done.stdout


def test_lint_refuses_what_the_house_does_not_write(copy: Path) -> None:
    change(copy, "call.proto", "string call_id = 2;", "string callId = 2;")
    assert buf(copy, "lint").returncode == 100
