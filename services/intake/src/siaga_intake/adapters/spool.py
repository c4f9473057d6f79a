"""The spool: events that the broker has not taken yet, on disk before the sender is told that we have them.

One SQLite file in one thread. Every append is one transaction and one fsync, for all requests that wait at that moment.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

T = TypeVar("T")

# Ten hours of a nation's mean rate. More would fill the small disks of a centre, and takes long to drain.
MAX_BYTES: Final = 500_000_000
MAX_EVENTS: Final = 1_000_000
# What SQLite adds to an event (row, index of the key, page fill), measured generously.
_ROW_OVERHEAD_BYTES: Final = 100

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS waiting (
    seq INTEGER PRIMARY KEY,
    key TEXT NOT NULL, event_id TEXT NOT NULL, event_at_ms INTEGER NOT NULL, traceparent TEXT, value BLOB NOT NULL
)"""


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

    def __init__(self, path: Path, max_bytes: int = MAX_BYTES, max_events: int = MAX_EVENTS) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._max_events = max_events
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spool")
        self._db: sqlite3.Connection | None = None
        self.events = 0
        self.bytes = 0
        self.trouble: str | None = "not open"

    async def open(self) -> None:
        """Open or make the file. Fails when another process has it."""
        self.events, self.bytes = await self._in_thread(self._open)
        self.trouble = None

    def _open(self) -> tuple[int, int]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        # Two processes on one spool would each publish what the other has: the second is refused.
        db.execute("PRAGMA locking_mode=EXCLUSIVE")
        db.execute("PRAGMA journal_mode=WAL")
        # FULL: the write-ahead log is fsynced by every commit, which is what the 202 promises.
        db.execute("PRAGMA synchronous=FULL")
        db.execute(_SCHEMA)
        self._db = db
        events, size = db.execute(
            "SELECT count(*), coalesce(sum(length(value) + length(key) + length(event_id)), 0) FROM waiting"
        ).fetchone()
        return events, size + events * _ROW_OVERHEAD_BYTES

    def room_for(self, kept: Sequence[Kept]) -> bool:
        """Whether these still fit."""
        size = sum(each.size_bytes for each in kept)
        return self.events + len(kept) <= self._max_events and self.bytes + size <= self._max_bytes

    async def append(self, kept: Sequence[Kept]) -> None:
        """Put these on disk, all or none; returns when they are there. Raises Full."""
        if not self.room_for(kept):
            raise Full(f"{self.events} events wait for the broker already")
        try:
            await self._in_thread(lambda: self._append(kept))
        except sqlite3.Error as error:
            self.trouble = f"the disk does not take events: {type(error).__name__}"
            raise Full(self.trouble) from error
        self.trouble = None
        self.events += len(kept)
        self.bytes += sum(each.size_bytes for each in kept)

    def _append(self, kept: Sequence[Kept]) -> None:
        rows = [(each.key, each.event_id, each.event_at_ms, each.traceparent, each.value) for each in kept]
        self._transaction(
            lambda db: db.executemany(
                "INSERT INTO waiting (key, event_id, event_at_ms, traceparent, value) VALUES (?, ?, ?, ?, ?)", rows
            )
        )

    async def first(self, count: int) -> tuple[int, list[Kept]]:
        """The oldest events, and the number up to which to forget them."""
        rows = await self._in_thread(
            lambda: self._opened().execute(
                "SELECT seq, key, event_id, event_at_ms, traceparent, value FROM waiting ORDER BY seq LIMIT ?", (count,)
            ).fetchall()
        )  # fmt: skip
        return (rows[-1][0] if rows else 0), [Kept(*row[1:]) for row in rows]

    async def forget(self, up_to: int, kept: Sequence[Kept]) -> None:
        """Take the oldest off the disk: the broker has them."""
        await self._in_thread(
            lambda: self._transaction(lambda db: db.execute("DELETE FROM waiting WHERE seq <= ?", (up_to,)))
        )
        self.events -= len(kept)
        self.bytes -= sum(each.size_bytes for each in kept)

    async def close(self) -> None:
        """Close the file; what waits stays."""
        if self._db is not None:
            await self._in_thread(self._db.close)
            self._db = None
        self.trouble = "closed"
        self._thread.shutdown()

    def _transaction(self, work: Callable[[sqlite3.Connection], object]) -> None:
        db = self._opened()
        db.execute("BEGIN IMMEDIATE")
        try:
            work(db)
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def _opened(self) -> sqlite3.Connection:
        if self._db is None:
            raise sqlite3.ProgrammingError("the spool is not open")
        return self._db

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
