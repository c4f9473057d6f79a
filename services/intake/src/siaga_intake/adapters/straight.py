"""The straight way to the doors: posts pass by the router and its middlewares, which cost more than reading an event."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from siaga_intake.adapters import problems

Handler = Callable[[Request], Awaitable[Response]]


class QuickHeaders(Headers):
    """Headers by their name, the first of each. Starlette looks through all of them at every question; a post asks ten."""

    def __init__(self, raw: list[tuple[bytes, bytes]]) -> None:
        super().__init__(raw=raw)
        self._first = {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(raw)}

    def __getitem__(self, key: str) -> str:
        return self._first[key.lower()]

    def get(self, key: str, default: Any = None) -> Any:
        return self._first.get(key.lower(), default)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key.lower() in self._first


class _Post(Request):
    def __init__(self, scope: Scope, receive: Receive) -> None:
        super().__init__(scope, receive)
        self._quick = QuickHeaders(scope["headers"])

    @property
    def headers(self) -> Headers:
        return self._quick


@dataclass(frozen=True, slots=True)
class Straight:
    """An ASGI application: posts by their path, everything else (documents, hand-shakes, refusals) by the router."""

    posts: Mapping[str, Handler]
    router: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        handler = self.posts.get(scope.get("path", "")) if scope.get("method") == "POST" else None
        if handler is None:
            await self.router(scope, receive, send)
            return
        request = _Post(scope, receive)
        try:
            response = await handler(request)
        except Exception as error:
            await (await problems.on_fault(request, error))(scope, receive, send)
            # The server logs it.
            raise
        await response(scope, receive, send)
