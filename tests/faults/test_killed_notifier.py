"""The notifier killed again and again, the SMS centre in between: nobody goes untold, and what is repeated says so."""

import asyncio
import time
from collections import Counter
from typing import Final

import aiohttp
import pytest
from siaga.v1.common_pb2 import PRIORITY_P1
from siaga.v1.order_pb2 import ORDER_KIND_DISPATCH, DispatchOrder
from siaga.v1.place_pb2 import Place
from siaga.v1.unit_pb2 import Contact
from siaga_contracts.catalogue import DISPATCH_ORDERS
from siaga_kit.embedded.stack import Stack
from siaga_kit.publishing import Publisher
from siaga_kit.records import Outgoing
from siaga_kit.settings import KafkaSettings
from siaga_replay.smsc import SmsCentre

pytestmark = [pytest.mark.faults, pytest.mark.timeout(240)]

CREWS: Final = 100
WITHIN_S: Final = 90.0
# Dead after each of these shares of the orders.
VICTIMS: Final = ("notifier", "smsc", "notifier", "notifier")


def order(number: int) -> DispatchOrder:
    return DispatchOrder(
        order_id=f"killed-{number}",
        tenant="36.73",
        incident_id=f"incident-{number}",
        unit_id=f"unit-{number}",
        kind=ORDER_KIND_DISPATCH,
        task_code=str(1000 + number),
        type="fire_building",
        priority=PRIORITY_P1,
        place=Place(address="Jl. Merdeka 1"),
        contacts=[Contact(channel="sms", address=f"+62811100{number:05}")],
        event_at_ms=int(time.time() * 1000),
    )


async def told(stack: Stack) -> dict[str, list[str]]:
    """What each crew's phone got, when all have got something."""
    publisher = Publisher(KafkaSettings(bootstrap=stack.addresses.kafka_bootstrap, replication=1), "test", "1")
    share = CREWS // len(VICTIMS)
    for turn, victim in enumerate(VICTIMS):
        orders = [order(number) for number in range(turn * share, (turn + 1) * share)]
        await publisher.publish(
            [Outgoing(DISPATCH_ORDERS, one.unit_id, one, one.order_id, one.event_at_ms) for one in orders]
        )
        killed = await asyncio.to_thread(stack.kill, victim)
        await asyncio.to_thread(stack.wait_ready, victim, not_pid=killed)
    await publisher.close()
    phones: dict[str, list[str]] = {}
    deadline = time.monotonic() + WITHIN_S
    async with aiohttp.ClientSession() as session:
        centre = SmsCentre(stack.addresses.smsc_control_url, session)
        while len(phones) < CREWS and time.monotonic() < deadline:
            for message in await centre.next_messages():
                phones.setdefault(message.number, []).append(message.text)
    return phones


def test_every_crew_is_told_and_a_repeat_reads_as_one() -> None:
    with Stack(services=("notifier",)) as stack:
        phones = asyncio.run(told(stack))
        assert stack.process("notifier").restarts == VICTIMS.count("notifier")
    assert len(phones) == CREWS
    for number, texts in phones.items():
        unmarked = Counter(text.startswith("ULANG ") for text in texts)[False]
        assert unmarked <= 1, f"two alarms that look like two: {number[-5:]} {texts}"
