"""Keeping events: on the broker, or on disk until it is back. Whoever asks is told only when one of the two has them.

Requests that arrive while publishes are under way go together in the next one: the broker's round trip is shared under load,
and a lone request leaves at once. Two groups may be under way, never two with events of one call, so that those keep their
order; while anything waits on disk, everything goes there, behind it.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog
from google.protobuf.message import Message
from siaga_contracts.catalogue import Topic
from siaga_kit.errors import Transient
from siaga_kit.records import Outgoing

from siaga_intake.adapters.spool import Full, Kept, Spool

log = structlog.get_logger()

Publish = Callable[[Sequence[Outgoing]], Awaitable[None]]
Clock = Callable[[], float]

# After a failure the broker is not asked again for this long: each try costs a group of requests the full time-out.
BROKER_PAUSE_S: Final = 1.0
# More in one publish would hold the loop for longer than a lone request should wait.
GROUP_EVENTS: Final = 2_000
# One is made ready while the broker writes the other; more would only make smaller groups.
GROUPS_UNDER_WAY: Final = 2
DRAIN_EVENTS: Final = 2_000
# Answers of the switch's HTTP clients time out at 10 s and more; beyond this many waiting events they would.
MAX_WAITING_EVENTS: Final = 100_000


@dataclass(frozen=True, slots=True)
class _Waiting:
    outgoing: Sequence[Outgoing]
    done: "asyncio.Future[None]"


class Keeper:
    """Takes the events of requests and keeps them. `run` and `drain` must both be running."""

    def __init__(self, publish: Publish, spool: Spool, topic: Topic, clock: Clock = time.monotonic) -> None:
        self._publish = publish
        self._spool = spool
        self._topic = topic
        self._clock = clock
        self._queue: deque[_Waiting] = deque()
        self._queued_events = 0
        self._under_way: set[asyncio.Task[None]] = set()
        self._calls_under_way: set[str] = set()
        self._wake = asyncio.Event()
        self._spooled = asyncio.Event()
        self._broker_away_until_s = 0.0
        self._closing = False
        self.broker_away: str | None = None

    async def keep(self, outgoing: Sequence[Outgoing]) -> None:
        """Return when broker or disk has all of these. Raises Full when neither takes them: none is kept."""
        if not outgoing:
            return
        if self._closing or self._queued_events >= MAX_WAITING_EVENTS:
            raise Full("intake is stopping" if self._closing else "too many events wait to be kept")
        waiting = _Waiting(outgoing, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._queued_events += len(outgoing)
        self._wake.set()
        await waiting.done

    def trouble(self) -> str | None:
        """Why events cannot be kept; None when broker or disk takes them."""
        if self.broker_away is None or (self._spool.trouble is None and self._spool.room_for(1, 0)):
            return None
        return f"broker: {self.broker_away}; spool: {self._spool.trouble or 'full'}"

    def close(self) -> None:
        """Keep what waits, then let `run` and `drain` end. What is on disk stays there for the next start."""
        self._closing = True
        self._wake.set()
        self._spooled.set()

    async def run(self) -> None:
        """Keep groups of requests until closed."""
        if self._spool.events:
            self._spooled.set()
        async with asyncio.TaskGroup() as groups:
            while self._queue or not self._closing:
                group = self._next_group() if len(self._under_way) < GROUPS_UNDER_WAY else []
                if not group:
                    self._wake.clear()
                    await self._wake.wait()
                    continue
                calls = {record.key for waiting in group for record in waiting.outgoing}
                self._calls_under_way |= calls
                task = groups.create_task(self._keep(group))
                self._under_way.add(task)
                task.add_done_callback(partial(self._ended, calls))

    def _ended(self, calls: set[str], task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._calls_under_way -= calls
        self._wake.set()

    def _next_group(self) -> list[_Waiting]:
        """The oldest requests up to the first that has a call under way; perhaps none."""
        group: list[_Waiting] = []
        events = 0
        while self._queue:
            following = self._queue[0].outgoing
            if group and events + len(following) > GROUP_EVENTS:
                break
            if self._calls_under_way and any(record.key in self._calls_under_way for record in following):
                break
            group.append(self._queue.popleft())
            events += len(following)
        self._queued_events -= events
        return group

    async def _keep(self, group: list[_Waiting]) -> None:
        try:
            await self._keep_somewhere(group)
        except BaseException as error:
            for waiting in group:
                _settle(waiting, Full(f"not kept: {type(error).__name__}"))
            raise

    async def _keep_somewhere(self, group: list[_Waiting]) -> None:
        if self._spool.events == 0 and self._clock() >= self._broker_away_until_s:
            outgoing = [record for waiting in group for record in waiting.outgoing]
            if await self._published(outgoing):
                for waiting in group:
                    _settle(waiting)
                return
        await self._to_disk(group)

    async def _published(self, outgoing: Sequence[Outgoing]) -> bool:
        try:
            await self._publish(outgoing)
        except Exception as error:  # noqa: BLE001  (whatever failed, the events must reach the disk; it is logged)
            if self.broker_away is None:
                log.warning("the broker does not take events; they go to the spool", error=_describe(error))
            self.broker_away = _describe(error)
            self._broker_away_until_s = self._clock() + BROKER_PAUSE_S
            return False
        self.broker_away = None
        return True

    async def _to_disk(self, group: list[_Waiting]) -> None:
        """As many requests as fit, in one transaction; the rest is told to come again."""
        fitting: list[Kept] = []
        kept: list[_Waiting] = []
        size = 0
        for waiting in group:
            records = [_kept(record) for record in waiting.outgoing]
            more = sum(each.size_bytes for each in records)
            if self._spool.room_for(len(fitting) + len(records), size + more):
                fitting += records
                kept.append(waiting)
                size += more
            else:
                _settle(waiting, Full("the spool is full"))
        problem: Full | None = None
        try:
            if fitting:
                await self._spool.append(fitting)
        except Full as full:
            problem = full
        for waiting in kept:
            _settle(waiting, problem)
        self._spooled.set()

    async def drain(self) -> None:
        """Publish what waits on disk, in order, whenever the broker takes it, until closed."""
        while not self._closing:
            if self._spool.trouble is not None:
                await self._spool.probe()
            if self._spool.events == 0:
                self._spooled.clear()
                await self._wait_for_spooled(None if self._spool.trouble is None else BROKER_PAUSE_S)
                continue
            up_to, kept = await self._spool.first(DRAIN_EVENTS)
            if kept and await self._published([self._outgoing(each) for each in kept]):
                await self._spool.forget(up_to, kept)
                log.info("events left the spool for the broker", events=len(kept), waiting=self._spool.events)
            else:
                await self._pause()

    async def _wait_for_spooled(self, seconds: float | None) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._spooled.wait(), seconds)

    async def _pause(self) -> None:
        for _ in range(10):
            if self._closing:
                return
            await asyncio.sleep(BROKER_PAUSE_S / 10)

    def _outgoing(self, kept: Kept) -> Outgoing:
        message: Message = self._topic.message.FromString(kept.value)
        return Outgoing(self._topic, kept.key, message, kept.event_id, kept.event_at_ms, kept.traceparent)


def _describe(error: Exception) -> str:
    # The message of our own condition is written for people; others might quote what they failed on.
    return str(error) if isinstance(error, Transient) else type(error).__name__


def _kept(record: Outgoing) -> Kept:
    value = b"" if record.message is None else record.message.SerializeToString()
    return Kept(record.key, record.event_id, record.event_at_ms, record.traceparent, value)


def _settle(waiting: _Waiting, problem: Exception | None = None) -> None:
    # The request may have gone away; its events are kept all the same.
    if waiting.done.done():
        return
    if problem is None:
        waiting.done.set_result(None)
    else:
        waiting.done.set_exception(problem)
