"""The quarantine on disk: what was not taken, by what it has in common, each with a few masked samples.

One SQLite file, written by one process and read by any: `./siaga quarantine` looks while intake runs.
"""

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Final

# More different complaints than people will read; the ones not seen for longest go first.
MAX_MATTERS: Final = 2_000
# What the samples may take on a small disk that the spool needs.
MAX_SAMPLE_BYTES_KEPT: Final = 20_000_000
_ID_BYTES: Final = 6
_GLOB: Final = "quarantine-*.sqlite3"
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS matters (
    id TEXT PRIMARY KEY, tenant TEXT NOT NULL, source TEXT NOT NULL, outcome TEXT NOT NULL, field TEXT NOT NULL,
    reason TEXT NOT NULL, name TEXT NOT NULL, count INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS samples (
    seq INTEGER PRIMARY KEY, matter TEXT NOT NULL, seen_ms INTEGER NOT NULL, payload TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS samples_of_matter ON samples (matter);
"""


@dataclass(frozen=True, slots=True)
class Matter:
    """What things that were not taken have in common."""

    tenant: str
    source: str
    # refused: nothing of the payload was taken; left_out: a part of it was not; unknown: nobody here reads such an
    # event; unreadable: the whole request.
    outcome: str
    field: str
    reason: str
    # What the source calls the event, where it is not known here.
    name: str = ""

    @property
    def id(self) -> str:
        """Made of its content: the same in every copy of intake."""
        return hashlib.blake2b("\0".join(astuple(self)).encode(), digest_size=_ID_BYTES).hexdigest()


@dataclass(frozen=True, slots=True)
class Seen:
    """How often a matter came, from when to when; with its samples where they were asked for."""

    matter: Matter
    count: int
    first_ms: int
    last_ms: int
    samples: tuple[tuple[int, str], ...] = ()


class QuarantineFile:
    """The writing side."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(0o600)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.executescript(_SCHEMA)

    def samples(self) -> dict[str, int]:
        """How many samples there are of each matter."""
        return dict(self._db.execute("SELECT matter, count(*) FROM samples GROUP BY matter"))

    def write(self, seen: Sequence[Seen]) -> set[str]:
        """Add to what is there; returns the matters that had to go for it."""
        with self._transaction():
            for each in seen:
                self._db.execute(
                    "INSERT INTO matters VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                    " ON CONFLICT (id) DO UPDATE SET count = count + excluded.count, last_ms = excluded.last_ms",
                    (each.matter.id, *astuple(each.matter), each.count, each.first_ms, each.last_ms),
                )
                self._db.executemany(
                    "INSERT INTO samples (matter, seen_ms, payload) VALUES (?, ?, ?)",
                    [(each.matter.id, seen_ms, payload) for seen_ms, payload in each.samples],
                )
            return self._prune()

    def _prune(self) -> set[str]:
        gone = self._db.execute(
            "DELETE FROM matters WHERE id IN (SELECT id FROM matters ORDER BY last_ms DESC LIMIT -1 OFFSET ?) RETURNING id",
            (MAX_MATTERS,),
        ).fetchall()
        self._db.executemany("DELETE FROM samples WHERE matter = ?", gone)
        (size,) = self._db.execute("SELECT coalesce(sum(length(payload)), 0) FROM samples").fetchone()
        while size > MAX_SAMPLE_BYTES_KEPT:
            ((freed,),) = self._db.execute(
                "DELETE FROM samples WHERE seq = (SELECT min(seq) FROM samples) RETURNING length(payload)"
            ).fetchall()
            size -= freed
        return {id_ for (id_,) in gone}

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise


def read(folder: Path, matter_id: str | None = None) -> list[Seen]:
    """What the copies of intake that keep their data in `folder` have seen, the latest first; one with its samples."""
    found: dict[str, Seen] = {}
    for file in sorted(folder.glob(_GLOB)):
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as db:
            for seen in _matters(db, matter_id):
                known = found.get(seen.matter.id)
                found[seen.matter.id] = seen if known is None else _together(known, seen)
    return sorted(found.values(), key=lambda seen: (-seen.last_ms, seen.matter.id))


def _matters(db: sqlite3.Connection, matter_id: str | None) -> Iterator[Seen]:
    rows = db.execute("SELECT * FROM matters WHERE ?1 IS NULL OR id = ?1", (matter_id,)).fetchall()
    for id_, *matter, count, first_ms, last_ms in rows:
        samples: Sequence[tuple[int, str]] = ()
        if matter_id is not None:
            samples = db.execute(
                "SELECT seen_ms, payload FROM samples WHERE matter = ? ORDER BY seq", (id_,)
            ).fetchall()
        yield Seen(Matter(*matter), count, first_ms, last_ms, tuple(samples))


def _together(one: Seen, other: Seen) -> Seen:
    return Seen(
        one.matter,
        one.count + other.count,
        min(one.first_ms, other.first_ms),
        max(one.last_ms, other.last_ms),
        one.samples + other.samples,
    )
