"""A small note on disk: up to when a switch was heard. What came later and is not on the topic is the gap to fill."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

log = structlog.get_logger()

# Every note is an fsync; a note that is some seconds old only makes a little be read twice.
NOTE_EVERY_S: Final = 5.0


class Progress:
    """The note of one source. A note that cannot be read counts as none, one that cannot be written is tried again."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._saved_at_s = -NOTE_EVERY_S
        self._saved_ms: int | None = None
        self.seen_ms = self._saved_ms = self._load()

    async def note(self, seen_ms: int) -> None:
        """Everything up to this time is safe."""
        self.seen_ms = max(seen_ms, self.seen_ms or 0)
        if self._clock() - self._saved_at_s >= NOTE_EVERY_S:
            await self.save()

    async def save(self) -> None:
        """Put the note on disk."""
        seen_ms = self.seen_ms
        self._saved_at_s = self._clock()
        if seen_ms is None or seen_ms == self._saved_ms:
            return
        try:
            await asyncio.to_thread(self._write, seen_ms)
        except OSError as error:
            log.warning(
                "the note of how far a switch was heard is not written", file=str(self._path), error=error.strerror
            )
            return
        self._saved_ms = seen_ms

    def _load(self) -> int | None:
        try:
            return int(self._path.read_text("ascii"))
        except (OSError, ValueError):
            return None

    def _write(self, seen_ms: int) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".new")
        with draft.open("w", encoding="ascii") as file:
            file.write(str(seen_ms))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
