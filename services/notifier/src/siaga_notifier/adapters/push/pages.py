"""The crews' app: a page and its service worker, from the notifier's own door."""

import hashlib
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

PREFIX: Final = "/app/"
_TYPES: Final = {
    "index.html": "text/html; charset=utf-8",
    "app.css": "text/css; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "shared.js": "text/javascript; charset=utf-8",
    "sw.js": "text/javascript; charset=utf-8",
    "manifest.webmanifest": "application/manifest+json",
    "icon.svg": "image/svg+xml",
}
# Nothing but what is served here runs, and nothing is told to any other place.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self'; manifest-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    # A mended page must be there at the next look; unchanged, it costs a question.
    "Cache-Control": "no-cache",
}


def routes() -> list[Route]:
    """The app's files, read once."""
    folder = files(__package__) / "app"
    made = [_route(name, media_type, (folder / name).read_bytes()) for name, media_type in _TYPES.items()]
    return [*made, Route(PREFIX.rstrip("/"), lambda _: RedirectResponse("app/"), methods=["GET"])]


def _route(name: str, media_type: str, content: bytes) -> Route:
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {**_HEADERS, "ETag": tag}

    async def serve(request: Request) -> Response:
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers, media_type=media_type)

    return Route(PREFIX + ("" if name == "index.html" else name), serve, methods=["GET"])
