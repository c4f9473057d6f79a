"""Bodies of requests: bounded, and decoded from what switches send."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs, unquote

import msgspec
from starlette.requests import Request

from siaga_intake.core.switches import freeswitch_posted

# A thousand of the largest usual events; what is larger is not from a switch.
MAX_BODY_BYTES: Final = 1024 * 1024
FORM: Final = "application/x-www-form-urlencoded"
# mod_json_cdr posts JSON, or a form whose field `cdr` is JSON, URL-encoded or in base64.
_FORMS: Final = frozenset({FORM, "application/x-www-form-base64-encoded"})
_CDR: Final = b"cdr="
_TEXTS: Final = frozenset({"text/plain", "text/xml", "application/xml", "message/sip"})
NOTHING: Final[Mapping[str, str]] = {}
# The bindings of CloudEvents to HTTP: attributes in headers, percent-encoded; whole events by their own media types.
_ATTRIBUTE: Final = "ce-"
_VERSION: Final = "ce-specversion"
_STRUCTURED: Final = "application/cloudevents"
# A message with its gateway's remarks; more is an attempt to keep us busy.
_MAX_FIELDS: Final = 100


class Unreadable(Exception):  # noqa: N818  (it carries an answer to the sender)
    """A body that cannot be read, with the status that says so."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(status, reason)
        self.status = status
        self.reason = reason


def announced(request: Request, most: int = MAX_BODY_BYTES) -> int:
    """How large the body may become: what its header says, the most when it does not, nothing when it is refused anyhow."""
    told = request.headers.get("content-length", "")
    if told.isdecimal():
        size = int(told[:20])
        return size if size <= most else 0
    return most if "transfer-encoding" in request.headers else 0


async def read(request: Request, most: int = MAX_BODY_BYTES) -> bytes:
    """The body, at most so much of it whatever its header says."""
    told = request.headers.get("content-length", "0")
    if told.isdecimal() and int(told[:20]) > most:
        raise _too_large(most)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise _too_large(most)
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(most: int) -> Unreadable:
    return Unreadable(413, f"the body is larger than {most} bytes")


def decode(
    body: bytes, content_type: str, *, fields: bool = False, written: str = "", beside: Mapping[str, str] = NOTHING
) -> object:
    """The JSON value of a body; with `fields`, of a form its fields, the first of each name.

    With `written`, text or XML is one field of that name, and `beside` are the others.
    """
    media_type = content_type.partition(";")[0].strip().lower()
    like_json = body.lstrip().startswith((b"{", b"["))
    if written and not like_json and (media_type in _TEXTS or media_type.endswith("+xml")):
        return {**beside, written: body.decode("utf-8", "replace")}
    try:
        if fields and media_type == FORM and not like_json:
            return _fields(body)
        if media_type in _FORMS and not like_json:
            return freeswitch_posted.record(_field(body))
        value: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise Unreadable(400, f"the body is no JSON: {error}") from error
    except RecursionError as error:
        raise Unreadable(400, "the body is nested too deeply") from error
    return value


def cloud_event(headers: Mapping[str, str], value: object) -> object:
    """The CloudEvent of a request in binary mode, whose attributes are headers and whose body is only its data."""
    if _VERSION not in headers or headers.get("content-type", "").startswith(_STRUCTURED):
        return value
    told = {
        name.removeprefix(_ATTRIBUTE): unquote(text) for name, text in headers.items() if name.startswith(_ATTRIBUTE)
    }
    return {**told, "data": value}


def _fields(body: bytes) -> dict[str, str]:
    try:
        found = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise Unreadable(400, f"the form cannot be read: more than {_MAX_FIELDS} fields") from error
    return {name: values[0] for name, values in found.items()}


def _field(body: bytes) -> bytes:
    for field in body.split(b"&"):
        if field.startswith(_CDR):
            return field
    raise Unreadable(400, "the form has no field cdr")
