"""One suite for both memories of conversations and calls: this process's own, and the one in Redis that all share."""

import asyncio
import uuid
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisAway
from siaga_intake.adapters.finder.memory import DUE_AT_ONCE, HELD_PER_CALLER, MemoryFinder
from siaga_intake.adapters.finder.port import CallFinder, Known, Placed, Who, Written
from siaga_intake.adapters.finder.shared import RedisFinder
from siaga_intake.adapters.finder.steady import PAUSE_S, SteadyFinder
from siaga_intake.core.belonging import Ring
from siaga_intake.core.events import Channel
from siaga_intake.core.happening import OfSession
from siaga_intake.core.staleness import Waiting

GAP_MS = 7_200_000
AT_MS = 1_710_123_330_000


@pytest.fixture
def tenant() -> str:
    return f"t{uuid.uuid4().hex[:8]}"


def written(tenant: str, name: str, at_ms: int, who: str = "a") -> Written:
    return Written(Who(tenant, who), OfSession("", name), at_ms, GAP_MS)


def quiet(tenant: str, call: str, at_ms: int, due_ms: int) -> Waiting:
    return Waiting(tenant, "sms/1", call, f"id-{call}", Channel.SMS, f"e{at_ms}", at_ms, 300_000, due_ms)


class FinderSuite(ABC):
    """What every finder does."""

    @pytest.fixture
    @abstractmethod
    def finder(self, request: pytest.FixtureRequest) -> CallFinder:
        """The one under test."""

    async def test_messages_of_a_sender_meet(self, finder: CallFinder, tenant: str) -> None:
        first = await finder.place([written(tenant, "m1", AT_MS), written(tenant, "m1", AT_MS, "b")], {})
        assert [session.call_ref for session in first.sessions] == ["m1", "m1"]
        later = [written(tenant, "m2", AT_MS + GAP_MS), written(tenant, "m3", AT_MS + 3 * GAP_MS)]
        placed = await finder.place([*later, written(tenant, "m4", AT_MS, "c")], {})
        assert [session.call_ref for session in placed.sessions] == ["m1", "m3", "m4"]
        assert [session.call_ref for session in placed.known[Who(tenant, "a")]] == ["m1", "m3"]
        assert (await finder.place([written(tenant, "m2", AT_MS + GAP_MS)], {})).sessions[0].call_ref == "m1"

    async def test_what_another_knew_counts(self, finder: CallFinder, tenant: str) -> None:
        elsewhere = await MemoryFinder().place([written(tenant, "m1", AT_MS)], {})
        placed = await finder.place([written(tenant, "m2", AT_MS + 1)], elsewhere.known)
        assert placed.sessions[0].call_ref == "m1"
        assert (await finder.place([written(tenant, "m3", AT_MS + 2)], {})).sessions[0].call_ref == "m1"

    async def test_messages_at_the_same_time_open_one_conversation(self, finder: CallFinder, tenant: str) -> None:
        placed = await asyncio.gather(*(finder.place([written(tenant, f"m{n}", AT_MS + n)], {}) for n in range(6)))
        assert len({each.sessions[0].call_ref for each in placed}) == 1

    async def test_the_latest_call_of_a_number(self, finder: CallFinder, tenant: str) -> None:
        ours, theirs = Who(tenant, "k1"), Who(tenant, "k2")
        assert await finder.rings([ours, theirs]) == [None, None]
        await finder.rang({ours: Ring("c2", AT_MS)})
        await finder.rang({ours: Ring("c1", AT_MS - 1)})
        assert await finder.rings([ours, theirs, Who("other", "k1")]) == [Ring("c2", AT_MS), None, None]
        assert await finder.rings([]) == []

    async def test_what_waits_for_a_call(self, finder: CallFinder, tenant: str) -> None:
        who = Who(tenant, "k1")
        await finder.hold([(who, b"one"), (who, b"two"), (who, b"one")])
        assert [sorted(each) for each in await finder.held([who, Who(tenant, "k2")])] == [[b"one", b"two"], []]
        await finder.hold([(who, b"%d" % number) for number in range(100)])
        assert len((await finder.held([who]))[0]) == HELD_PER_CALLER

    async def test_who_has_gone_quiet(self, finder: CallFinder, tenant: str) -> None:
        one, other = quiet(tenant, "c1", AT_MS, 1_000), quiet(tenant, "c2", AT_MS, 2_000)
        await finder.wait([one, other])
        assert await finder.due([tenant], 999) == []
        assert await finder.due([tenant, "elsewhere"], 1_000) == [one]
        assert await finder.due(["elsewhere"], 9_000) == []
        again = replace(quiet(tenant, "c1", AT_MS + 5, 3_000))
        await finder.wait([again])
        # An older message sent again does not put the later one out of mind.
        await finder.wait([quiet(tenant, "c1", AT_MS, 9_000)])
        assert await finder.due([tenant], 2_500) == [other]
        await finder.done([one, other])
        assert await finder.due([tenant], 5_000) == [again]
        await finder.done([again])
        assert await finder.due([tenant], 10_000) == []

    async def test_many_that_are_quiet_come_in_parts(self, finder: CallFinder, tenant: str) -> None:
        await finder.wait([quiet(tenant, f"c{number}", AT_MS, number) for number in range(DUE_AT_ONCE + 5)])
        first = await finder.due([tenant], 10_000)
        assert len(first) == DUE_AT_ONCE
        await finder.done(first)
        assert len(await finder.due([tenant], 10_000)) == 5


class TestMemoryFinder(FinderSuite):
    @pytest.fixture
    def finder(self) -> CallFinder:
        return MemoryFinder()


@pytest.mark.stack
class TestRedisFinder(FinderSuite):
    @pytest.fixture
    async def finder(self, redis_url: str) -> AsyncIterator[CallFinder]:
        client = Redis.from_url(redis_url)
        yield RedisFinder(client)
        await client.aclose()

    async def test_nothing_stays_for_ever_and_no_key_is_outside_its_tenant(
        self, finder: CallFinder, tenant: str, redis_url: str
    ) -> None:
        who = Who(tenant, "k1")
        await finder.place([written(tenant, "m1", AT_MS)], {})
        await finder.rang({who: Ring("c", AT_MS)})
        await finder.hold([(who, b"x")])
        client = Redis.from_url(redis_url)
        keys = await client.keys(f"*{tenant}*")
        assert len(keys) == 4
        assert all(key.startswith(f"{{{tenant}}}:intake:".encode()) for key in keys)
        assert all([await client.pttl(key) > 0 for key in keys])
        await client.aclose()


class Away(MemoryFinder):
    """A finder that can be taken away."""

    away = False

    def _answer(self) -> None:
        if self.away:
            raise RedisAway("away")

    async def place(self, written: Sequence[Written], known: Known) -> Placed:
        self._answer()
        return await super().place(written, known)

    async def rang(self, rings: Mapping[Who, Ring]) -> None:
        self._answer()
        await super().rang(rings)

    async def wait(self, waiting: Sequence[Waiting]) -> None:
        self._answer()
        await super().wait(waiting)

    async def due(self, tenants: Sequence[str], now_ms: int) -> list[Waiting]:
        self._answer()
        return await super().due(tenants, now_ms)


class TestSteadyFinder(FinderSuite):
    @pytest.fixture
    def finder(self) -> CallFinder:
        return SteadyFinder(MemoryFinder())


async def test_a_conversation_goes_on_while_redis_is_away_and_after(tenant: str) -> None:
    now_s = [0.0]
    first = Away()
    steady = SteadyFinder(first, lambda: now_s[0])
    await steady.place([written(tenant, "m1", AT_MS)], {})
    first.away = True
    during = await steady.place([written(tenant, "m2", AT_MS + GAP_MS), written(tenant, "n1", AT_MS, "b")], {})
    assert [session.call_ref for session in during.sessions] == ["m1", "n1"]
    await steady.wait([quiet(tenant, "c1", AT_MS, 1_000)])
    assert await steady.due([tenant], 1_000) == [quiet(tenant, "c1", AT_MS, 1_000)]
    assert steady.away

    first.away = False
    # It is not asked again at once.
    await steady.place([written(tenant, "n2", AT_MS + 1, "b")], {})
    assert steady.away
    now_s[0] += PAUSE_S
    after = await steady.place([written(tenant, "n3", AT_MS + GAP_MS, "b")], {})
    assert after.sessions[0].call_ref == "n1"
    assert not steady.away
    # What only this process knew is where all see it.
    assert await steady.due([tenant], 1_000) == [quiet(tenant, "c1", AT_MS, 1_000)]
    assert await first.due([tenant], 1_000) == [quiet(tenant, "c1", AT_MS, 1_000)]
    assert (await first.place([written(tenant, "n4", AT_MS + 2, "b")], {})).sessions[0].call_ref == "n1"


async def test_a_redis_that_hangs_costs_some_tens_of_milliseconds_once(tenant: str) -> None:
    class Hanging(MemoryFinder):
        asked = 0

        async def rings(self, callers: Sequence[Who]) -> list[Ring | None]:
            self.asked += 1
            await asyncio.Event().wait()
            return []

    hanging = Hanging()
    steady = SteadyFinder(hanging, lambda: 0.0)
    for _ in range(3):
        assert await steady.rings([Who(tenant, "k")]) == [None]
    assert hanging.asked == 1
