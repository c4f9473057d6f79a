"""Asterisk's own records on disk, queue_log and Master.csv with what was rotated away of them, from a moment on."""

import gzip
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from siaga_intake.core.fields import Payload
from siaga_intake.core.switches import asterisk_cdr, queue_log

BATCH: Final = 500
# A gap of minutes lies in the last of a file of months: this much from the end first, then four times as much, …
TAIL_BYTES: Final = 1 << 20
_GROWTH: Final = 4
_PART_BYTES: Final = 4096


class AsteriskHistory:
    """What the files that `backfill` names hold."""

    def __init__(self, paths: Mapping[str, str]) -> None:
        self._paths = paths

    def since(self, since_ms: int) -> Iterator[Sequence[Payload]]:
        """The queue's log first: what it tells of a call, the call's record need not guess."""
        queued: set[str] = set()
        yield from _batches(self._queue_lines(since_ms, queued))
        yield from _batches(self._records(since_ms, queued))

    def _queue_lines(self, since_ms: int, queued: set[str]) -> Iterator[Payload]:
        for line in self._lines("queue_log", since_ms, queue_log.at_ms):
            queued.add("".join(queue_log.columns(line)[1:2]))
            yield {queue_log.FIELD: line}

    def _records(self, since_ms: int, queued: set[str]) -> Iterator[Payload]:
        for line in self._lines("cdr", since_ms, _record_ended_ms):
            record = asterisk_cdr.row(line)
            if record is not None:
                told = {asterisk_cdr.QUEUE_LOG_TELLS: True} if record["uniqueid"] in queued else {}
                yield {asterisk_cdr.FIELD: record, **told}

    def _lines(self, name: str, since_ms: int, at_ms: Callable[[str], int | None]) -> Iterator[str]:
        if name not in self._paths:
            return
        for path in _files(Path(self._paths[name]), since_ms):
            for line in _tail(path, since_ms, at_ms):
                told = at_ms(line)
                if told is not None and told >= since_ms:
                    yield line


def _record_ended_ms(line: str) -> int | None:
    record = asterisk_cdr.row(line)
    return None if record is None else asterisk_cdr.ended_ms(record)


def _files(path: Path, since_ms: int) -> list[Path]:
    """The file, and before it those rotated away that were written to since; OSError when the file itself is not there."""
    path.stat()
    rotated = re.compile(re.escape(path.name) + r"[.-].+")
    older = [each for each in path.parent.iterdir() if rotated.fullmatch(each.name)]
    written = [(each.stat().st_mtime, each) for each in older]
    return [*(each for mtime, each in sorted(written) if mtime * 1000 >= since_ms), path]


def _tail(path: Path, since_ms: int, at_ms: Callable[[str], int | None]) -> Sequence[str]:
    """The lines of a file's end, from before the moment on."""
    if path.suffix == ".gz":
        return _split(_unpacked(path))
    with path.open("rb") as file:
        size = file.seek(0, 2)
        length = TAIL_BYTES
        while True:
            begin = max(0, size - length)
            file.seek(begin)
            # Unless it is the beginning, the first line is the end of one.
            lines = _split(file.read(size - begin))[1 if begin else 0 :]
            first = next((told for line in lines if (told := at_ms(line)) is not None), None)
            if begin == 0 or (first is not None and first < since_ms):
                return lines
            length *= _GROWTH


def _unpacked(path: Path) -> bytes:
    """What a packed file holds, as far as it is whole: it may be packed at this very moment."""
    data = bytearray()
    with gzip.open(path) as file, suppress(EOFError, zlib.error, gzip.BadGzipFile):
        while part := file.read(_PART_BYTES):
            data += part
    return bytes(data)


def _split(data: bytes) -> list[str]:
    return data.decode("utf-8", "replace").splitlines()


def _batches(payloads: Iterator[Payload]) -> Iterator[Sequence[Payload]]:
    batch: list[Payload] = []
    for payload in payloads:
        batch.append(payload)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
