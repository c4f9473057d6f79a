"""How much a source may send, and what is said to one that sends more."""

import asyncio
import hashlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from siaga_contracts.catalogue import CALL_EVENTS
from siaga_intake.adapters.http import FrontDoor
from siaga_intake.adapters.keeping import Keeper
from siaga_intake.adapters.limits import BURST_S, Gate, Limits
from siaga_intake.adapters.reception import Reception
from siaga_intake.adapters.sources import AccessSettings, Sources
from siaga_kit.records import Outgoing
from siaga_kit.service import QuietServer
from siaga_tenants import Conversations, Source, Tenants


@dataclass
class Clock:
    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_burst_then_the_rate() -> None:
    clock = Clock()
    limits = Limits(10, clock)
    for _ in range(int(10 * BURST_S) + 1):
        assert limits.wait_s("36.73", "a") == 0
        limits.spend("36.73", "a", 1)
    assert limits.wait_s("36.73", "a") == 1
    clock.now_s += 0.1
    assert limits.wait_s("36.73", "a") == 0


def test_a_list_larger_than_the_bucket_is_taken_once_and_paid_for() -> None:
    clock = Clock()
    limits = Limits(10, clock)
    limits.spend("36.73", "a", 1_000)
    assert limits.wait_s("36.73", "a") == 99
    clock.now_s += 98
    assert limits.wait_s("36.73", "a") == 0


def test_sources_do_not_share_a_bucket_and_may_have_a_rate_of_their_own() -> None:
    limits = Limits(10, Clock())
    limits.spend("36.73", "a", 1_000)
    assert [limits.wait_s(*who) for who in (("36.73", "b"), ("32.14", "a"))] == [0, 0]
    limits.spend("36.73", "fast", 1_000, 10_000)
    assert limits.wait_s("36.73", "fast", 10_000) == 0


@given(
    rate=st.floats(0.1, 100_000),
    sent=st.lists(st.tuples(st.floats(0, 60), st.integers(0, 1_000)), max_size=50),
)
def test_in_the_long_run_nobody_sends_more_than_the_rate_and_everybody_gets_in_again(
    rate: float, sent: list[tuple[float, int]]
) -> None:
    clock = Clock()
    limits = Limits(rate, clock)
    taken = largest = 0
    for pause_s, events in sent:
        clock.now_s += pause_s
        wait_s = limits.wait_s("t", "s")
        if wait_s == 0:
            limits.spend("t", "s", events)
            taken, largest = taken + max(events, 1), max(largest, events, 1)
        else:
            clock.now_s += wait_s
            assert limits.wait_s("t", "s") == 0
    assert taken <= rate * clock.now_s + max(rate * BURST_S, 1) + largest + 1e-6 * taken


def test_a_gate_has_room_for_so_many_and_so_large() -> None:
    gate = Gate(max_requests=2, max_bytes=100)
    with (
        gate.passing(60) as first,
        gate.passing(60) as too_large,
        gate.passing(40) as second,
        gate.passing(0) as too_many,
    ):
        assert (first, too_large, second, too_many) == (True, False, True, False)
    with pytest.raises(ValueError, match="boom"), gate.passing(1):
        raise ValueError("boom")
    assert (gate.requests, gate.bytes) == (0, 0)


@dataclass
class Front:
    """A front door with two sources, a clock of its own, and a broker that can be made to wait."""

    url: str
    session: aiohttp.ClientSession
    clock: Clock
    gate: Gate = field(default_factory=lambda: Gate(max_requests=3))
    released: asyncio.Event = field(default_factory=asyncio.Event)
    published: list[Outgoing] = field(default_factory=list)

    async def publish(self, outgoing: Any) -> None:
        await self.released.wait()
        self.published += outgoing

    async def post(self, body: Any, token: str) -> tuple[int, dict[str, Any], dict[str, str]]:
        headers = {"Authorization": f"Bearer {token}"}
        async with self.session.post(self.url + "/v1/switch/asterisk", json=body, headers=headers) as response:
            return response.status, await response.json(content_type=None), dict(response.headers)


def sha(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@pytest.fixture
async def front() -> AsyncIterator[Front]:
    sources = (Source("asterisk", "hot", sha("hot"), rate_per_s=10), Source("asterisk", "calm", sha("calm")))
    tenants = cast(
        "Tenants",
        {
            "36.73": SimpleNamespace(
                code="36.73", sources=sources, operators=(), timezone="Asia/Jakarta", conversations=Conversations()
            )
        },
    )
    async with aiohttp.ClientSession() as session:
        made = Front("", session, Clock())
        made.released.set()
        # Nothing here is to reach the spool.
        keeper = Keeper(made.publish, cast("Any", SimpleNamespace(events=0)), CALL_EVENTS)
        door = FrontDoor(
            Sources(tenants, AccessSettings()), Reception(keeper, CALL_EVENTS), b"secret",
            limits=Limits(clock_s=made.clock), gate=made.gate,
        )  # fmt: skip
        listening = socket.create_server(("127.0.0.1", 0))
        made.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = QuietServer(uvicorn.Config(door.application(), ws="none", lifespan="off", log_config=None))
        stop = asyncio.Event()
        running = [asyncio.create_task(work) for work in (keeper.run(), server.serve_until(stop, [listening]))]
        yield made
        stop.set()
        await running[1]
        keeper.close()
        await running[0]


def hangup(call: int) -> dict[str, str]:
    return {"Event": "Hangup", "Uniqueid": f"1710123330.{call}", "Cause": "16"}


async def test_over_its_rate_a_source_is_told_when_and_nothing_is_taken(front: Front) -> None:
    assert (await front.post([hangup(call) for call in range(45)], "hot"))[0] == 202
    status, answer, headers = await front.post(hangup(99), "hot")
    assert (status, headers["Retry-After"], headers["Content-Type"]) == (429, "3", "application/problem+json")
    assert answer["title"] == "Too Many Requests"
    assert "nothing was taken" in answer["detail"]
    assert len(front.published) == 45
    front.clock.now_s += 3
    assert (await front.post(hangup(99), "hot"))[0] == 202
    assert len(front.published) == 46


async def test_one_source_over_its_rate_does_not_keep_out_another(front: Front) -> None:
    async def flood() -> list[int]:
        return [(await front.post([hangup(call) for call in range(30)], "hot"))[0] for _ in range(20)]

    flooding = asyncio.create_task(flood())
    calm = [(await front.post(hangup(100 + call), "calm"))[0] for call in range(40)]
    assert calm == [202] * 40
    assert (await flooding)[1:] == [429] * 19


async def test_with_too_many_under_way_one_more_is_told_to_come_again(front: Front) -> None:
    front.released.clear()
    waiting = [asyncio.create_task(front.post(hangup(call), "calm")) for call in range(3)]
    async with asyncio.timeout(10):
        while front.gate.requests < 3:
            await asyncio.sleep(0.01)
    status, _, headers = await front.post(hangup(9), "calm")
    assert (status, headers["Retry-After"]) == (503, "1")
    front.released.set()
    assert [status for status, _, _ in await asyncio.gather(*waiting)] == [202] * 3
    assert len(front.published) == 3
