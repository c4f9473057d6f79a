"""From a caller's hang-up at the front door to the task of calling back, one call at a time on an idle stack."""

import asyncio
import time
from typing import Any, Final

import aiohttp
from aiokafka import AIOKafkaConsumer, TopicPartition
from siaga.v1.callback_pb2 import CallbackTask
from siaga_contracts.catalogue import CALLBACK_TASKS
from siaga_kit.embedded.addresses import StackAddresses
from siaga_kit.embedded.stack import Stack

from siaga_cli.bench import Figure, Report, percentile

CALLS: Final = 200
# Before the measured ones: connections open, code is warm, as on any day but the first.
WARM_UP: Final = 20
# What a centre is promised: whoever hung up is on the list before the operator looks at it again.
WITHIN_MS: Final = 2_000.0
TASK_WITHIN_S: Final = 30.0


def measure() -> Report:
    """Each call waits in the queue and hangs up; the clock runs from the hang-up's request to the task on its topic."""
    with Stack() as stack:
        found = asyncio.run(_calls(stack.addresses))[WARM_UP:]
    p50, p99, worst = percentile(found, 0.5), percentile(found, 0.99), max(found)
    return Report(
        (
            Figure("hang-up → callback task, p50", "", f"{p50:.0f} ms"),
            Figure("hang-up → callback task, p99", "", f"{p99:.0f} ms"),
            Figure("worst", f"≤ {WITHIN_MS:.0f} ms", f"{worst:.0f} ms", worst <= WITHIN_MS),
        ),
        {"calls": len(found), "latency_ms": {"p50": p50, "p99": p99, "max": worst}},
    )


async def _calls(stack: StackAddresses) -> list[float]:
    headers = {"Authorization": f"Bearer {stack.token}", "X-Siaga-Tenant": "36.73"}
    reader = AIOKafkaConsumer(bootstrap_servers=stack.kafka_bootstrap, enable_auto_commit=False)
    await reader.start()
    try:
        places = [TopicPartition(CALLBACK_TASKS.name, number) for number in range(CALLBACK_TASKS.partitions)]
        reader.assign(places)
        await reader.seek_to_end(*places)
        async with aiohttp.ClientSession(f"{stack.intake_url}", headers=headers) as session:
            return [await _call(session, reader, number) for number in range(WARM_UP + CALLS)]
    finally:
        await reader.stop()


async def _call(session: aiohttp.ClientSession, reader: AIOKafkaConsumer, number: int) -> float:
    now_s = time.time()
    ref = f"{now_s:.0f}.{number}"
    leg = {"Uniqueid": ref, "Linkedid": ref, "CallerIDNum": f"0812{number:08}"}
    waits = [
        {"Event": "Newchannel", "Timestamp": f"{now_s:.3f}", "Exten": "112", "Context": "from-trunk", **leg},
        {"Event": "QueueCallerJoin", "Timestamp": f"{now_s + 0.001:.3f}", "Queue": "112-utama", **leg},
    ]
    (call_id,) = {each["call_id"] for each in (await _post(session, waits))["accepted"]}
    posted_s = time.perf_counter()
    hangup = {"Event": "Hangup", "Timestamp": f"{now_s + 0.002:.3f}", "Cause": "16", "Context": "from-trunk", **leg}
    await _post(session, [hangup])
    async with asyncio.timeout(TASK_WITHIN_S):
        while True:
            task = CallbackTask.FromString((await reader.getone()).value)
            if call_id in {call.call_id for call in task.calls}:
                return (time.perf_counter() - posted_s) * 1_000


async def _post(session: aiohttp.ClientSession, events: list[dict[str, str]]) -> dict[str, Any]:
    async with session.post("/v1/switch/asterisk", json=events) as answer:
        answer.raise_for_status()
        told: dict[str, Any] = await answer.json()
        return told
