"""Captures of the event socket, as people make them: whole connections, or what a terminal showed of some events.

Lengths are not to be trusted there (addresses get replaced), frames are missing, and a value of many lines may hold a blank
one. Events are told by their Event-Name.
"""

import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from siaga_intake.core.fields import Payload
from siaga_intake.core.switches.esl_text import (
    BODY,
    Frame,
    Frames,
    UnframedError,
    decoded,
    event,
    read_headers,
    xml_event,
)

_BLANK: Final = re.compile(r"\n[ \t]*\n")
_EVENTS: Final = frozenset({"text/event-plain", "text/event-json", "text/event-xml"})
# A JSON event, up to what a connection says next, which follows without a line's end.
_JSON_BEGINS: Final = re.compile(r"^\s*\{", re.MULTILINE)
_AFTER_JSON: Final = re.compile(r"\}\s*(?=Content-(?:Length|Type):|\{|$)")


def messages(text: str) -> Iterator[Payload]:
    """The events of a capture and the socket's own words between them, in order."""
    framed = _framed(text)
    yield from _by_blocks(textwrap.dedent(text)) if framed is None else framed


def _framed(text: str) -> list[Payload] | None:
    """As a client would read the connection; None when it was not kept whole."""
    frames, found = Frames(), []
    try:
        for frame in frames.feed(text.encode()):
            told = event(frame)
            if told is None and (frame.content_type in _EVENTS or not frame.content_type):
                return None
            found.append(_words(frame) if told is None else told)
    except UnframedError:
        return None
    return None if frames.rest.strip() else found


def _words(frame: Frame) -> Payload:
    return dict(frame.headers)


class _Blocks:
    """Puts blocks of text together to events: what follows an event without a name of its own belongs to it."""

    def __init__(self) -> None:
        self._headers: dict[str, str] = {}
        self._body = ""
        # After a word of the socket itself: what follows is its answer, which may have blank lines.
        self._answered = False

    def take(self, block: str) -> Iterator[Payload]:
        headers = read_headers(block)
        if "Event-Name" in headers:
            yield from self.flush()
            self._headers, self._answered = headers, False
        elif "Content-Type" in headers:
            yield from self.flush()
            self._answered = headers["Content-Type"] not in _EVENTS
            if self._answered:
                yield headers
        elif "Event-Name" in self._headers:
            self._goes_on(block, headers)
        elif not self._answered:
            yield {"Content-Type": "", BODY: block}

    def _goes_on(self, block: str, headers: Mapping[str, str]) -> None:
        if "Content-Length" in self._headers or not headers:
            self._body = f"{self._body}\n\n{block}" if self._body else block
        else:
            self._headers.update({name: value for name, value in headers.items() if name not in self._headers})

    def flush(self) -> Iterator[Payload]:
        if self._headers:
            told = decoded(self._headers)
            yield {**told, BODY: self._body} if self._body else told
        self._headers, self._body = {}, ""


def _by_blocks(text: str) -> Iterator[Payload]:
    blocks = _Blocks()
    for block in _BLANK.split(text.replace("\r\n", "\n")):
        rest = block.strip("\n")
        found = _xml_event(rest)
        if found is not None:
            yield from blocks.flush()
            yield found
            continue
        opening = _JSON_BEGINS.search(rest)
        if opening is not None and opening.start() and "Event-Name" not in read_headers(rest[: opening.start()]):
            # What a terminal wrote before the event.
            rest = rest[opening.start() :]
        while rest.lstrip().startswith("{") and (end := _AFTER_JSON.search(rest)) is not None:
            value = _json_event(rest[: end.end()])
            if value is None:
                break
            yield from blocks.flush()
            yield value
            rest = rest[end.end() :]
        if rest:
            yield from blocks.take(rest)
    yield from blocks.flush()


def _xml_event(text: str) -> Payload | None:
    start = text.find("<event>")
    return xml_event(text[start:].strip()) if start >= 0 else None


def _json_event(text: str) -> Payload | None:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    return value if isinstance(value, Mapping) and "Event-Name" in value else None
