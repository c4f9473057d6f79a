"""Keeps the units' standing true to the roster as shifts begin and end."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final

import structlog
from siaga_kit.errors import is_transient

from siaga_dispatcher.adapters import directory
from siaga_dispatcher.adapters.store import Stale, Store
from siaga_dispatcher.core.duty import changed_standing, next_change_ms
from siaga_dispatcher.core.values import Rules

log = structlog.get_logger()

# The clock may be set while we sleep: it is looked at this often.
LOOK_EVERY_S: Final = 20.0
# Redis may be away at the very change of shift.
RETRY_S: Final = 0.5


class DutyKeeper:
    """Brings each tenant's units on and off duty; `changed` is told of a tenant whose units did.

    No timer is kept anywhere: who is on duty follows from the roster and the time alone, so that a dispatcher that was down over a
    change of shift puts all right when it starts, and several do no harm beside each other.
    """

    def __init__(
        self,
        store: Store,
        rules: Mapping[str, Rules],
        clock_ms: Callable[[], int],
        changed: Callable[[str, int], Awaitable[None]],
    ) -> None:
        self._store = store
        self._rules = rules
        self._clock_ms = clock_ms
        self._changed = changed
        # By tenant, when its next shift begins or ends.
        self._next: dict[str, int] = {}
        self._last_ms = 0
        self._kept = asyncio.Event()

    async def keep(self, tenant: str) -> int:
        """Bring one tenant's units to their standing as of now; tells how many changed it. Raises what the store raises."""
        rules, now = self._rules[tenant], self._clock_ms()
        # Before the units are read: what changes meanwhile is then looked at again.
        self._next[tenant] = now
        # One that is being made again is not to be written into meanwhile.
        if not await self._store.initialised(tenant):
            return 0
        unit_ids = [unit.unit_id for unit in await self._store.fleet(tenant)]
        written = await directory.change(self._store, tenant, unit_ids, lambda unit: changed_standing(unit, rules, now))
        if written:
            log.info("change of shift", tenant=tenant, units=written)
        duties = (*rules.roster.by_unit.values(), *rules.roster.by_kind.values())
        self._next[tenant] = next_change_ms(duties, rules.zone, now)
        self._kept.set()
        return written

    async def run(self, stop: asyncio.Event) -> None:
        """Keep all tenants until told to stop."""
        stopping = asyncio.create_task(stop.wait())
        while not stop.is_set():
            self._kept.clear()
            pause_s = await self._pass()
            kept = asyncio.create_task(self._kept.wait())
            await asyncio.wait((stopping, kept), timeout=pause_s, return_when=asyncio.FIRST_COMPLETED)
            kept.cancel()
            with suppress(asyncio.CancelledError):
                await kept
        await stopping

    async def _pass(self) -> float:
        """Look at the tenants whose time has come; how long to sleep after it."""
        now = self._clock_ms()
        if now < self._last_ms:
            # The clock was set back: what was to come may have to come again.
            self._next.clear()
        self._last_ms = now
        for tenant in self._rules:
            if self._next.get(tenant, 0) > now:
                continue
            try:
                if await self.keep(tenant):
                    await self._changed(tenant, now)
            except Exception as error:
                if not (isinstance(error, Stale) or is_transient(error)):
                    raise
                self._next[tenant] = now
                log.warning("change of shift waits", tenant=tenant, why=type(error).__name__)
                return RETRY_S
        soonest = min(self._next.values(), default=now)
        return min(LOOK_EVERY_S, max(RETRY_S, (soonest - self._clock_ms()) / 1000))
