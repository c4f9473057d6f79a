"""Puts together what many want published at the same moment.

Hundreds of tenants with a few records each would be as many requests to the broker, which takes them of one partition one
after the other: a busy machine then answers none of them in time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from siaga_kit.records import Outgoing


class Combined:
    """Publishes by `publish`: what is asked for while one publication is under way goes together in the next."""

    def __init__(self, publish: Callable[[Sequence[Outgoing]], Awaitable[None]]) -> None:
        self._publish = publish
        self._waiting: list[tuple[Sequence[Outgoing], asyncio.Future[None]]] = []
        self._going: asyncio.Task[None] | None = None

    async def publish(self, outgoing: Sequence[Outgoing]) -> None:
        """Return when the broker has these; raises what the publication raises that they went with."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((outgoing, done))
        if self._going is None:
            self._going = asyncio.create_task(self._run())
        await done

    async def _run(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            error: Exception | None = None
            try:
                await self._publish([record for outgoing, _ in group for record in outgoing])
            except Exception as failed:  # noqa: BLE001  (it is told to each that waits)
                error = failed
            for _, done in group:
                if done.done():
                    continue
                if error is None:
                    done.set_result(None)
                else:
                    done.set_exception(error)
        self._going = None
