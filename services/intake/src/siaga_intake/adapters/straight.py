"""The straight way to the doors: posts pass by the router and its middlewares, which cost more than reading an event."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from siaga_intake.adapters import problems

Handler = Callable[[Request], Awaitable[Response]]


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
        request = Request(scope, receive)
        try:
            response = await handler(request)
        except Exception as error:
            await (await problems.on_fault(request, error))(scope, receive, send)
            # The server logs it.
            raise
        await response(scope, receive, send)
