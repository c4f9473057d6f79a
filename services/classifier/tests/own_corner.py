"""A corner of the shared Kafka and Redis that no other test has, and that is swept when the test is over."""

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from redis.asyncio import Redis
from siaga_contracts.catalogue import Topic
from siaga_kit.settings import KafkaSettings, RedisSettings, ServerSettings, Settings


@dataclass(frozen=True, slots=True)
class Corner:
    """Topics as in the catalogue under names of their own, a tenant's code, and settings that lead here."""

    settings: Settings
    tenant: str
    topics: tuple[Topic, ...]

    @asynccontextmanager
    async def reading(self, *topics: Topic) -> AsyncIterator[AIOKafkaConsumer]:
        reader = AIOKafkaConsumer(
            *(topic.name for topic in topics),
            bootstrap_servers=self.settings.kafka.bootstrap,
            auto_offset_reset="earliest",
        )
        await reader.start()
        try:
            yield reader
        finally:
            await reader.stop()


@asynccontextmanager
async def own_corner(
    kafka_bootstrap: str, redis_url: str, topics: Sequence[tuple[Topic, int]]
) -> AsyncIterator[Corner]:
    """Topics with so many partitions each: with one, what is posted last is also taken in last."""
    mark = uuid.uuid4().hex[:8]
    own = [replace(topic, name=f"test.{mark}.{topic.name}", partitions=partitions) for topic, partitions in topics]
    settings = Settings(
        kafka=KafkaSettings(bootstrap=kafka_bootstrap, replication=1), redis=RedisSettings(url=redis_url),
        grpc=ServerSettings(port=0), instance=mark,
    )  # fmt: skip
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic.name, topic.partitions, 1) for topic in own])
    try:
        yield Corner(settings, f"t{mark}", tuple(own))
    finally:
        async with Redis.from_url(redis_url) as redis:
            async for key in redis.scan_iter(f"{{t{mark}}}:*"):
                await redis.delete(key)
        await admin.delete_topics([topic.name for topic in own])
        await admin.close()
