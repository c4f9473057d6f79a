"""A connection to an MQTT broker: what it speaks, its session, and what the broker says to each publication."""

import asyncio
from typing import Any, Final

import aiomqtt
from aiomqtt import ProtocolVersion
from paho.mqtt.client import MQTT_CLEAN_START_FIRST_ONLY
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from siaga_notifier.adapters.mqtt.access import Access

# Answers given while this process was away are kept by the broker that long.
SESSION_EXPIRY_S: Final = 7 * 24 * 3600
# SMS goes out at the same time: a slow broker must not hold up the word that an order was sent.
PUBLISH_S: Final = 1.0
CONNECT_S: Final = 5.0
AT_LEAST_ONCE: Final = 1
# A refusal as "unsupported protocol version": 0x84 to an MQTT 5 client, 1 in the old code.
UNSUPPORTED_VERSION: Final = frozenset({1, 0x84})


# Reason codes from here on are refusals.
REFUSED_FROM: Final = 0x80


class NotSentError(Exception):
    """The publication did not leave this process."""


class NoAnswerError(Exception):
    """It left, and the broker said nothing to it."""


class Line(aiomqtt.Client):
    """The library's client, which waits for the broker's word on a publication but does not hand it on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._answers: dict[int, asyncio.Future[int]] = {}
        # Acknowledge to the broker only what was dealt with; the library has no word for it either.
        self._client.manual_ack_set(True)

    async def ask(self, topic: str, payload: bytes, properties: Properties | None) -> int:
        """Publish, and give the broker's reason code (MQTT 5 §3.4.2.1; 0 from older ones). Raises NotSentError, NoAnswerError."""
        info = self._client.publish(topic, payload, AT_LEAST_ONCE, properties=properties)
        if info.rc:
            raise NotSentError(f"code {info.rc}")
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._answers[info.mid] = answer
        try:
            return await asyncio.wait_for(answer, PUBLISH_S)
        except TimeoutError:
            raise NoAnswerError(f"nothing within {PUBLISH_S} s") from None
        finally:
            del self._answers[info.mid]

    async def listens(self, topic: str) -> bool:
        """Subscribe; False when the broker refuses. Raises MqttError."""
        codes = await self.subscribe(topic, AT_LEAST_ONCE)
        return all(getattr(code, "value", code) < REFUSED_FROM for code in codes)

    def done(self, message: aiomqtt.Message) -> None:
        """The message was dealt with: the broker need not keep it."""
        self._client.ack(message.mid, message.qos)

    def _on_publish(self, client: Any, userdata: Any, mid: int, reason_code: Any, properties: Any) -> None:
        answer = self._answers.get(mid)
        if answer is not None and not answer.done():
            answer.set_result(int(reason_code.value))
        super()._on_publish(client, userdata, mid, reason_code, properties)

    def _on_disconnect(self, client: Any, userdata: Any, flags: Any, reason_code: Any, properties: Any = None) -> None:
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(NoAnswerError("the connection broke"))
        super()._on_disconnect(client, userdata, flags, reason_code, properties)


async def spoken(access: Access) -> ProtocolVersion:
    """MQTT 5 where the broker has it; raises MqttError. Asked without properties: an old broker may trip over them."""
    try:
        async with aiomqtt.Client(
            access.host, access.port, protocol=ProtocolVersion.V5, timeout=CONNECT_S, **access.arguments()
        ):
            return ProtocolVersion.V5
    except aiomqtt.MqttError as error:
        reason = getattr(error, "rc", None)
        if getattr(reason, "value", reason) in UNSUPPORTED_VERSION:
            return ProtocolVersion.V311
        raise


def opened(access: Access, name: str, protocol: ProtocolVersion, will: aiomqtt.Will) -> Line:
    """A line that finds its session again."""
    five = protocol is ProtocolVersion.V5
    properties = None
    if five:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = SESSION_EXPIRY_S
    return Line(
        access.host,
        access.port,
        identifier=name,
        protocol=protocol,
        clean_start=False if five else MQTT_CLEAN_START_FIRST_ONLY,
        clean_session=None if five else False,
        properties=properties,
        will=will,
        timeout=CONNECT_S,
        **access.arguments(),
    )


def expiring(seconds: int) -> Properties:
    """A publication that the broker throws away after so long."""
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.MessageExpiryInterval = seconds
    return properties
