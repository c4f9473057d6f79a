"""What changes, told to whoever watches: one reader of a topic in a process, however many watch.

The reader stands at the topic's end before a watcher reads the state, so nothing falls between the two; what comes
twice is known by its version.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import grpc
import structlog
from google.protobuf.message import Message
from siaga_contracts.catalogue import Topic
from siaga_kit.errors import is_transient
from siaga_kit.grpc_server import Refused
from siaga_kit.reading import news
from siaga_kit.settings import KafkaSettings

log = structlog.get_logger()

# Changes that one watcher may be behind: a few minutes of a busy centre. More would be memory for who never reads.
BEHIND_MOST: Final = 1_000
# Each holds a queue and a stream; a centre has a few screens, an integrator subscribes to the topics.
WATCHERS_MOST: Final = 200
START_WITHIN_S: Final = 5.0


@dataclass(slots=True, eq=False)
class Watcher:
    """One who watches a tenant; its changes in their order, None = the feed has ended."""

    tenant: str
    # Version of each that the watcher was told as it is; what the topic says up to it is no news.
    told: dict[str, int] = field(default_factory=dict)
    queue: asyncio.Queue[Message | None] = field(default_factory=lambda: asyncio.Queue(BEHIND_MOST))
    overrun: bool = False

    def is_news(self, key: str, version: int) -> bool:
        """Whether a change is later than what was told at the start."""
        known = self.told.get(key)
        if known is None or version > known:
            self.told.pop(key, None)
            return True
        return False

    async def changes(self) -> AsyncIterator[Any]:
        """Each change as it happens; ends by raising Refused when the feed does, or when it was read too slowly."""
        while True:
            message = None if self.overrun else await self.queue.get()
            if self.overrun:
                raise Refused(
                    grpc.StatusCode.RESOURCE_EXHAUSTED,
                    f"more than {BEHIND_MOST} changes were not read in time; call again, and read faster",
                )
            if message is None:
                raise Refused(grpc.StatusCode.UNAVAILABLE, "the feed of changes has ended; call again")
            yield message


class Feed:
    """The changes on one topic of snapshots. It reads only while somebody watches."""

    def __init__(self, settings: KafkaSettings, topic: Topic) -> None:
        self._settings = settings
        self._topic = topic
        self._watchers: set[Watcher] = set()
        self._reader: asyncio.Task[None] | None = None
        self._started = asyncio.Event()

    @asynccontextmanager
    async def watching(self, tenant: str) -> AsyncIterator[Watcher]:
        """A watcher from now on; raises Refused while the topic cannot be read, or when too many watch."""
        if len(self._watchers) >= WATCHERS_MOST:
            raise Refused(grpc.StatusCode.RESOURCE_EXHAUSTED, f"{WATCHERS_MOST} watch already; read the topic instead")
        watcher = Watcher(tenant)
        self._watchers.add(watcher)
        try:
            await self._reading()
            yield watcher
        finally:
            self._watchers.discard(watcher)
            if not self._watchers and self._reader is not None:
                reader, self._reader = self._reader, None
                reader.cancel()

    async def close(self) -> None:
        """End all watching."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
        self._end()

    async def _reading(self) -> None:
        if self._reader is None or self._reader.done():
            self._started = asyncio.Event()
            self._reader = asyncio.create_task(self._read(self._started), name=f"feed {self._topic.name}")
        try:
            async with asyncio.timeout(START_WITHIN_S):
                await self._started.wait()
        except TimeoutError as error:
            raise Refused(grpc.StatusCode.UNAVAILABLE, "the broker does not answer; try again") from error

    async def _read(self, started: asyncio.Event) -> None:
        try:
            async for record in news(self._settings, [self._topic], started):
                if record.value is not None:
                    self._tell(self._topic.message.FromString(record.value))
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("feed of changes ended", topic=self._topic.name, error=type(error).__name__)
        finally:
            if started is self._started:
                self._end()

    def _tell(self, message: Any) -> None:
        for watcher in self._watchers:
            if watcher.tenant == message.tenant and not watcher.overrun:
                try:
                    watcher.queue.put_nowait(message)
                except asyncio.QueueFull:
                    watcher.overrun = True

    def _end(self) -> None:
        for watcher in self._watchers:
            if watcher.queue.full():
                watcher.overrun = True
            else:
                watcher.queue.put_nowait(None)
