"""A SIP message taken apart (RFC 3261): start line, headers, body and its parts. Liberal in what it reads."""

import binascii
import quopri
import re
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from textwrap import dedent
from typing import Final

from siaga_intake.core.fields import Payload, Refused, text

# RFC 3261 §7.3.3, RFC 3515, 3892, 3325, 6665: the letters that stand for names.
COMPACT: Final[Mapping[str, str]] = {
    "a": "accept-contact", "b": "referred-by", "c": "content-type", "d": "request-disposition", "e": "content-encoding",
    "f": "from", "i": "call-id", "j": "reject-contact", "k": "supported", "l": "content-length", "m": "contact",
    "n": "identity-info", "o": "event", "r": "refer-to", "s": "subject", "t": "to", "u": "allow-events", "v": "via",
    "x": "session-expires", "y": "identity",
}  # fmt: skip
# More than any call has; a body of a thousand parts only looks for the end of our patience.
MAX_PARTS: Final = 32
MAX_DEPTH: Final = 4
MAX_HEADERS: Final = 256
_MAX_PART_HEADERS: Final = 32
# Of one line: searching costs its length more than once.
MAX_LINE: Final = 8_192
_BREAK: Final = re.compile(r"\r\n|\n|\r")
_FOLD: Final = re.compile(r"(?:\r\n|\n|\r)[ \t]+")
# Head and body are parted by an empty line, whichever line ends the sender uses.
_EMPTY_LINE: Final = re.compile(r"\r\n[ \t]*\r\n|\n[ \t]*\n|\r\r")
_BOUNDARY: Final = re.compile(r'boundary\s*=\s*(?:"([^"]*)"|([^\s;]+))', re.IGNORECASE)
_DASHES: Final = re.compile(r"^[ \t]*--(\S+)[ \t]*$", re.MULTILINE)
# A line of a part's head, with those that go on with it.
_PART_HEADER: Final = re.compile(
    r"[A-Za-z][A-Za-z0-9-]*[ \t]*:[^\r\n]*(?:(?:\r\n|\n|\r)[ \t]+[^\r\n]*)*(?:\r\n|\n|\r|\Z)"
)
_METHOD: Final = re.compile(r"[A-Za-z][\w.!%*+`'~-]{0,63}")
_STATUS: Final = re.compile(r"SIP/\d\S*[ \t]+(\d{3})")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a body: its kind without parameters, in lower case, and its text."""

    kind: str
    text: str
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A message. Names of headers are the long ones in lower case; their order is kept."""

    start_line: str
    headers: tuple[tuple[str, str], ...]
    body: str = ""

    @property
    def method(self) -> str:
        """Of a request; empty for a response."""
        return _request(self.start_line)[0]

    @property
    def target(self) -> str:
        """The address that a request is for."""
        return _request(self.start_line)[1]

    @property
    def status(self) -> int:
        """Of a response; 0 for a request."""
        found = _STATUS.match(self.start_line)
        return int(found[1]) if found else 0

    def header(self, name: str) -> str:
        """The first header of a name; empty when there is none."""
        return next((value for each, value in self.headers if each == name), "")

    def values(self, name: str) -> tuple[str, ...]:
        """All values of a header, on one line or on several."""
        return tuple(value for each, line in self.headers if each == name for value in listed(line))

    def parts(self) -> tuple[Part, ...]:
        """The parts of the body; a body that is no multipart is one."""
        return parts(self.header("content-type"), self.body, self.header("content-id"))


def of_payload(payload: Payload) -> Message:
    """The message in a JSON object: whole as `message`, or as `start_line`, `headers` and `body`."""
    whole = payload.get("message")
    if isinstance(whole, str):
        return of_text(whole)
    body = payload.get("body")
    start_line = text(payload, "start_line", "text")
    if not start_line:
        raise Refused("start_line", "missing")
    return _message(start_line, payload.get("headers"), body if isinstance(body, str) else "")


def of_text(raw: str) -> Message:
    """The message as it went over the wire."""
    # Empty lines before a message keep a connection open (RFC 5626).
    raw = raw.lstrip("\r\n\0")
    gap = _EMPTY_LINE.search(raw)
    head, body = (raw[: gap.start()], raw[gap.end() :]) if gap else (raw, "")
    start_line, *lines = _BREAK.split(_FOLD.sub(" ", head))
    return _message(start_line, lines, body)


def _message(start_line: str, headers: object, body: str) -> Message:
    start_line = start_line[:MAX_LINE].strip()
    if not _request(start_line)[0] and not _STATUS.match(start_line):
        raise Refused("start_line", "is no SIP request or response")
    return Message(start_line, tuple(islice(_headers(headers), MAX_HEADERS)), body)


def _request(start_line: str) -> tuple[str, str]:
    """Method and target of a request's first line; empty for any other."""
    before, _, version = start_line.replace("\t", " ").rpartition(" SIP/")
    method, _, target = before.strip().partition(" ")
    if not target.strip() or not version[:1].isdigit() or not _METHOD.fullmatch(method):
        return "", ""
    return method.upper(), target.strip()


def _headers(told: object) -> Iterator[tuple[str, str]]:
    """Headers from lines, from pairs, or from an object; what is none of these is passed over."""
    if isinstance(told, str):
        told = _BREAK.split(_FOLD.sub(" ", told))
    if isinstance(told, Mapping):
        told = [[name, each] for name, value in told.items() for each in (value if _is_list(value) else [value])]
    for each in told if isinstance(told, list) else []:
        if isinstance(each, Mapping):
            name, value = each.get("name"), each.get("value")
        elif isinstance(each, str):
            name, _, value = _FOLD.sub(" ", each).partition(":")
        else:
            name, value = each if _is_list(each) and len(each) == 2 else (None, None)
        if isinstance(name, str) and isinstance(value, (str, int)):
            name = name.strip().lower()
            yield COMPACT.get(name, name), str(value)[:MAX_LINE].strip()


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def listed(line: str) -> tuple[str, ...]:
    """The values of a header that may have several: parted by commas that stand neither in quotes nor in brackets."""
    values, begin, closing = [], 0, ""
    for index, letter in enumerate(line):
        if closing:
            closing = "" if letter == closing and line[index - 1] != "\\" else closing
        elif letter in '"<':
            closing = '"' if letter == '"' else ">"
        elif letter == ",":
            values.append(line[begin:index])
            begin = index + 1
    return tuple(stripped for value in (*values, line[begin:]) if (stripped := value.strip()))


def parts(content_type: str, body: str, content_id: str = "") -> tuple[Part, ...]:
    """The parts of a body, those within parts as well."""
    return tuple(islice(_parts(content_type, content_id, "", body, 0), MAX_PARTS))


def _parts(content_type: str, content_id: str, encoding: str, body: str, depth: int) -> Iterator[Part]:
    kind = content_type.partition(";")[0].strip().lower()
    if not kind.startswith("multipart/") or depth >= MAX_DEPTH:
        if body.strip():
            yield Part(kind, _decoded(body, encoding), content_id.strip("<> \t"))
        return
    for piece in _pieces(content_type, body)[:MAX_PARTS]:
        head, inner = _head_and_body(piece)
        headers = dict(_headers(head))
        yield from _parts(
            headers.get("content-type", "text/plain"),
            headers.get("content-id", ""),
            headers.get("content-transfer-encoding", ""),
            inner,
            depth + 1,
        )


def _pieces(content_type: str, body: str) -> list[str]:
    """What stands between the boundaries. One that does not occur was misspelt: then the body's own first one counts."""
    named = _BOUNDARY.search(content_type)
    boundary = (named[1] or named[2]) if named else ""
    if not boundary or f"--{boundary}" not in body:
        shown = _DASHES.search(body.replace("\r", ""))
        if shown is None:
            return []
        boundary = shown[1]
    line = re.compile(rf"(?:^|\r\n|\n|\r)[ \t]*--{re.escape(boundary)}(--)?[ \t]*(?=\r|\n|\Z)")
    begins = list(islice(line.finditer(body), MAX_PARTS + 1))
    ends = [found.start() for found in begins[1:]] + [len(body)] * bool(begins)
    return [
        re.sub(r"\A(?:\r\n|\n|\r)", "", body[found.end() : end])
        for found, end in zip(begins, ends, strict=True)
        if not found[1]
    ]


def _head_and_body(piece: str) -> tuple[str, str]:
    """A part's own headers and what follows them; some senders indent all of it, or forget the empty line between."""
    if piece[:1] in (" ", "\t"):
        piece = dedent(piece)
    end = 0
    for _ in range(_MAX_PART_HEADERS):
        found = _PART_HEADER.match(piece, end)
        if found is None:
            break
        end = found.end()
    return piece[:end], piece[end:]


def _decoded(body: str, encoding: str) -> str:
    """A part in the encoding that its header names; as it stands when it is not in it."""
    try:
        match encoding.strip().lower():
            case "base64":
                return b64decode("".join(body.split()), validate=True).decode("utf-8", "replace")
            case "quoted-printable":
                return quopri.decodestring(body.encode()).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        pass
    return body
