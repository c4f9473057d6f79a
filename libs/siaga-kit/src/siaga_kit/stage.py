"""The one consumer loop: the only place that polls, batches, retries, dead-letters, commits, traces and measures.

A service hands it a processor: a batch of records in, records to publish out. What the stage promises:

- one batch at a time, order kept per partition, offsets committed only after the results are acknowledged;
- a record that cannot be parsed or processed goes to the dead letters at once, and its partition goes on;
- something outside being away (broker, Redis, SMS centre) pauses and tries the same again, and dead-letters nothing;
- on SIGTERM or when partitions are taken away it finishes the batch and commits.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import structlog
from google.protobuf.message import Message
from siaga_contracts.catalogue import Topic
from siaga_contracts.envelope import TRACEPARENT, header

from siaga_kit import telemetry
from siaga_kit.dead_letters import dead_letter
from siaga_kit.errors import Transient, is_transient
from siaga_kit.membership import BACKOFF_FIRST_S, BACKOFF_MOST_S, Membership, Polled
from siaga_kit.records import Outgoing, Record
from siaga_kit.service import Runtime

log = structlog.get_logger()

M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True)
class Item(Generic[M]):
    """A record and its parsed message; of a tombstone (`record.value` None) the message is empty."""

    record: Record
    message: M


@dataclass(frozen=True, slots=True)
class Result:
    """What a batch leads to: `outgoing` is published and acknowledged first, then `save` runs, then offsets move on."""

    outgoing: Sequence[Outgoing] = ()
    save: Callable[[], Awaitable[None]] | None = None


class Processor(Protocol[M]):
    """What a service does with a batch; called again with the same records after a failure or a crash."""

    async def process(self, batch: Sequence[Item[M]]) -> Result:
        """Decide. Raise Transient (or a client's connection error) to be called again with the same batch."""
        ...


class Stage(Generic[M]):
    """One consumer loop of a service; `run` it as a supervised task."""

    def __init__(
        self,
        *,
        service: str,
        group: str,
        topics: Sequence[Topic],
        processor: Processor[M],
        runtime: Runtime,
        max_batch: int = 1000,
        tombstones: bool = False,
    ) -> None:
        """`tombstones`: the processor is handed records without a value, too; else they are passed over."""
        self._service = service
        self._group = group
        self._topics = {topic.name: topic for topic in topics}
        self._processor = processor
        self._runtime = runtime
        self._max_batch = max_batch
        self._tombstones = tombstones
        self._member = Membership(runtime, group, list(self._topics))
        runtime.health.add(f"stage.{group}", lambda: self._member.trouble)

    async def run(self) -> None:
        """Consume until the runtime stops; raises only what no retry can mend, so that the process restarts."""
        await self._member.join()
        try:
            while not self._runtime.stop.is_set():
                polled = await self._member.poll(self._max_batch)
                try:
                    if polled:
                        await self._process(polled)
                        self._member.finished(polled)
                finally:
                    self._member.released()
                await self._member.look_after()
        finally:
            await self._member.leave()

    async def _process(self, polled: Polled) -> None:
        started_ms = time.time() * 1000
        good: list[Item[M]] = []
        bad: list[Outgoing] = []
        spans: list[telemetry.OpenSpan] = []
        oldest_ms = started_ms
        for where, rows in polled.items():
            parse = self._topics[where.topic].message.FromString
            for row in rows:
                record = self._record(row, spans)
                oldest_ms = min(oldest_ms, record.timestamp_ms)
                if record.value is None and not self._tombstones:
                    continue
                try:
                    good.append(Item(record, parse(record.value or b"")))  # type: ignore[arg-type]
                except Exception as error:  # noqa: BLE001  (whatever the parser raises, the record is unreadable)
                    bad.append(self._bury(record, error))
        try:
            if bad:
                await self._until_done(lambda: self._publish(bad))
            if good:
                await self._batch(good)
        finally:
            for span in spans:
                span.end()
        attributes = {"stage": self._group}
        count = sum(len(rows) for rows in polled.values())
        telemetry.counter("siaga.stage.records").add(count, attributes)
        telemetry.histogram("siaga.stage.batch_size").record(count, attributes)
        telemetry.histogram("siaga.stage.latency_ms").record(time.time() * 1000 - oldest_ms, attributes)

    async def _batch(self, items: Sequence[Item[M]]) -> None:
        """Process a batch; when it fails for good, its halves, until the record that fails stands alone."""
        try:
            await self._until_done(lambda: self._once(items))
        except Exception as error:
            if isinstance(error, Transient):
                raise
            if len(items) > 1:
                middle = len(items) // 2
                await self._batch(items[:middle])
                await self._batch(items[middle:])
                return
            letter = self._bury(items[0].record, error)
            await self._until_done(lambda: self._publish([letter]))

    async def _once(self, items: Sequence[Item[M]]) -> None:
        result = await self._processor.process(items)
        await self._publish(result.outgoing)
        if result.save is not None:
            await result.save()

    async def _publish(self, outgoing: Sequence[Outgoing]) -> None:
        if outgoing:
            publisher = await self._runtime.publisher()
            await publisher.publish(outgoing)

    async def _until_done(self, step: Callable[[], Awaitable[None]]) -> None:
        """Run a step until nothing outside stands in its way; other errors pass through. Stops trying on shutdown."""
        delay_s = BACKOFF_FIRST_S
        while True:
            try:
                await step()
            except Exception as error:
                if not is_transient(error):
                    raise
                self._member.trouble = f"waiting: {type(error).__name__}"
                telemetry.counter("siaga.stage.transient").add(1, {"stage": self._group, "error": type(error).__name__})
                log.warning("paused", stage=self._group, error=type(error).__name__, retry_s=delay_s)
                if await self._runtime.sleep(delay_s):
                    raise Transient(
                        "stopped while waiting; the offsets stay, the next start does this again"
                    ) from error
                delay_s = min(delay_s * 2, BACKOFF_MOST_S)
            else:
                self._member.trouble = None
                return

    def _record(self, row: Any, spans: list[telemetry.OpenSpan]) -> Record:
        traceparent = header(row.headers, TRACEPARENT)
        if traceparent and telemetry.tracing():
            spans.append(
                telemetry.OpenSpan(
                    f"process {row.topic}",
                    "consumer",
                    traceparent,
                    {
                        "messaging.system": "kafka",
                        "messaging.operation.name": "process",
                        "messaging.operation.type": "process",
                        "messaging.destination.name": row.topic,
                        "messaging.destination.partition.id": str(row.partition),
                        "messaging.kafka.offset": row.offset,
                        "messaging.consumer.group.name": self._group,
                    },
                )
            )
            traceparent = spans[-1].traceparent
        return Record(
            row.topic, row.partition, row.offset, row.timestamp, row.key, row.value, tuple(row.headers), traceparent
        )

    def _bury(self, record: Record, error: BaseException) -> Outgoing:
        log.error(
            "dead letter", stage=self._group, topic=record.topic, partition=record.partition, offset=record.offset,
            error=type(error).__name__,
        )  # fmt: skip
        telemetry.counter("siaga.stage.dead_letters").add(1, {"stage": self._group, "error": type(error).__name__})
        return dead_letter(self._service, record, error)
