"""Captured SIP comes apart into messages: several in one text, one, or JSON. For packets see adapters/pcap.py."""

import re
from collections.abc import Iterator
from typing import Final

from siaga_intake.core.captured import Broken, Piece, excerpt, json_or
from siaga_intake.core.fields import Payload

# The first line of a message, at the beginning of a line; a body may have such lines too (message/sipfrag).
_START: Final = re.compile(
    r"^(?:[A-Z][A-Z0-9_-]{1,31}[ \t]+\S+[ \t]+SIP/2\.0|SIP/2\.0[ \t]+\d{3}\b[^\r\n]{0,256})[ \t]*\r?$",
    re.MULTILINE,
)
_HEAD_ENDS: Final = re.compile(r"\r?\n[ \t]*\r?\n")
_LENGTH: Final = re.compile(r"^(?:Content-Length|l)[ \t]*:[ \t]*(\d{1,7})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)


def messages(text: str, encoding: str = "utf-8") -> Iterator[tuple[int, str]]:
    """The messages of a text, each with the place where it begins. What stands between them is passed over.

    Lengths are told in bytes: `encoding` is the one that the text was read with.
    """
    found = _START.search(text)
    while found is not None:
        end = _end(text, found, encoding)
        yield found.start(), text[found.start() : end]
        found = _START.search(text, end)


def _end(text: str, start: re.Match[str], encoding: str) -> int:
    """Where a message ends: by its Content-Length where that can be, else where the next one begins."""
    following = _START.search(text, start.end())
    next_begins = len(text) if following is None else following.start()
    head = _HEAD_ENDS.search(text, start.end(), next_begins)
    if head is None:
        return next_begins
    told = _LENGTH.search(text, start.start(), head.end())
    if told is not None:
        # Bytes, of which a letter may have several.
        length = int(told[1])
        body = text[head.end() : head.end() + length].encode(encoding, "replace")[:length].decode(encoding, "ignore")
        end = head.end() + len(body)
        whole = len(body.encode(encoding, "replace")) >= length - 3
        if whole and (
            not length or end == len(text) or text[end - 1] == "\n" or text[end] in "\r\n" or _START.match(text, end)
        ):
            return end
    following = _START.search(text, head.end())
    return len(text) if following is None else following.start()


def is_whole(message: str) -> bool:
    """Whether a message from a stream has all that its Content-Length announces; without one nobody can say."""
    head = _HEAD_ENDS.search(message)
    told = _LENGTH.search(message, 0, head.end()) if head else None
    return head is not None and told is not None and len(message) - head.end() >= int(told[1])


def split(payload: Payload) -> list[object]:
    """The messages of a raw post; any other payload is one."""
    raw = payload.get("message")
    if not isinstance(raw, str):
        return [payload]
    others = {name: value for name, value in payload.items() if name != "message"}
    return [{**others, "message": message} for _, message in messages(raw)] or [payload]


def _of_text(text: str) -> Iterator[Piece | Broken]:
    line, seen, any_found = 1, 0, False
    for place, message in messages(text):
        line += text.count("\n", seen, place)
        seen, any_found = place, True
        yield Piece(f"line {line}", {"message": message})
    if not any_found and text.strip():
        yield Broken("line 1", "holds no SIP message", excerpt(text))


# JSON objects with `start_line`, `headers` and `body`, or messages as they went over the wire.
of_text: Final = json_or(_of_text)
