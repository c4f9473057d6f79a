"""What many want published at once goes in few publications, each told of its own; a failure reaches those that it concerns."""

import asyncio
from collections.abc import Sequence

import pytest
from siaga_contracts.catalogue import UNITS
from siaga_dispatcher.adapters.combining import Combined
from siaga_kit.errors import Transient
from siaga_kit.records import Outgoing


def record(name: str) -> Outgoing:
    return Outgoing(UNITS, name, None, name, 0)


class Broker:
    """Holds each publication until it is let go."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.away = False
        self.open = asyncio.Event()

    async def publish(self, outgoing: Sequence[Outgoing]) -> None:
        self.asked.append([each.key for each in outgoing])
        await self.open.wait()
        if self.away:
            raise Transient("away")


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_what_comes_meanwhile_goes_together_in_order() -> None:
    broker = Broker()
    combined = Combined(broker.publish)
    first = asyncio.create_task(combined.publish([record("a")]))
    await settled()
    others = [asyncio.create_task(combined.publish([record(f"{name}1"), record(f"{name}2")])) for name in "bcd"]
    await settled()
    broker.open.set()
    await asyncio.gather(first, *others)
    assert broker.asked == [["a"], ["b1", "b2", "c1", "c2", "d1", "d2"]]
    await combined.publish([record("e")])
    assert broker.asked[-1] == ["e"]


async def test_a_failure_is_told_to_all_that_went_and_to_none_after() -> None:
    broker = Broker()
    combined = Combined(broker.publish)
    broker.away = True
    broker.open.set()
    for found in await asyncio.gather(*(combined.publish([record(n)]) for n in "ab"), return_exceptions=True):
        assert isinstance(found, Transient)
    broker.away = False
    await combined.publish([record("c")])


async def test_who_stopped_waiting_takes_nobody_along() -> None:
    broker = Broker()
    combined = Combined(broker.publish)
    tasks = [asyncio.create_task(combined.publish([record(name)])) for name in "ab"]
    await settled()
    tasks[0].cancel()
    broker.open.set()
    await tasks[1]
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]
