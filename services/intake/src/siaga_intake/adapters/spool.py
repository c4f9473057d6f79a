"""The spool: events that the broker has not taken yet, on disk before the sender is told that we have them.

One file, worked on in one thread. Every append is one transaction and one fsync, for all requests that wait at that moment.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import structlog
from siaga_kit import telemetry

from siaga_intake.adapters.spool_file import Row, SpoolFile, is_damaged, is_taken

log = structlog.get_logger()
T = TypeVar("T")

# Ten hours of a nation's mean rate. More would fill the small disks of a centre, and takes long to drain.
MAX_BYTES: Final = 500_000_000
MAX_EVENTS: Final = 1_000_000
# Left free on the disk: taking events off the spool needs room as well (deletions go through the write-ahead log), and
# Kafka's data often lies on the same disk, which it does not survive full.
RESERVE_BYTES: Final = 64 * 1024 * 1024
# Told from here on, so that somebody can act while events are still taken.
ALARM_SHARE: Final = 0.8
# What SQLite adds to an event (row, index of the key, page fill), measured generously.
_ROW_OVERHEAD_BYTES: Final = 100


class Full(Exception):  # noqa: N818  (a state of the disk, not a programming error)
    """The spool has no room, or its disk does not write: nothing was kept, the sender must try again."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One event as the spool keeps it."""

    key: str
    event_id: str
    event_at_ms: int
    traceparent: str | None
    value: bytes

    @property
    def size_bytes(self) -> int:
        """What it takes on disk."""
        return len(self.value) + len(self.key) + len(self.event_id) + _ROW_OVERHEAD_BYTES


class Spool:
    """A bounded queue on disk, in order. Open it before use; one process at a time."""

    def __init__(
        self,
        path: Path,
        max_bytes: int = MAX_BYTES,
        max_events: int = MAX_EVENTS,
        reserve_bytes: int = RESERVE_BYTES,
    ) -> None:
        self._file = SpoolFile(path)
        self._max_bytes = max_bytes
        self._max_events = max_events
        self._reserve_bytes = reserve_bytes
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spool")
        self._gone_up_to = 0
        self._alarmed = False
        self._depth = telemetry.gauge("siaga.intake.spooled")
        self._used = telemetry.gauge("siaga.intake.spool_share")
        self.events = 0
        self.bytes = 0
        # Why the disk takes nothing; None when it does.
        self.trouble: str | None = "not open"

    async def open(self) -> None:
        """Open or make the file; a damaged one is set aside. Fails when another process has it.

        A disk that does not take so much as an empty file stops nothing but the spool: events go to the broker, and
        the file is tried again with every probe.
        """
        try:
            self.events, size = await self._in_thread(self._open)
        except (sqlite3.Error, OSError) as error:
            if isinstance(error, sqlite3.Error) and is_taken(error):
                raise
            self._in_trouble("hold", error)
            return
        self.bytes = size + self.events * _ROW_OVERHEAD_BYTES
        self.trouble = None
        self._tell()

    def _open(self) -> tuple[int, int]:
        self._file.open()
        return self._file.sizes()

    def room_for(self, events: int, size_bytes: int) -> bool:
        """Whether so many of that size together still fit below the bounds."""
        return self.events + events <= self._max_events and self.bytes + size_bytes <= self._max_bytes

    def alarm(self) -> str | None:
        """What is amiss while events are still taken, or are not: the spool fills, or its disk is in trouble."""
        if self.trouble is not None:
            return self.trouble
        share = self._share()
        return f"{share:.0%} full: {self.events} events wait for the broker" if share >= ALARM_SHARE else None

    async def append(self, kept: Sequence[Kept]) -> None:
        """Put these on disk, all or none; returns when they are there. Raises Full."""
        size = sum(each.size_bytes for each in kept)
        if not self.room_for(len(kept), size):
            raise Full(f"the spool is full: {self.events} events wait for the broker")
        rows = [(each.key, each.event_id, each.event_at_ms, each.traceparent, each.value) for each in kept]
        # Counted before they are there: another append meanwhile must not take the same room.
        self.events += len(kept)
        self.bytes += size
        try:
            await self._in_thread(lambda: self._append(rows, size))
        except (sqlite3.Error, OSError) as error:
            self.events -= len(kept)
            self.bytes -= size
            await self._failed("take", error)
            raise Full(self.trouble or "the spool was damaged") from error
        self.trouble = None
        self._tell()

    async def probe(self) -> None:
        """Look whether a disk that was in trouble takes events again: those who ask for our health may send none till then."""
        if not self._file.is_open:
            await self.open()
            return
        try:
            await self._in_thread(self._try_writing)
        except (sqlite3.Error, OSError) as error:
            await self._failed("take", error)
        else:
            self._gone_up_to = 0
            self.trouble = None

    def _append(self, rows: Sequence[Row], size: int) -> None:
        self._check_disk(size)
        self._file.append(rows)

    def _try_writing(self) -> None:
        if self._gone_up_to:
            # What could not be forgotten when it left: deleting needs little, and makes room.
            self._file.delete(self._gone_up_to)
        self._check_disk(0)
        self._file.try_writing()

    def _check_disk(self, size: int) -> None:
        free = self._file.free_bytes()
        if free - size < self._reserve_bytes:
            raise _NearlyFullError(free)

    async def first(self, count: int) -> tuple[int, list[Kept]]:
        """The oldest events, and the number up to which to forget them; none when the disk does not give them."""
        try:
            rows = await self._in_thread(lambda: self._file.after(self._gone_up_to, count))
        except sqlite3.Error as error:
            await self._failed("give", error)
            return 0, []
        return (rows[-1][0] if rows else 0), [Kept(*row[1:]) for row in rows]

    async def forget(self, up_to: int, kept: Sequence[Kept]) -> None:
        """Take the oldest off the spool: the broker has them. Should the disk not allow it, they go with the next."""
        self._gone_up_to = up_to
        self.events -= len(kept)
        self.bytes -= sum(each.size_bytes for each in kept)
        nothing_left = self.events == 0
        try:
            await self._in_thread(lambda: self._forget(up_to, nothing_left=nothing_left))
        except (sqlite3.Error, OSError) as error:
            await self._failed("forget", error)
        else:
            # Numbers begin anew in an empty table.
            self._gone_up_to = 0
            self.trouble = None
        self._tell()

    def _forget(self, up_to: int, *, nothing_left: bool) -> None:
        if nothing_left and self._file.is_large():
            self._file.begin_anew()
        else:
            self._file.delete(up_to)

    async def close(self) -> None:
        """Close the file; what waits stays."""
        await self._in_thread(self._file.close)
        self.trouble = "closed"
        self._thread.shutdown()

    async def _failed(self, what: str, error: Exception) -> None:
        """Say it once; a damaged file is set aside, and the next event finds a new one."""
        if isinstance(error, sqlite3.Error) and is_damaged(error):
            await self._in_thread(lambda: self._file.renew(error))
            self.events = self.bytes = self._gone_up_to = 0
            return
        self._in_trouble(what, error)

    def _in_trouble(self, what: str, error: Exception) -> None:
        trouble = f"the disk does not {what} events: {_describe(error)}"
        if trouble != self.trouble:
            log.error("the spool is in trouble", why=trouble, waiting=self.events)
        self.trouble = trouble

    def _share(self) -> float:
        return max(self.events / self._max_events, self.bytes / self._max_bytes)

    def _tell(self) -> None:
        share = self._share()
        self._depth.set(self.events)
        self._used.set(share)
        if (alarmed := share >= ALARM_SHARE) != self._alarmed:
            self._alarmed = alarmed
            said = "the spool is nearly full" if alarmed else "the spool has room again"
            log.warning(said, waiting=self.events, share=round(share, 2))

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


class _NearlyFullError(OSError):
    """Refused while there is still room for what must be written in any case."""

    def __init__(self, free_bytes: int) -> None:
        super().__init__(f"only {free_bytes // 1_000_000} MB are free")


def _describe(error: Exception) -> str:
    if isinstance(error, _NearlyFullError):
        return str(error)
    code = getattr(error, "sqlite_errorname", "") or (error.strerror if isinstance(error, OSError) else "")
    return f"{type(error).__name__} {code}".strip()
