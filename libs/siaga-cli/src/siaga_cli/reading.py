"""Reads a topic from its beginning to where it ends now."""

import asyncio
from collections.abc import AsyncIterator, Callable

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from siaga_contracts.catalogue import Topic
from siaga_kit.embedded.errors import StackError

from siaga_cli.cluster import Cluster


async def records(where: Cluster, topic: Topic) -> AsyncIterator[ConsumerRecord[bytes, bytes]]:
    """Every record of the topic, partition by partition mixed, in order within each. Commits nothing."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=where.bootstrap, enable_auto_commit=False, auto_offset_reset="earliest", **where.security
    )
    try:
        await consumer.start()
        places = [
            TopicPartition(topic.name, number) for number in sorted(consumer.partitions_for_topic(topic.name) or ())
        ]
        if not places:
            places = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
        ends = await consumer.end_offsets(places)
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        open_ = {place for place in places if await consumer.position(place) < ends[place]}
        while open_:
            for place, batch in (await consumer.getmany(timeout_ms=500)).items():
                for record in batch:
                    if record.offset < ends[place]:
                        yield record
            open_ = {place for place in open_ if await consumer.position(place) < ends[place]}
    finally:
        await consumer.stop()


def read_each(where: Cluster, topic: Topic, take: Callable[[ConsumerRecord[bytes, bytes]], None]) -> None:
    """Hand over every record of the topic, one by one, for commands that look at more than fits into memory."""

    async def hand_over() -> None:
        async for record in records(where, topic):
            take(record)

    try:
        asyncio.run(hand_over())
    except KafkaError as error:
        raise StackError(f"Kafka at {where.bootstrap}: {error}", "is the broker up? `./siaga status`") from error


def read_all(where: Cluster, topic: Topic) -> list[ConsumerRecord[bytes, bytes]]:
    """The same as a list, for commands that look at everything."""
    found: list[ConsumerRecord[bytes, bytes]] = []
    read_each(where, topic, found.append)
    return found
