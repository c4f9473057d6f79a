"""Reads the table's changelog before faust does, in batches: twenty times as fast as faust's record by record.

Faust then recovers only what was written since, which after a crash is nothing or nearly so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from siaga_kit.errors import Transient
from siaga_kit.kafka import security
from siaga_kit.settings import KafkaSettings

# Records of heavy callers are tens of kilobytes: the client's default of 1 MiB a fetch would be a few dozen of them.
FETCH_BYTES: Final = 8 * 1024 * 1024
POLL_MS: Final = 500
# A broker that gives nothing for this long, though it has named an end, is in trouble: better to start anew.
POLLS_WITHOUT_RECORDS: Final = 40


@dataclass(frozen=True, slots=True)
class Preloaded:
    """The table as the changelog has it, and the last offset read of each partition."""

    values: Mapping[bytes, bytes] = field(default_factory=dict)
    offsets: Mapping[int, int] = field(default_factory=dict)


async def preload(settings: KafkaSettings, topic: str, partitions: int) -> Preloaded:
    """All values of the changelog up to its present end; raises Transient when the broker goes away meanwhile."""
    where = [TopicPartition(topic, partition) for partition in range(partitions)]
    # No group: it reads beside faust's member and commits nothing.
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=FETCH_BYTES,
        **security(settings),
    )
    values: dict[bytes, bytes] = {}
    try:
        await consumer.start()
        consumer.assign(where)
        await consumer.seek_to_beginning(*where)
        ends = await consumer.end_offsets(where)
        left = {one for one in where if ends[one] > 0}
        empty_polls = 0
        while left:
            polled = await consumer.getmany(*left, timeout_ms=POLL_MS)
            empty_polls = 0 if polled else empty_polls + 1
            if empty_polls > POLLS_WITHOUT_RECORDS:
                raise Transient(f"{topic} does not come to its end")
            for rows in polled.values():
                for row in rows:
                    if row.value is None:
                        values.pop(row.key, None)
                    else:
                        values[row.key] = row.value
            left = {one for one in left if await consumer.position(one) < ends[one]}
    except (KafkaError, ConnectionError) as error:
        raise Transient(f"the broker is away: {type(error).__name__}") from error
    finally:
        await consumer.stop()
    return Preloaded(values, {one.partition: end - 1 for one, end in ends.items() if end > 0})
