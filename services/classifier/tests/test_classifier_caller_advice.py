"""Routing advice: what a sanction amounts to, and that every failure lets the call through."""

import asyncio
import socket
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis
from siaga.v1 import caller_advice_service_pb2, common_pb2
from siaga_classifier.adapters.advice import MAX_PENDING_READS, CallerAdvice, advice_redis
from siaga_classifier.adapters.advice_store import AdviceStore, advice_key
from siaga_classifier.core.caller_advice import CLEAN, MEMORY_MS, Kept, Routing, Sanction, advise_caller, kept_for_ms
from siaga_contracts.callers import caller_key

SECRET = b"secret"
TENANT = "36.73"
NUMBER = "0812-3456-7890"
KEY = caller_key(SECRET, TENANT, "+6281234567890")
TEMPORARY = 4
NOW_MS = 1_000_000
SANCTIONED = Sanction(Routing.SCREEN, TEMPORARY, NOW_MS + 1, 7)


class FakeSanctions:
    """Answers by caller key; or fails, or hangs until released."""

    def __init__(self, held: Sanction | Kept | Exception | asyncio.Event | None) -> None:
        self._held = held
        self.asked: list[tuple[str, str]] = []

    async def get(self, tenant: str, key: str) -> Kept:
        self.asked.append((tenant, key))
        if isinstance(self._held, asyncio.Event):
            await self._held.wait()
            return Kept()
        if isinstance(self._held, Exception):
            raise self._held
        return self._held if isinstance(self._held, Kept) else Kept(self._held)


def service(sanctions: FakeSanctions) -> CallerAdvice:
    return CallerAdvice(sanctions, {TENANT}, SECRET, lambda: NOW_MS)


async def test_a_sanctioned_number_in_any_spelling() -> None:
    sanctions = FakeSanctions(SANCTIONED)
    for number in (NUMBER, "+6281234567890", "081234567890"):
        request = caller_advice_service_pb2.GetRoutingAdviceRequest(tenant=TENANT, number=number)
        answer = await service(sanctions).GetRoutingAdvice(request, None)
        assert answer.advice == common_pb2.ROUTING_ADVICE_SCREEN
        assert (answer.state, answer.basis, answer.until_ms) == (TEMPORARY, "policy", NOW_MS + 1)
    assert set(sanctions.asked) == {(TENANT, KEY)}


@pytest.mark.parametrize(
    ("held", "tenant", "number", "basis"),
    [
        (None, TENANT, NUMBER, "unknown_caller"),
        (SANCTIONED, "99.99", NUMBER, "unknown_tenant"),
        (SANCTIONED, TENANT, "", "no_number"),
        (SANCTIONED, TENANT, "anonymous", "no_number"),
        (Sanction(Routing.SCREEN, TEMPORARY, NOW_MS, 7), TENANT, NUMBER, "expired"),
        (Kept(SANCTIONED, suspended=True), TENANT, NUMBER, "suspended"),
        (ConnectionError("away"), TENANT, NUMBER, "store_unavailable"),
        (ValueError("not ours"), TENANT, NUMBER, "store_unavailable"),
    ],
)
async def test_everything_else_is_normal(
    held: Sanction | Kept | Exception | None, tenant: str, number: str, basis: str
) -> None:
    advice = await service(FakeSanctions(held)).advise(tenant, number)
    assert (advice.routing, advice.state, advice.basis) == (Routing.NORMAL, CLEAN, basis)


async def test_a_store_that_hangs_is_not_waited_for() -> None:
    release = asyncio.Event()
    asked = service(FakeSanctions(release))
    assert (await asked.advise(TENANT, NUMBER)).basis == "store_unavailable"
    assert not release.is_set()
    release.set()


async def test_reads_that_hang_do_not_pile_up() -> None:
    release = asyncio.Event()
    sanctions = FakeSanctions(release)
    asked = service(sanctions)
    answers = await asyncio.gather(*(asked.advise(TENANT, NUMBER) for _ in range(MAX_PENDING_READS + 50)))
    assert {answer.basis for answer in answers} == {"store_unavailable"}
    assert len(sanctions.asked) == MAX_PENDING_READS
    release.set()


async def test_a_store_that_is_away_is_asked_by_few_and_found_again() -> None:
    sanctions = FakeSanctions(ConnectionError("away"))
    asked = service(sanctions)
    async with asyncio.timeout(20):
        while not asked._fuse.blown:
            assert (await asked.advise(TENANT, NUMBER)).basis == "store_unavailable"
            await asyncio.sleep(0.01)
    before = len(sanctions.asked)
    for _ in range(100):
        assert (await asked.advise(TENANT, NUMBER)).basis == "store_unavailable"
    assert len(sanctions.asked) < before + 20
    sanctions._held = SANCTIONED
    async with asyncio.timeout(20):
        while (await asked.advise(TENANT, NUMBER)).routing is not Routing.SCREEN:
            await asyncio.sleep(0.01)
    assert (await asked.advise(TENANT, NUMBER)).basis == "policy"


async def test_no_redis_at_all_is_normal() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        redis = advice_redis(f"redis://127.0.0.1:{unused.getsockname()[1]}/0")
        asked = CallerAdvice(AdviceStore(redis, lambda: NOW_MS), {TENANT}, SECRET, lambda: NOW_MS)
        assert (await asked.advise(TENANT, NUMBER)).basis == "store_unavailable"
        await redis.aclose()


async def test_a_redis_that_accepts_and_never_answers_is_normal() -> None:
    hold = asyncio.Event()
    writers = []

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await hold.wait()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    redis = advice_redis(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0")
    asked = CallerAdvice(AdviceStore(redis, lambda: NOW_MS), {TENANT}, SECRET, lambda: NOW_MS)
    # The server holds its answer until after ours: only the bound of the service can have ended the wait.
    assert (await asked.advise(TENANT, NUMBER)).basis == "store_unavailable"
    assert not hold.is_set()
    hold.set()
    await redis.aclose()
    server.close()


@given(
    st.none() | st.builds(Sanction, st.integers(0, 9), st.integers(0, 6), st.integers(0, 2 * NOW_MS), st.integers(0, 9))
)
def test_only_a_sanction_in_force_screens(sanction: Sanction | None) -> None:
    assert advise_caller(Kept(sanction, suspended=True), NOW_MS).routing is Routing.NORMAL
    advice = advise_caller(Kept(sanction), NOW_MS)
    in_force = sanction is not None and (not sanction.until_ms or sanction.until_ms > NOW_MS)
    assert in_force or advice.routing is Routing.NORMAL
    if advice.routing is not Routing.NORMAL:
        assert sanction is not None
        assert advice.routing == sanction.routing


@pytest.mark.parametrize(
    ("sanction", "kept_ms"),
    [
        (Sanction(Routing.SCREEN_LOW, 5, 0, 7), None),  # without an end: only the ledger ends it
        (Sanction(Routing.SCREEN, 5, 0, 7), None),
        (Sanction(Routing.SCREEN, TEMPORARY, NOW_MS + 1, 7), MEMORY_MS),
        (Sanction(Routing.SCREEN, TEMPORARY, 1, 7), MEMORY_MS),  # of a month that is replayed
        (Sanction(Routing.NORMAL, 6, NOW_MS + 2 * MEMORY_MS, 7), 2 * MEMORY_MS),
        (Sanction(Routing.NORMAL, 3, 0, 7), MEMORY_MS),
    ],
)
def test_a_sanction_is_kept_as_long_as_it_can_matter(sanction: Sanction, kept_ms: int | None) -> None:
    assert kept_for_ms(sanction, NOW_MS) == kept_ms


@pytest.mark.stack
async def test_a_caller_of_whom_nothing_more_is_heard_leaves_the_store(redis_url: str) -> None:
    redis = Redis.from_url(redis_url)
    tenant = f"advice-{uuid.uuid4().hex[:8]}"
    store = AdviceStore(redis, lambda: NOW_MS)
    key = advice_key(tenant, KEY)
    try:
        await store.put({(tenant, KEY): SANCTIONED})
        assert 0 < await redis.pttl(key) <= MEMORY_MS
        assert await store.get(tenant, KEY) == Kept(SANCTIONED)
        await store.put({(tenant, KEY): Sanction(Routing.SCREEN_LOW, 5, 0, 8)})
        assert await redis.pttl(key) == -1
    finally:
        await redis.delete(key)
        await redis.aclose()


@pytest.mark.stack
async def test_sanctions_suspended_and_in_force_again(redis_url: str) -> None:
    redis = Redis.from_url(redis_url)
    tenant = f"advice-{uuid.uuid4().hex[:8]}"
    store = AdviceStore(redis, lambda: NOW_MS)
    try:
        await store.put({(tenant, KEY): SANCTIONED})
        await store.suspend(tenant, suspended=True)
        assert await store.get(tenant, KEY) == Kept(SANCTIONED, suspended=True)
        await store.suspend(tenant, suspended=False)
        assert await store.get(tenant, KEY) == Kept(SANCTIONED)
    finally:
        await redis.delete(advice_key(tenant, KEY))
        await redis.aclose()
