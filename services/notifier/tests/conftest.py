"""What several tests of the notifier share."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# Tests are imported one by one, without their folder: this makes the shared module beside them importable.
sys.path.insert(0, str(Path(__file__).parent))

from notifier_smsc import SmscProcess


@pytest.fixture(scope="session")
def _smsc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmscProcess]:
    process = SmscProcess(tmp_path_factory.mktemp("smsc") / "journal.jsonl")
    yield process
    process.kill()


@pytest.fixture
def smsc(_smsc: SmscProcess) -> SmscProcess:
    """An SMS centre that has seen nothing yet; a test may kill it."""
    _smsc.as_new()
    return _smsc
