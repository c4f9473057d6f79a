"""The consumer loop on a real broker: poison, outages, restarts, two members."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.errors import TopicAlreadyExistsError
from siaga.v1.call_pb2 import CallEvent
from siaga.v1.dead_letter_pb2 import DeadLetter
from siaga_contracts.catalogue import CALL_EVENTS, DEAD_LETTERS, Topic
from siaga_kit import kafka
from siaga_kit.errors import Transient
from siaga_kit.records import Outgoing
from siaga_kit.service import Runtime
from siaga_kit.settings import KafkaSettings, Settings
from siaga_kit.stage import Item, Result, Stage

pytestmark = pytest.mark.stack

WAIT_S = 30.0
STAGES: dict[Runtime, Stage[CallEvent]] = {}


class Echo:
    """Publishes each event again to another topic; behaves badly on request."""

    def __init__(self, to: Topic) -> None:
        self.to = to
        self.seen: list[str] = []
        self.outages = 0
        self.poison: set[str] = set()

    async def process(self, batch: Sequence[Item[CallEvent]]) -> Result:
        if self.outages:
            self.outages -= 1
            raise Transient("something is away")
        if any(item.message.event_id in self.poison for item in batch):
            raise ValueError("this event breaks the rules")

        async def save() -> None:
            self.seen.extend(item.message.event_id for item in batch)

        return Result(
            [Outgoing(self.to, i.message.call_id, i.message, i.message.event_id, i.message.event_at_ms) for i in batch],
            save,
        )


async def wait_until(condition: Callable[[], bool], what: str) -> None:
    async with asyncio.timeout(WAIT_S):
        while not condition():
            await asyncio.sleep(0.02)
    assert condition(), what


async def make_topics(bootstrap: str, *topics: Topic) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        for topic in topics:
            try:
                await admin.create_topics([NewTopic(topic.name, topic.partitions, 1)])
            except TopicAlreadyExistsError:
                continue
    finally:
        await admin.close()


@asynccontextmanager
async def running(bootstrap: str, source: Topic, echo: Echo, group: str, instance: str = "1") -> AsyncIterator[Runtime]:
    settings = Settings(kafka=KafkaSettings(bootstrap=bootstrap, replication=1), instance=instance)
    runtime = Runtime("test", settings)
    stage = Stage(service="test", group=group, topics=[source], processor=echo, runtime=runtime, max_batch=100)
    STAGES[runtime] = stage
    runtime.spawn("stage", stage.run())
    try:
        yield runtime
    finally:
        runtime.stop.set()
        await runtime.shut_down()
        assert not runtime.failed


async def publish(runtime: Runtime, topic: Topic, count: int, start: int = 0) -> list[str]:
    ids = [f"{topic.name}-{number}" for number in range(start, start + count)]
    publisher = await runtime.publisher()
    await publisher.publish(
        [
            Outgoing(topic, f"call-{n % 7}", CallEvent(event_id=name, call_id=f"call-{n % 7}", event_at_ms=n), name, n)
            for n, name in enumerate(ids, start)
        ]
    )
    return ids


async def read_all(bootstrap: str, topic: str) -> list[tuple[str, bytes]]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    rows: list[tuple[str, bytes]] = []
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        while any([await consumer.position(where) < end for where, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                rows.extend((record.key.decode(), record.value) for record in records)
    finally:
        await consumer.stop()
    return rows


@pytest.fixture
async def topics(kafka_bootstrap: str) -> tuple[Topic, Topic]:
    name = uuid.uuid4().hex[:8]
    source = replace(CALL_EVENTS, name=f"test.{name}.in", partitions=3)
    sink = replace(CALL_EVENTS, name=f"test.{name}.out", partitions=3)
    await make_topics(kafka_bootstrap, source, sink, DEAD_LETTERS)
    return source, sink


async def test_everything_comes_through_once_and_in_order(kafka_bootstrap: str, topics: tuple[Topic, Topic]) -> None:
    source, sink = topics
    echo = Echo(sink)
    async with running(kafka_bootstrap, source, echo, source.name) as runtime:
        sent = await publish(runtime, source, 500)
        await wait_until(lambda: len(echo.seen) == 500, "all processed")
    rows = [(key, CallEvent.FromString(value)) for key, value in await read_all(kafka_bootstrap, sink.name)]
    assert sorted(event.event_id for _, event in rows) == sorted(sent)
    for key in {key for key, _ in rows}:
        times = [event.event_at_ms for other, event in rows if other == key]
        assert times == sorted(times)


async def test_poison_is_set_aside_and_the_rest_goes_on(kafka_bootstrap: str, topics: tuple[Topic, Topic]) -> None:
    source, sink = topics
    echo = Echo(sink)
    async with running(kafka_bootstrap, source, echo, source.name) as runtime:
        echo.poison = {f"{source.name}-13"}
        sent = await publish(runtime, source, 40)
        await wait_until(lambda: len(echo.seen) == 39, "all but one processed")
    assert sorted(echo.seen) == sorted(set(sent) - echo.poison)
    letters = [DeadLetter.FromString(value) for _, value in await read_all(kafka_bootstrap, DEAD_LETTERS.name)]
    (mine,) = [letter for letter in letters if letter.source_topic == source.name]
    assert mine.reason == "ValueError: this event breaks the rules"
    assert CallEvent.FromString(mine.value).event_id in echo.poison
    assert "process" in mine.stack


async def test_unreadable_bytes_are_a_dead_letter(kafka_bootstrap: str, topics: tuple[Topic, Topic]) -> None:
    source, sink = topics
    echo = Echo(sink)
    async with running(kafka_bootstrap, source, echo, source.name) as runtime:
        garbage = DeadLetter(reason="x" * 50, stack="not a call event", source_offset=-1)
        garbage_topic = replace(source, message=DeadLetter)
        publisher = await runtime.publisher()
        await publisher.publish([Outgoing(garbage_topic, "call-1", garbage, "g", 0)])
        await publish(runtime, source, 5)
        await wait_until(lambda: len(echo.seen) == 5, "the readable ones are processed")
    letters = [DeadLetter.FromString(value) for _, value in await read_all(kafka_bootstrap, DEAD_LETTERS.name)]
    assert [letter.value for letter in letters if letter.source_topic == source.name] == [garbage.SerializeToString()]


async def test_an_outage_pauses_and_buries_nothing(kafka_bootstrap: str, topics: tuple[Topic, Topic]) -> None:
    source, sink = topics
    echo = Echo(sink)
    echo.outages = 4
    async with running(kafka_bootstrap, source, echo, source.name) as runtime:
        sent = await publish(runtime, source, 20)
        await wait_until(lambda: len(echo.seen) == 20, "all processed after the outage")
        assert runtime.health.reasons() == {}
    assert sorted(echo.seen) == sorted(sent)
    letters = [DeadLetter.FromString(value) for _, value in await read_all(kafka_bootstrap, DEAD_LETTERS.name)]
    assert not [letter for letter in letters if letter.source_topic == source.name]


async def test_a_restart_goes_on_where_it_stopped(kafka_bootstrap: str, topics: tuple[Topic, Topic]) -> None:
    source, sink = topics
    first, second = Echo(sink), Echo(sink)
    async with running(kafka_bootstrap, source, first, source.name) as runtime:
        before = await publish(runtime, source, 30)
        await wait_until(lambda: len(first.seen) == 30, "first run processed all")
    async with running(kafka_bootstrap, source, second, source.name) as runtime:
        after = await publish(runtime, source, 10, start=30)
        await wait_until(lambda: len(second.seen) >= 10, "second run processed the rest")
    assert sorted(first.seen) == sorted(before)
    assert sorted(second.seen) == sorted(after)


async def test_two_members_share_the_work_and_lose_nothing(kafka_bootstrap: str, topics: tuple[Topic, Topic]) -> None:
    source, sink = topics
    one, two = Echo(sink), Echo(sink)
    async with running(kafka_bootstrap, source, one, source.name, "1") as runtime:
        sent = await publish(runtime, source, 200)
        async with running(kafka_bootstrap, source, two, source.name, "2"):
            sent += await publish(runtime, source, 400, start=200)
            await wait_until(lambda: {*one.seen, *two.seen} >= set(sent), "together they processed all")


def generation_of(runtime: Runtime) -> int:
    consumer = STAGES[runtime]._member._consumer
    return -1 if consumer is None else int(consumer._coordinator.generation)


def processed(one: Echo, two: Echo, wanted: frozenset[str]) -> bool:
    return {*one.seen, *two.seen} >= wanted


async def shared(runtime: Runtime, source: Topic, one: Echo, two: Echo) -> list[str]:
    """Publish until both members have had something: the first may have done all before the second has joined."""
    sent: list[str] = []
    async with asyncio.timeout(WAIT_S):
        while not (one.seen and two.seen):
            sent += await publish(runtime, source, 20, start=len(sent))
            await wait_until(partial(processed, one, two, frozenset(sent)), "all so far processed")
    return sent


async def test_a_restart_inside_the_session_moves_no_partition(
    kafka_bootstrap: str, topics: tuple[Topic, Topic]
) -> None:
    """Static membership: the other member never learns that one was gone."""
    source, sink = topics
    stays, first, again = Echo(sink), Echo(sink), Echo(sink)
    async with running(kafka_bootstrap, source, stays, source.name, "stays") as runtime:
        async with running(kafka_bootstrap, source, first, source.name, "restarts"):
            sent = await shared(runtime, source, stays, first)
            await wait_until(lambda: {*stays.seen, *first.seen} >= set(sent), "all processed")
        generation = generation_of(runtime)
        async with running(kafka_bootstrap, source, again, source.name, "restarts"):
            sent += await publish(runtime, source, 100, start=len(sent))
            await wait_until(lambda: {*stays.seen, *first.seen, *again.seen} >= set(sent), "all processed again")
        assert again.seen
        assert generation_of(runtime) == generation


async def test_a_partition_that_comes_later_is_read_soon(
    kafka_bootstrap: str, topics: tuple[Topic, Topic], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka, "METADATA_MAX_AGE_MS", 1_000)
    _, sink = topics
    grows = replace(sink, name=f"test.{uuid.uuid4().hex[:8]}.grows", partitions=1)
    await make_topics(kafka_bootstrap, grows)
    echo = Echo(sink)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    try:
        async with running(kafka_bootstrap, grows, echo, f"g.{grows.name}") as runtime:
            await publish(runtime, grows, 1)
            await wait_until(lambda: len(echo.seen) == 1, "the first partition is read")
            await admin.create_partitions({grows.name: NewPartitions(2)})
            async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap) as producer:
                event = CallEvent(event_id="later", call_id="call-1")
                await producer.send_and_wait(grows.name, event.SerializeToString(), b"call-1", partition=1)
            await wait_until(lambda: "later" in echo.seen, "the second one is read")
    finally:
        await admin.close()
