"""The comparison with Kannel measures what it says: every SMS at the centre, every receipt back."""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from siaga_cli.bench.notify_kannel import available, through_kannel
from siaga_kit.embedded.ports import any_free

pytestmark = pytest.mark.peers


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """An SMS centre: the port of SMPP, and of its control door."""
    smpp = any_free(set())
    control = any_free({smpp})
    process = subprocess.Popen(
        [
            sys.executable, "-m", "siaga_kit.embedded.smsc", "--port", str(smpp), "--control-port", str(control),
            "--journal", str(tmp_path / "journal.jsonl"),
        ]
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{control}/health/ready").close()
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield smpp, control
    finally:
        process.terminate()
        process.wait(20)


def test_all_messages_and_all_receipts_are_counted(tmp_path: Path, centre: tuple[int, int]) -> None:
    assert available()
    speed = through_kannel(tmp_path / "kannel", *centre, messages=60)
    assert speed.messages == 60
    assert 0 < speed.accepted_s <= speed.receipted_s + 1
    taken = (tmp_path / "journal.jsonl").read_text().splitlines()
    # And the first one, which waited for the line.
    assert len(taken) == 61
