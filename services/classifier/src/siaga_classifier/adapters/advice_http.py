"""The door of advice for switches that speak no gRPC: one HTTP request while the call rings, one word as the answer.

Whatever is wrong (a bad request, a wrong token, a store that is away), the answer is 200 and `normal`, and a header says
why: a dialplan that only looks at the body can do nothing wrong.
"""

import asyncio
import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs

import structlog
import uvicorn
from siaga_kit.service import DOOR, QuietServer, Runtime
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from siaga_classifier.adapters.advice import READ_TIMEOUT_S, CallerAdvice, told
from siaga_classifier.adapters.askers import Askers
from siaga_classifier.core.caller_advice import RoutingAdvice, normal

log = structlog.get_logger()

PATH: Final = "/v1/advice"
# A tenant and a number; whatever is larger is no question of a switch.
MAX_BODY_BYTES: Final = 4_096
# Switches ask every few seconds; a connection for each question would cost more than the answer.
KEEP_ALIVE_S: Final = 60
BACKLOG: Final = 1_024
GRACE_S: Final = 1
STATES: Final = {1: "clean", 2: "watch", 3: "warned", 4: "temporary", 5: "permanent", 6: "lifted"}
# What to do about a basis that is somebody's mistake. Never a word of what was sent: it may hold a number.
REMEDIES: Final = {
    "unauthorised": "no or unknown token; send Authorization: Bearer with the token of a source of the tenant",
    "other_tenant": "the token is of a source of another tenant than the one named",
    "no_tenant": "name the tenant, as tenant=36.73",
    "unknown_tenant": "no such tenant is configured",
    "no_number": "no number that a caller could have; an empty one means withheld",
    "bad_request": "not readable; send tenant and number in the query, as a form, or as one JSON object",
    "slow_request": "the body did not come in time",
    "store_unavailable": "the store did not answer in time",
    "failed": "a fault of ours; it is in the log",
}


class _BadRequest(Exception):  # noqa: N818  (an answer, not a fault)
    """What was asked cannot be read."""


@dataclass(frozen=True, slots=True)
class _Question:
    tenant: str
    number: str


class AdviceDoor:
    """Answers GET and POST on one path."""

    def __init__(self, advice: CallerAdvice, askers: Askers, now_ms: Callable[[], int]) -> None:
        self._advice = advice
        self._askers = askers
        self._now_ms = now_ms

    def application(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route(PATH, self._answer, methods=["GET", "POST"]),
                Route("/{path:path}", _elsewhere, methods=["GET", "POST"]),
            ]
        )

    async def _answer(self, request: Request) -> Response:
        return _response(request, told(await self._advised(request)))

    async def _advised(self, request: Request) -> RoutingAdvice:
        try:
            asker = self._askers.admit(request.headers.get("authorization", ""), self._now_ms())
            if asker is None:
                return normal("unauthorised")
            async with asyncio.timeout(READ_TIMEOUT_S):
                question = await _question(request)
            tenant = question.tenant or asker.tenant
            if not tenant:
                return normal("no_tenant")
            if asker.tenant not in (None, tenant):
                return normal("other_tenant")
            return await self._advice.advise(tenant, question.number)
        except (_BadRequest, ClientDisconnect):
            return normal("bad_request")
        except TimeoutError:
            return normal("slow_request")
        except Exception as error:  # noqa: BLE001  (INV-2: whatever is wrong, the call goes through)
            # Without what the error says of itself: it may hold the number.
            log.error("advice failed", error=type(error).__name__)  # noqa: TRY400
            return normal("failed")


async def _question(request: Request) -> _Question:
    """Tenant and number from the query, or from a body, which no proxy writes into its log."""
    asked: Mapping[str, Any] = request.query_params
    if request.method == "POST":
        asked = {**asked, **await _body(request)}
    tenant, number = asked.get("tenant", ""), asked.get("number", "")
    if not isinstance(tenant, str) or not isinstance(number, str):
        raise _BadRequest
    return _Question(tenant.strip(), _plus(number))


def _plus(number: str) -> str:
    """A plus that nobody escaped has become a space; numbers begin with none."""
    return f"+{number.strip()}" if number.startswith(" ") and number.strip()[:1].isdigit() else number.strip()


async def _body(request: Request) -> Mapping[str, Any]:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            raise _BadRequest
    try:
        text = body.decode()
        if not text.lstrip().startswith("{"):
            return {name: values[-1] for name, values in parse_qs(text, keep_blank_values=True).items()}
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _BadRequest from error
    return found if isinstance(found, dict) else {}


def _response(request: Request, advice: RoutingAdvice) -> Response:
    word, state = advice.routing.name.lower(), STATES.get(advice.state, "clean")
    remedy = REMEDIES.get(advice.basis)
    headers = {"X-Siaga-Basis": advice.basis, "X-Siaga-State": state, "Cache-Control": "no-store", "Vary": "Accept"}
    if remedy:
        headers["X-Siaga-Reason"] = remedy
    if "application/json" not in request.headers.get("accept", ""):
        return Response(word, media_type="text/plain", headers=headers)
    body = {"advice": word, "state": state, "basis": advice.basis, "until_ms": advice.until_ms}
    return Response(
        json.dumps(body | ({"reason": remedy} if remedy else {})), media_type="application/json", headers=headers
    )


async def _elsewhere(request: Request) -> Response:  # noqa: ARG001  (Starlette passes it)
    """A dialplan with a mistyped path reads its answer like any other."""
    return Response("normal", status_code=404, media_type="text/plain", headers={"X-Siaga-Basis": "no_such_path"})


def open_door(runtime: Runtime, door: AdviceDoor) -> str:
    """Serve until the runtime stops; returns the address."""
    where = runtime.settings.advice
    family = socket.AF_INET6 if ":" in where.host else socket.AF_INET
    listening = socket.create_server((where.host, where.port), family=family, backlog=BACKLOG)
    # asyncio leaves Nagle's algorithm on for sockets made this way, and every answer would wait 40 ms for an ACK.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server = QuietServer(
        uvicorn.Config(
            door.application(),
            http="httptools",
            ws="none",
            **DOOR,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=GRACE_S,
        )
    )
    runtime.spawn("advice.http", server.serve_until(runtime.stop, [listening]))
    return "http://{}:{}".format(*listening.getsockname()[:2])
