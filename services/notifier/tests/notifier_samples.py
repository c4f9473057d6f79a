"""Orders, and a world to send them in."""

import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from notifier_smsc import SmscProcess, until
from pydantic import SecretStr
from redis.asyncio import Redis
from siaga.v1.common_pb2 import PRIORITY_P1
from siaga.v1.notification_pb2 import NotificationState
from siaga.v1.order_pb2 import ORDER_KIND_DISPATCH, DispatchOrder, OrderKind
from siaga.v1.place_pb2 import Place, Position
from siaga.v1.unit_pb2 import Contact, UnitReport
from siaga_contracts.catalogue import DEAD_LETTERS, DISPATCH_ORDERS, NOTIFICATION_EVENTS, UNIT_REPORTS, Topic
from siaga_kit.publishing import Publisher
from siaga_kit.records import Outgoing
from siaga_kit.service import Runtime
from siaga_kit.settings import KafkaSettings, MqttSettings, PushSettings, RedisSettings, Settings
from siaga_notifier.adapters import codec
from siaga_notifier.adapters.push.crews import Crews
from siaga_notifier.app import assemble
from siaga_notifier.assembly import Parts
from siaga_notifier.core.message import Words
from siaga_notifier.guide import Guide
from siaga_notifier.inbox import Directory
from siaga_tenants.model import NotifyPolicy

NOW_MS = 1_760_000_000_000


def order(
    code: str = "114",
    *,
    unit: str = "",
    number: str | None = None,
    kind: OrderKind.ValueType = ORDER_KIND_DISPATCH,
    incident: str = "",
    contacts: tuple[Contact, ...] | None = None,
) -> DispatchOrder:
    """An order of a task; each code has a unit and a phone of its own unless told otherwise."""
    incident = incident or f"incident-{code}"
    unit = unit or f"unit-{code}"
    chosen = (Contact(channel="sms", address=number or f"+62811000{int(code):05}"),) if contacts is None else contacts
    return DispatchOrder(
        order_id=f"order-{incident}-{unit}-{kind}",
        tenant="36.73",
        incident_id=incident,
        ticket_no=f"T-{code}",
        unit_id=unit,
        kind=kind,
        task_code=code,
        type="fire_building",
        priority=PRIORITY_P1,
        place=Place(position=Position(lat=-6.12, lon=106.15), address="Jl. Merdeka 1"),
        callback_number="081234567890",
        contacts=chosen,
        event_at_ms=NOW_MS,
    )


def own(topic: Topic, mark: str) -> Topic:
    return replace(topic, name=f"{topic.name}.{mark}")


class ClaimsInMemory:
    """Who was written to about what, for a world without Redis."""

    def __init__(self) -> None:
        self.taken: set[tuple[str, str]] = set()

    async def claim(self, subject: str, kind: str) -> bool:
        free = (subject, kind) not in self.taken
        self.taken.add((subject, kind))
        return free

    async def give_back(self, subject: str, kind: str) -> None:
        self.taken.discard((subject, kind))


@dataclass
class World:
    """Topics of its own, an SMS centre, and notifiers that come and go."""

    bootstrap: str
    redis_url: str
    smsc: SmscProcess
    mark: str = field(default_factory=lambda: uuid.uuid4().hex[:10])
    mqtt_port: int | None = None
    # The parts of the notifier that runs.
    made: Parts = field(init=False)

    def __post_init__(self) -> None:
        self.orders, self.events, self.reports = (
            own(topic, self.mark) for topic in (DISPATCH_ORDERS, NOTIFICATION_EVENTS, UNIT_REPORTS)
        )

    async def make(self, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(codec, "NOTIFICATION_EVENTS", self.events)
        patch.setattr(codec, "UNIT_REPORTS", self.reports)
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        await admin.create_topics([NewTopic(topic.name, 2, 1) for topic in (self.orders, self.events, self.reports)])
        await admin.close()
        # Units have the same names in all worlds; what is open of one's must not go on in the next.
        redis = Redis.from_url(self.redis_url)
        await redis.flushdb()
        await redis.aclose()
        self._publisher = Publisher(self.settings().kafka, "test", self.mark)

    async def unmake(self) -> None:
        await self._publisher.close()
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        await admin.delete_topics([topic.name for topic in (self.orders, self.events, self.reports)])
        await admin.close()

    def settings(self) -> Settings:
        return Settings(
            kafka=KafkaSettings(bootstrap=self.bootstrap, replication=1),
            redis=RedisSettings(url=self.redis_url),
            smpp=self.smsc.settings,
            push=PushSettings(trusted_hosts=frozenset({"127.0.0.1"})),
            mqtt=MqttSettings(host="127.0.0.1" if self.mqtt_port else None, port=self.mqtt_port or 1883),
            instance=self.mark,
            # Phones' keys of one test never meet those of another in the shared Redis.
            caller_secret=SecretStr(self.mark),
        )

    @asynccontextmanager
    async def notifier(
        self, group: str = "", policies: Mapping[str, NotifyPolicy] | None = None, crews: Crews | None = None
    ) -> AsyncIterator[Runtime]:
        """A notifier; with a group of another name it reads all orders again."""
        runtime = Runtime("notifier", self.settings())
        guide = Guide(
            {"36.73": Words({}, {"fire_building": "Kebakaran"})},
            Directory(frozenset({"+6281100077777"}), {"unit-114": "36.73"}),
            crews=crews or Crews(),
            policies=policies or {},
        )
        self.made = await assemble(
            runtime,
            guide,
            await runtime.publisher(),
            orders=self.orders,
            reports=self.reports,
            group=f"notifier.{self.mark}{group}",
        )
        try:
            yield runtime
        finally:
            runtime.stop.set()
            await runtime.shut_down()
            assert not runtime.failed

    async def give(self, *orders: DispatchOrder) -> None:
        """Orders as the dispatcher publishes them; ids are made this world's own, for Redis is shared."""
        for one in orders:
            if not one.order_id.endswith(self.mark):
                one.order_id += self.mark
        await self._publisher.publish(
            [Outgoing(self.orders, one.unit_id, one, one.order_id, one.event_at_ms, TRACE) for one in orders]
        )

    async def read(self, topic: Topic) -> list[Any]:
        consumer = AIOKafkaConsumer(topic.name, bootstrap_servers=self.bootstrap, auto_offset_reset="earliest")
        await consumer.start()
        rows: list[Any] = []
        try:
            ends = await consumer.end_offsets(consumer.assignment())
            while any([await consumer.position(where) < end for where, end in ends.items()]):
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    rows.extend((record, topic.message.FromString(record.value)) for record in records)
        finally:
            await consumer.stop()
        return rows

    async def states(self, one: DispatchOrder) -> list[str]:
        """States an order went through, each once, in order of publication."""
        found = [event for _, event in await self.read(self.events) if event.order_id == one.order_id]
        names = [NotificationState.Name(event.state).removeprefix("NOTIFICATION_STATE_") for event in found]
        return list(dict.fromkeys(names))

    async def reached(self, one: DispatchOrder, state: str) -> list[str]:
        async def there() -> bool:
            return state in await self.states(one)

        await until(there)
        return await self.states(one)

    async def reached_twice(self, one: DispatchOrder) -> None:
        """An order was worked on again: its records were published again."""

        async def there() -> bool:
            events = [event.event_id for _, event in await self.read(self.events) if event.order_id == one.order_id]
            return len(events) > len(set(events))

        await until(there)

    async def said(self, count: int) -> list[UnitReport]:
        """The crews' reports, when there are so many."""

        async def there() -> bool:
            return len(await self.read(self.reports)) >= count

        await until(there)
        return [report for _, report in await self.read(self.reports)]

    async def sent(self, count: int) -> list[dict[str, Any]]:
        """What reached the phones, when it is so many."""

        async def there() -> bool:
            return len(await self.smsc.messages()) >= count

        await until(there)
        return await self.smsc.messages()

    async def dead_letters(self) -> int:
        """Dead letters of this world's orders."""
        return sum(letter.source_topic == self.orders.name for _, letter in await self.read(DEAD_LETTERS))


TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
