"""The quarantine: what was refused, left out or not understood is kept, masked, for whoever connects the source.

The loop only counts and hands over; masking and the disk are a thread's. Nothing here may hold up or fail a call.
"""

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import structlog
from siaga_kit import telemetry

from siaga_intake.adapters.quarantine_file import MAX_MATTERS, Matter, QuarantineFile, Seen
from siaga_intake.core.canonical import Origin
from siaga_intake.core.doors import Door, Taken
from siaga_intake.core.events import Accepted, Ignored, Refusal
from siaga_intake.core.masking import masked, masked_body, masked_text, masked_words
from siaga_intake.core.trackers.words import Unknown

log = structlog.get_logger()

# So many of one matter tell all; an event that comes a thousand times a second must not push the others out.
SAMPLES: Final = 5
# Different matters of one source: one that sends a new name with every event counts under a common one beyond it.
MAX_MATTERS_OF_SOURCE: Final = 200
# Payloads that wait for the thread. Each may be a megabyte: more would be felt by the process.
MAX_WAITING: Final = 64
# What is not written yet is lost with the process: for people, a second is soon enough.
FLUSH_S: Final = 1.0
# Names as they came, each with what it is masked to.
_MAX_REMEMBERED: Final = 10_000
_MAX_NAME: Final = 200
_OTHERS: Final = "(others)"
_UNKNOWN: Final = "unknown_event"


@dataclass(slots=True)
class _Tally:
    """What has come of one matter since it was last written."""

    matter: Matter
    samples: int
    count: int = 0
    first_ms: int = 0
    last_ms: int = 0


@dataclass(slots=True)
class Quarantine:
    """Feed it from the loop; open it before, and close it after. `now_s` is the wall clock."""

    path: Path
    now_s: Callable[[], float] = time.time
    # Why nothing is written; None = all is well.
    trouble: str | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stop: threading.Event = field(default_factory=threading.Event)
    _remembered: dict[Matter, _Tally] = field(default_factory=dict)
    _tallies: dict[str, _Tally] = field(default_factory=dict)
    _of_source: dict[tuple[str, str], int] = field(default_factory=dict)
    _kept: dict[str, int] = field(default_factory=dict)
    _waiting: deque[tuple[Matter, int, object]] = field(default_factory=deque)
    _thread: threading.Thread | None = None
    _file: QuarantineFile | None = None

    def open(self) -> None:
        """Open the file and start writing. A disk that does not let us stops nobody: it is told as trouble."""
        try:
            self._file = QuarantineFile(self.path)
            self._kept = self._file.samples()
        except (OSError, sqlite3.Error) as error:
            self._failed(error)
            return
        self._thread = threading.Thread(target=self._run, name="quarantine", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write what is there, and close."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def observe(self, door: Door, origin: Origin, payload: object, taken: Taken) -> None:
        """See one payload with what it came to; keeps those of which something was not taken."""
        match taken:
            case Accepted(_, defects):
                for defect in defects:
                    self._note(_of(door, origin, "left_out", defect.field, defect.reason), payload)
            case Refusal(name, reason):
                self._note(_of(door, origin, "refused", name, reason), payload)
            case Ignored(reason, name) if reason == _UNKNOWN:
                self._note(replace(_of(door, origin, "unknown", "", reason), name=name), payload)

    def turned_down(self, tenant: str, source: str, what: Refusal | Unknown, payload: object) -> None:
        """See a word of a unit that could not be taken."""
        if isinstance(what, Unknown):
            self._note(Matter(tenant, source, "unknown", "device", what.reason, what.found), payload)
        else:
            self._note(Matter(tenant, source, "refused", what.field, what.reason), payload)

    def unreadable(self, tenant: str, source: str, reason: str, body: bytes) -> None:
        """A request of a known source that was refused as a whole."""
        # Where in the body it went wrong differs each time, and is no matter of its own.
        self._note(Matter(tenant, source, "unreadable", "", reason.partition(":")[0]), body)

    def _note(self, raw: Matter, payload: object) -> None:
        if self._file is None:
            return
        now_ms = int(self.now_s() * 1000)
        with self._lock:
            tally = self._remembered.get(raw) or self._tally(raw)
            tally.count += 1
            tally.first_ms = tally.first_ms or now_ms
            tally.last_ms = now_ms
            if tally.samples < SAMPLES and len(self._waiting) < MAX_WAITING:
                tally.samples += 1
                self._waiting.append((tally.matter, now_ms, payload))

    def _tally(self, raw: Matter) -> _Tally:
        """Where to count what came under that name, made at its first coming."""
        matter = _masked(raw)
        whose = (matter.tenant, matter.source)
        if matter.id not in self._tallies:
            crowded = self._of_source.get(whose, 0) >= MAX_MATTERS_OF_SOURCE
            if crowded or len(self._tallies) >= MAX_MATTERS:
                source = matter.source if crowded else _OTHERS
                matter = Matter(matter.tenant, source, matter.outcome, "", _OTHERS)
        tally = self._tallies.get(matter.id)
        if tally is None:
            self._of_source[whose] = self._of_source.get(whose, 0) + 1
            tally = self._tallies[matter.id] = _Tally(matter, self._kept.get(matter.id, 0))
        if len(self._remembered) >= _MAX_REMEMBERED:
            self._remembered.clear()
        self._remembered[raw] = tally
        return tally

    def _run(self) -> None:
        assert self._file is not None
        try:
            while not self._stop.wait(FLUSH_S):
                self._flush(self._file)
            self._flush(self._file)
        finally:
            self._file.close()

    def _flush(self, file: QuarantineFile) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, deque()
            fresh = [replace(tally) for tally in self._tallies.values() if tally.count]
            for tally in self._tallies.values():
                tally.count = tally.first_ms = 0
        if not fresh:
            return
        samples: dict[str, list[tuple[int, str]]] = {}
        for matter, seen_ms, payload in waiting:
            samples.setdefault(matter.id, []).append((seen_ms, _shown(payload)))
        seen = [
            Seen(each.matter, each.count, each.first_ms, each.last_ms, tuple(samples.get(each.matter.id, ())))
            for each in fresh
        ]
        try:
            self._forget(file.write(seen))
            self.trouble = None
        except sqlite3.Error as error:
            self._failed(error)
        for each in fresh:
            telemetry.counter("siaga.intake.quarantined").add(each.count, {"result": each.matter.outcome})

    def _forget(self, gone: set[str]) -> None:
        """Matters that left the disk begin anew, with new samples, when they come again."""
        with self._lock:
            for id_ in gone:
                self._kept.pop(id_, None)
                tally = self._tallies.pop(id_, None)
                if tally is not None:
                    self._of_source[tally.matter.tenant, tally.matter.source] -= 1
            if gone:
                self._remembered.clear()

    def _failed(self, error: Exception) -> None:
        if self.trouble is None:
            log.warning("the quarantine is not written", error=type(error).__name__, path=str(self.path))
        self.trouble = f"not written: {type(error).__name__}"


def _masked(raw: Matter) -> Matter:
    def ours(words: str) -> str:
        return masked_words(words[:_MAX_NAME])

    return Matter(
        raw.tenant, ours(raw.source), raw.outcome, ours(raw.field), ours(raw.reason), masked_text(raw.name[:_MAX_NAME])
    )


def _of(door: Door, origin: Origin, outcome: str, name: str, reason: str) -> Matter:
    source = origin.source or f"{door.kind}/{origin.named or '?'}"
    return Matter(origin.centre.tenant, source, outcome, name, reason)


def _shown(payload: object) -> str:
    try:
        return masked_body(payload) if isinstance(payload, bytes) else masked(payload)
    except Exception as error:  # noqa: BLE001  (a sample that cannot be shown must not end the thread)
        return f"[not shown: {type(error).__name__}]"
