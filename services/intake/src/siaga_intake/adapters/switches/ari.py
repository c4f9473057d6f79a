"""A connection to Asterisk's REST Interface (ARI): its events over a WebSocket that we open."""

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from siaga_tenants import Connect
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from siaga_intake.adapters.switches.connector import Hand, LinkError
from siaga_intake.adapters.switches.credentials import secret_of
from siaga_intake.adapters.switches.pump import MAX_MESSAGE_BYTES, pump

ANSWER_S: Final = 5.0
# Silence after which the library asks, and again so long until it gives up.
PING_S: Final = 15.0
_EVENTS: Final = "/events"
_WHY: Final = {
    401: "user and secret file are not those of ari.conf",
    403: "the user may not listen; look at ari.conf and http.conf",
    404: "there is no ARI; set `enabled = yes` in http.conf and ari.conf, and end the address with /ari",
}


def _own_application() -> str:
    # Two listeners under one name put each other out; this one only listens, and no call is sent to it.
    return f"siaga112-{secrets.token_hex(4)}"


@dataclass(frozen=True, slots=True)
class Ari:
    """One Asterisk, by the URL of its ARI; `?app=` in it names the application, else a name of our own is taken."""

    connect: Connect
    application: str = field(default_factory=_own_application)

    async def run(self, hand: Hand, connected: Callable[[], None]) -> None:
        """Listen to all that happens until the connection ends."""
        shown = base64.b64encode(f"{self.connect.user}:{secret_of(self.connect)}".encode()).decode()
        try:
            async with connect(
                self.url(),
                additional_headers={"Authorization": f"Basic {shown}"},
                open_timeout=ANSWER_S,
                ping_interval=PING_S,
                ping_timeout=PING_S,
                max_size=MAX_MESSAGE_BYTES,
                compression=None,
                proxy=None,
            ) as socket:
                connected()
                await pump(socket.recv, hand)
        except InvalidStatus as error:
            status = error.response.status_code
            raise LinkError(f"ARI answers {status}: {_WHY.get(status, 'it does not open a WebSocket')}") from None
        except ConnectionClosed:
            raise LinkError("Asterisk closed the connection") from None
        except TimeoutError:
            raise LinkError(f"{self.connect.address} does not answer") from None
        except WebSocketException as error:
            raise LinkError(f"{self.connect.address} speaks no WebSocket: {type(error).__name__}") from None

    def url(self) -> str:
        """Where the events are; without the secret, which logs and proxies would keep."""
        parts = urlsplit(self.connect.address)
        path = parts.path.rstrip("/").removesuffix(_EVENTS) + _EVENTS
        asked = {"app": self.application, "subscribeAll": "true", **dict(parse_qsl(parts.query))}
        return urlunsplit((parts.scheme, parts.netloc, path, urlencode(asked), ""))
