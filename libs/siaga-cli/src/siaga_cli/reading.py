"""Reads a topic from its beginning to where it ends now, for commands."""

import asyncio
from collections.abc import AsyncIterator, Callable

from aiokafka import ConsumerRecord
from aiokafka.errors import KafkaError
from siaga_contracts.catalogue import Topic
from siaga_kit import reading
from siaga_kit.embedded.errors import StackError

from siaga_cli.cluster import Cluster


def records(where: Cluster, topic: Topic) -> AsyncIterator[ConsumerRecord[bytes, bytes]]:
    """Every record of the topic, partition by partition mixed, in order within each. Commits nothing."""
    return reading.records(where.settings, [topic])


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
