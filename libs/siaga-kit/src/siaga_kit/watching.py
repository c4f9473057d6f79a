"""Notices changed files while a service runs."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

# Of each file: when it was changed (in content or rights), its size, and which file it is; None = not there.
Seen = Mapping[Path, tuple[int, int, int] | None]


async def changes(
    look: Callable[[], Seen], stop: asyncio.Event, poll_s: float, known: Seen | None = None
) -> AsyncIterator[None]:  # fmt: skip
    """Once for every change of the files, until told to stop; at first too, unless it is as `known`."""
    read = known
    before: Seen | None = None
    while not await told(stop, poll_s):
        now = await asyncio.to_thread(look)
        # Twice alike: an editor that is still writing would leave half of a list outside for a moment.
        if now == before and now != read:
            yield
            read = now
        before = now


def seen(files: Iterable[Path]) -> Seen:
    """How these files are now."""
    return {file: state(file) for file in files}


def state(file: Path) -> tuple[int, int, int] | None:
    """What changes with the file; None = it is not there."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ctime_ns, found.st_size, found.st_ino


async def told(stop: asyncio.Event, seconds: float) -> bool:
    """Wait so long, or until told to stop; whether that was it."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
    return stop.is_set()
