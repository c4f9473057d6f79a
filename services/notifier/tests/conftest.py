"""What several tests of the notifier share."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# Tests are imported one by one, without their folder: this makes the shared module beside them importable.
sys.path.insert(0, str(Path(__file__).parent))

from notifier_smsc import SmscProcess


@pytest.fixture
def smsc(tmp_path: Path) -> Iterator[SmscProcess]:
    process = SmscProcess(tmp_path / "smsc" / "journal.jsonl")
    process.start()
    yield process
    process.kill()
