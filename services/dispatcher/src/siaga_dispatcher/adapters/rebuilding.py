"""Makes the working state again from the compacted topics, when Redis has lost it or an operator says so.

The tenant's epoch is missing while this goes on, so nothing is decided; it is set when all is written. One process at
a time does it for a tenant, the others wait for the epoch.
"""

import asyncio
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from redis.asyncio import Redis
from siaga_kit.errors import Transient
from siaga_kit.pipe import Pipe
from siaga_kit.settings import KafkaSettings

from siaga_dispatcher.adapters.events import Topics
from siaga_dispatcher.adapters.keys import Keys, tenant_of
from siaga_dispatcher.adapters.outbox import RELEASE, RENEW
from siaga_dispatcher.adapters.picture import different, picture, state_keys
from siaga_dispatcher.adapters.remembered import Remembered, remembered

log = structlog.get_logger()

# A process killed in the middle leaves the work to another after so long.
LEASE_MS: Final = 15_000
RENEW_S: Final = 5.0
# In one go to Redis: it answers others between two of them.
CHUNK: Final = 1_000
# What was committed before the state was lost or given up must be in the topics before they are read.
OUTBOX_WAIT_S: Final = 20.0
OUTBOX_LOOK_S: Final = 0.05

# Sets the epoch only while the lease is ours: whoever lost it may have written over another's work.
FINISH: Final = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[2])
redis.call('SET', KEYS[3], ARGV[2])
return 1
"""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was made again for a tenant; `different` are the keys that were not the same before, if it was compared."""

    tenant: str
    units: int
    incidents: int
    alerts: int
    different: tuple[str, ...] = ()


class Rebuilder:
    """Makes tenants' working states again."""

    def __init__(self, redis: Redis, kafka: KafkaSettings, topics: Topics) -> None:
        self._redis = redis
        self._pipe = Pipe(redis)
        self._kafka = kafka
        self._topics = topics
        self._holder = uuid.uuid4().hex
        self._renew = redis.register_script(RENEW)
        self._release = redis.register_script(RELEASE)
        self._finish = redis.register_script(FINISH)

    async def lost(self, tenants: Sequence[str]) -> list[str]:
        """The tenants whose working state does not exist."""
        there = await self._having(lambda keys: keys.epoch, tenants)
        return [tenant for tenant in tenants if tenant not in there]

    async def behind(self, tenants: Sequence[str]) -> list[str]:
        """The tenants whose latest records have to be decided about again."""
        return await self._having(lambda keys: keys.behind, tenants)

    async def caught_up(self, tenants: Sequence[str]) -> None:
        """The tenants' latest records have been decided about again."""
        await self._redis.delete(*(Keys(tenant).behind for tenant in tenants))

    async def _having(self, key: Callable[[Keys], str], tenants: Sequence[str]) -> list[str]:
        found = await self._pipe.ask_all([("EXISTS", key(Keys(tenant))) for tenant in tenants])
        return [tenant for tenant, there in zip(tenants, found, strict=True) if there]

    async def rebuild(self, tenants: Sequence[str], now_ms: int, *, compare: bool = False) -> list[Rebuilt]:
        """Make the working states of these tenants; those that another process is at are left to it.

        A state that exists is given up first: nothing is decided on it any more. `compare` tells what differs then.
        Raises Transient when the outbox is not published in time, for then the topics do not know all yet.
        """
        ours = [tenant for tenant in tenants if await self._take(tenant)]
        if not ours:
            return []
        held = asyncio.create_task(self._hold(ours))
        try:
            await self._redis.delete(*(Keys(tenant).epoch for tenant in ours))
            await self._published(ours)
            read = (self._topics.units, self._topics.incidents, self._topics.alerts)
            memory = await remembered(self._kafka, ours, read, self._topics, now_ms)
            before = await picture(self._redis, ours) if compare else {}
            await self._forget(ours)
            for tenant in ours:
                await self._write(tenant, memory.of[tenant], now_ms)
            names = different(before, await picture(self._redis, ours)) if compare else []
            return [await self._finished(tenant, memory.of[tenant], now_ms, names) for tenant in ours]
        finally:
            held.cancel()
            # Redis may be away: then the lease runs out, and the epoch is not set.
            await asyncio.gather(held, return_exceptions=True)
            for tenant in ours:
                await self._release(keys=[Keys(tenant).rebuilding], args=[self._holder])

    async def _finished(self, tenant: str, known: Remembered, now_ms: int, names: Sequence[str]) -> Rebuilt:
        keys = Keys(tenant)
        if not await self._finish(
            keys=[keys.rebuilding, keys.epoch, keys.behind], args=[self._holder, str(now_ms)]
        ):  # fmt: skip
            raise Transient(f"rebuilding {tenant} took longer than its lease; it begins again")
        log.info("working state made again", tenant=tenant, units=len(known.units), incidents=len(known.incidents))
        own = tuple(name for name in names if tenant_of(name) == tenant)
        return Rebuilt(tenant, len(known.units), len(known.incidents), len(known.alerts), own)

    async def _take(self, tenant: str) -> bool:
        return bool(await self._redis.set(Keys(tenant).rebuilding, self._holder, nx=True, px=LEASE_MS))

    async def _hold(self, tenants: Collection[str]) -> None:
        while True:
            await asyncio.sleep(RENEW_S)
            for tenant in tenants:
                await self._renew(keys=[Keys(tenant).rebuilding], args=[self._holder, LEASE_MS])

    async def _published(self, tenants: Sequence[str]) -> None:
        try:
            async with asyncio.timeout(OUTBOX_WAIT_S):
                for tenant in tenants:
                    while await self._redis.xlen(Keys(tenant).outbox):
                        await asyncio.sleep(OUTBOX_LOOK_S)
        except TimeoutError as error:
            raise Transient("committed records still wait to be published: is the broker away?") from error

    async def _write(self, tenant: str, known: Remembered, now_ms: int) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        for commands in known.commands(tenant, now_ms):
            for command in commands:
                pipeline.execute_command(*command)
            if len(pipeline) >= CHUNK:
                await pipeline.execute()
        await pipeline.execute()

    async def _forget(self, tenants: Sequence[str]) -> None:
        """Remove what may be left of the state; what is to be published, leases and causes committed stay."""
        found = [name for names in (await state_keys(self._redis, tenants)).values() for name in names]
        for start in range(0, len(found), CHUNK):
            await self._redis.delete(*found[start : start + CHUNK])
