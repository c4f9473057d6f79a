"""The MQTT channel against a broker that speaks MQTT 3.1.1 only (amqtt), and without one."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiomqtt
from notifier_smsc import PATIENCE_S, free_port, until
from siaga_kit.settings import MqttSettings
from siaga_notifier.adapters.mqtt.access import Access
from siaga_notifier.adapters.mqtt.broker import MqttBroker
from siaga_notifier.core.app_payload import payload
from siaga_notifier.core.model import Attempt, Contact, Order, OrderKind, UnitAnswer
from siaga_notifier.core.outcomes import Accepted, Permanent, Temporary, Unknown
from siaga_notifier.core.receipts import Receipt

TOPIC = "siaga/unit/3673-DMK-01/tasks"
ORDER = Order(
    order_id="o-1", tenant="36.73", incident_id="i-1", ticket_no="T-1", unit_id="3673-DMK-01", kind=OrderKind.DISPATCH,
    task_code="114", type="fire_building", priority="P1", confidential=False, address="Jl. Merdeka 1", lat=-6.1,
    lon=106.1, text="ada korban", callback_number="0811", contacts=(Contact("mqtt", TOPIC),), event_at_ms=5,
)  # fmt: skip
ATTEMPT = Attempt("a-1", "mqtt", TOPIC, 1, "#114 P1 Kebakaran", ORDER)


@contextlib.asynccontextmanager
async def tablet(port: int) -> AsyncIterator[aiomqtt.Client]:
    """A unit's device."""

    async def reachable() -> bool:
        try:
            async with aiomqtt.Client("127.0.0.1", port, timeout=1):
                return True
        except aiomqtt.MqttError:
            return False

    await until(reachable)
    async with aiomqtt.Client("127.0.0.1", port, identifier="tablet") as client:
        await client.subscribe(TOPIC, qos=1)
        yield client


def made(port: int, answers: list[UnitAnswer]) -> MqttBroker:
    async def take(answer: UnitAnswer) -> None:
        answers.append(answer)

    async def ignore(_: Receipt, __: str) -> None: ...

    return MqttBroker(Access.shared(MqttSettings(host="127.0.0.1", port=port)), "t", take, ignore, lambda: 0)


@contextlib.asynccontextmanager
async def channel(port: int, answers: list[UnitAnswer]) -> AsyncIterator[MqttBroker]:
    broker = made(port, answers)
    task = asyncio.create_task(broker.run())
    yield broker
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def accepted(broker: MqttBroker) -> bool:
    return isinstance(await broker.send(ATTEMPT), Accepted)


async def next_order(client: aiomqtt.Client) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_S):
        content: dict[str, Any] = json.loads((await anext(aiter(client.messages))).payload)
        return content


async def test_orders_out_and_answers_back(mqtt_broker: Any) -> None:
    answers: list[UnitAnswer] = []
    async with tablet(mqtt_broker.port) as client, channel(mqtt_broker.port, answers) as broker:
        await until(lambda: accepted(broker))
        shown = await next_order(client)
        assert (shown["order_id"], shown["text"], shown["type"]) == ("o-1", "#114 P1 Kebakaran", "fire_building")
        await client.publish("siaga/unit/3673-DMK-01/acks", "rubbish", qos=1)
        ack = {"order_id": "o-1", "status": "EN_ROUTE", "lat": -6.11, "lon": 106.15}
        await client.publish("siaga/unit/3673-DMK-01/acks", json.dumps(ack), qos=1)
        await until(lambda: bool(answers))
    assert answers == [UnitAnswer("3673-DMK-01", "o-1", "en_route", 0, -6.11, 106.15)]


async def test_a_broker_that_was_killed_is_found_again(mqtt_broker: Any) -> None:
    async with channel(mqtt_broker.port, []) as broker:
        async with tablet(mqtt_broker.port):
            await until(lambda: accepted(broker))
        mqtt_broker.kill()
        assert isinstance(await broker.send(ATTEMPT), Temporary | Unknown)
        mqtt_broker.start()
        async with tablet(mqtt_broker.port) as client:
            await until(lambda: accepted(broker))
            assert (await next_order(client))["order_id"] == "o-1"


async def test_no_broker_no_wait() -> None:
    async with channel(free_port(), []) as broker:
        answer = await broker.send(ATTEMPT)
    assert isinstance(answer, Temporary)
    assert answer.down


async def test_a_topic_must_be_one_topic() -> None:
    assert isinstance(await made(1, []).send(replace(ATTEMPT, address="siaga/unit/#")), Permanent)


def test_a_confidential_order_shows_no_more_than_its_sms() -> None:
    order = replace(ORDER, confidential=True, type="kdrt", address="Jl. Melati 3 (KDRT)", text="istri dipukul")
    text = payload(replace(ATTEMPT, order=order)).decode().lower()
    for secret in ("kdrt", "dipukul", "0811"):
        assert secret not in text
