"""The relay on the real Kafka: in order, once, also after a crash, and never two at a time."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from dispatcher_bench import Bench, drop_topics, make_topics, read_all
from dispatcher_samples import unit
from siaga_dispatcher.adapters.keys import Keys
from siaga_dispatcher.adapters.outbox import LEASE_MS, Relay
from siaga_dispatcher.core.values import UnitStatus
from siaga_kit.errors import Transient
from siaga_kit.publishing import Publisher
from siaga_kit.records import Outgoing
from siaga_kit.settings import KafkaSettings

pytestmark = pytest.mark.stack
U = UnitStatus


@pytest.fixture
async def publisher(kafka_bootstrap: str, bench: Bench) -> AsyncIterator[Publisher]:
    await make_topics(kafka_bootstrap, *bench.topics.by_name.values())
    made = Publisher(KafkaSettings(bootstrap=kafka_bootstrap, replication=1), "dispatcher", "test")
    yield made
    await made.close()
    await drop_topics(kafka_bootstrap, *bench.topics.by_name.values())


def relay(bench: Bench, publisher: Publisher, holder: str = "dispatcher.1") -> Relay:
    return Relay(bench.redis, publisher, (bench.code,), bench.topics, holder)


async def test_what_a_killed_process_left_is_published_once_and_in_order(
    bench: Bench, publisher: Publisher, kafka_bootstrap: str
) -> None:
    await bench.put(unit("d1"))
    await bench.dispatcher.take_assessment(bench.call())
    for status in (U.EN_ROUTE, U.ON_SCENE, U.CLEAR):
        await bench.dispatcher.take_report(bench.report("d1", status))
    waiting = await bench.outbox()
    assert await relay(bench, publisher).drain(bench.code) == len(waiting)
    assert await relay(bench, publisher).drain(bench.code) == 0
    assert not await bench.outbox()
    for topic in bench.topics.by_name.values():
        expected = [(e[b"key"].decode(), e[b"id"].decode()) for e in waiting if e[b"topic"].decode() == topic.name]
        assert [(key, event_id) for key, event_id, _ in await read_all(kafka_bootstrap, topic)] == expected
    versions = [m.version for _, _, m in await read_all(kafka_bootstrap, bench.topics.incidents)]
    assert versions == list(range(1, len(versions) + 1))
    kinds = [m.change.kind for _, _, m in await read_all(kafka_bootstrap, bench.topics.incidents)]
    assert kinds == ["opened", "units_assigned", *["unit_status"] * 3, "resolved", "closed"]


async def test_two_relays_at_once_publish_nothing_twice(
    bench: Bench, publisher: Publisher, kafka_bootstrap: str
) -> None:
    await bench.put(*(unit(f"d{i}") for i in range(20)))
    for number in range(20):
        await bench.dispatcher.take_assessment(bench.call(f"call-{number}", type=f"fire_{number}"))
    waiting = len(await bench.outbox())
    moved = await asyncio.gather(*(relay(bench, publisher, f"dispatcher.{i}").drain(bench.code) for i in range(4)))
    assert sum(moved) == waiting
    assert len(await read_all(kafka_bootstrap, bench.topics.orders)) == 20


async def test_a_live_holder_is_left_alone_a_dead_one_replaced(bench: Bench, publisher: Publisher) -> None:
    await bench.put(unit("d1"))
    keys = Keys(bench.code)
    await bench.redis.set(keys.relay, "dispatcher.other", px=LEASE_MS)
    assert await relay(bench, publisher).drain(bench.code) == 0
    await bench.redis.delete(keys.relay)
    assert await relay(bench, publisher).drain(bench.code) == 2
    await bench.dispatcher.take_report(bench.report("d1", U.OFF_DUTY))
    # The lease of this very process, from before its crash.
    await bench.redis.set(keys.relay, "dispatcher.1", px=LEASE_MS)
    assert await relay(bench, publisher).drain(bench.code) == 2
    assert await bench.redis.get(keys.relay) is None


class Away:
    """A broker that does not answer, and then does."""

    def __init__(self, publisher: Publisher, failures: int) -> None:
        self._publisher = publisher
        self._failures = failures

    async def publish(self, outgoing: list[Outgoing]) -> None:
        if self._failures:
            self._failures -= 1
            raise Transient("the broker is away")
        await self._publisher.publish(outgoing)


async def test_an_outage_loses_nothing(bench: Bench, publisher: Publisher, kafka_bootstrap: str) -> None:
    await bench.put(unit("d1"))
    stop = asyncio.Event()
    away = Away(publisher, failures=2)
    moving = Relay(bench.redis, away, (bench.code,), bench.topics, "dispatcher.1")  # type: ignore[arg-type]
    running = asyncio.create_task(moving.run(stop))
    async with asyncio.timeout(30):
        while await bench.outbox():
            await asyncio.sleep(0.02)
    stop.set()
    await running
    assert len(await read_all(kafka_bootstrap, bench.topics.units)) == 1


async def test_a_commit_wakes_the_relay_without_waiting_for_the_sweep(bench: Bench, publisher: Publisher) -> None:
    swept = asyncio.Event()

    class Blind(Relay):
        async def _left_behind(self) -> set[str]:
            swept.set()
            return set()

    stop = asyncio.Event()
    moving = Blind(bench.redis, publisher, (bench.code,), bench.topics, "dispatcher.1")
    running = asyncio.create_task(moving.run(stop))
    await swept.wait()
    await bench.put(unit("d1"))
    # The sweep sees nothing here: only being woken can empty the outbox.
    moving.wake(bench.code)
    async with asyncio.timeout(30):
        while await bench.outbox():
            await asyncio.sleep(0.02)
    stop.set()
    await running
