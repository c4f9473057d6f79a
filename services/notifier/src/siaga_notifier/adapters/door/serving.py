"""The notifier's door: where devices sign in, providers tell what became of messages, and crews answer by a link."""

from collections.abc import Sequence
from typing import Final

import uvicorn
from siaga_kit.service import DOOR, QuietServer, Runtime
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute

from siaga_notifier.adapters.door.requests import on_http_error

# Providers keep their connections for the next receipt.
KEEP_ALIVE_S: Final = 30
GRACE_S: Final = 1


async def serve(runtime: Runtime, routes: Sequence[BaseRoute]) -> None:
    """Serve these routes until the process stops."""
    settings = runtime.settings.notifier
    server = QuietServer(
        uvicorn.Config(
            Starlette(routes=list(routes), exception_handlers={HTTPException: on_http_error}),
            host=settings.host,
            port=settings.port,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=GRACE_S,
            **DOOR,
        )
    )
    await server.serve_until(runtime.stop)
