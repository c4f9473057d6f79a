"""The MQTT channel: orders to unit tablets and sirens, their answers back."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

import aiomqtt
import structlog
from aiomqtt import ProtocolVersion
from paho.mqtt.client import MQTT_CLEAN_START_FIRST_ONLY
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from siaga_kit.settings import MqttSettings

from siaga_notifier.core.app_payload import EXPIRY_S, payload
from siaga_notifier.core.model import MQTT, Attempt, UnitAnswer
from siaga_notifier.core.outcomes import Accepted, Outcome, Permanent, Temporary

log = structlog.get_logger()

ACKS: Final = "siaga/unit/+/acks"
# Answers given while this process was away are kept by the broker that long.
SESSION_EXPIRY_S: Final = 7 * 24 * 3600
# SMS goes out at the same time: a slow broker must not hold up the word that an order was sent.
PUBLISH_S: Final = 1.0
RECONNECT_S: Final = 2.0
AT_LEAST_ONCE: Final = 1
# A refusal as "unsupported protocol version": 0x84 to an MQTT 5 client, 1 in the old code.
UNSUPPORTED_VERSION: Final = frozenset({1, 0x84})


OnAnswer = Callable[[UnitAnswer], Awaitable[None]]


class MqttBroker:
    """Publishes orders; an answer is acknowledged to the broker when it was dealt with."""

    channel: Final = MQTT
    keyed: Final = True
    confirms: Final = False

    def __init__(self, settings: MqttSettings, instance: str, on_answer: OnAnswer, provider_id: str = "mqtt") -> None:
        self.provider_id = provider_id
        assert settings.host is not None
        self._settings = settings
        self._host = settings.host
        self._identifier = f"siaga-notifier-{instance}"
        self._on_answer = on_answer
        self._client: aiomqtt.Client | None = None
        # Many small brokers speak 3.1.1 only; without message expiry, devices go by `expires_in_s` in the payload.
        self._protocol: ProtocolVersion | None = None

    def trouble(self) -> str | None:
        """Why nothing can be published now; None when something can."""
        return None if self._client is not None else "not connected to the MQTT broker"

    async def run(self) -> None:
        """Keep connected, until cancelled."""
        away = False
        while True:
            try:
                await self._serve()
            except aiomqtt.MqttError as error:
                if not away:
                    log.warning("MQTT broker away", error=type(error).__name__)
                away = True
            else:
                away = False
            finally:
                self._client = None
            await asyncio.sleep(RECONNECT_S)

    async def _serve(self) -> None:
        if self._protocol is None:
            self._protocol = await self._spoken()
        async with self._made(self._protocol) as client:
            # The library has no word for it: acknowledge only what was dealt with.
            paho = client._client  # noqa: SLF001
            paho.manual_ack_set(True)
            await client.subscribe(ACKS, qos=AT_LEAST_ONCE)
            self._client = client
            log.info("connected to the MQTT broker", protocol=self._protocol.name)
            async for message in client.messages:
                answer = read_answer(str(message.topic), message.payload)
                if answer is None:
                    log.warning("answer over MQTT not understood", topic=str(message.topic))
                else:
                    await self._on_answer(answer)
                paho.ack(message.mid, message.qos)

    async def _spoken(self) -> ProtocolVersion:
        """MQTT 5 where the broker has it. Asked without properties: an old broker may trip over them, not refuse."""
        try:
            async with aiomqtt.Client(
                self._host, self._settings.port, protocol=ProtocolVersion.V5, **self._credentials()
            ):
                return ProtocolVersion.V5
        except aiomqtt.MqttError as error:
            reason = getattr(error, "rc", None)
            if getattr(reason, "value", reason) in UNSUPPORTED_VERSION:
                return ProtocolVersion.V311
            raise

    def _credentials(self) -> dict[str, Any]:
        password = self._settings.password
        return {
            "username": self._settings.username,
            "password": password.get_secret_value() if password else None,
            "timeout": 5,
        }

    def _made(self, protocol: ProtocolVersion) -> aiomqtt.Client:
        five = protocol is ProtocolVersion.V5
        properties = None
        if five:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = SESSION_EXPIRY_S
        return aiomqtt.Client(
            self._host,
            self._settings.port,
            identifier=self._identifier,
            protocol=protocol,
            clean_start=False if five else MQTT_CLEAN_START_FIRST_ONLY,
            clean_session=None if five else False,
            properties=properties,
            **self._credentials(),
        )

    async def send(self, attempt: Attempt) -> Outcome:
        """Publish an order to its unit's topic."""
        if any(wild in attempt.address for wild in "+#"):
            return Permanent("topic with a wildcard")
        client = self._client
        if client is None:
            return Temporary("not connected to the MQTT broker", RECONNECT_S, down=True)
        properties = None
        if self._protocol is ProtocolVersion.V5:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.MessageExpiryInterval = EXPIRY_S
        try:
            await client.publish(
                attempt.address, payload(attempt), qos=AT_LEAST_ONCE, properties=properties, timeout=PUBLISH_S
            )
        except aiomqtt.MqttError as error:
            return Temporary(type(error).__name__, RECONNECT_S, down=True)
        return Accepted(attempt.attempt_id)


def read_answer(topic: str, body: Any) -> UnitAnswer | None:
    """An answer as devices send it: `{"order_id","status","at_ms"?,"lat"?,"lon"?}`; None when it is none."""
    parts = topic.split("/")
    try:
        content = json.loads(body)
        lat, lon = content.get("lat"), content.get("lon")
        located = lat is not None and lon is not None and abs(float(lat)) <= 90 and abs(float(lon)) <= 180
        return UnitAnswer(
            unit_id=parts[2],
            order_id=str(content.get("order_id", "")),
            status=str(content["status"]).lower(),
            at_ms=int(content.get("at_ms", 0)),
            lat=float(lat) if located else None,
            lon=float(lon) if located else None,
        )
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        return None
