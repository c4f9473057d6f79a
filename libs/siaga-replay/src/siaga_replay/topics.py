"""Reads the topics from where they ended before the replay, beside it, into the ledger."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from siaga_contracts import catalogue

from siaga_replay.changed import Changed
from siaga_replay.codec import TAKERS, Take, read_assessment, read_call_event_id
from siaga_replay.lag import partitions_of_topics
from siaga_replay.ledger import Assessment, Ledger

log = structlog.get_logger()

# An observer must not slow what it observes: asking for every record as it comes cost the broker as much as a service.
FETCH_AT_LEAST_BYTES: Final = 128 * 1024
POLL_MS: Final = 200
# A quarter of a million records come in a minute: big fetches, few of them.
FETCH_BYTES: Final = 4 * 1024 * 1024
MAX_RECORDS: Final = 20_000
AWAY_S: Final = 0.5
# Topics are made by whoever starts the stack; a new broker may take a moment to tell of them.
TOPICS_WITHIN_S: Final = 30.0

Offsets = dict[TopicPartition, int]


class TopicReader:
    """A reader without a group: it moves nobody's offsets and no partition is taken from anybody."""

    def __init__(
        self, bootstrap: str, ledger: Ledger, changed: Changed, names: Mapping[str, str] | None = None
    ) -> None:
        """`names` gives topics other names than the catalogue's (catalogue name → name)."""
        renamed = names or {}
        self._bootstrap = bootstrap
        self._takers: dict[str, Take] = {renamed.get(topic, topic): take for topic, take in TAKERS.items()}
        self._events = renamed.get(catalogue.CALL_EVENTS.name, catalogue.CALL_EVENTS.name)
        self._assessments = renamed.get(catalogue.CALL_ASSESSMENTS.name, catalogue.CALL_ASSESSMENTS.name)
        self._ledger = ledger
        self._changed = changed
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap,
            client_id="siaga-replay",
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=FETCH_BYTES,
            fetch_min_bytes=FETCH_AT_LEAST_BYTES,
            fetch_max_wait_ms=POLL_MS,
            metadata_max_age_ms=5_000,
        )
        self._start: Offsets = {}

    async def open(self) -> None:
        """Stand at the end of every topic: what comes from now on belongs to this replay."""
        await self._consumer.start()
        partitions = await self._partitions()
        self._start = await self._consumer.end_offsets(partitions)
        _stand_at(self._consumer, self._start)

    async def run(self) -> None:
        """Read on until cancelled; a broker that is away is waited for."""
        while True:
            try:
                batches = await self._consumer.getmany(timeout_ms=POLL_MS, max_records=MAX_RECORDS)
            except KafkaError as error:
                log.warning("topics cannot be read, trying again", error=type(error).__name__)
                await asyncio.sleep(AWAY_S)
                continue
            for partition, records in batches.items():
                self._take(partition.topic, records)
            if batches:
                self._changed.notify()
                # Parsing a large batch takes a while: let the requests in between.
                await asyncio.sleep(0)

    async def behind(self) -> int:
        """Records that are on the topics and not yet read."""
        ends = await self._consumer.end_offsets(list(self._start))
        positions = {partition: await self._consumer.position(partition) for partition in ends}
        return sum(max(0, end - positions[partition]) for partition, end in ends.items())

    async def look_back(self) -> None:
        """What the topics held of this replay's calls before it began: an earlier replay of the same file."""
        missing_events, missing_calls = set(self._ledger.unseen_events), set(self._ledger.unassessed_calls)
        events: set[str] = set()
        assessments: dict[str, Assessment] = {}

        def event(value: bytes) -> None:
            event_id = read_call_event_id(value)
            if event_id in missing_events:
                events.add(event_id)

        def assessment(value: bytes) -> None:
            call_id, found = read_assessment(value)
            if call_id in missing_calls:
                assessments[call_id] = found

        await self._read_before(self._events, event)
        await self._read_before(self._assessments, assessment)
        self._ledger.known_before(events, assessments)

    async def close(self) -> None:
        await self._consumer.stop()

    def _take(self, topic: str, records: Sequence[Any]) -> None:
        take = self._takers[topic]
        for record in records:
            take(self._ledger, record.key or b"", record.value, record.timestamp)

    async def _partitions(self) -> list[TopicPartition]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap, client_id="siaga-replay-topics")
        await admin.start()
        try:
            deadline = time.monotonic() + TOPICS_WITHIN_S
            while True:
                known = await partitions_of_topics(admin)
                missing = sorted(topic for topic in self._takers if topic not in known)
                if not missing:
                    return [partition for topic in self._takers for partition in known[topic]]
                if time.monotonic() > deadline:
                    raise LookupError(f"the broker has no topic {missing[0]}; start the stack first (`./siaga up`)")
                await asyncio.sleep(AWAY_S)
        finally:
            await admin.close()

    async def _read_before(self, topic: str, take: Callable[[bytes], None]) -> None:
        """Every record of a topic that was there when this replay began, oldest first."""
        partitions = [partition for partition in self._start if partition.topic == topic]
        reader = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            group_id=None,
            max_partition_fetch_bytes=FETCH_BYTES,
        )
        await reader.start()
        try:
            begins = await reader.beginning_offsets(partitions)
            _stand_at(reader, begins)
            left = {each for each in partitions if begins[each] < self._start[each]}
            while left:
                for partition, records in (await reader.getmany(timeout_ms=POLL_MS, max_records=MAX_RECORDS)).items():
                    for record in records:
                        if record.offset < self._start[partition] and record.value is not None:
                            take(record.value)
                for partition in list(left):
                    if await reader.position(partition) >= self._start[partition]:
                        left.discard(partition)
        finally:
            await reader.stop()


def _stand_at(consumer: AIOKafkaConsumer, offsets: Offsets) -> None:
    """Read from these offsets on. Without a pause between, or the client's own first position comes in the way."""
    consumer.assign(list(offsets))
    for partition, offset in offsets.items():
        consumer.seek(partition, offset)
