"""How many records each process still has before it: end of its partitions minus what its group has committed."""

import asyncio
import logging
import re
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from siaga_kit.embedded.plan import STOP_ORDER

# The ledger's group carries the classifier's name as well, as it is part of it: the narrower name is looked for first.
NAMES: Sequence[str] = ("ledger", *(name for name in STOP_ORDER if name not in ("ledger", "smsc", "redis", "kafka")))
TIMEOUT_S = 5.0


def lag_by_process(bootstrap: str) -> dict[str, int]:
    """The lag of every process that consumes; empty when the broker is away."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        return asyncio.run(asyncio.wait_for(_lag(bootstrap), TIMEOUT_S))
    except (KafkaError, TimeoutError, OSError):
        return {}


def process_of(group: str) -> str | None:
    """The process to which a consumer group belongs, by its name."""
    words = set(re.split(r"[^a-z0-9]+", group.lower()))
    return next((name for name in NAMES if name in words), None)


async def _lag(bootstrap: str) -> dict[str, int]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await consumer.start()
        groups = [(group, process_of(group)) for group, *_ in await admin.list_consumer_groups()]
        lags: dict[str, int] = {}
        for group, process in groups:
            if process is None:
                continue
            committed = await admin.list_consumer_group_offsets(group)
            ends = await consumer.end_offsets(list(committed)) if committed else {}
            behind = sum(
                max(0, end - committed[place].offset) for place, end in ends.items() if committed[place].offset >= 0
            )
            lags[process] = lags.get(process, 0) + behind
        return lags
    finally:
        await consumer.stop()
        await admin.close()
