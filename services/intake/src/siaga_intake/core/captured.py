"""Captured input comes apart into payloads, each with its place in the file; what is no payload is told and passed over.

A splitter takes what a file holds and gives its pieces in order. It never raises: a capture is cut off where somebody
stopped it, and what stands beside the cut is as good as ever.
"""

import codecs
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from siaga_intake.core.fields import Payload

# Of what cannot be read, this much is shown: enough to find it, and never a screen of rubbish.
EXCERPT_CHARS: Final = 120
# What may stand between the values of a file: JSON Lines, lists of lists, and what is left of a list cut in half.
_BETWEEN: Final = " \t\r\n,[]\ufeff\x1e"
# Where reading may go on after a broken value: the lines within one are indented or quoted.
_NEXT_VALUE: Final = re.compile(r"\n(?=[\[{])")
_DECODER: Final = json.JSONDecoder()
# By the mark at the beginning of a file, which Windows' tools write; the longer marks first, for one begins like another.
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Every event begins with this much in the letters of ASCII.
_SAMPLE_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Piece:
    """One payload, as a source would post it. `where` is for people: `line 12`."""

    where: str
    payload: object


@dataclass(frozen=True, slots=True)
class Broken:
    """A stretch of a file that is no payload."""

    where: str
    reason: str
    excerpt: str


Pieces = Iterable[Piece | Broken]
Split = Callable[[bytes], Pieces]
SplitText = Callable[[str], Pieces]


def of_text(split: SplitText) -> Split:
    """A splitter of bytes from one of text, whatever the text is written in."""
    return lambda data: split(written(data))


def written(data: bytes) -> str:
    """The text of a file: by its mark, by the zeros of UTF-16 without one, else UTF-8; a wrong byte spoils no other."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    even, odd = (data[first:_SAMPLE_BYTES:2] for first in (0, 1))
    for zeros, letters, encoding in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if zeros and not any(zeros) and all(letters):
            return data.decode(encoding, "replace")
    return data.decode("utf-8", "replace")


def excerpt(text: str) -> str:
    """The beginning of it in one line, with what no terminal should be sent left out."""
    line = " ".join(text[: 2 * EXCERPT_CHARS].split())
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in line)
    return shown if len(shown) <= EXCERPT_CHARS else shown[: EXCERPT_CHARS - 1] + "…"


def messages(read: Callable[[str], Iterable[Payload]]) -> SplitText:
    """A splitter from a reader of whole messages that knows no places."""
    return lambda text: (Piece(f"message {number}", payload) for number, payload in enumerate(read(text), 1))


def json_or(other: SplitText) -> SplitText:
    """JSON where the file begins like it, else as `other` has it."""
    return lambda text: json_values(text) if text.lstrip(_BETWEEN).startswith("{") else other(text)


def apart(split: SplitText, open_up: Callable[[Payload], Iterable[object]]) -> SplitText:
    """A splitter whose payloads carry many, each of which becomes a piece of its own."""
    return lambda text: (piece for each in split(text) for piece in _opened(each, open_up))


def _opened(each: Piece | Broken, open_up: Callable[[Payload], Iterable[object]]) -> Iterator[Piece | Broken]:
    if isinstance(each, Broken) or not isinstance(each.payload, Mapping):
        yield each
        return
    for number, payload in enumerate(open_up(each.payload), 1):
        yield Piece(f"{each.where}, part {number}", payload)


def json_values(text: str) -> Iterator[Piece | Broken]:
    """The values of one JSON document, a list, JSON Lines, or objects after each other; half ones beside whole ones."""
    place, line, seen = _past(text, 0), 1, 0
    while place < len(text):
        line += text.count("\n", seen, place)
        seen = place
        column = place - text.rfind("\n", 0, place)
        where = f"line {line}" if column == 1 else f"line {line}, column {column}"
        try:
            _, end = _DECODER.raw_decode(text, place)
            # What the doors read with has the last word: Python's takes NaN, and numbers without bounds.
            yield Piece(where, msgspec.json.decode(text[place:end]))
        except (ValueError, RecursionError) as error:
            opening = _NEXT_VALUE.search(text, place)
            end = len(text) if opening is None else opening.end()
            yield Broken(where, _why(error), excerpt(text[place:end]))
        place = _past(text, end)


def _past(text: str, place: int) -> int:
    while place < len(text) and text[place] in _BETWEEN:
        place += 1
    return place


def _why(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    told = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
    return f"is no JSON: {told}"
