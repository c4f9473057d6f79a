"""Providers of SMS by HTTP on the loopback: they keep what they were asked, and answer what a test tells them."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from siaga_kit.service import DOOR, QuietServer
from siaga_notifier.adapters.http_sms.provider import HttpSmsProvider
from siaga_notifier.core.model import Attempt, Order, OrderKind
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

NOW_MS = 1_760_000_000_000
NUMBER = "+628110004411"
TEXT = "P1 Kebakaran 114: Jl. Merdeka 1"


@asynccontextmanager
async def served(routes: list[BaseRoute]) -> AsyncIterator[str]:
    """These routes on a free port; gives their address."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        stop = asyncio.Event()
        server = QuietServer(uvicorn.Config(Starlette(routes=routes), timeout_graceful_shutdown=1, **DOOR))
        serving = asyncio.create_task(server.serve_until(stop, [listening]))
        try:
            while not server.started:
                await asyncio.sleep(0.005)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            stop.set()
            await serving


@dataclass
class Asked:
    """A request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Peer:
    """One provider. `answer` is what it says next: status, body (a text, or JSON), headers."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    answer: tuple[int, Any, Mapping[str, str]] = (200, "", {})

    async def take(self, request: Request) -> Response:
        body = await request.body()
        query = dict(request.query_params)
        self.asked.append(Asked(request.method, request.url.path, dict(request.headers), query, body))
        status, said, headers = self.answer
        if isinstance(said, str):
            return Response(said, status, dict(headers))
        return Response(json.dumps(said), status, dict(headers), "application/json")


@asynccontextmanager
async def peer() -> AsyncIterator[Peer]:
    """A provider that takes whatever is asked."""
    one = Peer()
    async with served([Route("/{rest:path}", one.take, methods=["GET", "POST", "PUT"])]) as url:
        one.url = url
        yield one


@asynccontextmanager
async def running(*channels: HttpSmsProvider) -> AsyncIterator[None]:
    """The channels kept as the service keeps them, and closed at the end."""
    tasks = [asyncio.create_task(channel.run()) for channel in channels]
    # Started, so that their end is run, too.
    await asyncio.sleep(0)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def attempt(text: str = TEXT, number: str = NUMBER, name: str = "attempt-1", expires_at_ms: int = 0) -> Attempt:
    """One try of an order of Kota Serang at a phone."""
    order = Order(
        "order-1", "36.73", "incident-1", "T-1", "unit-1", OrderKind.DISPATCH, "114", "fire_building", "P1",
        False, "Jl. Merdeka 1", -6.12, 106.15, "", "081234567890", (), NOW_MS,
    )  # fmt: skip
    return Attempt(name, "sms", number, 1, text, order, key="key-1", expires_at_ms=expires_at_ms)
