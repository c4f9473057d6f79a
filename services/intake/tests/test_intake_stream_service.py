"""The stream door of the whole service on the real broker: many events over one stream, each acknowledged, each there once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import grpc
import pytest
from aiokafka import AIOKafkaConsumer
from intake_here import TOKEN, free_port, only_local_token, serving
from siaga.v1 import call_pb2
from siaga.v1 import intake_service_pb2 as api
from siaga.v1 import intake_service_pb2_grpc as rpc
from siaga_contracts.catalogue import Topic
from siaga_contracts.envelope import header

pytestmark = pytest.mark.stack

EVENTS: Final = 10_000
BAD: Final = 6_543
CALLS: Final = 500
RING_MS: Final = 1_710_123_330_000


@pytest.fixture(autouse=True)
def _local_token(monkeypatch: pytest.MonkeyPatch) -> None:
    only_local_token(monkeypatch)


@asynccontextmanager
async def streaming(topic: Topic, bootstrap: str, folder: Path) -> AsyncIterator[grpc.aio.Channel]:
    async with serving(topic, bootstrap, folder) as here, grpc.aio.insecure_channel(here.grpc) as channel:
        yield channel


def request(number: int) -> api.PublishRequest:
    event = call_pb2.CallEvent(
        kind=call_pb2.CALL_EVENT_KIND_IVR_INPUT,
        source="asterisk/pbx1",
        call_ref="" if number == BAD else f"c-{number % CALLS}",
        event_id=f"e-{number}",
        event_at_ms=RING_MS + number,
        digits="1",
    )
    return api.PublishRequest(sequence=number, event=event)


async def answers(channel: grpc.aio.Channel, numbers: range, token: str = TOKEN) -> list[api.PublishAnswer]:
    call = rpc.CallIntakeStub(channel).Publish(
        (request(number) for number in numbers), metadata=[("authorization", f"Bearer {token}")]
    )
    return [answer async for response in call for answer in response.answers]


async def read(topic: Topic, bootstrap: str, count: int) -> list[call_pb2.CallEvent]:
    """So many events of the topic, and what is there beyond them."""
    consumer = AIOKafkaConsumer(topic.name, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    seen: list[call_pb2.CallEvent] = []
    try:
        async with asyncio.timeout(60):
            while batches := await consumer.getmany(timeout_ms=500) or len(seen) < count:
                for batch in batches.values() if isinstance(batches, dict) else ():
                    seen += (call_pb2.CallEvent.FromString(record.value) for record in batch)
                    assert all(header(record.headers, "ce_id") for record in batch)
    finally:
        await consumer.stop()
    return seen


async def test_ten_thousand_events_over_one_stream(topic: Topic, kafka_bootstrap: str, tmp_path: Path) -> None:
    async with streaming(topic, kafka_bootstrap, tmp_path) as channel:
        answered = await answers(channel, range(EVENTS))
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            # Without requests: a client that is refused while it writes may see its own write fail first.
            await answers(channel, range(0), token="stolen")
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
        found = await read(topic, kafka_bootstrap, EVENTS - 1)
    assert [answer.sequence for answer in answered] == list(range(EVENTS))
    rejected = [answer for answer in answered if answer.WhichOneof("result") == "rejected"]
    assert [(answer.sequence, answer.rejected.field) for answer in rejected] == [(BAD, "call_ref")]
    acknowledged = Counter(event_id for answer in answered for event_id in answer.accepted.event_ids)
    assert Counter(event.event_id for event in found) == acknowledged
    assert len(acknowledged) == EVENTS - 1
    times: dict[str, list[int]] = {}
    for event in found:
        times.setdefault(event.call_id, []).append(event.event_at_ms)
    assert len(times) == CALLS
    assert all(of_call == sorted(of_call) for of_call in times.values())


async def test_acknowledged_while_the_broker_is_away_and_there_after(
    topic: Topic, kafka_bootstrap: str, tmp_path: Path
) -> None:
    async with streaming(topic, f"127.0.0.1:{free_port()}", tmp_path) as channel:
        answered = await answers(channel, range(100))
    assert {answer.WhichOneof("result") for answer in answered} == {"accepted"}
    async with streaming(topic, kafka_bootstrap, tmp_path):
        found = await read(topic, kafka_bootstrap, 100)
    assert Counter(event.event_id for event in found) == Counter(
        event_id for answer in answered for event_id in answer.accepted.event_ids
    )
