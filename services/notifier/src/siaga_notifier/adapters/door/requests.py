"""What every part of the door needs: bodies with a bound, and refusals that say what is wrong (RFC 9457)."""

from http import HTTPStatus
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response


async def body_of(request: Request, most_bytes: int) -> bytes:
    """The body as it came; HTTPException 413 when it is longer, read no further than that."""
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > most_bytes:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body may have {most_bytes} bytes at most")
    return bytes(found)


def json_of(body: bytes) -> Any:
    """The body as JSON; HTTPException 400 when it is none."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"the body is no JSON: {error}") from error


def problem(status: int, detail: str, field: str = "") -> Response:
    """A problem document; `field` names what to mend."""
    told: dict[str, object] = {
        "type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail,
    }  # fmt: skip
    if field:
        told["field"] = field
    return Response(msgspec.json.encode(told), status, media_type="application/problem+json")


async def on_http_error(_: Request, error: Exception) -> Response:
    """What a part of the door raised, or the router: no such path, wrong method."""
    assert isinstance(error, HTTPException)
    return problem(error.status_code, error.detail)
