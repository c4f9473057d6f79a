"""Counting and watching on a real Kafka and Redis: floods, one hot handset, a declared incident, several processes."""

import asyncio
import random
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import pytest
from aiokafka import AIOKafkaConsumer
from own_corner import own_corner
from redis.asyncio import Redis
from siaga.v1 import assessment_pb2, decision_pb2, posture_pb2
from siaga_classifier.adapters.advice_store import SUSPENDED, AdviceStore, posture_key
from siaga_classifier.adapters.posture_codec import decode, tick_of
from siaga_classifier.adapters.posture_store import Counted, PostureStore, Tick
from siaga_classifier.core.posture.pressure import MINUTE_MS, Minute
from siaga_classifier.posture import PostureCounter
from siaga_classifier.posture_watch import PostureWatch, Waits
from siaga_contracts import catalogue
from siaga_contracts.envelope import header
from siaga_kit.publishing import Publisher, to_all_partitions
from siaga_kit.records import Outgoing
from siaga_kit.service import Runtime
from siaga_kit.settings import Settings
from siaga_kit.stage import Stage
from siaga_tenants import PosturePolicy

pytestmark = pytest.mark.stack

POLICY = PosturePolicy(callers_per_minute=(4, 8, 16), calm_minutes=3)
# A Monday of 2019: what happened then is told now.
START_MS = 1_549_818_000_000
START = START_MS // MINUTE_MS
PATIENCE_S = 60
LEVEL = posture_pb2.PostureLevel


@dataclass
class Centre:
    """A centre of its own: topics, tenant code and settings that no other test has."""

    settings: Settings
    tenant: str
    assessments: catalogue.Topic
    decisions: catalogue.Topic
    postures: catalogue.Topic
    publisher: Publisher
    reader: AIOKafkaConsumer
    redis: Redis
    told: list[posture_pb2.TenantPosture]
    rested: list[tuple[int, decision_pb2.CallerDecision]]
    told_ids: list[str | None] = field(default_factory=list)

    async def post(self, messages: Sequence[assessment_pb2.CallAssessment]) -> None:
        await self.publisher.publish(
            [Outgoing(self.assessments, one.call_id, one, f"{uuid.uuid4()}", one.event_at_ms) for one in messages]
        )

    async def read(self) -> None:
        for rows in (await self.reader.getmany(timeout_ms=100)).values():
            for row in rows:
                if row.topic == self.postures.name:
                    self.told.append(posture_pb2.TenantPosture.FromString(row.value))
                    self.told_ids.append(header(row.headers, "ce_id"))
                else:
                    self.rested.append((row.partition, decision_pb2.CallerDecision.FromString(row.value)))

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                await self.read()

    def call(
        self, minute: float, caller: str = "", *, begin: bool = False, **more: Any
    ) -> assessment_pb2.CallAssessment:
        """An assessment of a call that rang in that minute, and ended in it unless it only begins."""
        at_ms = int((START + minute) * MINUTE_MS)
        outcome = assessment_pb2.OUTCOME_IN_PROGRESS if begin else assessment_pb2.OUTCOME_IVR_PRANK
        times = assessment_pb2.CallTimes(ringing_at_ms=at_ms, ended_at_ms=0 if begin else at_ms + 900)
        return assessment_pb2.CallAssessment(**(
            {
                "call_id": f"{uuid.uuid4()}", "tenant": self.tenant, "event_at_ms": at_ms + 900, "outcome": outcome,
                "source": "asterisk/pbx1", "caller_key": caller, "times": times,
            } | more
        ))  # fmt: skip


@pytest.fixture
async def centre(kafka_bootstrap: str, redis_url: str) -> AsyncIterator[Centre]:
    topics = ((catalogue.CALL_ASSESSMENTS, 1), (catalogue.CALLER_DECISIONS, 3), (catalogue.POSTURES, 1))
    async with own_corner(kafka_bootstrap, redis_url, topics) as corner:
        publisher = Publisher(corner.settings.kafka, "test", corner.settings.instance)
        async with corner.reading(*corner.topics[1:]) as reader, Redis.from_url(redis_url) as redis:
            yield Centre(corner.settings, corner.tenant, *corner.topics, publisher, reader, redis, [], [])
        await publisher.close()


class Running:
    """Stage and watch as a process runs them; `async with` stops both as SIGTERM would."""

    def __init__(self, centre: Centre, instance: str = "a") -> None:
        settings = centre.settings.model_copy(update={"instance": f"{centre.settings.instance}-{instance}"})
        self.runtime = Runtime("classifier", settings)
        policies = {centre.tenant: POLICY}
        store = PostureStore(self.runtime.redis(), settings.instance)
        self.counter = PostureCounter(store, policies)
        self.stage: Stage[Any] = Stage(
            service="classifier", group=f"{centre.tenant}.posture", topics=[centre.assessments, centre.decisions],
            processor=self.counter, runtime=self.runtime,
        )  # fmt: skip
        self.watch = PostureWatch(
            self.runtime,
            store,
            AdviceStore(self.runtime.redis(), lambda: 0),
            self.counter,
            policies,
            centre.postures,
            centre.decisions,
            Waits(1.0, 1.0),
        )
        self.tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self.tasks = [asyncio.create_task(self.stage.run()), asyncio.create_task(self.watch.run())]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.runtime.stop.set()
        await asyncio.gather(*self.tasks)
        await self.runtime.shut_down()


async def test_1400_calls_of_one_unknown_handset_are_one_alert_and_press_nobody(centre: Centre) -> None:
    handset = [centre.call(180 * n / 1_400) for n in range(1_400)]
    others = [centre.call(10 * n, f"k{n}") for n in range(18)]
    async with Running(centre):
        # In the order of their times, as the switch told of them; then an hour later somebody else calls.
        await centre.post(sorted([*handset, *others], key=lambda one: one.event_at_ms))
        await centre.until(lambda: bool(centre.told))
        await centre.post([centre.call(250, "k99")])
        await centre.until(lambda: len(centre.told) >= 2)
    hot, cool = centre.told
    assert [(one.caller_key, one.source) for one in hot.hot_callers] == [("", "asterisk/pbx1")]
    assert hot.hot_callers[0].calls >= 30
    assert list(cool.hot_callers) == []
    assert [(one.level, one.sanctions_suspended) for one in centre.told] == [(LEVEL.POSTURE_LEVEL_GREEN, False)] * 2
    assert centre.rested == []


async def test_a_flood_of_many_callers_is_red_lets_sanctions_rest_and_ends(centre: Centre) -> None:
    async with Running(centre):
        await centre.post([centre.call(n / 10, f"usual-{n}") for n in range(3)])
        await centre.post([centre.call(5 + n / 200, f"k{n}", begin=True) for n in range(100)])
        await centre.until(lambda: any(one.sanctions_suspended for one in centre.told) and len(centre.rested) >= 3)
        red = centre.told[-1]
        assert (red.level, red.reason, red.since_ms) == (LEVEL.POSTURE_LEVEL_RED, "rate", (START + 5) * MINUTE_MS)
        assert red.callers_per_minute >= 16
        assert {partition for partition, _ in centre.rested} == {0, 1, 2}
        assert {(one.caller_key, one.kind, one.actor) for _, one in centre.rested} == {("", 14, "posture")}
        assert all(one.at_ms <= red.since_ms < one.until_ms for _, one in centre.rested)
        async with asyncio.timeout(PATIENCE_S):
            while await centre.redis.get(posture_key(centre.tenant)) != SUSPENDED:
                await asyncio.sleep(0.05)
        # Half an hour of quiet, as the next call shows.
        await centre.post([centre.call(40, "k1")])
        await centre.until(lambda: centre.told[-1].level == LEVEL.POSTURE_LEVEL_GREEN)
        async with asyncio.timeout(PATIENCE_S):
            while await centre.redis.get(posture_key(centre.tenant)) is not None:
                await asyncio.sleep(0.05)
    revisions = [one.revision for one in centre.told]
    assert revisions == sorted(set(revisions))


async def test_a_person_declares_a_major_incident_and_lifts_it(centre: Centre) -> None:
    now_ms = int(time.time() * 1000)
    suspend = decision_pb2.CallerDecision(
        decision_id="d1", tenant=centre.tenant, kind=decision_pb2.DECISION_KIND_SUSPEND, actor="op-01", reason="banjir",
        at_ms=now_ms, until_ms=now_ms + 3_600_000,
    )  # fmt: skip
    resume = decision_pb2.CallerDecision(
        decision_id="d2", tenant=centre.tenant, kind=decision_pb2.DECISION_KIND_RESUME, actor="op-01", reason="surut",
        at_ms=now_ms + 1,
    )  # fmt: skip
    async with Running(centre) as running:
        await centre.publisher.publish(to_all_partitions(centre.decisions, suspend, "d1", now_ms))
        await centre.until(lambda: bool(centre.told))
        declared = centre.told[0]
        assert (declared.level, declared.reason, declared.declared_by) == (LEVEL.POSTURE_LEVEL_RED, "declared", "op-01")
        assert declared.sanctions_suspended
        assert await centre.redis.get(posture_key(centre.tenant)) == SUSPENDED
        assert running.watch.note == f"{centre.tenant} is red (declared by op-01) and its sanctions are suspended"
        await centre.publisher.publish(to_all_partitions(centre.decisions, resume, "d2", now_ms + 1))
        await centre.until(lambda: not centre.told[-1].sanctions_suspended)
    # Nothing but what people decided went to the ledger.
    assert {one.decision_id for _, one in centre.rested} == {"d1", "d2"}


async def test_two_processes_tell_each_change_once(centre: Centre) -> None:
    calls = [centre.call(5 + n / 200, f"k{n}") for n in range(100)] + [centre.call(40, "k1")]
    async with Running(centre, "a"), Running(centre, "b"):
        await centre.post(calls)
        await centre.until(lambda: bool(centre.told) and centre.told[-1].level == LEVEL.POSTURE_LEVEL_GREEN)
    ids = [(one.level, one.since_ms) for one in centre.told]
    assert len(ids) == len(set(ids))
    assert ids[0] == (LEVEL.POSTURE_LEVEL_RED, (START + 5) * MINUTE_MS)


async def test_a_change_told_again_after_a_crash_is_the_same_change(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, crashes = PostureStore.save, ["told, and not kept"]

    async def crashing(store: PostureStore, tenant: str, before: bytes, state: bytes) -> bool:
        saved = decode(state)
        if crashes and saved is not None and saved.told.suspended:
            crashes.pop()
            raise ConnectionError
        return await save(store, tenant, before, state)

    monkeypatch.setattr(PostureStore, "save", crashing)
    calls = [centre.call(5 + n / 200, f"k{n}", begin=True) for n in range(100)]
    async with Running(centre):
        await centre.post(calls)
        # The look that could not keep what it told is done again.
        await centre.until(lambda: len(centre.told) == 2)
    assert len(set(centre.told_ids)) == 1
    assert [one.level for one in centre.told] == [LEVEL.POSTURE_LEVEL_RED] * 2


async def test_counts_are_the_same_in_any_order_and_however_often(centre: Centre) -> None:
    rng = random.Random(7)
    store = PostureStore(centre.redis, "a")
    ticks = [
        Tick(f"{n}", f"k{n % 9}", START_MS + n * 7_000, n % 3 > 0, START_MS + n * 7_000 + 900, n % 3 == 1, n * 10)
        for n in range(60)
    ]
    begun = [replace(tick, attended=False, attended_at_ms=0) for tick in ticks]
    found = []
    for attempt in range(4):
        told = [*ticks, *begun, *ticks[: 10 * attempt]]
        rng.shuffle(told)
        tenant = f"{centre.tenant}-{attempt}"
        for cut in range(0, len(told), 17):
            await store.count([Counted(tenant, 0, START_MS, told[cut : cut + 17], 10, 30)], START_MS)
        found.append(await store.minutes(tenant, START - 10, START + 70))
        async for key in centre.redis.scan_iter(f"{{{tenant}}}:*"):
            assert await centre.redis.ttl(key) > 0 or key.endswith((b":marks", b":first", b":hot"))
            await centre.redis.delete(key)
    assert all(one == found[0] for one in found)
    assert sum(minute.calls for minute in found[0].values()) == 60
    assert sum(minute.callers for minute in found[0].values()) == len(
        {(tick.caller, tick.began_at_ms // MINUTE_MS) for tick in ticks}
    )
    assert found[0][START] == Minute(9, 9, 6, 3, 80)


async def test_what_an_assessment_says_for_the_counts(centre: Centre) -> None:
    waiting = centre.call(0, "k", begin=True)
    assert tick_of(waiting, START_MS + 5_000) == Tick(waiting.call_id, "k", START_MS)
    # A clock that runs ahead of the broker's is not believed.
    assert tick_of(waiting, START_MS - 5_000).began_at_ms == START_MS - 5_000
    times = assessment_pb2.CallTimes(ringing_at_ms=START_MS, queue_joined_at_ms=START_MS + 1_000, ended_at_ms=START_MS + 41_000)  # fmt: skip
    for outcome, ended_ms, unserved in (
        (assessment_pb2.OUTCOME_ABANDON, 41_000, True), (assessment_pb2.OUTCOME_ABANDON, 21_000, False),
        (assessment_pb2.OUTCOME_UNSERVED, 21_000, True), (assessment_pb2.OUTCOME_IVR_PRANK, 41_000, False),
    ):  # fmt: skip
        times.ended_at_ms = START_MS + ended_ms
        tick = tick_of(centre.call(0, "k", times=times, outcome=outcome), START_MS + 90_000)
        assert (tick.unserved, tick.wait_ms) == (unserved, ended_ms - 1_000)
    times.ended_at_ms = 0
    lost = tick_of(centre.call(9, "k", times=times, outcome=assessment_pb2.OUTCOME_UNRESOLVED), START_MS + 900_000)
    assert (lost.attended, lost.unserved, lost.wait_ms) == (True, False, 0)
    times.answered_at_ms = START_MS + 11_000
    answered = tick_of(centre.call(0, "k", begin=True, times=times), START_MS + 90_000)
    assert (answered.attended, answered.attended_at_ms, answered.unserved, answered.wait_ms) == (
        True,
        START_MS + 11_000,
        False,
        10_000,
    )
