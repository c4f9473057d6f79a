"""The one consumer loop: the only place that polls, batches, retries, dead-letters, commits, traces and measures.

A service hands it a processor: a batch of records in, records to publish out. What the stage promises:

- one batch at a time, order kept per partition, offsets committed only after the results are acknowledged;
- a record that cannot be parsed or processed goes to the dead letters at once, and its partition goes on;
- something outside being away (broker, Redis, SMS centre) pauses and tries the same again, and dead-letters nothing;
- on SIGTERM or when partitions are taken away it finishes the batch and commits.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from google.protobuf.message import Message
from siaga_contracts.catalogue import Topic
from siaga_contracts.envelope import TRACEPARENT, header

from siaga_kit import kafka, telemetry
from siaga_kit.dead_letters import dead_letter
from siaga_kit.errors import Transient, is_transient
from siaga_kit.records import Outgoing, Record
from siaga_kit.service import Runtime
from siaga_kit.tracking import OffsetTracker

log = structlog.get_logger()

M = TypeVar("M", bound=Message)

# A commit after every poll costs a round trip per batch and triples the latency of a lone record; a second of records
# done again after a crash costs nothing, for everything is idempotent.
COMMIT_EVERY_S: Final = 1.0
# How long an idle loop waits for records before it looks after its offsets; a record ends the wait at once.
POLL_TIMEOUT_MS: Final = 1_000
# Longer than a batch takes with Redis slow; longer still, and the group's rebalance would time out under us.
DRAIN_BUDGET_S: Final = 20.0
BACKOFF_FIRST_S: Final = 0.05
# An outage of minutes must end within seconds of its cause, so the wait between tries stays short.
BACKOFF_MOST_S: Final = 2.0
# Lag is asked of the broker, so not on every batch.
LAG_EVERY_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Item(Generic[M]):
    """A record and its parsed message."""

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
    ) -> None:
        self._service = service
        self._group = group
        self._topics = {topic.name: topic for topic in topics}
        self._processor = processor
        self._runtime = runtime
        self._max_batch = max_batch
        self._tracker = OffsetTracker()
        self._idle = asyncio.Event()
        self._idle.set()
        self._last_commit = 0.0
        self._last_lag = 0.0
        self._consumer: AIOKafkaConsumer | None = None
        self._trouble: str | None = "starting"
        runtime.health.add(f"stage.{group}", self._not_ready)

    def _not_ready(self) -> str | None:
        return self._trouble

    async def run(self) -> None:
        """Consume until the runtime stops; raises only what no retry can mend, so that the process restarts."""
        await self._started()
        try:
            while not self._runtime.stop.is_set():
                await self._poll()
        finally:
            consumer, self._consumer = self._consumer, None
            if consumer is not None:
                await self._commit(consumer, force=True)
                # With static membership leaving says nothing to the group: the same member comes back to its place.
                await consumer.stop()

    async def _started(self) -> None:
        delay_s = BACKOFF_FIRST_S
        member = f"{self._group}.{self._runtime.settings.instance}"
        while not self._runtime.stop.is_set():
            consumer = kafka.consumer(
                self._runtime.settings.kafka, list(self._topics), self._group, member, _Listener(self)
            )
            try:
                await consumer.start()
            except (KafkaError, ConnectionError) as error:
                self._trouble = f"the broker is away: {type(error).__name__}"
                log.warning("broker away", stage=self._group, error=type(error).__name__, retry_s=delay_s)
                await consumer.stop()
                await self._runtime.sleep(delay_s)
                delay_s = min(delay_s * 2, BACKOFF_MOST_S)
                continue
            self._consumer = consumer
            return

    async def _poll(self) -> None:
        consumer = self._consumer
        assert consumer is not None
        polled: dict[TopicPartition, list[Any]]
        polling = asyncio.ensure_future(consumer.getmany(timeout_ms=POLL_TIMEOUT_MS, max_records=self._max_batch))
        stopping = asyncio.ensure_future(self._runtime.stop.wait())
        await asyncio.wait({polling, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not polling.done():
            polling.cancel()
            return
        polled = polling.result()
        held = {
            where: rows for where, rows in polled.items() if rows and self._tracker.holds(where.topic, where.partition)
        }
        if held:
            self._idle.clear()
            try:
                await self._process(held)
            finally:
                self._idle.set()
        await self._commit(consumer, force=False)
        await self._measure_lag(consumer)

    async def _process(self, polled: dict[TopicPartition, list[Any]]) -> None:
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
                if record.value is None:
                    continue
                try:
                    good.append(Item(record, parse(record.value)))  # type: ignore[arg-type]
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
        for where, rows in polled.items():
            self._tracker.finished(where.topic, where.partition, rows[-1].offset + 1)
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
                self._trouble = f"waiting: {type(error).__name__}"
                telemetry.counter("siaga.stage.transient").add(1, {"stage": self._group, "error": type(error).__name__})
                log.warning("paused", stage=self._group, error=type(error).__name__, retry_s=delay_s)
                if await self._runtime.sleep(delay_s):
                    raise Transient(
                        "stopped while waiting; the offsets stay, the next start does this again"
                    ) from error
                delay_s = min(delay_s * 2, BACKOFF_MOST_S)
            else:
                if self._trouble is not None and self._consumer is not None:
                    self._trouble = None
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

    async def _commit(self, consumer: AIOKafkaConsumer, *, force: bool) -> None:
        if not force and time.monotonic() - self._last_commit < COMMIT_EVERY_S:
            return
        offsets = self._tracker.committable()
        if not offsets:
            return
        self._last_commit = time.monotonic()
        try:
            await consumer.commit({TopicPartition(*where): offset for where, offset in offsets.items()})
        except (CommitFailedError, IllegalStateError) as error:
            # The group moved on in the background; whoever has the partitions now does these records again.
            log.info("commit refused", stage=self._group, error=type(error).__name__)
        except KafkaError as error:
            log.warning("commit failed, tried again later", stage=self._group, error=type(error).__name__)
        else:
            self._tracker.committed(offsets)

    async def _measure_lag(self, consumer: AIOKafkaConsumer) -> None:
        if time.monotonic() - self._last_lag < LAG_EVERY_S:
            return
        self._last_lag = time.monotonic()
        lag = 0
        for where in consumer.assignment():
            end = consumer.highwater(where)
            if end is not None:
                lag += max(0, end - await consumer.position(where))
        telemetry.gauge("siaga.stage.lag").set(lag, {"stage": self._group})

    async def release(self, partitions: Iterable[TopicPartition]) -> None:
        """Partitions are being taken away: finish the batch under way, commit, forget them."""
        try:
            await asyncio.wait_for(self._idle.wait(), DRAIN_BUDGET_S)
        except TimeoutError:
            log.warning("batch not finished before its partitions went", stage=self._group)
        if self._consumer is not None:
            await self._commit(self._consumer, force=True)
        for where in partitions:
            self._tracker.forget(where.topic, where.partition)

    def take(self, partitions: Iterable[TopicPartition]) -> None:
        """Partitions are ours."""
        for where in partitions:
            self._tracker.hold(where.topic, where.partition)
        self._trouble = None


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Hands the group's decisions to the stage."""

    def __init__(self, stage: Stage[Any]) -> None:
        self._stage = stage

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        await self._stage.release(revoked)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._stage.take(assigned)
