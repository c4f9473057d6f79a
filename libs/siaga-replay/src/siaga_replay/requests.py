"""The replay file: JSON Lines, one recorded front-door request a line; `.gz` accepted.

`{"at":"2019-02-11T00:00:04+07:00","path":"/v1/switch/asterisk","headers":{},"body":{…}}`
"""

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Annotated, Final

import msgspec

# A recorded list of events; the front door takes no larger body either, and a file that is no replay file at all would
# otherwise be read as one line without end.
LONGEST_LINE_BYTES: Final = 4 * 1024 * 1024
Path_ = Annotated[str, msgspec.Meta(pattern=r"^/[^\s#]*$")]


@dataclass(frozen=True, slots=True)
class Request:
    """One recorded request; `body` is its JSON as it stands in the file."""

    line: int
    at_ms: int
    path: str
    headers: dict[str, str]
    body: bytes
    # Events in the body: the length of a list, else one.
    items: int


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot be replayed, and why."""

    line: int
    reason: str


class _Line(msgspec.Struct):
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    path: Path_
    body: msgspec.Raw
    headers: dict[str, str] = {}


_line = msgspec.json.Decoder(_Line)
_items = msgspec.json.Decoder(list[msgspec.Raw])


def read_requests(path: Path) -> Iterator[Request | BadLine]:
    """The file's requests in its order; a line that is wrong is yielded as such and reading goes on."""
    number = 0
    try:
        with _opened(path) as file:
            while line := file.readline(LONGEST_LINE_BYTES + 1):
                number += 1
                if len(line) > LONGEST_LINE_BYTES:
                    yield BadLine(number, f"longer than {LONGEST_LINE_BYTES} bytes; the rest of the file is not read")
                    return
                if line.strip():
                    yield _read(number, line)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        yield BadLine(number + 1, f"the compressed file breaks off here: {error}")


def count_lines(path: Path) -> int:
    """Lines of the file, for a progress bar; of a broken file, those that can be read."""
    lines = 0
    try:
        with _opened(path) as file:
            while chunk := file.read(1 << 20):
                lines += chunk.count(b"\n")
    except (EOFError, gzip.BadGzipFile, zlib.error):
        pass
    return lines


def _opened(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return io.BufferedReader(gzip.open(path, "rb"))
    return path.open("rb")


def _read(number: int, line: bytes) -> Request | BadLine:
    try:
        told = _line.decode(line)
        body = bytes(told.body)
        items = len(_items.decode(body)) if body.startswith(b"[") else 1
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return BadLine(number, str(error))
    return Request(number, int(told.at.timestamp() * 1_000), told.path, told.headers, body, items)
