"""What several tests of the notifier share."""

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

# Tests are imported one by one, without their folder: this makes the shared module beside them importable.
sys.path.insert(0, str(Path(__file__).parent))

from notifier_samples import World
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


@pytest.fixture
async def world(
    kafka_bootstrap: str, redis_url: str, smsc: SmscProcess, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    """Topics of its own on the real broker, Redis, and the SMS centre."""
    made = World(kafka_bootstrap, redis_url, smsc)
    await made.make(monkeypatch)
    yield made
    await made.unmake()
