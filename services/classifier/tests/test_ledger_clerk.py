"""The clerk's order of work: published, kept, and only then acknowledged; whatever goes wrong on the way."""

import asyncio
import time
from collections.abc import Awaitable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from siaga.v1.assessment_pb2 import OUTCOME_ABANDON, CallerOutcome
from siaga_classifier.ledger.adapters import clerk as module
from siaga_classifier.ledger.adapters.clerk import Clerk
from siaga_classifier.ledger.adapters.names import Names
from siaga_classifier.ledger.book import Book, Caller, Posting
from siaga_classifier.ledger.core.policy import Policy
from siaga_kit.errors import Transient
from siaga_kit.records import Outgoing
from siaga_kit.service import Runtime
from siaga_kit.settings import Settings

NOW_MS = int(time.time() * 1000)


class World:
    """A broker and a table that do as told, and remember what happened in which order."""

    def __init__(self, *, publish_fails: Sequence[Exception] = (), write_fails: Sequence[Exception] = ()) -> None:
        self.happened: list[str] = []
        self.published: list[Outgoing] = []
        self._publish_fails = list(publish_fails)
        self._write_fails = list(write_fails)
        self.ready = True

    async def publish(self, outgoing: Sequence[Outgoing]) -> None:
        if self._publish_fails:
            self.happened.append("publishing failed")
            raise self._publish_fails.pop(0)
        self.happened += [f"published {record.topic.name}" for record in outgoing]
        self.published += outgoing

    async def write(self, partition: int, key: bytes, value: bytes | None) -> Awaitable[Any]:
        if self._write_fails:
            self.happened.append("writing failed")
            raise self._write_fails.pop(0)

        async def acknowledged() -> None:
            self.happened.append("kept")

        return acknowledged()

    def event(self, value: bytes | None, offset: int = 0) -> Any:
        message = SimpleNamespace(
            topic="outcomes", partition=1, offset=offset, timestamp=time.time(), key=b"k", value=value, headers=()
        )
        return SimpleNamespace(message=message, ack=lambda: self.happened.append(f"acknowledged {offset}"))


def outcome(call: str = "c", tenant: str = "36.73") -> bytes:
    return CallerOutcome(
        call_id=call, tenant=tenant, caller_key="k", revision=1, event_at_ms=NOW_MS, outcome=OUTCOME_ABANDON
    ).SerializeToString()


async def settled(world: World, events: Sequence[Any]) -> Runtime:
    """Run the clerk over these events until it has taken them all, or raises."""
    runtime = Runtime("ledger", Settings())

    async def publisher() -> Any:
        return world

    runtime.publisher = publisher  # type: ignore[method-assign]
    clerk = Clerk(runtime, Names(), Book({"36.73": Policy(version="t")}, {}, lambda _: None))
    clerk.ledger = world  # type: ignore[assignment]
    for event in events:
        await clerk.offer(event)
    running = asyncio.create_task(clerk.run())
    while clerk.settled < len(events) and not running.done():
        await asyncio.sleep(0.01)
    runtime.stop.set()
    await running
    return runtime


async def test_published_then_kept_then_acknowledged() -> None:
    world = World()
    await settled(world, [world.event(outcome("a"), 1), world.event(outcome("b"), 2)])
    assert world.happened == ["published siaga.sanctions.v1", "kept", "acknowledged 1", "acknowledged 2"]


async def test_a_call_that_comes_again_is_acknowledged_and_told_no_more() -> None:
    world = World()
    await settled(world, [world.event(outcome(), 1), world.event(outcome(), 2)])
    assert world.happened == ["published siaga.sanctions.v1", "kept", "acknowledged 1", "acknowledged 2"]


async def test_what_passes_is_tried_again_and_buried_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BACKOFF_FIRST_S", 0.001)
    world = World(publish_fails=[Transient("away"), Transient("away")], write_fails=[ConnectionError("away")])
    await settled(world, [world.event(outcome(), 1)])
    assert world.happened == [
        "publishing failed", "publishing failed", "published siaga.sanctions.v1", "writing failed", "kept",
        "acknowledged 1",
    ]  # fmt: skip


async def test_what_does_not_pass_ends_the_clerk_with_nothing_acknowledged() -> None:
    world = World(write_fails=[ValueError("too large")])
    with pytest.raises(ValueError, match="too large"):
        await settled(world, [world.event(outcome(), 1)])
    assert not [step for step in world.happened if step.startswith("acknowledged")]


async def test_poison_is_buried_before_it_is_acknowledged_and_the_rest_goes_on() -> None:
    world = World()
    await settled(
        world,
        [
            world.event(outcome("a"), 1),
            world.event(b"\xff\xfe", 2),
            world.event(outcome("b", tenant="99.99"), 3),
            world.event(None, 4),
            world.event(outcome("c"), 5),
        ],
    )
    assert world.happened == [
        "published siaga.dead-letters.v1", "published siaga.dead-letters.v1", "published siaga.sanctions.v1", "kept",
        *(f"acknowledged {offset}" for offset in range(1, 6)),
    ]  # fmt: skip


class ManyDue(Book):
    """A book in which time has changed more than is settled at once."""

    def __init__(self, portions: int) -> None:
        super().__init__({"36.73": Policy(version="t")}, {}, lambda _: None)
        self.portions = portions

    def fall_due(self, wall_ms: int, most: int) -> list[Posting]:
        self.portions -= 1
        gone = [Posting(Caller("36.73", f"k{n}"), 0, None, None) for n in range(most)]
        return gone if self.portions >= 0 else []


async def test_what_is_due_by_the_thousands_does_not_wait_for_the_next_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TICK_S", 3600.0)
    monkeypatch.setattr(module, "MAX_DUE", 3)
    world, book, runtime = World(), ManyDue(4), Runtime("ledger", Settings())

    async def publisher() -> Any:
        return world

    runtime.publisher = publisher  # type: ignore[method-assign]
    clerk = Clerk(runtime, Names(), book)
    clerk.ledger = world  # type: ignore[assignment]
    # The record ends the first wait; nothing else comes.
    await clerk.offer(world.event(outcome(), 1))
    running = asyncio.create_task(clerk.run())
    async with asyncio.timeout(20):
        while book.portions >= 0:
            await asyncio.sleep(0.01)
    assert len([record for record in world.published if record.message is None]) == 4 * 3
    running.cancel()
