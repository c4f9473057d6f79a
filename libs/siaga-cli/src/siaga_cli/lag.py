"""How many records each process still has before it: end of its partitions minus what its group has committed."""

import asyncio
import logging
import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from siaga_contracts import catalogue
from siaga_contracts.catalogue import Topic

# What each service reads: before its first commit nobody else knows, and it would seem to have nothing before it. The
# ledger's group may carry the classifier's name as well, as it is part of it: the narrower name is looked for first.
READS: Final[Mapping[str, tuple[Topic, ...]]] = {
    "ledger": (catalogue.CALLER_OUTCOMES, catalogue.CALLER_DECISIONS),
    "intake": (),
    "classifier": (catalogue.CALL_EVENTS, catalogue.SANCTIONS, catalogue.CALL_ASSESSMENTS),
    "dispatcher": (catalogue.CALL_ASSESSMENTS, catalogue.UNIT_REPORTS),
    "notifier": (catalogue.DISPATCH_ORDERS,),
}
TIMEOUT_S: Final = 5.0

Offsets = Mapping[TopicPartition, int]


def lag_by_process(bootstrap: str) -> dict[str, int]:
    """The lag of every service, 0 for one with nothing before it; empty when the broker is away."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        return asyncio.run(asyncio.wait_for(_lag(bootstrap), TIMEOUT_S))
    except (KafkaError, TimeoutError, OSError):
        return {}


def process_of(group: str) -> str | None:
    """The process to which a consumer group belongs, by its name."""
    words = set(re.split(r"[^a-z0-9]+", group.lower()))
    return next((name for name in READS if name in words), None)


def lags(committed: Mapping[str, Offsets], begins: Offsets, ends: Offsets) -> dict[str, int]:
    """Records to go by process; a partition that its group never committed counts from its beginning."""
    positions: dict[str, dict[TopicPartition, int]] = {
        name: {place: begins[place] for place in ends if any(place.topic == topic.name for topic in topics)}
        for name, topics in READS.items()
    }
    for group, offsets in committed.items():
        if (process := process_of(group)) is not None:
            positions[process] |= {place: offset for place, offset in offsets.items() if place in ends}
    return {name: sum(max(0, ends[place] - at) for place, at in found.items()) for name, found in positions.items()}


async def _lag(bootstrap: str) -> dict[str, int]:
    async with AsyncExitStack() as closing:
        # Closed even when they have not come up: a hanging broker would otherwise leave complaints on stderr.
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        closing.push_async_callback(admin.close)
        await admin.start()
        consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
        closing.push_async_callback(consumer.stop)
        await consumer.start()
        groups = [group for group, *_ in await admin.list_consumer_groups() if process_of(group) is not None]
        committed = {group: await _committed(admin, group) for group in groups}
        read = {topic.name for topics in READS.values() for topic in topics}
        read |= {place.topic for offsets in committed.values() for place in offsets}
        # Asked for all topics: asking for one by its name may create it.
        places = [
            TopicPartition(topic["topic"], each["partition"])
            for topic in await admin.describe_topics()
            if topic["topic"] in read
            for each in topic["partitions"]
        ]
        if not places:
            return lags({}, {}, {})
        return lags(committed, await consumer.beginning_offsets(places), await consumer.end_offsets(places))


async def _committed(admin: AIOKafkaAdminClient, group: str) -> dict[TopicPartition, int]:
    offsets = await admin.list_consumer_group_offsets(group)
    return {place: told.offset for place, told in offsets.items() if told.offset >= 0}
