"""The outbound mode of Asterisk's REST Interface: Asterisk opens the WebSocket, and we listen on the front door.

A connection may stand for as long as Asterisk runs, or be opened for one call (`connection_type` in websocket_client.conf).
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.responses import JSONResponse
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from siaga_intake.adapters.sources import Denied, Sources
from siaga_intake.adapters.switches.connector import Feed, LinkError
from siaga_intake.adapters.switches.pump import pump

PATH: Final = "/v1/switch/asterisk/ari/{tenant}/{instance}"
PROTOCOL: Final = "ari-outbound"
_SUBPROTOCOL: Final = "ari"
_KINDS: Final = frozenset({"asterisk"})


@dataclass(frozen=True, slots=True)
class Expected:
    """A source whose Asterisk connects to us; runs beside the links, though it has nothing to do but to end well."""

    feed: Feed

    async def run(self) -> None:
        """Wait until cancelled, then note how far it got."""
        try:
            await asyncio.Event().wait()
        finally:
            await self.feed.close()


def route(
    sources: Sources, expected: Mapping[tuple[str, str], Feed], now_s: Callable[[], float] = time.time
) -> WebSocketRoute:
    """The route for these feeds, by tenant and instance."""

    async def listen(socket: WebSocket) -> None:
        tenant, instance = socket.path_params["tenant"], socket.path_params["instance"]
        denied = _denied(socket, sources, tenant, instance, now_s())
        feed = expected.get((tenant, instance))
        if denied is None and feed is None:
            denied = Denied(
                404, f"no source asterisk/{instance[:32]} of that tenant has connect: {{protocol: {PROTOCOL}}}"
            )
        if denied is not None or feed is None:
            await _turn_away(socket, denied or Denied(404, "no such source"))
            return
        offered = socket.scope.get("subprotocols", ())
        await socket.accept(subprotocol=_SUBPROTOCOL if _SUBPROTOCOL in offered else None)
        feed.connected()
        reason = "Asterisk closed the connection"
        try:
            await pump(lambda: _received(socket), feed.hand)
        except LinkError as error:
            reason = str(error)
        finally:
            await feed.lost(reason)

    return WebSocketRoute(PATH, listen)


def _denied(socket: WebSocket, sources: Sources, tenant: str, instance: str, now_s: float) -> Denied | None:
    admitted = sources.admit(socket.headers.get, b"", _KINDS, now_s)
    if isinstance(admitted, Denied):
        return admitted
    source = admitted.source
    if source is not None and (admitted.centre.tenant, source.instance) != (tenant, instance):
        return Denied(403, "this credential belongs to another source than the address names")
    return None


async def _turn_away(socket: WebSocket, denied: Denied) -> None:
    headers = {"WWW-Authenticate": "Basic"} if denied.status == 401 else None
    told = {"title": "not connected", "status": denied.status, "detail": denied.reason}
    await socket.send_denial_response(JSONResponse(told, denied.status, headers, "application/problem+json"))


async def _received(socket: WebSocket) -> str | bytes | None:
    try:
        message = await socket.receive()
    except WebSocketDisconnect:
        return None
    if message["type"] == "websocket.disconnect":
        return None
    text: str | None = message.get("text")
    data: bytes = message.get("bytes") or b""
    return data if text is None else text
