"""Publishes what has been committed: in order, by one process per tenant at a time, at once.

A record leaves the stream only after the broker has it; a process killed in between publishes it again, with the same
event id. The lease is held only while there is something to publish, so another process never waits for an idle one.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, cast

import structlog
from redis.asyncio import Redis
from siaga_kit.errors import is_transient
from siaga_kit.publishing import PUBLISH_TIMEOUT_S, Publisher
from siaga_kit.records import Outgoing

from siaga_dispatcher.adapters.events import Topics
from siaga_dispatcher.adapters.keys import Keys

log = structlog.get_logger()

# Longer than one publication may take, or a second process would publish the same batch beside the first.
LEASE_MS: Final = int(PUBLISH_TIMEOUT_S * 1000) + 3_000
# How long a record of a killed process, or one committed while another process held the lease, lies at most.
SWEEP_S: Final = 1.0
BATCH: Final = 500

# Extends or ends the lease only if it is ours.
RENEW: Final = "if redis.call('GET',KEYS[1])==ARGV[1] then return redis.call('PEXPIRE',KEYS[1],ARGV[2]) end return 0"
RELEASE: Final = "if redis.call('GET',KEYS[1])==ARGV[1] then return redis.call('DEL',KEYS[1]) end return 0"


class Relay:
    """Moves records from the outboxes to the broker. `holder` names this process: the same after a restart."""

    def __init__(
        self, redis: Redis, publisher: Publisher, tenants: Sequence[str], topics: Topics, holder: str
    ) -> None:  # fmt: skip
        self._redis = redis
        self._publisher = publisher
        self._tenants = tenants
        self._topics = topics.by_name
        self._holder = holder
        self._awake = asyncio.Event()
        self._due: set[str] = set(tenants)
        self._renew = redis.register_script(RENEW)
        self._release = redis.register_script(RELEASE)
        self.trouble: str | None = None

    def wake(self, tenant: str) -> None:
        """Something was committed for the tenant: publish it now."""
        self._due.add(tenant)
        self._awake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until told to stop."""
        while not stop.is_set():
            try:
                await self._round()
            except Exception as error:
                if not is_transient(error):
                    raise
                self.trouble = f"waiting: {type(error).__name__}"
                log.warning("outbox paused", error=type(error).__name__)
            else:
                self.trouble = None
            await self._rest(stop)

    async def finish(self) -> None:
        """The last words before the process ends; what does not go now goes at the next start."""
        if self.trouble is not None:
            return
        try:
            await self._round()
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("outbox not emptied", error=type(error).__name__)

    async def _round(self) -> None:
        due, self._due = self._due, set()
        self._awake.clear()
        try:
            due |= await self._left_behind()
            for tenant in sorted(due):
                await self.drain(tenant)
        except BaseException:
            self._due |= due
            raise

    async def _rest(self, stop: asyncio.Event) -> None:
        if self._awake.is_set() and self.trouble is None:
            return
        woken = asyncio.ensure_future(self._awake.wait())
        stopped = asyncio.ensure_future(stop.wait())
        waiting = {stopped} if self.trouble else {woken, stopped}
        await asyncio.wait(waiting, timeout=SWEEP_S, return_when=asyncio.FIRST_COMPLETED)
        woken.cancel()
        stopped.cancel()

    async def _left_behind(self) -> set[str]:
        pipeline = self._redis.pipeline(transaction=False)
        for tenant in self._tenants:
            pipeline.xlen(Keys(tenant).outbox)
        return {tenant for tenant, length in zip(self._tenants, await pipeline.execute(), strict=True) if length}

    async def drain(self, tenant: str) -> int:
        """Publish all that waits for the tenant, unless another process is at it; tells how many records went."""
        keys = Keys(tenant)
        moved = 0
        while await self._redis.xlen(keys.outbox) and await self._take(keys):
            try:
                while count := await self._move(keys):
                    moved += count
            finally:
                await self._release(keys=[keys.relay], args=[self._holder])
            # Once more around: what was committed between our last look and the release found the lease taken.
        return moved

    async def _take(self, keys: Keys) -> bool:
        if await self._redis.set(keys.relay, self._holder, nx=True, px=LEASE_MS):
            return True
        # Ours from before a crash: nobody else uses this process's name.
        return bool(await self._renew(keys=[keys.relay], args=[self._holder, LEASE_MS]))

    async def _move(self, keys: Keys) -> int:
        if not await self._renew(keys=[keys.relay], args=[self._holder, LEASE_MS]):
            return 0
        rows = cast("list[tuple[bytes, dict[bytes, bytes]]]", await self._redis.xrange(keys.outbox, count=BATCH))
        if not rows:
            return 0
        await self._publisher.publish([self._outgoing(fields) for _, fields in rows])
        await self._redis.xdel(keys.outbox, *(entry for entry, _ in rows))
        return len(rows)

    def _outgoing(self, fields: dict[bytes, Any]) -> Outgoing:
        topic = self._topics[fields[b"topic"].decode()]
        return Outgoing(
            topic,
            fields[b"key"].decode(),
            topic.message.FromString(fields[b"value"]),
            fields[b"id"].decode(),
            int(fields[b"at"]),
            fields[b"trace"].decode() or None,
            # The bytes that the working state keeps: it is made again from the topics, and must come out the same.
            fields[b"value"],
        )
