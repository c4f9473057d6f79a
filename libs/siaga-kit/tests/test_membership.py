"""A member that is outside of its group ends its process only when the broker answers and the group has had its time."""

import asyncio
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError, KafkaConnectionError
from siaga_kit import membership
from siaga_kit.membership import Membership, Stuck
from siaga_kit.service import Runtime
from siaga_kit.settings import Settings

HELD = TopicPartition("t", 0)


class Clock:
    now = 1_000.0

    def monotonic(self) -> float:
        return self.now


class Broker:
    """What the member asks of its consumer."""

    def __init__(self) -> None:
        self.away = False
        # The broker answers, but the client's work on the group goes no further.
        self.hangs = False
        self.held: set[TopicPartition] = set()
        self.committed: dict[TopicPartition, int] = {}

    def assignment(self) -> set[TopicPartition]:
        return self.held

    def highwater(self, where: TopicPartition) -> int:
        assert where in self.held, "Partition is not assigned"
        return 1

    async def position(self, where: TopicPartition) -> int:
        await self._group_works()
        self.held = set()
        raise IllegalStateError("the partition was taken away in between")

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        if self.away:
            raise KafkaConnectionError
        return dict.fromkeys(partitions, 0)

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        await self._group_works()
        self.committed |= offsets

    async def stop(self) -> None:
        await self._group_works()

    async def _group_works(self) -> None:
        if self.away or self.hangs:
            await asyncio.Event().wait()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("LOOK_WITHIN_S", "COMMIT_WITHIN_S", "LEAVE_WITHIN_S"):
        monkeypatch.setattr(membership, limit, 0.01)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(membership, "time", clock)
    return clock


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def member(clock: Clock, broker: Broker) -> Membership:
    made = Membership(Runtime("test", Settings()), "group", ["t"])
    consumer: Any = broker
    made._consumer = consumer
    made.take([HELD])
    return made


async def look_for(member: Membership, clock: Clock, seconds: float) -> None:
    for _ in range(round(seconds)):
        clock.now += 1
        await member.look_after()


async def test_a_member_that_the_group_does_not_take_back_ends_its_process(member: Membership, clock: Clock) -> None:
    await look_for(member, clock, 200)
    await member.release([HELD])
    await look_for(member, clock, membership.OUTSIDE_MOST_S - 1)
    with pytest.raises(Stuck, match="not joined again"):
        await look_for(member, clock, membership.STUCK_LOOK_S + 1)


async def test_a_member_that_is_taken_back_goes_on(member: Membership, clock: Clock) -> None:
    await member.release([HELD])
    await look_for(member, clock, membership.OUTSIDE_MOST_S - 1)
    member.take([])
    await look_for(member, clock, 200)


async def test_an_outage_is_waited_for(member: Membership, clock: Clock, broker: Broker) -> None:
    await member.release([HELD])
    broker.away = True
    await look_for(member, clock, 600)
    broker.away = False
    await look_for(member, clock, membership.OUTSIDE_MOST_S - membership.STUCK_LOOK_S - 1)
    with pytest.raises(Stuck):
        await look_for(member, clock, 2 * membership.STUCK_LOOK_S)


async def test_a_partition_taken_away_while_the_lag_is_measured_ends_nothing(
    member: Membership, clock: Clock, broker: Broker
) -> None:  # fmt: skip
    broker.held = {HELD, TopicPartition("t", 1)}
    await look_for(member, clock, membership.LAG_EVERY_S + 1)


@pytest.mark.usefixtures("impatient")
async def test_a_position_that_never_comes_holds_nothing_up(member: Membership, clock: Clock, broker: Broker) -> None:
    broker.held, broker.away = {HELD}, True
    await look_for(member, clock, 3 * membership.STUCK_LOOK_S)


@pytest.mark.usefixtures("impatient")
async def test_a_partition_that_is_held_and_never_read_ends_the_process(
    member: Membership, clock: Clock, broker: Broker
) -> None:
    broker.held, broker.hangs = {HELD}, True
    await look_for(member, clock, membership.STUCK_LOOK_S)
    with pytest.raises(Stuck, match="records wait"):
        await look_for(member, clock, 2 * membership.STUCK_LOOK_S)


@pytest.mark.usefixtures("impatient")
async def test_a_commit_that_never_ends_holds_nothing_up(member: Membership, clock: Clock, broker: Broker) -> None:
    member.finished({HELD: [SimpleNamespace(offset=4)]})
    broker.hangs = True
    await look_for(member, clock, 2 * membership.COMMIT_EVERY_S)
    broker.hangs = False
    await look_for(member, clock, 2 * membership.COMMIT_EVERY_S)
    assert broker.committed == {HELD: 5}


@pytest.mark.usefixtures("impatient")
async def test_commits_that_the_group_never_answers_end_the_process_though_records_come(
    member: Membership, clock: Clock, broker: Broker
) -> None:
    async def records_come() -> None:
        for offset in range(round(membership.OUTSIDE_MOST_S + membership.STUCK_LOOK_S)):
            member.finished({HELD: [SimpleNamespace(offset=offset)]})
            await look_for(member, clock, 1)

    broker.hangs = True
    with pytest.raises(Stuck, match="not joined again"):
        await records_come()


@pytest.mark.usefixtures("impatient")
async def test_commits_that_a_broker_does_not_answer_are_waited_for(
    member: Membership, clock: Clock, broker: Broker
) -> None:
    member.finished({HELD: [SimpleNamespace(offset=4)]})
    broker.away = True
    await look_for(member, clock, 4 * membership.OUTSIDE_MOST_S)
    broker.away = False
    await look_for(member, clock, 4 * membership.OUTSIDE_MOST_S)
    assert broker.committed == {HELD: 5}


@pytest.mark.usefixtures("impatient")
async def test_a_member_whose_group_hangs_can_leave(member: Membership, broker: Broker) -> None:
    member.finished({HELD: [SimpleNamespace(offset=4)]})
    broker.hangs = True
    async with asyncio.timeout(10):
        await member.leave()
