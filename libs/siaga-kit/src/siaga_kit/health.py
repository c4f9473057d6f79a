"""Whether this process lives, and whether it is ready to work."""

from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Check = Callable[[], str | None]


class Health:
    """Named checks; each answers None when ready, else the reason why not (for people)."""

    def __init__(self) -> None:
        self._ready: dict[str, Check] = {}
        self._told: dict[str, Check] = {}

    def add(self, name: str, check: Check) -> None:
        """Add or replace a check."""
        self._ready[name] = check

    def tell(self, name: str, check: Check) -> None:
        """Add a check that people see and that makes nothing unready: all processes lose a thing outside together."""
        self._told[name] = check

    def notes(self) -> dict[str, str]:
        """What is amiss outside, though this process is ready."""
        answers = {name: check() for name, check in self._told.items()}
        return {name: note for name, note in answers.items() if note is not None}

    def reasons(self) -> dict[str, str]:
        """What is not ready, and why; empty = ready."""
        answers = {name: check() for name, check in self._ready.items()}
        return {name: reason for name, reason in answers.items() if reason is not None}


def application(health: Health) -> Starlette:
    """`/health/live`, `/health/ready` (503 with reasons) and `/metrics` (Prometheus text)."""

    async def live(_: Request) -> Response:
        return JSONResponse({"live": True})

    async def ready(_: Request) -> Response:
        reasons = health.reasons()
        told = {"ready": not reasons, "reasons": reasons, "notes": health.notes()}
        return JSONResponse(told, status_code=503 if reasons else 200)

    async def prometheus(_: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return Starlette(routes=[Route("/health/live", live), Route("/health/ready", ready), Route("/metrics", prometheus)])
