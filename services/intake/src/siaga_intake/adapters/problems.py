"""Answers that say what is wrong (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

MEDIA_TYPE: Final = "application/problem+json"


def problem(
    status: int,
    detail: str,
    field: str = "",
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, object] | None = None,
) -> Response:
    """A problem document; `field` names what to mend, `more` are members of its own."""
    body: dict[str, object] = {
        "type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail,
    }  # fmt: skip
    if field:
        body["field"] = field
    return Response(msgspec.json.encode({**body, **(more or {})}), status, headers, MEDIA_TYPE)


async def on_http_error(request: Request, error: Exception) -> Response:
    """Errors of the router: no such path, wrong method."""
    assert isinstance(error, HTTPException)
    headers = {"Allow": _allowed(request)} if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED else error.headers
    return problem(error.status_code, f"{request.method} {request.url.path}: {error.detail}", headers=headers)


def _allowed(request: Request) -> str:
    """All that may be done with a path: the router itself tells the methods of the first of its routes only."""
    routes = (route for route in request.app.routes if isinstance(route, Route))
    found = [route.methods or set() for route in routes if route.path_regex.match(request.url.path)]
    return ", ".join(sorted(set().union(*found)))


async def on_fault(_: Request, error: Exception) -> Response:
    """A fault of ours. Nothing was promised, so the sender may send the same again."""
    return problem(500, f"intake failed: {type(error).__name__}; send the same again")
