"""Orders to made-up crews, straight onto the topic: what a dispatcher would ask of the notifier."""

import asyncio
import json
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from siaga.v1 import common_pb2, order_pb2, place_pb2, unit_pb2
from siaga_contracts.catalogue import DISPATCH_ORDERS
from siaga_kit.embedded.addresses import StackAddresses
from siaga_kit.publishing import Publisher
from siaga_kit.records import Outgoing
from siaga_kit.settings import KafkaSettings

TENANT: Final = "36.73"
Contacts = Callable[[int], Sequence[unit_pb2.Contact]]


def phone(number: int) -> str:
    """A crew's number as SMS centres write it; nobody has these."""
    return f"62811{number:08}"


def by_sms(number: int) -> Sequence[unit_pb2.Contact]:
    """A crew that has a phone and nothing else."""
    return (unit_pb2.Contact(channel="sms", address=f"+{phone(number)}"),)


def order(number: int, contacts: Contacts = by_sms) -> Outgoing:
    """One order of a unit of its own, urgent."""
    now_ms = time.time_ns() // 1_000_000
    unit_id = f"bench-{number}"
    message = order_pb2.DispatchOrder(
        order_id=f"bench-order-{number}",
        tenant=TENANT,
        incident_id=f"bench-incident-{number}",
        ticket_no=f"3673-{number}",
        unit_id=unit_id,
        unit_name=f"Regu {number}",
        unit_kind=unit_pb2.UNIT_KIND_DAMKAR,
        kind=order_pb2.ORDER_KIND_DISPATCH,
        task_code=str(number),
        type="fire_building",
        priority=common_pb2.PRIORITY_P1,
        place=place_pb2.Place(position=place_pb2.Position(lat=-6.12, lon=106.15), address="Jl. Raya Pandeglang 5"),
        callback_number="081234567890",
        contacts=contacts(number),
        event_at_ms=now_ms,
    )
    return Outgoing(DISPATCH_ORDERS, unit_id, message, message.order_id, now_ms)


@asynccontextmanager
async def publishing(stack: StackAddresses) -> AsyncIterator[Publisher]:
    """A producer to the stack's broker."""
    publisher = Publisher(KafkaSettings(bootstrap=stack.kafka_bootstrap, replication=1), "bench", "1")
    try:
        yield publisher
    finally:
        await publisher.close()


async def at_pace(publisher: Publisher, numbers: range, per_s: float, contacts: Contacts = by_sms) -> dict[str, int]:
    """Publish them evenly; when each was put on the topic, by its crew's number, epoch milliseconds."""
    begin_s = time.perf_counter()
    put_ms: dict[str, int] = {}
    sends = []
    for index, number in enumerate(numbers):
        await asyncio.sleep(max(0.0, begin_s + index / per_s - time.perf_counter()))
        put_ms[phone(number)] = time.time_ns() // 1_000_000
        sends.append(asyncio.create_task(publisher.publish([order(number, contacts)])))
    await asyncio.gather(*sends)
    return put_ms


def ask(url: str, content: dict[str, Any] | None = None) -> dict[str, Any]:
    """What a door on this machine answers to GET, or to POST of this content."""
    body = None if content is None else json.dumps(content).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310  (loopback)
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        found: dict[str, Any] = json.load(answer)
        return found


def messages(stack: StackAddresses) -> list[dict[str, Any]]:
    """All that the SMS centre has taken."""
    found: list[dict[str, Any]] = ask(f"{stack.smsc_control_url}/messages?after=0")["messages"]
    return found


def until_taken(
    stack: StackAddresses, wanted: Callable[[list[dict[str, Any]]], bool], within_s: float
) -> list[dict[str, Any]]:
    """All that the SMS centre has taken, as soon as it is what is wanted; raises TimeoutError when it never is."""
    until_s = time.monotonic() + within_s
    while not wanted(found := messages(stack)):
        if time.monotonic() > until_s:
            raise TimeoutError(f"the SMS centre has {len(found)} messages after {within_s:.0f} s")
        time.sleep(0.2)
    return found
