"""Publishing what nobody would bring again, and doing one sender's things one after the other."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from siaga_kit.errors import Transient
from siaga_kit.publishing import Publisher
from siaga_kit.records import Outgoing

PAUSE_FIRST_S: Final = 0.05
PAUSE_MOST_S: Final = 2.0


class SurePublisher:
    """Publishes until the broker has acknowledged; gives up only when the process stops, with Transient.

    What comes while a batch is on its way goes with the next one: receipts come by the hundred, and one request each
    would keep the broker busier than the orders do.
    """

    def __init__(self, publisher: Publisher, stop: asyncio.Event) -> None:
        self._publisher = publisher
        self._stop = stop
        self._waiting: list[Outgoing] = []
        self._next: asyncio.Task[None] | None = None
        self._line = asyncio.Lock()

    async def publish(self, outgoing: Sequence[Outgoing]) -> None:
        """Return when all is acknowledged."""
        self._waiting.extend(outgoing)
        if self._next is None:
            self._next = asyncio.create_task(self._send())
        # Shielded: one caller that is cancelled must not take the others' records with it.
        await asyncio.shield(self._next)

    async def _send(self) -> None:
        async with self._line:
            batch, self._waiting = self._waiting, []
            self._next = None
            await self._until_acknowledged(batch)

    async def _until_acknowledged(self, batch: Sequence[Outgoing]) -> None:
        pause_s = PAUSE_FIRST_S
        while True:
            try:
                await self._publisher.publish(batch)
            except Transient:
                if self._stop.is_set():
                    raise
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, PAUSE_MOST_S)
            else:
                return


class Turns:
    """One at a time per key, in order of arrival; other keys do not wait."""

    def __init__(self) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def of(self, key: str) -> AsyncIterator[None]:
        """The key's turn."""
        lock, users = self._locks.get(key) or (asyncio.Lock(), 0)
        self._locks[key] = (lock, users + 1)
        try:
            async with lock:
                yield
        finally:
            lock, users = self._locks[key]
            if users == 1:
                del self._locks[key]
            else:
                self._locks[key] = (lock, users - 1)
