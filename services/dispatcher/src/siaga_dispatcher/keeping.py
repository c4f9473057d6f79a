"""Sees to it that the working state exists and is as new as its topics: at the start, and when Redis loses it."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final

import structlog
from siaga_kit.errors import is_transient
from siaga_kit.service import Runtime

from siaga_dispatcher.adapters.freshness import Freshness
from siaga_dispatcher.adapters.rebuilding import Rebuilder

log = structlog.get_logger()

# Redis may still be loading its log when we start, or another process be at the same work.
RETRY_S: Final = 0.5
# How long a loss may go unnoticed while nothing is decided; a commit that meets it pauses at once.
LOOK_S: Final = 1.0


class Keeper:
    """Has lost working states made again, then `load`s each tenant's units and lets `catch_up` follow."""

    def __init__(
        self,
        rebuilder: Rebuilder,
        tenants: Sequence[str],
        load: Callable[[str], Awaitable[None]],
        catch_up: Callable[[Collection[str]], Awaitable[int]],
        clock_ms: Callable[[], int],
        freshness: Freshness,
    ) -> None:
        self._rebuilder = rebuilder
        self._freshness = freshness
        self._tenants = tenants
        self._load = load
        self._catch_up = catch_up
        self._clock_ms = clock_ms
        self._loaded: set[str] = set()
        # Tenants whose state is not there: what is asked of it now would be answered from nothing.
        self.lost: frozenset[str] = frozenset(tenants)
        self.trouble: str | None = "loading the units"

    async def prepare(self, runtime: Runtime) -> bool:
        """Bring the working states up before anything is decided; False = told to stop meanwhile."""
        while not await self._tried():
            if await runtime.sleep(RETRY_S):
                return False
        return True

    async def watch(self, runtime: Runtime) -> None:
        """Look again and again, until the runtime stops."""
        while not await runtime.sleep(LOOK_S if self.trouble is None else RETRY_S):
            await self._tried()

    async def _tried(self) -> bool:
        try:
            done = await self._whole()
        except Exception as error:
            if not is_transient(error):
                raise
            # Redis away is no loss: what is there comes back with it.
            self.trouble = f"waiting: {type(error).__name__}"
            return False
        if done:
            self.trouble = None
        return done

    async def _whole(self) -> bool:
        lost = await self._rebuilder.lost(self._tenants)
        self.lost = frozenset(lost)
        if lost:
            self.trouble = f"working state of {', '.join(lost)} is being made again"
            log.warning("working state lost", tenants=lost)
            self._loaded -= set(lost)
            await self._rebuilder.rebuild(lost, self._clock_ms())
            lost = await self._rebuilder.lost(self._tenants)
        if not lost:
            older = await self._freshness.older(self._tenants, self._clock_ms())
            if older:
                self.trouble = f"working state of {', '.join(older)} is older than its topics and is made again"
                log.warning("working state older than its topics", tenants=older)
                self.lost = frozenset(older)
                self._loaded -= set(older)
                await self._rebuilder.rebuild(older, self._clock_ms())
                # Another process may be at it: this one looks again.
                return False
        for tenant in self._tenants:
            if tenant not in self._loaded and tenant not in lost:
                await self._load(tenant)
                self._loaded.add(tenant)
        self.lost = frozenset(lost)
        behind = await self._rebuilder.behind(self._tenants)
        if behind:
            log.info("latest records decided about again", records=await self._catch_up(behind))
            await self._rebuilder.caught_up(behind)
        return not lost
