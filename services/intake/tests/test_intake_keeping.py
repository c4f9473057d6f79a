"""Keeping events: round trips shared, order kept, disk when the broker is away, and back."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from siaga.v1 import call_pb2
from siaga_contracts.catalogue import CALL_EVENTS
from siaga_intake.adapters.keeping import Keeper
from siaga_intake.adapters.spool import Full, Spool
from siaga_kit.errors import Transient
from siaga_kit.records import Outgoing

SPOOL_EVENTS = 1_000


def record(call: str, number: int) -> Outgoing:
    event_id = f"{call}-{number}"
    message = call_pb2.CallEvent(event_id=event_id, call_id=call, event_at_ms=number)
    return Outgoing(CALL_EVENTS, call, message, event_id, number, "00-" + "1" * 32 + "-" + "2" * 16 + "-01")


class Broker:
    """A broker in memory that can be away, or be held in the middle of a publish."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.records: list[Outgoing] = []
        self.away = False
        self.tries = 0
        self.open = asyncio.Event()
        self.open.set()

    async def publish(self, outgoing: Sequence[Outgoing]) -> None:
        self.tries += 1
        await self.open.wait()
        if self.away:
            raise Transient("away")
        self.batches.append([each.event_id for each in outgoing])
        self.records += outgoing

    @property
    def published(self) -> list[str]:
        return [event_id for batch in self.batches for event_id in batch]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
async def spool(tmp_path: Path) -> AsyncIterator[Spool]:
    spool = Spool(tmp_path / "spool.sqlite3", max_events=SPOOL_EVENTS)
    await spool.open()
    yield spool
    await spool.close()


@pytest.fixture
async def keeper(broker: Broker, spool: Spool) -> AsyncIterator[Keeper]:
    keeper = Keeper(broker.publish, spool, CALL_EVENTS)
    tasks = [asyncio.create_task(keeper.run()), asyncio.create_task(keeper.drain())]
    yield keeper
    keeper.close()
    async with asyncio.timeout(5):
        await asyncio.gather(*tasks)


async def test_a_lone_request_leaves_at_once(keeper: Keeper, broker: Broker) -> None:
    await keeper.keep([record("a", 1), record("a", 2)])
    assert broker.batches == [["a-1", "a-2"]]
    await keeper.keep([])
    assert broker.tries == 1


async def test_requests_that_come_meanwhile_go_together(keeper: Keeper, broker: Broker) -> None:
    broker.open.clear()
    first = asyncio.create_task(keeper.keep([record("a", 1)]))
    await until(lambda: broker.tries == 1)
    rest = [asyncio.create_task(keeper.keep([record("b", number)])) for number in range(20)]
    await asyncio.sleep(0)
    broker.open.set()
    await asyncio.gather(first, *rest)
    assert broker.batches == [["a-1"], [f"b-{number}" for number in range(20)]]


async def test_two_groups_may_be_under_way_but_never_with_events_of_one_call(keeper: Keeper, broker: Broker) -> None:
    broker.open.clear()
    first = asyncio.create_task(keeper.keep([record("a", 1)]))
    await until(lambda: broker.tries == 1)
    other = asyncio.create_task(keeper.keep([record("b", 1)]))
    await until(lambda: broker.tries == 2)
    rest = [asyncio.create_task(keeper.keep([record(call, 2)])) for call in "cab"]
    await asyncio.sleep(0.05)
    assert broker.tries == 2
    broker.open.set()
    await asyncio.gather(first, other, *rest)
    published = broker.published
    assert published.index("a-1") < published.index("a-2")
    assert published.index("b-1") < published.index("b-2")


async def test_a_call_whose_event_goes_to_disk_follows_it_there(keeper: Keeper, broker: Broker, spool: Spool) -> None:
    """The broker goes away between two events of a call, of which the second was asked for before the first was safe."""
    broker.open.clear()
    first = asyncio.create_task(keeper.keep([record("a", 1)]))
    await until(lambda: broker.tries == 1)
    second = asyncio.create_task(keeper.keep([record("a", 2)]))
    await asyncio.sleep(0)
    broker.away = True
    broker.open.set()
    await asyncio.gather(first, second)
    assert [each.event_id for each in (await spool.first(10))[1]] == ["a-1", "a-2"]
    broker.away = False
    await until(lambda: spool.events == 0)
    assert broker.published == ["a-1", "a-2"]


async def test_a_request_that_goes_away_is_kept_all_the_same(keeper: Keeper, broker: Broker) -> None:
    broker.open.clear()
    gone = asyncio.create_task(keeper.keep([record("a", 1)]))
    await until(lambda: broker.tries == 1)
    gone.cancel()
    with suppress(asyncio.CancelledError):
        await gone
    broker.open.set()
    await keeper.keep([record("a", 2)])
    assert broker.published == ["a-1", "a-2"]


async def test_broker_away_to_disk_and_back_in_order(keeper: Keeper, broker: Broker, spool: Spool) -> None:
    broker.away = True
    for number in range(5):
        await keeper.keep([record("a", number)])
    assert spool.events == 5
    assert broker.published == []
    assert keeper.trouble() is None

    broker.away = False
    later = 5
    while spool.events:
        await keeper.keep([record("a", later)])
        later += 1
        await asyncio.sleep(0.02)
    await keeper.keep([record("a", later)])
    assert broker.published == [f"a-{number}" for number in range(later + 1)]
    assert all(each == record("a", number) for number, each in enumerate(broker.records))


async def test_a_broker_that_was_away_is_not_asked_by_every_request(keeper: Keeper, broker: Broker) -> None:
    broker.away = True
    await asyncio.gather(*(keeper.keep([record("a", number)]) for number in range(5)))
    tries = broker.tries
    for number in range(5, 15):
        await keeper.keep([record("a", number)])
    assert broker.tries - tries < 10


async def test_what_waited_on_disk_at_the_start_leaves_before_anything_new(broker: Broker, spool: Spool) -> None:
    broker.away = True
    before = Keeper(broker.publish, spool, CALL_EVENTS)
    running = asyncio.create_task(before.run())
    await before.keep([record("a", 1)])
    before.close()
    await running

    broker.away = False
    after = Keeper(broker.publish, spool, CALL_EVENTS)
    tasks = [asyncio.create_task(after.run()), asyncio.create_task(after.drain())]
    await after.keep([record("a", 2)])
    await until(lambda: spool.events == 0)
    after.close()
    await asyncio.gather(*tasks)
    assert broker.published == ["a-1", "a-2"]


async def test_full_spool_refuses_whole_requests_and_says_it_is_not_ready(
    keeper: Keeper, broker: Broker, spool: Spool
) -> None:
    broker.away = True
    await keeper.keep([record("a", number) for number in range(SPOOL_EVENTS - 2)])
    with pytest.raises(Full):
        await keeper.keep([record("b", number) for number in range(3)])
    await keeper.keep([record("c", 1), record("c", 2)])
    assert spool.events == SPOOL_EVENTS
    with pytest.raises(Full):
        await keeper.keep([record("d", 1)])

    broker.away = False
    await until(lambda: spool.events == 0)
    assert broker.published == [*(f"a-{number}" for number in range(SPOOL_EVENTS - 2)), "c-1", "c-2"]


async def test_neither_broker_nor_disk_is_not_ready(keeper: Keeper, broker: Broker, spool: Spool) -> None:
    assert keeper.trouble() is None
    broker.away = True
    await spool._in_thread(lambda: spool._file._opened().execute("PRAGMA query_only=ON"))
    with pytest.raises(Full):
        await keeper.keep([record("a", 1)])
    assert "broker: away" in (keeper.trouble() or "")


async def test_after_closing_nothing_is_promised(broker: Broker, spool: Spool) -> None:
    keeper = Keeper(broker.publish, spool, CALL_EVENTS)
    keeper.close()
    with pytest.raises(Full):
        await keeper.keep([record("a", 1)])
