"""Tells waiting tasks that the ledger has grown."""

import asyncio
import contextlib


class Changed:
    """A signal for any number of waiters; one that looks and then waits, without a pause between, misses nothing."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def notify(self) -> None:
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, at_most_s: float) -> None:
        """Returns at the next notice, or when the time is over."""
        # Not wait_for: before Python 3.12 it swallows a cancellation that comes in the same moment as the notice.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(at_most_s):
                await self._event.wait()
