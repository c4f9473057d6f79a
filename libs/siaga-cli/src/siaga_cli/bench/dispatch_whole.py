"""The dispatcher's process as it is shipped, on a real Kafka: what it decides and publishes, and how soon it previews."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import aiohttp
import grpc
from aiokafka import AIOKafkaConsumer
from siaga.v1 import assessment_pb2, dispatch_service_pb2, incident_pb2
from siaga.v1.dispatch_service_pb2_grpc import DispatchStub
from siaga_contracts.catalogue import CALL_ASSESSMENTS, INCIDENTS
from siaga_kit.embedded.stack import Stack
from siaga_kit.publishing import Publisher
from siaga_kit.records import Outgoing
from siaga_kit.settings import KafkaSettings

from siaga_cli.bench import cpu_s

READY_S: Final = 60.0
WITHIN_S: Final = 120.0
LOOK_S: Final = 0.02
WARM_UP: Final = 50
_CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class Speed:
    """Incidents a second from the topic to the topic, and CPU of the process for each."""

    per_s: float
    cpu_us: float


@dataclass(frozen=True, slots=True)
class Process:
    """A running dispatcher of the whole country."""

    pid: int
    grpc: str


@contextmanager
def running(stack: Stack) -> Iterator[Process]:
    """Start it on the stack's servers, and wait until it is ready."""
    grpc_port, health_port = _free_port(), _free_port()
    settings = {
        "SIAGA_KAFKA__BOOTSTRAP": stack.addresses.kafka_bootstrap,
        "SIAGA_KAFKA__REPLICATION": "1",
        "SIAGA_REDIS__URL": stack.addresses.redis_url,
        "SIAGA_GRPC__PORT": str(grpc_port),
        "SIAGA_HEALTH__PORT": str(health_port),
        # The member that the stack has just lost: another one would wait until the broker has given it up.
        "SIAGA_INSTANCE": "1",
        "SIAGA_LOG_LEVEL": "WARNING",
    }
    argv = [sys.executable, "-m", "siaga_cli.bench.dispatch_process"]
    with subprocess.Popen(argv, env=os.environ | settings, stdout=sys.stderr) as process:  # noqa: S603  (ours)
        try:
            asyncio.run(_ready(health_port))
            yield Process(process.pid, f"127.0.0.1:{grpc_port}")
        finally:
            process.terminate()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _ready(port: int) -> None:
    async with asyncio.timeout(READY_S), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"http://127.0.0.1:{port}/health/ready") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.2)


async def through(stack: Stack, process: Process, calls: Sequence[assessment_pb2.CallAssessment]) -> Speed:
    """Put the calls on their topic at once; the clock stops when an order or a queued incident of each is published."""
    bootstrap = stack.addresses.kafka_bootstrap
    wanted = {call.call_id for call in calls}
    consumer = AIOKafkaConsumer(INCIDENTS.name, bootstrap_servers=bootstrap, max_poll_records=5_000)
    await consumer.start()
    publisher = Publisher(KafkaSettings(bootstrap=bootstrap, replication=1), "bench", "1")
    try:
        await consumer.seek_to_end()
        begin_s, begin_cpu_s = time.perf_counter(), cpu_s(process.pid)
        for start in range(0, len(calls), _CHUNK):
            await publisher.publish([_outgoing(call) for call in calls[start : start + _CHUNK]], timeout_s=WITHIN_S)
        async with asyncio.timeout(WITHIN_S):
            while wanted:
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    for record in records:
                        incident = incident_pb2.Incident.FromString(record.value)
                        if incident.change.kind != "opened":
                            wanted.difference_update(incident.call_ids)
        took_s = time.perf_counter() - begin_s
    finally:
        await publisher.close()
        await consumer.stop()
    return Speed(len(calls) / took_s, (cpu_s(process.pid) - begin_cpu_s) / len(calls) * 1e6)


def _outgoing(call: assessment_pb2.CallAssessment) -> Outgoing:
    return Outgoing(CALL_ASSESSMENTS, call.call_id, call, call.assessment_id, call.event_at_ms)


async def previews(process: Process, calls: Sequence[assessment_pb2.CallAssessment], per_s: float) -> list[float]:
    """Milliseconds from when each preview was due to its answer; they are asked whether it keeps up or not.

    Nothing where the process offers no previews.
    """
    async with grpc.aio.insecure_channel(process.grpc) as channel:
        stub = DispatchStub(channel)

        async def ask(call: assessment_pb2.CallAssessment, due_s: float) -> float:
            await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
            at = call.place.position
            request = dispatch_service_pb2.PreviewRequest(
                tenant=call.tenant, type=call.type, priority=call.priority, lat=at.lat, lon=at.lon
            )
            await stub.Preview(request, timeout=WITHIN_S)
            return (time.perf_counter() - due_s) * 1000

        # The first ones open the connection and warm the code.
        try:
            for call in calls[:WARM_UP]:
                await ask(call, time.perf_counter())
        except grpc.aio.AioRpcError as refused:
            if refused.code() is not grpc.StatusCode.UNIMPLEMENTED:
                raise
            return []
        begin_s = time.perf_counter() + 0.1
        return list(await asyncio.gather(*(ask(call, begin_s + n / per_s) for n, call in enumerate(calls))))
