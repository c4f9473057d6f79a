"""Wakes for what comes due. The timers themselves are in the store: this only asks it, and any process may."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final

import structlog
from siaga_kit.errors import is_transient

from siaga_dispatcher.adapters.due import Due
from siaga_dispatcher.following import FollowUp

log = structlog.get_logger()

# How late a timer may be: of thirty seconds nobody notices so little, and asking for 500 tenants costs milliseconds.
LOOK_EVERY_S: Final = 0.5
# Timers of one tenant in one look; after an outage of hours the rest follow half a second later.
AT_ONCE: Final = 200
# Crews may have answered while no dispatcher ran: their words are read first, or crews under way would be replaced.
CATCH_UP_S: Final = 5.0
# A timer that cannot be decided must not fill the log, nor keep the others waiting.
PAUSE_S: Final = 30.0


class TimerLoop:
    """Fires what is due, for all tenants, until stopped."""

    def __init__(
        self,
        due: Due,
        follow_up: FollowUp,
        tenants: Sequence[str],
        clock_ms: Callable[[], int],
        ready: Callable[[], bool] = lambda: True,
    ) -> None:
        """`ready` is false while a lost working state is made again: crews' last words may not be in it yet."""
        self._ready = ready
        self._due = due
        self._follow_up = follow_up
        self._tenants = tenants
        self._clock_ms = clock_ms
        self._paused: dict[tuple[str, str, str], float] = {}
        self.trouble: str | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Look again and again; an outage only makes it late."""
        pause_s = CATCH_UP_S
        while not await _stopped(stop, pause_s):
            try:
                if self._ready():
                    await self.look()
            except Exception as error:
                if not is_transient(error):
                    raise
                self.trouble = f"waiting: {type(error).__name__}"
            else:
                self.trouble = None
            pause_s = LOOK_EVERY_S

    async def look(self) -> int:
        """Fire everything that is due now; how many timers that were."""
        now_ms = self._clock_ms()
        fired = 0
        for tenant, due in (await self._due.timers(self._tenants, now_ms, AT_ONCE)).items():
            for incident_id, key in due:
                fired += await self._fire(tenant, incident_id, key, now_ms)
        return fired

    async def _fire(self, tenant: str, incident_id: str, key: str, now_ms: int) -> int:
        name = (tenant, incident_id, key)
        if self._paused.get(name, 0.0) > time.monotonic():
            return 0
        try:
            decision = await self._follow_up.take_timer(tenant, incident_id, key, now_ms)
        except Exception as error:
            if is_transient(error):
                raise
            log.exception("timer failed", tenant=tenant, incident=incident_id, kind=key.partition(":")[0])
            self._paused[name] = time.monotonic() + PAUSE_S
            return 0
        self._paused.pop(name, None)
        return int(not decision.empty)


async def _stopped(stop: asyncio.Event, within_s: float) -> bool:
    try:
        await asyncio.wait_for(stop.wait(), within_s)
    except TimeoutError:
        return False
    return True
