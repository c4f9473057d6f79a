"""What intake's tests share: a centre, its origin, and the short way from a payload to what was understood."""

import asyncio
import gc
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from siaga.v1 import call_pb2
from siaga_contracts.catalogue import CALL_EVENTS, Topic
from siaga_intake.adapters.switches import connector
from siaga_intake.app import start
from siaga_intake.core import doors
from siaga_intake.core.canonical import Origin
from siaga_intake.core.centre import Centre
from siaga_intake.core.doors import Door, Taken
from siaga_intake.core.events import Accepted, CallEvent
from siaga_kit.service import Runtime
from siaga_kit.settings import HttpSettings, KafkaSettings, Settings

sys.path.insert(0, str(Path(__file__).parent))

# 2024-03-11T02:20:00Z, some minutes after the calls of the fixtures.
ARRIVED_MS = 1_710_123_600_000
CENTRE = Centre(
    "36.73",
    {"asterisk": ("pbx1",), "freeswitch": ("fs1",), "kamailio": ("edge1",), "app": ("app1",), "form": ("console",)},
    frozenset({"op03"}),
)

Take = Callable[[str, Any], Taken]
Told = Callable[[str, Any], list[tuple[str, int]]]


@pytest.fixture
def origin() -> Origin:
    return Origin(CENTRE, ARRIVED_MS, ARRIVED_MS, b"secret of the tests")


@pytest.fixture
def door() -> Callable[[str], Door]:
    return {each.kind: each for each in doors.DOORS}.__getitem__


@pytest.fixture
def take(door: Callable[[str], Door], origin: Origin) -> Take:
    """What a payload comes to, at a door."""
    return lambda name, payload: doors.take(door(name), payload, origin)


@pytest.fixture
def events(take: Take) -> Callable[[str, Any], tuple[CallEvent, ...]]:
    """The events of a payload that must be accepted."""

    def accepted(name: str, payload: Any) -> tuple[CallEvent, ...]:
        taken = take(name, payload)
        assert isinstance(taken, Accepted), taken
        return taken.events

    return accepted


@pytest.fixture
def told(events: Callable[[str, Any], tuple[CallEvent, ...]]) -> Told:
    """Kind and time of each event of a payload that must be accepted."""
    return lambda name, payload: [(event.kind.name, event.event_at_ms) for event in events(name, payload)]


@pytest.fixture
async def topic(kafka_bootstrap: str) -> AsyncIterator[Topic]:
    """A topic of the test's own on the real broker."""
    topic = replace(CALL_EVENTS, name=f"test.intake.{uuid.uuid4().hex}")
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic.name, 1, 1)])
    yield topic
    await admin.delete_topics([topic.name])
    await admin.close()


StartIntake = Callable[..., AbstractAsyncContextManager[Runtime]]


@pytest.fixture
def start_intake(
    topic: Topic, kafka_bootstrap: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[StartIntake]:
    """All of intake in the test's process, onto its topic; tenants and data are in its folder."""
    monkeypatch.setattr(connector, "FIRST_RETRY_S", 0.02)

    @asynccontextmanager
    async def running(port: int = 0, instance: str = "one") -> AsyncIterator[Runtime]:
        settings = Settings(
            kafka=KafkaSettings(bootstrap=kafka_bootstrap, replication=1),
            http=HttpSettings(port=port),
            instance=instance,
            tenants_dir=tmp_path / "tenants",
            data_dir=tmp_path / "data",
            caller_secret="secret of the tests",
        )
        runtime = Runtime("intake", settings)
        await start(runtime, topic)
        try:
            yield runtime
        finally:
            runtime.stop.set()
            await runtime.shut_down()
        assert not runtime.failed

    threshold = gc.get_threshold()
    yield running
    gc.set_threshold(*threshold)
    gc.unfreeze()


@pytest.fixture
async def published(topic: Topic, kafka_bootstrap: str) -> AsyncIterator[Callable[[int], Awaitable[list[Any]]]]:
    """A way to wait for so many different events on the topic."""
    consumer = AIOKafkaConsumer(topic.name, bootstrap_servers=kafka_bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    seen: dict[str, Any] = {}

    async def events(count: int) -> list[Any]:
        async with asyncio.timeout(30):
            while len(seen) < count:
                for batch in (await consumer.getmany(timeout_ms=200)).values():
                    for record in batch:
                        message = call_pb2.CallEvent.FromString(record.value)
                        seen.setdefault(message.event_id, message)
        return list(seen.values())

    yield events
    await consumer.stop()
