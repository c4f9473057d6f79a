"""Positions over MQTT: intake subscribes to where phones with OwnTracks publish.

The broker's access list vouches for the topic, so there the topic alone says whose phone it is. Nothing is asked for that was
published while nobody listened: it would be old.
"""

import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import urlsplit

import aiomqtt
import msgspec
from siaga_tenants import Connect, Source, Tenants

from siaga_intake.adapters.sources import Sources
from siaga_intake.adapters.switches.connector import Connector, Hand, LinkError
from siaga_intake.adapters.switches.credentials import secret_of
from siaga_intake.adapters.switches.presence import Presence
from siaga_intake.adapters.trackers.desk import TrackerDesk
from siaga_intake.core.fields import Payload
from siaga_intake.core.trackers import doors
from siaga_intake.core.trackers.owntracks import topic_names

PROTOCOL: Final = "mqtt"
# Where OwnTracks' apps publish their locations: one level for the user, one for the phone.
TOPIC: Final = "owntracks/+/+"
# A broker that does not answer by then is away.
ANSWER_S: Final = 5.0
AT_LEAST_ONCE: Final = 1
# A location has some hundred bytes; what is much longer is a picture or a dump of settings.
MAX_MESSAGE_BYTES: Final = 8_192
# Positions that wait to be read; a broker that sends a fleet's retained ones at once must not fill the memory.
MAX_WAITING: Final = 10_000
_TOPIC, _BODY = "topic", "body"


@dataclass(frozen=True, slots=True)
class MqttLink:
    """One broker, as the source's `connect` names it."""

    connect: Connect

    async def run(self, hand: Hand, connected: Callable[[], None]) -> None:
        """Subscribe and hand over what is published, until the connection ends."""
        where = urlsplit(self.connect.address)
        try:
            async with aiomqtt.Client(
                where.hostname or "",
                where.port or 0,
                username=self.connect.user or None,
                password=secret_of(self.connect) if self.connect.secret_file else None,
                tls_context=ssl.create_default_context() if where.scheme == "mqtts" else None,
                timeout=ANSWER_S,
                max_queued_incoming_messages=MAX_WAITING,
            ) as client:
                await client.subscribe(self.connect.topic or TOPIC, qos=AT_LEAST_ONCE)
                connected()
                async for message in client.messages:
                    if isinstance(message.payload, bytes) and len(message.payload) <= MAX_MESSAGE_BYTES:
                        await hand(({_TOPIC: str(message.topic), _BODY: message.payload},))
        except aiomqtt.MqttError as error:
            raise LinkError(f"{self.connect.address}: {error}") from error


class TrackerFeed:
    """What one broker brings, handed to the desk. `let_in` says whether the source is not disabled."""

    def __init__(
        self, tenant: str, source: Source, desk: TrackerDesk, let_in: Callable[[], bool], now_s: Callable[[], float] = time.time
    ) -> None:  # fmt: skip
        self.title = f"{tenant} {source.name}"
        self._tenant = tenant
        self._source = source
        self._desk = desk
        self._let_in = let_in
        self._now_s = now_s
        names = {"siaga.tenant": tenant, "kind": source.kind, "instance": source.instance}
        self._presence = Presence(names, "broker", now_s)

    async def hand(self, payloads: Sequence[Payload]) -> None:
        """Send these on their way."""
        self.check()
        fleet = self._desk.devices.fleet(self._tenant, test=self._source.test)
        for each in payloads:
            topic, body = str(each[_TOPIC]), each[_BODY]
            assert isinstance(body, bytes)
            await self._desk.receive(
                doors.OWNTRACKS, (_decoded(body),), fleet, self._source.name, int(self._now_s() * 1000),
                vouched=topic_names(topic),
            )  # fmt: skip

    def check(self) -> None:
        """Raises LinkError while the source is disabled."""
        if not self._let_in():
            raise LinkError("the source is disabled: `./siaga source enable` lets it in again")

    def connected(self) -> None:
        """The broker is there."""
        self._presence.came()

    async def lost(self, reason: str) -> None:
        """The connection has ended."""
        self._presence.left(reason)

    async def failed(self, reason: str) -> None:
        """The connection could not be made."""
        self._presence.failed(reason)

    def trouble(self) -> str | None:
        """Since when the broker is away, and why; None = connected."""
        return self._presence.trouble()

    async def close(self) -> None:
        """There is nothing to note: what is missed is old."""


def connectors(tenants: Tenants, sources: Sources, desk: TrackerDesk) -> list[Connector]:
    """One for each source that says `connect: {protocol: mqtt, …}`."""
    return [
        Connector(
            TrackerFeed(code, source, desk, partial(sources.lets_in, code, source.name)), MqttLink(source.connect)
        )
        for code, tenant in tenants.items()
        for source in tenant.sources
        if source.connect is not None and source.connect.protocol == PROTOCOL
    ]


def _decoded(body: bytes) -> object:
    """The payload; what is no JSON is refused as any other that is no object. An empty one ends a retained message."""
    if not body:
        return {"_type": "nothing"}
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
