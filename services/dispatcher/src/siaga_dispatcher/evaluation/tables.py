"""Logs of other centres as CSV, packed or not: the rows that can be read, and a fault for each that cannot."""

import csv
import gzip
import io
import math
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

from siaga_dispatcher.core.values import Position

_GZIP: Final = b"\x1f\x8b"
# A field that never ends (a lost quote) would otherwise swallow the rest of the file before it is told.
_FIELD_LIMIT: Final = 65_536

T = TypeVar("T")
# A line's number and its fields.
_Line = tuple[int, list[str]]


class LogError(ValueError):
    """The file as a whole cannot be read; the message says what is missing and what to do."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A line that was left out; all others count. `column` is empty when the whole line is wrong."""

    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        where = f"line {self.line}, column {self.column!r}" if self.column else f"line {self.line}"
        return f"{where}: {self.reason}"


class FieldError(ValueError):
    """One field is wrong; becomes a Fault with its line."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Row:
    """A line and its fields by column."""

    line: int
    fields: Mapping[str, str]

    def text(self, column: str) -> str:
        """The field without its blanks; empty where the file has no such column."""
        return self.fields.get(column, "").strip()

    def needed(self, column: str) -> str:
        """The field; raise FieldError when it is empty."""
        value = self.text(column)
        if not value:
            raise FieldError(column, "is empty")
        return value

    def whole(self, column: str) -> int:
        """The field as a whole number; raise FieldError when it is none."""
        value = self.needed(column)
        try:
            return int(value)
        except ValueError:
            raise FieldError(column, f"{value[:40]!r} is no whole number") from None

    def time_ms(self, column: str) -> int | None:
        """A time as 2020-04-07T12:31:45, in ms; None when it is empty. Without a zone it is taken as UTC: only differences count."""
        value = self.text(column)
        if not value:
            return None
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            raise FieldError(column, f"{value[:40]!r} is no time; write it as 2020-04-07T12:31:45") from None
        return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)

    def position(self, lat: str, lon: str) -> Position:
        """A point; raise FieldError when it is none on earth, or 0, 0, which stands for unknown in most exports."""
        found = Position(self._degrees(lat, 90), self._degrees(lon, 180))
        if not found.lat and not found.lon:
            raise FieldError(lat, "the place is 0, 0: nobody located it")
        return found

    def _degrees(self, column: str, limit: float) -> float:
        value = self.needed(column)
        try:
            degrees = float(value)
        except ValueError:
            raise FieldError(column, f"{value[:40]!r} is no number of degrees") from None
        if not math.isfinite(degrees) or abs(degrees) > limit:
            raise FieldError(column, f"{value[:40]} lies outside ±{limit}°")
        return degrees


def read_table(path: Path, columns: Sequence[str]) -> Iterator[Row | Fault]:
    """The rows of a file. Raise LogError when it cannot be opened or lacks one of the columns."""
    lines = _lines(_text(path))
    heading = next(lines, None)
    if heading is None or isinstance(heading, Fault):
        raise LogError(f"{path}: has no heading ({heading or 'the file is empty'}); it needs {', '.join(columns)}")
    names = [name.strip() for name in heading[1]]
    missing = [column for column in columns if column not in names]
    if missing:
        raise LogError(f"{path}: no column {', '.join(map(repr, missing))}; there are {', '.join(names)[:400]}")
    return _rows(lines, names)


def _rows(lines: Iterator[_Line | Fault], names: Sequence[str]) -> Iterator[Row | Fault]:
    for line in lines:
        if isinstance(line, Fault):
            yield line
            continue
        number, fields = line
        if len(fields) == len(names):
            yield Row(number, dict(zip(names, fields, strict=True)))
        elif fields:
            yield Fault(number, "", f"has {len(fields)} fields, the heading {len(names)}")


def _lines(text: str) -> Iterator[_Line | Fault]:
    csv.field_size_limit(_FIELD_LIMIT)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        try:
            yield reader.line_num + 1, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Fault(reader.line_num, "", str(error))


def _text(path: Path) -> str:
    try:
        packed = path.read_bytes()
        return (gzip.decompress(packed) if packed.startswith(_GZIP) else packed).decode("utf-8-sig", "replace")
    except (OSError, EOFError, zlib.error) as error:
        raise LogError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from error


def sift(rows: Iterable[Row | Fault], read: Callable[[Row], T | None]) -> tuple[list[T], list[Fault]]:
    """What `read` makes of the rows, None left out; and the faults, its FieldErrors among them."""
    taken: list[T] = []
    faults: list[Fault] = []
    for row in rows:
        if isinstance(row, Fault):
            faults.append(row)
            continue
        try:
            value = read(row)
        except FieldError as error:
            faults.append(Fault(row.line, error.column, error.reason))
        else:
            if value is not None:
                taken.append(value)
    return taken, faults
