"""One tenant's dispatcher on the real servers."""

from dataclasses import dataclass, replace
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from dispatcher_samples import NOON_MS, call, report
from redis.asyncio import Redis
from siaga_contracts.catalogue import Topic
from siaga_contracts.envelope import header
from siaga_dispatcher.adapters.events import Topics
from siaga_dispatcher.adapters.places import Places
from siaga_dispatcher.adapters.store import Store
from siaga_dispatcher.core.values import Assessment, Unit, UnitReport, UnitStatus
from siaga_dispatcher.dispatching import Dispatcher
from siaga_tenants import Tenant


@dataclass
class Bench:
    """One tenant's dispatcher on the real Redis."""

    tenant: Tenant
    redis: Redis
    places: Places
    store: Store
    dispatcher: Dispatcher
    topics: Topics

    @property
    def code(self) -> str:
        return self.tenant.code

    def call(self, call_id: str = "call-1", **fields: Any) -> Assessment:
        return call(call_id, tenant=self.code, **fields)

    def report(self, unit_id: str, status: UnitStatus | None, **fields: Any) -> UnitReport:
        return report(unit_id, status, tenant=self.code, **fields)

    def another(self) -> Dispatcher:
        """A dispatcher as another process has it: only Redis stands between the two."""
        return Dispatcher(self.store, self.dispatcher._rules, lambda: NOON_MS, lambda _: None)

    async def put(self, *units: Unit) -> None:
        """New units in the store."""
        await self.store.put_units(self.code, [replace(unit, tenant=self.code) for unit in units])
        await self.store.initialise(self.code, NOON_MS)

    async def outbox(self) -> list[dict[bytes, bytes]]:
        """What waits to be published, in order."""
        entries: Any = await self.redis.xrange(f"{{{self.code}}}:dispatch:outbox")
        return [fields for _, fields in entries]


async def make_topics(bootstrap: str, *topics: Topic) -> None:
    """Create test topics; the catalogue's own may be there already."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        there = set(await admin.list_topics())
        new = [NewTopic(topic.name, topic.partitions, 1) for topic in topics if topic.name not in there]
        if new:
            await admin.create_topics(new)
    finally:
        await admin.close()


async def drop_topics(bootstrap: str, *topics: Topic) -> None:
    """Leave no test topics behind on a broker that others use too."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.delete_topics([topic.name for topic in topics])
    finally:
        await admin.close()


async def read_all(bootstrap: str, topic: Topic) -> list[tuple[str, str, Any]]:
    """Key, event id and message of every record of a topic."""
    consumer = AIOKafkaConsumer(topic.name, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    rows: list[tuple[str, str, Any]] = []
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        while any([await consumer.position(where) < end for where, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    event_id = header(record.headers, "ce_id") or ""
                    rows.append((record.key.decode(), event_id, topic.message.FromString(record.value)))
    finally:
        await consumer.stop()
    return rows
