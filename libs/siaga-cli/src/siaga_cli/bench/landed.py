"""What has landed on the topic of call events, against what the front door has promised."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition
from siaga_contracts.catalogue import CALL_EVENTS
from siaga_contracts.envelope import header
from siaga_kit.settings import KafkaSettings

from siaga_cli.cluster import Cluster
from siaga_cli.reading import read_all


def lost_and_doubled(bootstrap: str, accepted: Collection[str]) -> tuple[int, int]:
    """How many accepted events are not on the topic, and how many records are there beyond one each."""
    landed = Counter(
        header(record.headers, "ce_id") for record in read_all(Cluster(KafkaSettings(bootstrap=bootstrap)), CALL_EVENTS)
    )
    promised = set(accepted)
    return len(promised - landed.keys()), sum(landed[event_id] - 1 for event_id in promised & landed.keys())


@asynccontextmanager
async def arrivals(bootstrap: str) -> AsyncIterator[dict[str, float]]:
    """While inside: when each event id was seen by a consumer at the end of the topic (epoch seconds)."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    seen: dict[str, float] = {}
    await consumer.start()
    try:
        places = [TopicPartition(CALL_EVENTS.name, number) for number in range(CALL_EVENTS.partitions)]
        consumer.assign(places)
        await consumer.seek_to_end(*places)
        watching = asyncio.create_task(_watch(consumer, seen))
        yield seen
        watching.cancel()
    finally:
        await consumer.stop()


async def _watch(consumer: AIOKafkaConsumer, seen: dict[str, float]) -> None:
    while True:
        for batch in (await consumer.getmany(timeout_ms=1000)).values():
            now_s = time.time()
            for record in batch:
                seen.setdefault(header(record.headers, "ce_id") or "", now_s)
