"""The whole process on the real broker: records on the topic, and through an outage of the broker."""

import asyncio
import json
import os
import re
import signal
import socket
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from siaga.v1 import call_pb2
from siaga_contracts.catalogue import CALL_EVENTS, Topic
from siaga_contracts.envelope import header

pytestmark = pytest.mark.stack

TENANTS: Final = Path(__file__).parents[3] / "tenants"
# The process as it runs, but for its topic, which is the test's own.
START: Final = """
import sys
from dataclasses import replace
from functools import partial
from siaga_contracts.catalogue import CALL_EVENTS
from siaga_intake.app import start
from siaga_kit import service
service.run("intake", partial(start, topic=replace(CALL_EVENTS, name=sys.argv[1])))
"""


RING_S: Final = 1_710_123_330


def hangup(call: int, after_s: int = 0) -> dict[str, str]:
    leg = {"Uniqueid": f"{RING_S}.{call}", "Timestamp": f"{RING_S + after_s}.0", "CallerIDNum": "0812345678"}
    return {"Event": "Hangup", "Cause": "16", **leg}


@pytest.fixture
async def topic(kafka_bootstrap: str) -> AsyncIterator[Topic]:
    topic = replace(CALL_EVENTS, name=f"test.intake.{uuid.uuid4().hex}")
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic.name, 3, 1)])
    yield topic
    await admin.delete_topics([topic.name])
    await admin.close()


class Intake:
    """A running intake process."""

    def __init__(self, process: asyncio.subprocess.Process, url: str, session: aiohttp.ClientSession) -> None:
        self.process = process
        self.url = url
        self._session = session

    async def post(self, body: Any, path: str = "/v1/switch/asterisk") -> dict[str, Any]:
        async with self._session.post(self.url + path, data=json.dumps(body)) as response:
            assert response.status == 202, await response.text()
            answer: dict[str, Any] = await response.json(content_type=None)
            return answer


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@asynccontextmanager
async def running(topic: Topic, bootstrap: str, data_dir: Path) -> AsyncIterator[Intake]:
    port = _free_port()
    environment = {
        **os.environ,
        "SIAGA_KAFKA__BOOTSTRAP": bootstrap,
        "SIAGA_HTTP__PORT": str(port),
        "SIAGA_TENANTS_DIR": str(TENANTS),
        "SIAGA_DATA_DIR": str(data_dir),
        "SIAGA_CALLER_SECRET": "secret of the tests",
        "SIAGA_ALLOW_ANONYMOUS": "1",
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", START, topic.name, env=environment)
    try:
        async with aiohttp.ClientSession() as session:
            intake = Intake(process, f"http://127.0.0.1:{port}", session)
            await _until(lambda: _answers(session, intake.url))
            yield intake
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    with suppress(aiohttp.ClientError):
        async with session.get(url) as response:
            return response.status == 404
    return False


async def _until(condition: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.05)


@asynccontextmanager
async def reading(topic: Topic, bootstrap: str) -> AsyncIterator[Callable[[int], Awaitable[list[Any]]]]:
    """A way to wait for the first so many records of the topic."""
    consumer = AIOKafkaConsumer(topic.name, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    seen: list[Any] = []

    async def records(count: int) -> list[Any]:
        async with asyncio.timeout(30):
            while len(seen) < count:
                for batch in (await consumer.getmany(timeout_ms=200)).values():
                    seen.extend(batch)
        return seen

    yield records
    await consumer.stop()


async def test_events_reach_the_topic(topic: Topic, kafka_bootstrap: str, tmp_path: Path) -> None:
    async with running(topic, kafka_bootstrap, tmp_path) as intake, reading(topic, kafka_bootstrap) as records:
        answers = await asyncio.gather(*(intake.post([hangup(call), hangup(call + 100)]) for call in range(20)))
        found = await records(40)
        accepted = {each["event_id"]: each["call_id"] for answer in answers for each in answer["accepted"]}
        messages = [call_pb2.CallEvent.FromString(record.value) for record in found]
        assert {message.event_id: message.call_id for message in messages} == accepted
        assert {record.key.decode() for record in found} == set(accepted.values())
        assert {header(record.headers, "ce_id") for record in found} == set(accepted)
        assert not any(re.search(rb"812345678", bytes(value)) for record in found for _, value in record.headers)

        intake.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(5):
            assert await intake.process.wait() == 0


async def test_broker_away_then_killed_then_back(topic: Topic, kafka_bootstrap: str, tmp_path: Path) -> None:
    """Taken while the broker is away, through kill -9 of intake, and drained in the order of the call when it is back."""
    nowhere = f"127.0.0.1:{_free_port()}"
    async with running(topic, nowhere, tmp_path) as intake:
        for number in range(30):
            await intake.post(hangup(41, number))
        intake.process.kill()
        await intake.process.wait()

    async with running(topic, kafka_bootstrap, tmp_path) as intake, reading(topic, kafka_bootstrap) as records:
        await intake.post(hangup(41, 30))
        times = [call_pb2.CallEvent.FromString(record.value).event_at_ms for record in await records(31)]
        assert times == [(RING_S + number) * 1000 for number in range(31)]
