"""A WhatsApp conversation through the whole process, to the topic: through a restart, through Redis going away, to its silence."""

import asyncio
import hashlib
import hmac
import json
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
from aiokafka import AIOKafkaConsumer
from siaga.v1 import call_pb2
from siaga_contracts.catalogue import CALL_EVENTS
from siaga_kit.embedded.stack import Stack

pytestmark = pytest.mark.stack

PATH: Final = "/v1/channels/whatsapp"
SECRET: Final = b"secret of the app"
TENANTS: Final = Path(__file__).parents[3] / "tenants"
MESSAGE: Final = call_pb2.CALL_EVENT_KIND_MESSAGE
STALE: Final = call_pb2.CALL_EVENT_KIND_SESSION_STALE
Records = Callable[[int], Awaitable[list[call_pb2.CallEvent]]]


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """Kafka, Redis and intake, for a centre that is told after two seconds of a conversation gone quiet."""
    shutil.copytree(TENANTS / "36.73-kota-serang", tmp_path / "36.73-kota-serang")
    folder = tmp_path / "36.73-kota-serang"
    (folder / "whatsapp.key").write_bytes(SECRET)
    greeting = hashlib.sha256(b"greet me").hexdigest()
    for name, more in (
        ("tenant", "conversations: {stale_seconds: 2}"),
        (
            "sources",
            f"  - {{kind: whatsapp, instance: wa1, hmac_secret_file: whatsapp.key, verify_token_sha256: '{greeting}'}}",
        ),
    ):
        file = folder / f"{name}.yaml"
        file.write_text(f"{file.read_text().rstrip()}\n{more}\n")
    monkeypatch.setenv("SIAGA_TENANTS_DIR", str(tmp_path))
    with Stack(services=("intake",)) as made:
        yield made


def post(name: str, sender: str, text: str) -> dict[str, Any]:
    told = {
        "id": f"wamid.{name}",
        "from": sender,
        "timestamp": str(int(time.time())),
        "type": "text",
        "text": {"body": text},
    }
    return {"entry": [{"changes": [{"field": "messages", "value": {"metadata": {}, "messages": [told]}}]}]}


async def say(stack: Stack, name: str, sender: str = "6281234567890", text: str = "tolong") -> str:
    """Send a message until intake takes it, as WhatsApp does; the call that it came to."""
    body = json.dumps(post(name, sender, text)).encode()
    signed = {"X-Hub-Signature-256": f"sha256={hmac.new(SECRET, body, hashlib.sha256).hexdigest()}"}
    async with aiohttp.ClientSession() as session, asyncio.timeout(30):
        while True:
            try:
                async with session.post(f"{stack.addresses.intake_url}{PATH}", data=body, headers=signed) as response:
                    assert response.status == 202, await response.text()
                    answer = await response.json(content_type=None)
                    call_id: str = answer["accepted"][0]["call_id"]
                    return call_id
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)


async def greet(stack: Stack) -> None:
    """What Meta asks before it sends anything; and what whoever is not Meta gets."""
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444"}
    url = stack.addresses.intake_url + PATH
    async with aiohttp.ClientSession() as session:
        async with session.get(url, params={**asked, "hub.verify_token": "greet me"}) as response:
            assert (response.status, await response.text()) == (200, "1158201444")
        async with session.get(url, params={**asked, "hub.verify_token": "guess"}) as response:
            assert response.status == 403
        forged = {"X-Hub-Signature-256": f"sha256={'0' * 64}"}
        async with session.post(url, data=b"{}", headers=forged) as response:
            assert response.status == 401


@asynccontextmanager
async def reading(stack: Stack) -> AsyncIterator[Records]:
    """A way to wait for the first so many records of the topic."""
    consumer = AIOKafkaConsumer(
        CALL_EVENTS.name, bootstrap_servers=stack.addresses.kafka_bootstrap, auto_offset_reset="earliest"
    )
    await consumer.start()
    seen: list[call_pb2.CallEvent] = []

    async def records(count: int) -> list[call_pb2.CallEvent]:
        async with asyncio.timeout(30):
            while len(seen) < count:
                for batch in (await consumer.getmany(timeout_ms=200)).values():
                    seen.extend(call_pb2.CallEvent.FromString(record.value) for record in batch)
        return seen

    yield records
    await consumer.stop()


async def test_a_conversation_outlives_intake_and_redis_and_is_stale_in_the_end(stack: Stack) -> None:
    await greet(stack)
    call = await say(stack, "A1", text="kebakaran rumah di Cipare")
    other = await say(stack, "B1", "6281234567891")
    assert other != call

    # Intake killed in the middle: the conversation goes on where it was.
    pid = stack.kill("intake")
    assert await say(stack, "A2", text="cepat") == call
    await asyncio.to_thread(stack.wait_ready, "intake", not_pid=pid)

    # Redis away in the middle: what this process has seen, it knows.
    redis_pid = stack.take_down("redis")
    assert await say(stack, "A3", text="ada orang di dalam") == call
    assert await say(stack, "C1", "6281234567892") == await say(stack, "C2", "6281234567892")
    stack.bring_back("redis")
    await asyncio.to_thread(stack.wait_ready, "redis", not_pid=redis_pid)

    async with reading(stack) as records:
        count = 6
        while True:
            seen = await records(count)
            quiet = {event.call_id for event in seen if event.kind == STALE}
            if len(quiet) == 3:
                break
            count = len(seen) + 1
    messages = [event for event in seen if event.kind == MESSAGE]
    assert [event.text for event in messages if event.call_id == call] == [
        "kebakaran rumah di Cipare", "cepat", "ada orang di dalam",
    ]  # fmt: skip
    assert quiet == {event.call_id for event in messages}
    latest = max(event.event_at_ms for event in messages if event.call_id == call)
    assert max(event.event_at_ms for event in seen if event.kind == STALE and event.call_id == call) == latest + 2_000
    assert all(event.channel == call_pb2.CHANNEL_WHATSAPP and event.source == "whatsapp/wa1" for event in seen)


async def test_the_position_of_a_phone_reaches_the_call_that_rings(stack: Stack) -> None:
    number, now_s = "081234567893", int(time.time())
    leg = {"Uniqueid": f"{now_s}.41", "Linkedid": f"{now_s}.41", "CallerIDNum": number, "Exten": "112"}
    ring = {"Event": "Newchannel", "Context": "from-trunk", "Timestamp": f"{now_s}.1", **leg}
    fix = {
        "v": "1", "device_number": number, "location_latitude": "-6.1149", "location_longitude": "106.1502",
        "location_time": str(now_s * 1000), "location_accuracy": "18",
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {stack.addresses.token}", "X-Siaga-Tenant": "36.73"}
    calls: dict[str, str] = {}
    async with aiohttp.ClientSession(headers=headers) as session:
        # The position first: it is a call of its own, until its call rings.
        for path, body in (("/v1/positions/aml", fix), ("/v1/switch/asterisk", ring)):
            async with session.post(stack.addresses.intake_url + path, data=json.dumps(body)) as response:
                assert response.status == 202, await response.text()
                calls[path] = (await response.json(content_type=None))["accepted"][0]["call_id"]
    assert len(set(calls.values())) == 2
    async with reading(stack) as records:
        seen = await records(3)
    fixes = [event for event in seen if event.kind == call_pb2.CALL_EVENT_KIND_POSITION]
    assert {event.call_id for event in fixes} == set(calls.values())
    assert all(event.position.radius_m == 18 for event in fixes)
