"""Callback tasks on a real Kafka and Redis."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from own_corner import own_corner
from redis.asyncio import Redis
from siaga.v1 import assessment_pb2, callback_pb2
from siaga_classifier.adapters.call_store import CallerKey
from siaga_classifier.adapters.callback_codec import KnownCaller
from siaga_classifier.adapters.callback_store import CallbackStore
from siaga_classifier.callbacks import Callbacks
from siaga_classifier.core.callback_calls import KnownCall
from siaga_classifier.core.vocabulary import Outcome
from siaga_contracts import catalogue
from siaga_kit.errors import Transient
from siaga_kit.records import Outgoing
from siaga_kit.service import Runtime
from siaga_kit.stage import Stage

pytestmark = pytest.mark.stack

PATIENCE_S = 60


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


async def test_the_store_keeps_callers_and_writes_over_nobody(redis: Redis) -> None:
    tenant, store = f"t{uuid.uuid4().hex[:8]}", CallbackStore(redis)
    one, other = CallerKey(tenant, "k1"), CallerKey(f"{tenant}x", "k1")
    first = KnownCaller((KnownCall("c1", 1, Outcome.ABANDON, 100),), 1)
    assert await store.load([one, other]) == {}
    await store.save([(one, first, b""), (other, first, b"")])
    held = await store.load([one, other])
    assert [each.known for each in held.values()] == [first, first]
    second = replace(first, revision=2)
    await store.save([(one, second, held[one].raw)])
    with pytest.raises(Transient):
        await store.save([(one, first, held[one].raw)])
    assert (await store.load([one]))[one].known == second
    keys = [key async for key in redis.scan_iter(f"{{{tenant}*")]
    assert len(keys) == 2
    assert min([await redis.ttl(key) for key in keys]) > 0
    await redis.delete(*keys)


async def test_an_abandoned_call_becomes_a_task_that_its_callback_closes(kafka_bootstrap: str, redis_url: str) -> None:
    topics = [(topic, 1) for topic in (catalogue.CALLER_OUTCOMES, catalogue.CALLBACK_TASKS)]
    async with own_corner(kafka_bootstrap, redis_url, topics) as corner:
        outcomes, tasks = corner.topics
        runtime = Runtime("classifier", corner.settings)
        stage = Stage(
            service="classifier", group=f"{corner.tenant}.callbacks", topics=[outcomes],
            processor=Callbacks(CallbackStore(runtime.redis()), tasks), runtime=runtime,
        )  # fmt: skip
        publisher, running = await runtime.publisher(), asyncio.create_task(stage.run())
        async with corner.reading(tasks) as reader:

            async def told(revision: int, **more: object) -> callback_pb2.CallbackTask:
                message = assessment_pb2.CallerOutcome(
                    call_id="c1", tenant=corner.tenant, caller_key="k1", revision=revision, event_at_ms=1_000,
                    outcome=assessment_pb2.OUTCOME_ABANDON, **more,
                )  # fmt: skip
                await publisher.publish([Outgoing(outcomes, message.caller_key, message, f"{uuid.uuid4()}", 1_000)])
                async with asyncio.timeout(PATIENCE_S):
                    row = await reader.getone()
                assert row.key == message.caller_key.encode()
                return callback_pb2.CallbackTask.FromString(row.value)

            opened = await told(1)
            assert (opened.state, opened.missed) == (callback_pb2.CALLBACK_STATE_OPEN, 1)
            report = assessment_pb2.CallbackReport(result=1, at_ms=2_000, operator="op-03")
            closed = await told(2, callbacks=[report])
            assert (closed.task_id, closed.state) == (opened.task_id, callback_pb2.CALLBACK_STATE_CLOSED)
            assert closed.revision > opened.revision
        runtime.stop.set()
        await asyncio.gather(running, return_exceptions=True)
        await runtime.shut_down()
