"""The spool's file: SQLite with a write-ahead log, fsynced by every commit. Blocking; the spool gives it a thread."""

import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import structlog

log = structlog.get_logger()

Row = tuple[str, str, int, str | None, bytes]

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS waiting (
    seq INTEGER PRIMARY KEY,
    key TEXT NOT NULL, event_id TEXT NOT NULL, event_at_ms INTEGER NOT NULL, traceparent TEXT, value BLOB NOT NULL
)"""
# What belongs to one file, the log first: without its log the file is an older state of itself, without its file the log
# would be taken for the new file's.
_PARTS: Final = ("-wal", "-shm", "")
# An outage leaves a file behind that SQLite never makes smaller by itself; the disk has other uses, and counts as full.
_LARGE_BYTES: Final = 1024 * 1024
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def is_damaged(error: sqlite3.Error) -> bool:
    """Whether the file is no longer what SQLite wrote: nothing more can be read or written there."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED


def is_taken(error: sqlite3.Error) -> bool:
    """Whether another process has the file."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


class SpoolFile:
    """Rows in order. Every change is one transaction: after a kill at any moment it is there whole, or not at all."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None

    @property
    def is_open(self) -> bool:
        return self._db is not None

    def open(self) -> None:
        """Open or make the file; one that is damaged is set aside and a new one made. Fails when another process has it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            self.close()
            if not is_damaged(error):
                # Busy, or a disk that does not take even an empty file: nothing is wrong with what is there.
                raise
            self._set_aside(error)
            self._open()
        _sync_folder(self._path.parent)

    def _open(self) -> None:
        self._db = db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        # Two processes on one spool would each publish what the other has: the second is refused.
        db.execute("PRAGMA locking_mode=EXCLUSIVE")
        db.execute("PRAGMA journal_mode=WAL")
        # FULL: the write-ahead log is fsynced by every commit, which is what the 202 promises.
        db.execute("PRAGMA synchronous=FULL")
        db.execute(_SCHEMA)
        (told,) = db.execute("PRAGMA quick_check(1)").fetchone()
        if told != "ok":
            error = sqlite3.DatabaseError(told)
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise error

    def _set_aside(self, error: sqlite3.Error) -> None:
        aside = self._path.with_name(f"{self._path.name}.damaged-{time.time_ns()}")
        for part in self._parts():
            part.rename(f"{aside}{part.name.removeprefix(self._path.name)}")
        log.critical(
            "the spool's file is damaged and was set aside; events in it have not reached the broker",
            file=str(aside), error=str(error), remedy=f"sqlite3 {aside} .recover",
        )  # fmt: skip

    def renew(self, error: sqlite3.Error) -> None:
        """Set the damaged file aside and begin a new one."""
        self.close()
        self._set_aside(error)
        self._open()
        _sync_folder(self._path.parent)

    def sizes(self) -> tuple[int, int]:
        """How many rows, and the bytes of their texts and values."""
        events, size = self._opened().execute(
            "SELECT count(*), coalesce(sum(length(value) + length(key) + length(event_id)), 0) FROM waiting"
        ).fetchone()  # fmt: skip
        return int(events), int(size)

    def append(self, rows: Sequence[Row]) -> None:
        """Add rows, all or none; when this returns they are on disk."""
        insert = "INSERT INTO waiting (key, event_id, event_at_ms, traceparent, value) VALUES (?, ?, ?, ?, ?)"
        self._transaction(lambda db: db.executemany(insert, rows))

    def after(self, seq: int, count: int) -> list[tuple[int, *Row]]:
        """The oldest rows beyond that number, each behind its own."""
        select = (
            "SELECT seq, key, event_id, event_at_ms, traceparent, value FROM waiting WHERE seq > ? ORDER BY seq LIMIT ?"
        )
        return self._opened().execute(select, (seq, count)).fetchall()

    def delete(self, up_to: int) -> None:
        """Take away the rows up to that number."""
        self._transaction(lambda db: db.execute("DELETE FROM waiting WHERE seq <= ?", (up_to,)))

    def is_large(self) -> bool:
        """Whether its room is worth giving back once nothing waits in it."""
        return sum(part.stat().st_size for part in self._parts()) > _LARGE_BYTES

    def begin_anew(self) -> None:
        """Replace the file, in which nothing waits any more: works on a disk without any room, too."""
        self.close()
        for part in self._parts():
            part.unlink()
        self._open()
        _sync_folder(self._path.parent)

    def _parts(self) -> list[Path]:
        return [part for part in (Path(f"{self._path}{end}") for end in _PARTS) if part.exists()]

    def try_writing(self) -> None:
        """Write as little as can be, to see whether the disk takes it."""
        self._opened().execute("PRAGMA user_version = 0")

    def free_bytes(self) -> int:
        """Room on the disk for a user without privileges."""
        disk = os.statvfs(self._path.parent)
        return disk.f_bavail * disk.f_frsize

    def close(self) -> None:
        """Close it; what is in it stays."""
        if self._db is not None:
            self._db.close()
            self._db = None

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


def _sync_folder(folder: Path) -> None:
    """A new file's name is on disk only when its folder is."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
