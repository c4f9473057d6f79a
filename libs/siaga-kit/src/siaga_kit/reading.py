"""Reads topics to where they end now, outside of any group: for what looks back, not for what goes along (`stage`)."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from siaga_contracts.catalogue import Topic

from siaga_kit import kafka
from siaga_kit.settings import KafkaSettings

# Only sets how often the loop looks whether it has come to the end.
POLL_MS: Final = 500


async def records(
    settings: KafkaSettings,
    topics: Sequence[Topic],
    begins: Mapping[TopicPartition, int] | None = None,
    ends: Mapping[TopicPartition, int] | None = None,
) -> AsyncIterator[ConsumerRecord[bytes, bytes]]:
    """Every record of the topics from `begins` (else the beginning) to before `ends` (else where they end now).

    Partitions are mixed, in order within each. Commits nothing. A partition that `ends` does not name is left out.
    """
    consumer = _consumer(settings)
    try:
        await consumer.start()
        places = [place for topic in topics for place in _places(consumer, topic) if ends is None or place in ends]
        if not places:
            return
        last = dict(await consumer.end_offsets(places)) if ends is None else dict(ends)
        consumer.assign(places)
        first = await consumer.beginning_offsets(places)
        for place in places:
            consumer.seek(place, max(first[place], (begins or {}).get(place, 0)))
        open_ = {place for place in places if await consumer.position(place) < last[place]}
        while open_:
            for place, batch in (await consumer.getmany(timeout_ms=POLL_MS)).items():
                for record in batch:
                    if record.offset < last[place]:
                        yield record
            open_ = {place for place in open_ if await consumer.position(place) < last[place]}
    finally:
        await consumer.stop()


async def news(
    settings: KafkaSettings, topics: Sequence[Topic], started: asyncio.Event
) -> AsyncIterator[ConsumerRecord[bytes, bytes]]:
    """Every record that the topics get from the moment on when `started` is set, without an end. Commits nothing."""
    consumer = _consumer(settings)
    try:
        await consumer.start()
        places = [place for topic in topics for place in _places(consumer, topic)]
        consumer.assign(places)
        for place, end in (await consumer.end_offsets(places)).items():
            consumer.seek(place, end)
        started.set()
        while True:
            for batch in (await consumer.getmany(timeout_ms=POLL_MS)).values():
                for record in batch:
                    yield record
    finally:
        await consumer.stop()


def _consumer(settings: KafkaSettings) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        **kafka.security(settings),
    )


def _places(consumer: AIOKafkaConsumer, topic: Topic) -> list[TopicPartition]:
    numbers = sorted(consumer.partitions_for_topic(topic.name) or range(topic.partitions))
    return [TopicPartition(topic.name, number) for number in numbers]


async def committed(settings: KafkaSettings, group: str) -> dict[TopicPartition, int]:
    """How far a group has come in each partition that it ever committed."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap, **kafka.security(settings))
    await admin.start()
    try:
        found = await admin.list_consumer_group_offsets(group)
    finally:
        await admin.close()
    return {place: told.offset for place, told in found.items() if told.offset >= 0}
