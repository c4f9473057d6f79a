"""The event socket's text: frames of a connection, however its bytes were cut, and the events in them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

import msgspec
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from siaga_intake.core.fields import Payload

# The largest events, with every variable of a channel, have tens of kilobytes; what is larger is no event socket.
MAX_FRAME_BYTES: Final = 4 * 1024 * 1024
# What the events of `events json` call their body.
BODY: Final = "_body"
_END_OF_HEADERS: Final = re.compile(rb"\r?\n\r?\n")
_HEADER: Final = re.compile(r"([^\s:=]+):(?: (.*)|\s*)")


class UnframedError(ValueError):
    """Bytes that are no event socket's."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message of the socket: `auth/request`, a reply, an event."""

    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def content_type(self) -> str:
        return self.headers.get("Content-Type", "")


class Frames:
    """Takes the bytes of one connection and gives its whole frames."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    @property
    def rest(self) -> bytes:
        """What has come of a frame that is not whole yet."""
        return bytes(self._bytes)

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that these bytes complete; UnframedError when they cannot be the socket's."""
        self._bytes += data
        while (frame := self._next()) is not None:
            yield frame

    def _next(self) -> Frame | None:
        start = next((place for place, byte in enumerate(self._bytes) if byte not in b"\r\n"), len(self._bytes))
        del self._bytes[:start]
        end = _END_OF_HEADERS.search(self._bytes)
        if end is None:
            if len(self._bytes) > MAX_FRAME_BYTES:
                raise UnframedError(f"no end of headers within {MAX_FRAME_BYTES:,} bytes")
            return None
        headers = read_headers(self._bytes[: end.start()].decode("utf-8", "replace"))
        size = _length(headers)
        if len(self._bytes) < end.end() + size:
            return None
        body = bytes(self._bytes[end.end() : end.end() + size])
        del self._bytes[: end.end() + size]
        return Frame(headers, body)


def _length(headers: Mapping[str, str]) -> int:
    told = headers.get("Content-Length", "0").strip()
    if not (told.isascii() and told.isdigit()) or int(told[:12]) > MAX_FRAME_BYTES:
        raise UnframedError(f"Content-Length is {told[:20]!r}")
    return int(told)


def event(frame: Frame) -> Payload | None:
    """The event in a frame, as `events json` would have given it; None when the frame holds none."""
    match frame.content_type:
        case "text/event-json":
            return _json(frame.body)
        case "text/event-xml":
            return xml_event(frame.body.decode("utf-8", "replace"))
        case "text/event-plain" if frame.body:
            return _plain(frame.body)
    if "Event-Name" not in frame.headers:
        return None
    told = decoded(frame.headers)
    return {**told, BODY: frame.body.decode("utf-8", "replace")} if frame.body else told


def _json(body: bytes) -> Payload | None:
    try:
        # Names of callers come in any encoding; a wrong byte must not cost the event.
        value = msgspec.json.decode(body.decode("utf-8", "replace"))
    except (msgspec.DecodeError, RecursionError):
        return None
    return value if isinstance(value, Mapping) else None


def xml_event(text: str) -> Payload | None:
    """An event as `events xml` gives it: a member for each header, and perhaps a body."""
    try:
        root = fromstring(text)
    except (ParseError, DefusedXmlException, ValueError):
        return None
    told = decoded({each.tag: each.text or "" for each in root.iterfind("headers/*")})
    if "Event-Name" not in told:
        return None
    body = root.findtext("body") or ""
    return {**told, BODY: body} if body else told


def _plain(body: bytes) -> Payload | None:
    head, _, rest = body.decode("utf-8", "replace").replace("\r\n", "\n").partition("\n\n")
    told = decoded(read_headers(head))
    if "Event-Name" not in told:
        return None
    return {**told, BODY: rest} if rest.strip() else told


def read_headers(block: str) -> dict[str, str]:
    """`Name: value` by line, the first of a name; other lines go on with the value before them, as an SDP does."""
    headers: dict[str, str] = {}
    name = ""
    for line in block.splitlines():
        found = _HEADER.fullmatch(line)
        if found is None:
            if name:
                headers[name] += f"\n{line}"
            continue
        name = found[1] if found[1] not in headers else ""
        if name:
            headers[name] = found[2] or ""
    return headers


def decoded(headers: Mapping[str, str]) -> dict[str, str]:
    """The values as they are meant: URL-encoded on the socket, but not in every capture of it.

    An encoded value has no space, so a space in any of them says that nothing is encoded.
    """
    if any(" " in value for value in headers.values()):
        return dict(headers)
    return {name: unquote(value) if "%" in value else value for name, value in headers.items()}
