"""One whole stack, front door to SMS centre, for the end-to-end tests of a session."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from siaga_kit.embedded.stack import Stack

# Tests are imported by path, without a package; this makes what they share importable.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A fresh stack per module: each replay is reconciled against empty topics."""
    with Stack() as running:
        yield running
