"""Publishes what has been committed: in order, by one process per tenant at a time, at once.

A record leaves the stream only after the broker has it; a process killed in between publishes it again, with the same
event id. The lease is held only while there is something to publish, so another process never waits for an idle one.
"""

import asyncio
import math
import time
from collections.abc import Iterator, Sequence
from importlib import resources
from typing import Final, cast

import structlog
from redis.asyncio import Redis
from siaga_kit.errors import is_transient
from siaga_kit.pipe import Pipe, Script
from siaga_kit.publishing import PUBLISH_TIMEOUT_S, Publisher
from siaga_kit.records import Outgoing

from siaga_dispatcher.adapters.combining import Combined
from siaga_dispatcher.adapters.events import Topics
from siaga_dispatcher.adapters.keys import Keys
from siaga_dispatcher.adapters.side_by_side import all_of

log = structlog.get_logger()

# Longer than one publication may take, or a second process would publish the same batch beside the first.
LEASE_MS: Final = int(PUBLISH_TIMEOUT_S * 1000) + 3_000
# How long a record of a killed process, or one committed while another process held the lease, lies at most.
SWEEP_S: Final = 1.0
BATCH: Final = 500

# Tenants published side by side. One after the other, each with its own answer of the broker, a country's crews would wait for
# the hundreds of tenants before theirs. Of many more, full outboxes after an outage would not go through within one
# publication's time on a slow machine, and be published again and again.
TOGETHER: Final = 8

# Extends or ends a lease only if it is ours.
RENEW: Final = "if redis.call('GET',KEYS[1])==ARGV[1] then return redis.call('PEXPIRE',KEYS[1],ARGV[2]) end return 0"
RELEASE: Final = "if redis.call('GET',KEYS[1])==ARGV[1] then return redis.call('DEL',KEYS[1]) end return 0"


class Relay:
    """Moves records from the outboxes to the broker. `holder` names this process: the same after a restart."""

    def __init__(
        self, redis: Redis, publisher: Publisher, tenants: Sequence[str], topics: Topics, holder: str
    ) -> None:  # fmt: skip
        self._pipe = Pipe(redis)
        self._combined = Combined(publisher.publish)
        self._tenants = tenants
        self._topics = topics.by_name
        self._holder = holder
        self._awake = asyncio.Event()
        self._due: set[str] = set(tenants)
        self._take = Script(self._pipe, resources.files(__package__).joinpath("take.lua").read_text())
        self._release = Script(self._pipe, RELEASE)
        self._swept_s = -math.inf
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
            due |= await self._sweep()
            waiting = iter(sorted(due))
            await all_of(self._drain_each(waiting) for _ in range(min(TOGETHER, len(due))))
        except BaseException:
            self._due |= due
            raise

    async def _drain_each(self, tenants: Iterator[str]) -> None:
        for tenant in tenants:
            await self.drain(tenant)

    async def _sweep(self) -> set[str]:
        """Every tenant's outbox is looked into once in a while; in between, those that were woken for do."""
        now_s = time.monotonic()
        if now_s - self._swept_s < SWEEP_S:
            return set()
        self._swept_s = now_s
        return await self._left_behind()

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
        lengths = await self._pipe.ask_all([("XLEN", Keys(tenant).outbox) for tenant in self._tenants])
        return {tenant for tenant, length in zip(self._tenants, lengths, strict=True) if length}

    async def drain(self, tenant: str) -> int:
        """Publish all that waits for the tenant, unless another process is at it; tells how many records went."""
        keys = Keys(tenant)
        moved = 0
        published: list[bytes] = []
        try:
            # Read, lease and its end are one step each: nothing can be committed between a last look and the release.
            while rows := await self._step(keys, published):
                await self._combined.publish([self._outgoing(row) for _, row in rows])
                published = [entry for entry, _ in rows]
                moved += len(rows)
        except BaseException:
            await self._release([keys.relay], [self._holder])
            raise
        return moved

    async def _step(self, keys: Keys, published: Sequence[bytes]) -> list[tuple[bytes, list[bytes]]]:
        """What is to be published next; nothing = done, or somebody else is at it."""
        rows = await self._take([keys.outbox, keys.relay], [self._holder, LEASE_MS, BATCH, *published])
        return cast("list[tuple[bytes, list[bytes]]]", rows)

    def _outgoing(self, row: Sequence[bytes]) -> Outgoing:
        fields = dict(zip(row[::2], row[1::2], strict=True))
        topic = self._topics[fields[b"topic"].decode()]
        return Outgoing(
            topic,
            fields[b"key"].decode(),
            None,
            fields[b"id"].decode(),
            int(fields[b"at"]),
            fields[b"trace"].decode() or None,
            # The bytes that the working state keeps: it is made again from the topics, and must come out the same.
            fields[b"value"],
        )
