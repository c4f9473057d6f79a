"""Reports in a file, as services export them: CSV, JSON or JSON Lines, each row with the line that it stands on."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

# How exports separate their fields: the comma of the standard, the semicolon of Indonesian spreadsheets.
_SEPARATORS: Final = ",;\t|"
# Where a JSON export keeps its rows, when it is no list itself.
_ROWS: Final = ("data", "laporan", "rows", "items", "results")


@dataclass(frozen=True, slots=True)
class Row:
    """One report; in a list of JSON `line` counts its entries."""

    line: int
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that holds no report."""

    line: int
    reason: str


def rows(file: Path) -> Iterator[Row | Unreadable]:
    """The reports of a file, by its ending. Raises ValueError when the file as a whole is none of the three."""
    text = file.read_bytes().decode("utf-8-sig", "replace")
    match file.suffix.lower():
        case ".csv":
            yield from _of_csv(text)
        case ".jsonl" | ".ndjson":
            yield from _of_lines(text)
        case ".json":
            yield from _of_json(text)
        case other:
            raise ValueError(f"files end with .csv, .json or .jsonl, not {other or 'without any of them'}")


def _of_csv(text: str) -> Iterator[Row | Unreadable]:
    heading = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=heading.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, restkey="", restval="")
    end = 1
    try:
        for fields in reader:
            begin, end = end + 1, reader.line_num
            fields.pop("", None)
            yield Row(begin, {name: value for name, value in fields.items() if value})
    except csv.Error as error:
        yield Unreadable(end + 1, f"is no CSV: {error}; the rest of the file is left out")


def _of_lines(text: str) -> Iterator[Row | Unreadable]:
    # Not splitlines: it also breaks at signs that stand within texts.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield _row(number, json.loads(line))
            except (ValueError, RecursionError) as error:
                yield Unreadable(number, f"is no JSON: {error}")


def _of_json(text: str) -> Iterator[Row | Unreadable]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is no JSON: {error}") from error
    if isinstance(value, dict):
        value = next((value[name] for name in _ROWS if isinstance(value.get(name), list)), [value])
    if not isinstance(value, list):
        raise ValueError("holds no list of reports")  # noqa: TRY004  (the file is wrong, not the code)
    yield from (_row(number, each) for number, each in enumerate(value, 1))


def _row(number: int, value: object) -> Row | Unreadable:
    return Row(number, value) if isinstance(value, dict) else Unreadable(number, "is no object")
