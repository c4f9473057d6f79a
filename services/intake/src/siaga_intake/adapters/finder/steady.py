"""A finder that always answers: Redis while it is there, else what this process remembers itself.

A message that cannot be placed where its conversation is known becomes a call of its own, or of what this process has seen of
the conversation: worse for the operator, but heard.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, TypeVar

import msgspec
import structlog
from redis.exceptions import RedisError

from siaga_intake.adapters.finder.memory import MemoryFinder
from siaga_intake.adapters.finder.port import CallFinder, Known, Placed, Who, Written
from siaga_intake.core.belonging import Ring
from siaga_intake.core.staleness import Waiting

log = structlog.get_logger()

# Redis answers in a fraction of a millisecond. A sender waits for this, once in a pause.
ANSWER_WITHIN_S: Final = 0.09
# What nobody waits for has time on a busy machine.
PATIENCE_S: Final = 1.0
# How long Redis is not asked again after it has failed.
PAUSE_S: Final = 1.0

T = TypeVar("T")


class SteadyFinder:
    """Two finders as one; what the first one has learnt, the second knows as well."""

    def __init__(self, first: CallFinder, clock: Callable[[], float] = time.monotonic) -> None:
        self._first = first
        self._own = MemoryFinder()
        self._clock = clock
        self._away_until_s = 0.0
        self.away = False

    def trouble(self) -> str | None:
        """What people should know of; nothing is unready for it."""
        return (
            "Redis is away: conversations and positions are matched by what this process remembers"
            if self.away
            else None
        )

    async def place(self, written: Sequence[Written], known: Known) -> Placed:
        self._own.learn(known)
        own = self._own.known(written)
        placed = await self._asked(lambda: self._first.place(written, own))
        if placed is None:
            return await self._own.place(written, {})
        self._own.learn(placed.known)
        return placed

    async def rings(self, callers: Sequence[Who]) -> list[Ring | None]:
        own = await self._own.rings(callers)
        found = await self._asked(lambda: self._first.rings(callers))
        return own if found is None else [theirs or ours for theirs, ours in zip(found, own, strict=True)]

    async def rang(self, rings: Mapping[Who, Ring]) -> None:
        await self._own.rang(rings)
        await self._asked(lambda: self._first.rang(rings), PATIENCE_S)

    async def hold(self, held: Sequence[tuple[Who, bytes]]) -> None:
        await self._own.hold(held)
        await self._asked(lambda: self._first.hold(held), PATIENCE_S)

    async def held(self, callers: Sequence[Who]) -> list[list[bytes]]:
        own = await self._own.held(callers)
        found = await self._asked(lambda: self._first.held(callers), PATIENCE_S)
        return (
            own
            if found is None
            else [list(dict.fromkeys((*theirs, *ours))) for theirs, ours in zip(found, own, strict=True)]
        )

    async def wait(self, waiting: Sequence[Waiting]) -> None:
        if await self._asked(lambda: self._done(self._first.wait(waiting))):
            self._own.forget_waiting(waiting)
        else:
            await self._own.wait(waiting)

    async def due(self, tenants: Sequence[str], now_ms: int) -> list[Waiting]:
        await self.hand_over()
        found = await self._asked(lambda: self._first.due(tenants, now_ms), PATIENCE_S)
        return [*(found or ()), *await self._own.due(tenants, now_ms)]

    async def done(self, waiting: Sequence[Waiting]) -> None:
        await self._own.done(waiting)
        await self._asked(lambda: self._first.done(waiting), PATIENCE_S)

    async def hand_over(self) -> None:
        """What only this process knows of who waits goes to Redis: at its end, and when Redis is back."""
        waiting = self._own.all_waiting()
        if waiting:
            await self.wait(waiting)

    async def _done(self, work: Awaitable[None]) -> bool:
        await work
        return True

    async def _asked(self, ask: Callable[[], Awaitable[T]], within_s: float = ANSWER_WITHIN_S) -> T | None:
        """The first finder's answer; None when it is away."""
        if self._clock() < self._away_until_s:
            return None
        try:
            async with asyncio.timeout(within_s):
                answer = await ask()
        except (RedisError, OSError, TimeoutError, msgspec.MsgspecError) as error:
            if not self.away:
                log.warning("Redis does not answer; conversations are followed by memory", error=type(error).__name__)
            self.away = True
            self._away_until_s = self._clock() + PAUSE_S
            return None
        self.away = False
        return answer
