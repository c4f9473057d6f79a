"""Keeping events: on the broker, or on disk until it is back. Whoever asks is told only when one of the two has them.

Requests that arrive while a publish is under way go together in the next one: the broker's round trip is shared under load,
and a lone request leaves at once. One group is under way at a time, so the events of a call keep their order; while anything
waits on disk, everything goes there, behind it.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from google.protobuf.message import Message
from siaga_contracts.catalogue import Topic
from siaga_kit import telemetry
from siaga_kit.errors import Transient
from siaga_kit.records import Outgoing

from siaga_intake.adapters.spool import Full, Kept, Spool

log = structlog.get_logger()

Publish = Callable[[Sequence[Outgoing]], Awaitable[None]]
Clock = Callable[[], float]

# After a failure the broker is not asked again for this long: each try costs a group of requests the full time-out.
BROKER_PAUSE_S: Final = 1.0
# More in one publish would hold the loop for longer than a lone request should wait.
GROUP_EVENTS: Final = 5_000
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
        self._wake = asyncio.Event()
        self._spooled = asyncio.Event()
        self._broker_away_until_s = 0.0
        self._closing = False
        self._depth = telemetry.gauge("siaga.intake.spooled")
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
        if self.broker_away is None or (self._spool.trouble is None and self._spool.room_for(())):
            return None
        return f"broker: {self.broker_away}; spool: {self._spool.trouble or 'full'}"

    def close(self) -> None:
        """Keep what waits, then let `run` and `drain` end. What is on disk stays there for the next start."""
        self._closing = True
        self._wake.set()
        self._spooled.set()

    async def run(self) -> None:
        """Keep groups of requests, one after the other, until closed."""
        if self._spool.events:
            self._spooled.set()
        while not (self._closing and not self._queue):
            if not self._queue:
                self._wake.clear()
                await self._wake.wait()
                continue
            group = self._next_group()
            try:
                await self._keep(group)
            except BaseException as error:
                for waiting in group:
                    _settle(waiting, Full(f"not kept: {type(error).__name__}"))
                raise

    def _next_group(self) -> list[_Waiting]:
        group = [self._queue.popleft()]
        events = len(group[0].outgoing)
        while self._queue and events + len(self._queue[0].outgoing) <= GROUP_EVENTS:
            group.append(self._queue.popleft())
            events += len(group[-1].outgoing)
        self._queued_events -= events
        return group

    async def _keep(self, group: list[_Waiting]) -> None:
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
        for waiting in group:
            records = [_kept(record) for record in waiting.outgoing]
            if self._spool.room_for([*fitting, *records]):
                fitting += records
                kept.append(waiting)
            else:
                _settle(waiting, Full("the spool is full"))
        try:
            await self._spool.append(fitting)
        except Full as full:
            for waiting in kept:
                _settle(waiting, full)
            return
        for waiting in kept:
            _settle(waiting)
        self._depth.set(self._spool.events)
        self._spooled.set()

    async def drain(self) -> None:
        """Publish what waits on disk, in order, whenever the broker takes it, until closed."""
        while not self._closing:
            if self._spool.events == 0:
                self._spooled.clear()
                await self._spooled.wait()
                continue
            up_to, kept = await self._spool.first(DRAIN_EVENTS)
            if await self._published([self._outgoing(each) for each in kept]):
                await self._spool.forget(up_to, kept)
                self._depth.set(self._spool.events)
                log.info("events left the spool for the broker", events=len(kept), waiting=self._spool.events)
            else:
                await self._pause()

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
