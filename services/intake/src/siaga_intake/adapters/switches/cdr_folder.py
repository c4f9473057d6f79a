"""The error folder of mod_json_cdr: call records that it could not post, read file by file and put away.

A record is complete with the line's end that the module writes last. A file that stays half is the end of a full disk; it is
set aside like any other that cannot be read, and holds up none of the rest.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog

from siaga_intake.adapters.switches.delivery import Delivery
from siaga_intake.core.doors import Taken
from siaga_intake.core.events import Refusal
from siaga_intake.core.switches import freeswitch_posted

log = structlog.get_logger()

# A missed call is a callback that waits; listing a folder costs nothing.
SCAN_S: Final = 5.0
# So many files are read before the first is put away: a crash reads no more than these again.
FILES: Final = 100
# The module writes a record at one go; a file that has not grown for so long will not be finished.
GROWING_S: Final = 60.0
# As at the door: what is larger is no call record.
MAX_BYTES: Final = 1024 * 1024
PATTERN: Final = "*.cdr.json"
TAKEN: Final = "taken"
BAD: Final = "bad"


@dataclass(frozen=True, slots=True)
class Found:
    """One file: its records, or why it is set aside."""

    path: Path
    records: Sequence[object] = ()
    wrong: str = ""


@dataclass(slots=True)
class CdrFolder:
    """Empties one folder for as long as the process runs."""

    delivery: Delivery
    folder: Path
    # Whether the source is heard at this moment; a disabled one's records wait in their folder.
    let_in: Callable[[], bool] = lambda: True
    # Files that are done with and could not be moved; a name is used for one call only.
    _done: set[Path] = field(default_factory=set)
    _trouble: str | None = None

    async def run(self) -> None:
        """Look, and look again, until cancelled."""
        while True:
            if not await self.scan():
                await asyncio.sleep(SCAN_S)

    def trouble(self) -> str | None:
        """Why the folder cannot be read; None when it can."""
        return self._trouble

    async def scan(self) -> int:
        """Take in the oldest files; how many there were."""
        if not self.let_in():
            self._trouble = "the source is disabled"
            return 0
        try:
            found = await asyncio.to_thread(self._read)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            if self._trouble != reason:
                log.warning("the folder of call records cannot be read", folder=str(self.folder), reason=reason)
            self._trouble = reason
            return 0
        self._trouble = None
        good = 0
        for each in found:
            wrong = each.wrong or _refused(await self.delivery.keep(each.records, backfilled=True))
            if wrong:
                log.warning("a call record is set aside", file=str(each.path), reason=wrong)
            else:
                good += 1
            await asyncio.to_thread(self._put_away, each.path, BAD if wrong else TAKEN)
        if good:
            log.info("call records that the switch could not post have been read", files=good)
        return len(found)

    def _read(self) -> list[Found]:
        """The oldest files that are complete, or never will be."""
        found: list[Found] = []
        for path in self._files():
            each = self._file(path)
            if each is not None:
                found.append(each)
            if len(found) == FILES:
                break
        return found

    def _files(self) -> list[Path]:
        """In the order of writing; with `rotate` the module makes a folder for each turn."""
        inner = [each for each in self.folder.iterdir() if each.is_dir() and each.name not in (TAKEN, BAD)]
        paths = [path for folder in (self.folder, *inner) for path in folder.glob(PATTERN) if path not in self._done]
        return [path for _, path in sorted(_stamped(paths))]

    def _file(self, path: Path) -> Found | None:
        try:
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            # Another process of intake has been quicker; what both read is one event.
            return None
        except OSError as error:
            return Found(path, wrong=error.strerror or type(error).__name__)
        if len(data) > MAX_BYTES:
            return Found(path, wrong=f"is larger than {MAX_BYTES:,} bytes")
        try:
            record = freeswitch_posted.record(data)
        except (ValueError, RecursionError) as error:
            if not data.endswith(b"\n") and self._grows(path):
                return None
            return Found(path, wrong=str(error) or "is nested too deeply")
        return Found(path, record if isinstance(record, list) else [record])

    def _grows(self, path: Path) -> bool:
        try:
            return self.delivery.now_s() - path.stat().st_mtime < GROWING_S
        except OSError:
            return False

    def _put_away(self, path: Path, where: str) -> None:
        try:
            target = self.folder / where
            target.mkdir(exist_ok=True)
            path.rename(target / path.name)
        except FileNotFoundError:
            return
        except OSError as error:
            # The folder is the switch's; without a right to write there we only remember, and read again once after a start.
            self._done.add(path)
            log.warning("a call record stays where it is", file=str(path), reason=error.strerror)


def _stamped(paths: Sequence[Path]) -> Iterator[tuple[int, Path]]:
    for path in paths:
        try:
            yield path.stat().st_mtime_ns, path
        except OSError:
            # Moved by somebody else in the meantime.
            continue


def _refused(taken: Sequence[Taken]) -> str:
    """Why a file of which nothing could be taken was refused; a list's good records have been kept."""
    refusals = [each for each in taken if isinstance(each, Refusal)]
    return f"{refusals[0].field}: {refusals[0].reason}" if refusals else ""
