"""A process's place in a consumer group: partitions held, records polled, offsets committed, and whether it moves."""

import asyncio
import time
from collections.abc import Iterable
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from siaga_kit import kafka, telemetry
from siaga_kit.service import Runtime
from siaga_kit.tracking import OffsetTracker

log = structlog.get_logger()

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
# The client library has open reports of consumers that fetch nothing for ever though records wait. Looked at this often,
# and believed the second time: shorter would take a slow broker for it.
STUCK_LOOK_S: Final = 30.0
# A position is waited for as long as its partition has none: without an end the loop would hang with a group that it is
# to notice the loss of.
LOOK_WITHIN_S: Final = 10.0
# So is a commit, as long as no coordinator is known. Shorter would give up commits that a busy broker still answers.
COMMIT_WITHIN_S: Final = 5.0
# A client that stops waits for its work on the group: a process that is stuck there would never end. Less than its stop.
LEAVE_WITHIN_S: Final = 3.0
# Twice the rebalance timeout: the group waits no longer than that for any member. Shorter would end a process that only
# waits for another one to finish its batch.
OUTSIDE_MOST_S: Final = 60.0

Polled = dict[TopicPartition, list[Any]]


class Stuck(Exception):  # noqa: N818  (a state of this process; a restart mends it)
    """Records wait and none come, or the group is not joined again: the process must end, so that it is started anew."""


class Membership:
    """One member of a group. `trouble` says why it cannot work now; None = it can."""

    def __init__(self, runtime: Runtime, group: str, topics: list[str]) -> None:
        self._runtime = runtime
        self._group = group
        self._topics = topics
        self._tracker = OffsetTracker()
        self._idle = asyncio.Event()
        self._idle.set()
        self._consumer: AIOKafkaConsumer | None = None
        self._last_commit = 0.0
        self._last_lag = 0.0
        self._moved_at = 0.0
        self._behind = False
        # Since when partitions are given up and none are given anew; None = it has its place in the group.
        self._outside_since: float | None = None
        # Since when no commit is answered, and when the broker itself last gave no answer.
        self._unanswered_since: float | None = None
        self._away_at = 0.0
        self._last_look = 0.0
        self.trouble: str | None = "starting"

    async def join(self) -> None:
        """Join the group, however long the broker takes; returns early when the word to stop comes."""
        delay_s = BACKOFF_FIRST_S
        member = f"{self._group}.{self._runtime.settings.instance}"
        while not self._runtime.stop.is_set():
            consumer = kafka.consumer(self._runtime.settings.kafka, self._topics, self._group, member, _Listener(self))
            try:
                await consumer.start()
            except (KafkaError, ConnectionError) as error:
                self.trouble = f"the broker is away: {type(error).__name__}"
                log.warning("broker away", stage=self._group, error=type(error).__name__, retry_s=delay_s)
                await consumer.stop()
                await self._runtime.sleep(delay_s)
                delay_s = min(delay_s * 2, BACKOFF_MOST_S)
                continue
            self._consumer = consumer
            self._moved_at = time.monotonic()
            return

    async def poll(self, max_records: int) -> Polled:
        """What is there, of held partitions only; empty after a second without anything, or when told to stop.

        Whoever takes records must call `finished` for them, and until then no partition is given up.
        """
        consumer = self._consumer
        if consumer is None:
            return {}
        polling = asyncio.ensure_future(consumer.getmany(timeout_ms=POLL_TIMEOUT_MS, max_records=max_records))
        stopping = asyncio.ensure_future(self._runtime.stop.wait())
        await asyncio.wait({polling, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not polling.done():
            polling.cancel()
            return {}
        held = {
            where: rows
            for where, rows in polling.result().items()
            # Fetched before the partition was taken away: its new owner has them.
            if rows and self._tracker.holds(where.topic, where.partition)
        }
        if held:
            self._idle.clear()
        return held

    def finished(self, polled: Polled) -> None:
        """Their results are acknowledged, or they are in the dead letters."""
        for where, rows in polled.items():
            self._tracker.finished(where.topic, where.partition, rows[-1].offset + 1)
        self._moved_at = time.monotonic()
        self._behind = False

    def released(self) -> None:
        """No batch is in hand."""
        self._idle.set()

    async def look_after(self) -> None:
        """Commit when it is time, measure the lag, and see whether records still come; raises Stuck when they do not."""
        consumer = self._consumer
        if consumer is None:
            return
        await self._commit(consumer, force=False)
        now = time.monotonic()
        if now - self._last_lag >= LAG_EVERY_S:
            self._last_lag = now
            await self._measure_lag(consumer)
        if now - self._last_look >= STUCK_LOOK_S:
            self._last_look = now
            if now - self._moved_at >= STUCK_LOOK_S:
                await self._look_whether_stuck(consumer)
            await self._look_whether_outside(consumer)

    async def leave(self) -> None:
        """Commit and go. With static membership the group is not told: the same member comes back to its place."""
        consumer, self._consumer = self._consumer, None
        if consumer is None:
            return
        try:
            async with asyncio.timeout(LEAVE_WITHIN_S):
                await self._commit(consumer, force=True)
                await consumer.stop()
        except TimeoutError:
            log.warning("left without a word to the group", stage=self._group)

    async def _commit(self, consumer: AIOKafkaConsumer, *, force: bool) -> None:
        if not force and time.monotonic() - self._last_commit < COMMIT_EVERY_S:
            return
        offsets = self._tracker.committable()
        if not offsets:
            return
        self._last_commit = time.monotonic()
        try:
            async with asyncio.timeout(COMMIT_WITHIN_S):
                await consumer.commit({TopicPartition(*where): offset for where, offset in offsets.items()})
        except (CommitFailedError, IllegalStateError) as error:
            # The group moved on in the background; whoever has the partitions now does these records again.
            log.info("commit refused", stage=self._group, error=type(error).__name__)
        except (KafkaError, TimeoutError) as error:
            self._unanswered_since = self._unanswered_since or self._last_commit
            log.warning("commit failed, tried again later", stage=self._group, error=type(error).__name__)
        else:
            self._unanswered_since = None
            self._tracker.committed(offsets)

    async def _measure_lag(self, consumer: AIOKafkaConsumer) -> None:
        lag = 0
        try:
            async with asyncio.timeout(LOOK_WITHIN_S):
                # All ends before the first wait: asked for a partition that went meanwhile, the library asserts.
                ends = {where: consumer.highwater(where) for where in consumer.assignment()}
                for where, end in ends.items():
                    if end is not None:
                        lag += max(0, end - await consumer.position(where))
        except (KafkaError, TimeoutError) as error:
            # Partitions may be taken away in between, and a broker be away: a figure less is no reason to end.
            log.info("lag not measured", stage=self._group, error=type(error).__name__)
            return
        telemetry.gauge("siaga.stage.lag").set(lag, {"stage": self._group})

    async def _look_whether_stuck(self, consumer: AIOKafkaConsumer) -> None:
        try:
            async with asyncio.timeout(LOOK_WITHIN_S):
                ends = await consumer.end_offsets(consumer.assignment())
        except (KafkaError, TimeoutError):
            # A broker that does not answer is an outage, not a stuck consumer.
            self._behind = False
            return
        try:
            async with asyncio.timeout(LOOK_WITHIN_S):
                behind = any([end > await consumer.position(where) for where, end in ends.items()])
        except TimeoutError:
            # The broker answers, and still nobody knows from where a partition is to be read.
            behind = True
        except KafkaError:
            behind = False  # taken away in between
        if behind and self._behind:
            raise Stuck(f"records wait for {self._group} and none have come for {2 * STUCK_LOOK_S:.0f} s")
        self._behind = behind

    async def _look_whether_outside(self, consumer: AIOKafkaConsumer) -> None:
        """A group answers within a rebalance, if the broker does: who has no answer for longer never gets one."""
        if self._without_group_for() is None:
            return
        try:
            async with asyncio.timeout(LOOK_WITHIN_S):
                await consumer.end_offsets([TopicPartition(topic, 0) for topic in self._topics])
        except (KafkaError, TimeoutError):
            self._away_at = time.monotonic()
        # It may have been taken back while the broker was asked.
        if (self._without_group_for() or 0.0) >= OUTSIDE_MOST_S:
            raise Stuck(f"{self._group} is not joined again after {OUTSIDE_MOST_S:.0f} s, though the broker answers")

    def _without_group_for(self) -> float | None:
        """Seconds that the broker answers and the group does not; None = it does."""
        since = [each for each in (self._outside_since, self._unanswered_since) if each is not None]
        return time.monotonic() - max(min(since), self._away_at) if since else None

    async def release(self, partitions: Iterable[TopicPartition]) -> None:
        """Partitions are being taken away: finish the batch under way, commit, forget them."""
        self._outside_since = time.monotonic()
        try:
            async with asyncio.timeout(DRAIN_BUDGET_S):
                await self._idle.wait()
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
        self._outside_since = None
        self.trouble = None


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Hands the group's decisions to the member."""

    def __init__(self, member: Membership) -> None:
        self._member = member

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        await self._member.release(revoked)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._member.take(assigned)
