"""The classifier's stages on a real Kafka and Redis."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import grpc
import pytest
from aiokafka import AIOKafkaConsumer
from own_corner import own_corner
from redis.asyncio import Redis
from siaga.v1 import (
    assessment_pb2,
    call_pb2,
    caller_advice_service_pb2,
    caller_advice_service_pb2_grpc,
    common_pb2,
    sanction_pb2,
)
from siaga_classifier.adapters.advice import SERVICE, CallerAdvice, advice_redis
from siaga_classifier.adapters.advice_store import AdviceStore, SanctionReader
from siaga_classifier.adapters.call_store import CallStore, Changes
from siaga_classifier.adapters.rule_files import load_pack
from siaga_classifier.assembly import CallAssembly
from siaga_classifier.core.advice import Policy
from siaga_classifier.core.assessment import TenantView
from siaga_classifier.core.words.rules import read
from siaga_contracts import catalogue
from siaga_contracts.callers import caller_key
from siaga_kit import grpc_server
from siaga_kit.publishing import Publisher
from siaga_kit.records import Outgoing
from siaga_kit.service import Runtime
from siaga_kit.settings import Settings
from siaga_kit.stage import Stage

pytestmark = pytest.mark.stack

PACK = load_pack()
VIEW = TenantView(lambda text: read(text, PACK), PACK.base_priority, Policy(lambda *_: True), None)
K = call_pb2.CallEventKind
PATIENCE_S = 60


@dataclass
class Line:
    """A centre of its own on the shared servers: topics, tenant code and settings that no other test has.

    Its topics have one partition each, so that a call posted last is also taken in last.
    """

    settings: Settings
    tenant: str
    events: catalogue.Topic
    assessments: catalogue.Topic
    outcomes: catalogue.Topic
    sanctions: catalogue.Topic
    publisher: Publisher
    reader: AIOKafkaConsumer
    redis: Redis

    async def publish(self, topic: catalogue.Topic, key: str, messages: Sequence[Any]) -> None:
        await self.publisher.publish(
            [Outgoing(topic, key, message, f"{uuid.uuid4()}", message.event_at_ms) for message in messages]
        )

    async def post(self, messages: Sequence[call_pb2.CallEvent]) -> None:
        for message in messages:
            await self.publish(self.events, message.call_id, [message])

    async def read(self, count: int) -> list[tuple[str, Any]]:
        """The next records of assessments and outcomes, at least this many."""
        found: list[tuple[str, Any]] = []
        kinds = {topic.name: topic for topic in (self.assessments, self.outcomes)}
        async with asyncio.timeout(PATIENCE_S):
            while len(found) < count:
                for rows in (await self.reader.getmany(timeout_ms=200)).values():
                    found += [(row.topic, kinds[row.topic].message.FromString(row.value)) for row in rows]
        return found

    async def rest(self) -> list[tuple[str, Any]]:
        """What lies in the topics beyond what was read."""
        ends = await self.reader.end_offsets(self.reader.assignment())
        behind = [end - await self.reader.position(where) for where, end in ends.items()]
        return await self.read(sum(behind))


@pytest.fixture
async def line(kafka_bootstrap: str, redis_url: str) -> AsyncIterator[Line]:
    topics = (catalogue.CALL_EVENTS, catalogue.CALL_ASSESSMENTS, catalogue.CALLER_OUTCOMES, catalogue.SANCTIONS)
    async with own_corner(kafka_bootstrap, redis_url, [(topic, 1) for topic in topics]) as corner:
        publisher = Publisher(corner.settings.kafka, "test", corner.settings.instance)
        async with corner.reading(*corner.topics[1:3]) as reader, Redis.from_url(redis_url) as redis:
            yield Line(corner.settings, corner.tenant, *corner.topics, publisher, reader, redis)
        await publisher.close()


class Running:
    """The calls stage as a process would run it; `async with` stops it as SIGTERM would."""

    def __init__(self, line: Line, store: CallStore | None = None) -> None:
        self.runtime = Runtime("classifier", line.settings)
        self.stage = Stage(
            service="classifier",
            group=f"{line.tenant}.calls",
            topics=[line.events],
            processor=CallAssembly(
                store or CallStore(self.runtime.redis()), lambda _: VIEW, line.assessments, line.outcomes
            ),
            runtime=self.runtime,
        )
        self.task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self.task = asyncio.create_task(self.stage.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self.task is not None
        self.runtime.stop.set()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.runtime.shut_down()

    async def kill(self) -> None:
        """Gone in the middle of what it does."""
        assert self.task is not None
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


def event(line: Line, number: int, call: str, kind: int, at_ms: int, **more: Any) -> call_pb2.CallEvent:
    return call_pb2.CallEvent(
        event_id=f"{line.tenant}-e{number}", call_id=f"{line.tenant}-{call}", tenant=line.tenant, kind=kind,  # type: ignore[arg-type]
        source="asterisk/pbx1", event_at_ms=at_ms, channel=call_pb2.CHANNEL_VOICE,
        caller=call_pb2.Caller(key=f"{line.tenant}-k1", number="+6281234567890"), **more,
    )  # fmt: skip


def real_call(line: Line) -> list[call_pb2.CallEvent]:
    form = call_pb2.OperatorForm(
        operator="op-03", text="rumah kebakaran", address="Jl. Veteran", disposition=call_pb2.DISPOSITION_EMERGENCY
    )
    form.position.lat, form.position.lon = -6.12, 106.15
    return [
        event(line, 1, "c1", K.CALL_EVENT_KIND_RINGING, 1_000),
        event(line, 2, "c1", K.CALL_EVENT_KIND_ANSWERED, 4_000, operator="op-03"),
        event(line, 3, "c1", K.CALL_EVENT_KIND_FORM, 30_000, form=form),
        event(line, 4, "c1", K.CALL_EVENT_KIND_ENDED, 40_000, hangup=call_pb2.Hangup(by=1)),
    ]


def last(line: Line, records: Sequence[tuple[str, Any]], topic: catalogue.Topic, call: str) -> Any:
    """What holds of a call in the end."""
    call_id = f"{line.tenant}-{call}"
    found = [message for name, message in records if name == topic.name and message.call_id == call_id]
    return max(found, key=lambda message: message.revision, default=None)


async def until_told(line: Line, records: list[tuple[str, Any]], call: str, ended_at_ms: int) -> None:
    """Read on until assessment and outcome of a call know of its end."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            assessed, counted = (last(line, records, topic, call) for topic in (line.assessments, line.outcomes))
            if assessed and counted and assessed.times.ended_at_ms == counted.event_at_ms == ended_at_ms:
                return
            records += await line.read(1)


async def test_events_become_an_assessment_and_an_outcome_and_duplicates_change_nothing(line: Line) -> None:
    records: list[tuple[str, Any]] = []
    async with Running(line):
        await line.post(real_call(line))
        await until_told(line, records, "c1", 40_000)
        found = last(line, records, line.assessments, "c1")
        assert found.outcome == assessment_pb2.OUTCOME_REAL
        assert found.advice == assessment_pb2.ADVICE_DISPATCH
        assert found.type == "fire_building"
        # The same again, backwards, and then another call as a sign that all of it has been taken in.
        await line.post(real_call(line)[::-1])
        other = [
            event(line, 11, "c2", K.CALL_EVENT_KIND_IVR_ENTERED, 90_000),
            event(line, 12, "c2", K.CALL_EVENT_KIND_ENDED, 91_000),
        ]
        await line.post(other)
        again: list[tuple[str, Any]] = []
        await until_told(line, again, "c2", 91_000)
    again += await line.rest()
    assert {message.call_id for _, message in again} == {f"{line.tenant}-c2"}
    assert last(line, again, line.outcomes, "c2").outcome == assessment_pb2.OUTCOME_IVR_PRANK
    number = b"81234567890"
    keys = [key async for key in line.redis.scan_iter(f"{{{line.tenant}}}:*")]
    # Two calls and the first of the number; both are over, so none waits for its end.
    assert len(keys) == 3
    assert not any(number in key for key in keys)


async def test_a_stage_restarted_midway_goes_on_where_it_was(line: Line) -> None:
    events = real_call(line)
    async with Running(line):
        await line.post(events[:2])
        records = await line.read(1)
    async with Running(line):
        await line.post(events[2:])
        await until_told(line, records, "c1", 40_000)
    records += await line.rest()
    found = last(line, records, line.assessments, "c1")
    assert (found.times.ringing_at_ms, found.times.answered_at_ms) == (1_000, 4_000)
    assert found.outcome == assessment_pb2.OUTCOME_REAL
    revisions = [message.revision for name, message in records if name == line.assessments.name]
    assert revisions == sorted(set(revisions))


class DyingStore(CallStore):
    """Loses the process between the broker's acknowledgement and the saving."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis)
        self.reached = asyncio.Event()

    async def save(self, changes: Changes) -> None:
        self.reached.set()
        await asyncio.Event().wait()


async def test_a_process_killed_after_publishing_leaves_the_same_result(line: Line) -> None:
    records: list[tuple[str, Any]] = []
    store = DyingStore(line.redis)
    doomed = Running(line, store)
    async with doomed:
        await line.post(real_call(line)[:2])
        async with asyncio.timeout(PATIENCE_S):
            await store.reached.wait()
        await doomed.kill()
    async with Running(line):
        await line.post(real_call(line)[2:])
        await until_told(line, records, "c1", 40_000)
    records += await line.rest()
    found = last(line, records, line.assessments, "c1")
    assert (found.outcome, found.times.ringing_at_ms) == (assessment_pb2.OUTCOME_REAL, 1_000)
    outcome = last(line, records, line.outcomes, "c1")
    assert (outcome.outcome, outcome.operator_confirmed) == (assessment_pb2.OUTCOME_REAL, True)


async def test_a_sanction_reaches_the_switch(line: Line) -> None:
    secret, number = b"secret", "+6281234567890"
    runtime = Runtime("classifier", line.settings)
    stage = Stage(
        service="classifier", group=f"{line.tenant}.advice", topics=[line.sanctions],
        processor=SanctionReader(AdviceStore(runtime.redis(), lambda: 5_000), [line.tenant]), runtime=runtime, tombstones=True,
    )  # fmt: skip
    redis = advice_redis(line.settings.redis.url)
    service = CallerAdvice(AdviceStore(redis, lambda: 5_000), {line.tenant}, secret, lambda: 5_000)
    port = await grpc_server.serve(
        runtime, lambda server: caller_advice_service_pb2_grpc.add_CallerAdviceServicer_to_server(service, server),
        [SERVICE],
    )  # fmt: skip
    task = asyncio.create_task(stage.run())
    key = caller_key(secret, line.tenant, number)
    for revision, advice in ((1, common_pb2.ROUTING_ADVICE_NORMAL), (2, common_pb2.ROUTING_ADVICE_SCREEN)):
        sanction = sanction_pb2.CallerSanction(
            tenant=line.tenant, caller_key=key, state=common_pb2.SANCTION_STATE_TEMPORARY, routing_advice=advice,
            until_ms=9_000, revision=revision, event_at_ms=4_000,
        )  # fmt: skip
        await line.publish(line.sanctions, key, [sanction])
    request = caller_advice_service_pb2.GetRoutingAdviceRequest(tenant=line.tenant, number="0812 3456 7890")
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel, asyncio.timeout(PATIENCE_S):
        stub = caller_advice_service_pb2_grpc.CallerAdviceStub(channel)
        while (answer := await stub.GetRoutingAdvice(request)).advice != common_pb2.ROUTING_ADVICE_SCREEN:
            await asyncio.sleep(0.05)
        store = AdviceStore(runtime.redis(), lambda: 5_000)
        standing = await store.standing(line.tenant, key)
        assert standing is not None
        assert standing.revision == 2
        # The ledger forgets the caller: a tombstone.
        await line.publisher.publish([Outgoing(line.sanctions, key, None, f"{uuid.uuid4()}", 5_000)])
        while (await stub.GetRoutingAdvice(request)).basis != "unknown_caller":
            await asyncio.sleep(0.05)
        assert await store.standing(line.tenant, key) is None
    assert (answer.basis, answer.state, answer.until_ms) == ("policy", common_pb2.SANCTION_STATE_TEMPORARY, 9_000)
    runtime.stop.set()
    await asyncio.gather(task, return_exceptions=True)
    await runtime.shut_down()
    await redis.aclose()
