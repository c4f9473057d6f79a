"""One whole stack, front door to SMS centre, for the end-to-end tests of a session."""

from collections.abc import Iterator

import pytest
from siaga_kit.embedded.stack import Stack


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A fresh stack per module: each replay is reconciled against empty topics."""
    with Stack() as running:
        yield running
