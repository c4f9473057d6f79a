"""Bodies of requests: bounded, and decoded from what switches send."""

from typing import Final

import msgspec
from starlette.requests import Request

from siaga_intake.core.switches import freeswitch_posted

# A thousand of the largest usual events; what is larger is not from a switch.
MAX_BODY_BYTES: Final = 1024 * 1024
# mod_json_cdr posts JSON, or a form whose field `cdr` is JSON, URL-encoded or in base64.
_FORMS: Final = frozenset({"application/x-www-form-urlencoded", "application/x-www-form-base64-encoded"})
_CDR: Final = b"cdr="


class Unreadable(Exception):  # noqa: N818  (it carries an answer to the sender)
    """A body that cannot be read, with the status that says so."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(status, reason)
        self.status = status
        self.reason = reason


async def read(request: Request) -> bytes:
    """The body, at most MAX_BODY_BYTES of it whatever its header says."""
    told = request.headers.get("content-length", "0")
    if told.isdigit() and int(told[:20]) > MAX_BODY_BYTES:
        raise _too_large()
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise _too_large()
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large() -> Unreadable:
    return Unreadable(413, f"the body is larger than {MAX_BODY_BYTES} bytes")


def decode(body: bytes, content_type: str) -> object:
    """The JSON value of a body."""
    media_type = content_type.partition(";")[0].strip().lower()
    try:
        if media_type in _FORMS and not body.lstrip().startswith((b"{", b"[")):
            return freeswitch_posted.record(_field(body))
        value: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise Unreadable(400, f"the body is no JSON: {error}") from error
    except RecursionError as error:
        raise Unreadable(400, "the body is nested too deeply") from error
    return value


def _field(body: bytes) -> bytes:
    for field in body.split(b"&"):
        if field.startswith(_CDR):
            return field
    raise Unreadable(400, "the form has no field cdr")
