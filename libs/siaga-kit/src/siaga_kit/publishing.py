"""The one way records leave a service: batches to an idempotent producer, done when the broker has them all."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from google.protobuf.message import Message
from siaga_contracts.catalogue import Topic
from siaga_contracts.envelope import headers
from siaga_contracts.ids import derived

from siaga_kit import kafka, telemetry
from siaga_kit.errors import Transient
from siaga_kit.partitioning import key_in, slot
from siaga_kit.records import Outgoing
from siaga_kit.settings import KafkaSettings

log = structlog.get_logger()

# Longer than a leader's restart on one broker would lose the caller's patience; shorter would call a busy broker dead.
PUBLISH_TIMEOUT_S: Final = 5.0

_Key = tuple[str, int]
_Encoded = tuple[bytes, bytes | None, list[tuple[str, bytes]]]


def to_all_partitions(topic: Topic, message: Message, cause_id: str, event_at_ms: int) -> list[Outgoing]:
    """A message that every partition's reader has to have, once for each, under ids made from its own."""
    return [
        Outgoing(
            topic, key_in(number, topic.partitions), message, derived(topic.name, cause_id, str(number)), event_at_ms
        )
        for number in range(topic.partitions)
    ]


class Publisher:
    """Publishes records; records of one key keep their order within and between calls of one caller."""

    def __init__(self, settings: KafkaSettings, service: str, instance: str) -> None:
        self._settings = settings
        self._service = service
        self._client_id = f"siaga.{service}.{instance}"
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()
        self._partitions: dict[str, list[int]] = {}
        self.healthy = False

    async def publish(self, outgoing: Sequence[Outgoing], timeout_s: float = PUBLISH_TIMEOUT_S) -> None:
        """Publish all and wait for the broker's acknowledgement.

        Raises Transient when the broker does not acknowledge in time; some may then have arrived, or may still
        arrive: the same call again is right, for whoever reads knows records by their id.
        """
        if not outgoing:
            return
        try:
            async with asyncio.timeout(timeout_s):
                await self._publish(outgoing)
        except TimeoutError as error:
            self.healthy = False
            raise Transient(f"the broker did not acknowledge {len(outgoing)} records in {timeout_s} s") from error
        except (KafkaError, ConnectionError) as error:
            # A producer whose sender has failed stays failed: the next call starts a new one.
            self.healthy = False
            await self._discard()
            raise Transient(f"publishing failed: {type(error).__name__}") from error
        self.healthy = True

    async def _publish(self, outgoing: Sequence[Outgoing]) -> None:
        producer = await self._started()
        by_partition: dict[_Key, list[_Encoded]] = {}
        spans: list[telemetry.OpenSpan] = []
        tracing = telemetry.tracing()
        for record in outgoing:
            name = record.topic.name
            key = record.key.encode()
            partitions = self._partitions.get(name) or await self._partitions_of(producer, name)
            partition = partitions[slot(key, len(partitions))]
            traceparent = record.traceparent
            if tracing and traceparent:
                spans.append(self._span(record, partition))
                traceparent = spans[-1].traceparent
            value = record.value
            if value is None and record.message is not None:
                value = record.message.SerializeToString()
            message = record.message if record.message is not None else record.topic.message()
            encoded = headers(message, record.event_id, self._service, record.event_at_ms, traceparent)
            by_partition.setdefault((name, partition), []).append((key, value, encoded))
        try:
            await asyncio.gather(*(self._send(producer, where, records) for where, records in by_partition.items()))
        finally:
            for span in spans:
                span.end()
        for (name, _), records in by_partition.items():
            telemetry.counter("siaga.published").add(len(records), {"topic": name})

    @staticmethod
    async def _send(producer: AIOKafkaProducer, where: _Key, records: list[_Encoded]) -> None:
        topic, partition = where
        now_ms = int(time.time() * 1000)
        batch = producer.create_batch()
        for key, value, encoded in records:
            if batch.append(key=key, value=value, timestamp=now_ms, headers=encoded) is None:
                await (await producer.send_batch(batch, topic, partition=partition))
                batch = producer.create_batch()
                batch.append(key=key, value=value, timestamp=now_ms, headers=encoded)
        await (await producer.send_batch(batch, topic, partition=partition))

    def _span(self, record: Outgoing, partition: int) -> telemetry.OpenSpan:
        return telemetry.OpenSpan(
            f"send {record.topic.name}",
            "producer",
            record.traceparent,
            {
                "messaging.system": "kafka",
                "messaging.operation.name": "send",
                "messaging.operation.type": "send",
                "messaging.destination.name": record.topic.name,
                "messaging.destination.partition.id": str(partition),
                "messaging.message.id": record.event_id,
            },
        )

    async def _partitions_of(self, producer: AIOKafkaProducer, topic: str) -> list[int]:
        self._partitions[topic] = sorted(await producer.partitions_for(topic))
        return self._partitions[topic]

    async def _started(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                producer = kafka.producer(self._settings, self._client_id)
                try:
                    await producer.start()
                except BaseException:
                    await _quietly(producer.stop())
                    raise
                self._producer = producer
            return self._producer

    async def _discard(self) -> None:
        producer, self._producer = self._producer, None
        self._partitions.clear()
        if producer is not None:
            await _quietly(producer.stop())

    async def probe(self) -> bool:
        """Whether the broker answers now; starts the producer when it does."""
        try:
            async with asyncio.timeout(PUBLISH_TIMEOUT_S):
                await self._started()
        except (KafkaError, ConnectionError, TimeoutError):
            self.healthy = False
        else:
            self.healthy = True
        return self.healthy

    async def close(self) -> None:
        """Send what waits and leave."""
        await self._discard()


async def _quietly(stopping: Any) -> None:
    """A client that is broken may fail to stop; there is nothing to do about it, and the next one is unaffected."""
    with suppress(KafkaError, ConnectionError, TimeoutError, asyncio.CancelledError):
        await asyncio.wait_for(stopping, PUBLISH_TIMEOUT_S)
