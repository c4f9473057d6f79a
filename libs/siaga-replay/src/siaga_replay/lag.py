"""How far the services' consumer groups are behind."""

from collections.abc import Mapping
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from siaga_contracts import catalogue

# Groups of the services; those of integrators may lag as they like.
OURS: Final = "siaga"
# Topics that a service surely reads. Before its first commit a group is known to nobody, and would seem to be done.
SURELY_READ: Final = (
    catalogue.CALL_EVENTS.name,
    catalogue.CALL_ASSESSMENTS.name,
    catalogue.CALLER_OUTCOMES.name,
    catalogue.DISPATCH_ORDERS.name,
    catalogue.UNIT_REPORTS.name,
)
Offsets = Mapping[TopicPartition, int]


async def partitions_of_topics(admin: AIOKafkaAdminClient) -> dict[str, list[TopicPartition]]:
    """Every topic's partitions; asking for all of them creates none."""
    return {
        topic["topic"]: [TopicPartition(topic["topic"], each["partition"]) for each in topic["partitions"]]
        for topic in await admin.describe_topics()
    }


class GroupLag:
    """Asks the broker for offsets committed and ends of topics."""

    def __init__(self, bootstrap: str, prefix: str = OURS, surely_read: tuple[str, ...] = SURELY_READ) -> None:
        self._prefix = prefix
        self._surely_read = surely_read
        self._admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, client_id="siaga-replay-lag")
        self._consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, client_id="siaga-replay-ends", group_id=None)

    async def open(self) -> None:
        await self._admin.start()
        await self._consumer.start()

    async def by_group(self) -> dict[str, int]:
        """Records each group has still to commit; a topic that nobody has begun to read stands under its own name."""
        names = [name for name, *_ in await self._admin.list_consumer_groups() if name.startswith(self._prefix)]
        committed = {name: await self._committed(name) for name in names}
        topics = {each.topic for offsets in committed.values() for each in offsets} | set(self._surely_read)
        known = await partitions_of_topics(self._admin)
        partitions = [each for topic in topics for each in known.get(topic, [])]
        begins = await self._consumer.beginning_offsets(partitions)
        ends = await self._consumer.end_offsets(partitions)
        return lags(committed, begins, ends, self._surely_read)

    async def close(self) -> None:
        await self._admin.close()
        await self._consumer.stop()

    async def _committed(self, group: str) -> dict[TopicPartition, int]:
        offsets = await self._admin.list_consumer_group_offsets(group)
        return {partition: told.offset for partition, told in offsets.items() if told.offset >= 0}


def lags(
    committed: Mapping[str, Offsets], begins: Offsets, ends: Offsets, surely_read: tuple[str, ...]
) -> dict[str, int]:
    """Records to go by group; a partition that a group never committed counts from its beginning."""
    found: dict[str, int] = {}
    read: set[str] = set()
    for group, offsets in committed.items():
        topics = {each.topic for each in offsets}
        read |= topics
        found[group] = sum(
            max(0, end - offsets.get(each, begins[each])) for each, end in ends.items() if each.topic in topics
        )
    for topic in surely_read:
        unread = sum(end - begins[each] for each, end in ends.items() if each.topic == topic)
        if topic not in read and unread:
            found[topic] = unread
    return found
