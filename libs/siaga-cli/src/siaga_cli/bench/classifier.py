"""How much one classifier takes, on a real Kafka and Redis, and what one assessment costs."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient
from siaga.v1 import call_pb2
from siaga_contracts.catalogue import CALL_EVENTS
from siaga_kit.embedded.stack import Stack
from siaga_kit.publishing import Publisher
from siaga_kit.records import Outgoing
from siaga_kit.settings import KafkaSettings

from siaga_cli.bench import Figure, Report, call_events, cpu_s
from siaga_cli.bench.classifier_work import assessment_us
from siaga_cli.console import err

GROUP: Final = "siaga.classifier.calls"
EVENTS_S: Final = 10_000.0
PLAIN_US: Final = 150.0
WORDED_US: Final = 600.0
PLAIN: Final = 60_000
WORDED: Final = 6_000
# Of what a process takes the beginning does not count: it joins, connects, and its code is cold.
WARM_UP: Final = 0.1
# On a machine that is busy with other things everything is taken within this.
WITHIN_S: Final = 600.0
LOOK_S: Final = 0.05
_CHUNK: Final = 2_000


@dataclass(frozen=True, slots=True)
class Speed:
    """What a process took in a second, and its CPU for one event."""

    events_s: float
    cpu_us: float

    @property
    def told(self) -> str:
        """For people: where others want the machine as well, what a whole core would do says more."""
        return f"{self.events_s:,.0f}/s; {self.cpu_us:.0f} µs CPU each, {1e6 / self.cpu_us:,.0f}/s of a whole core"


def measure() -> Report:
    """First the work alone, then events that wait on the topic, taken by a process that starts on them."""
    err.print("  one assessment")
    plain_us, worded_us = assessment_us()
    with Stack(services=("classifier",)) as stack:
        stack.take_down("classifier")
        whole = asyncio.run(_whole(stack))
        plain = asyncio.run(_alone(stack, call_events.voice("p"), PLAIN, PLAIN))
        worded = asyncio.run(_alone(stack, call_events.written("w"), 2 * PLAIN, WORDED))
    return Report(
        (
            Figure("one assessment without text, CPU", f"≤ {PLAIN_US:.0f} µs", f"{plain_us:.0f} µs", plain_us <= PLAIN_US),
            Figure("one with a text of 200 characters, CPU", f"≤ {WORDED_US:.0f} µs", f"{worded_us:.0f} µs", worded_us <= WORDED_US),
            Figure("stage loop, events without text", f"≥ {EVENTS_S:,.0f}/s", f"{plain.told}", plain.events_s >= EVENTS_S),
            Figure("stage loop, texts of 200 characters", "", f"{worded.told}"),
            Figure("the whole process with all its stages, without text", "", f"{whole.told}"),
        ),
        {
            "assessment_us": {"plain": plain_us, "worded": worded_us},
            **{name: {"events_s": round(speed.events_s, 1), "cpu_us": round(speed.cpu_us, 1)}
               for name, speed in (("stage_plain", plain), ("stage_worded", worded), ("process_plain", whole))},
        },
    )  # fmt: skip


async def _whole(stack: Stack) -> Speed:
    """The classifier as it is shipped: beside the calls it reads sanctions, outcomes and its own assessments."""
    err.print(f"  {PLAIN:,} events, the whole process")
    bootstrap = stack.addresses.kafka_bootstrap
    await _load(bootstrap, call_events.voice("a"), PLAIN)
    stack.bring_back("classifier")
    await asyncio.to_thread(stack.wait_ready, "classifier")
    speed = await _taken(bootstrap, stack.pid("classifier"), 0, PLAIN)
    stack.take_down("classifier")
    return speed


async def _alone(stack: Stack, events: Iterator[call_pb2.CallEvent], before: int, count: int) -> Speed:
    err.print(f"  {count:,} events, the stage alone")
    bootstrap = stack.addresses.kafka_bootstrap
    await _load(bootstrap, events, count)
    with _stage(stack) as process:
        return await _taken(bootstrap, process.pid, before, count)


@contextmanager
def _stage(stack: Stack) -> Iterator[subprocess.Popen[bytes]]:
    """The stage alone in a process of its own."""
    settings = {
        "SIAGA_KAFKA__BOOTSTRAP": stack.addresses.kafka_bootstrap,
        "SIAGA_KAFKA__REPLICATION": "1",
        "SIAGA_REDIS__URL": stack.addresses.redis_url,
        "SIAGA_TENANTS_DIR": str(stack.addresses.tenants_dir),
        # The member that the stack has just lost: another one would wait until the broker has given it up.
        "SIAGA_INSTANCE": "1",
        "SIAGA_LOG_LEVEL": "WARNING",
    }
    argv = [sys.executable, "-m", "siaga_cli.bench.classifier_stage"]
    with subprocess.Popen(argv, env=os.environ | settings, stdout=sys.stderr) as process:  # noqa: S603  (ours)
        try:
            yield process
        finally:
            process.terminate()


async def _load(bootstrap: str, events: Iterator[call_pb2.CallEvent], count: int) -> None:
    """Put so many events on the topic."""
    publisher = Publisher(KafkaSettings(bootstrap=bootstrap, replication=1), "bench", "1")
    try:
        for _ in range(0, count, _CHUNK):
            await publisher.publish(
                [
                    Outgoing(CALL_EVENTS, event.call_id, event, event.event_id, event.event_at_ms)
                    for event in islice(events, _CHUNK)
                ],
                timeout_s=WITHIN_S,
            )
    finally:
        await publisher.close()


async def _taken(bootstrap: str, pid: int, before: int, count: int) -> Speed:
    """How fast a process takes what waits for it beyond `before`, by what its group commits."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        async with asyncio.timeout(WITHIN_S):
            begin = await _reached(admin, before + int(WARM_UP * count))
            begin_s, begin_cpu_s = time.monotonic(), cpu_s(pid)
            taken = await _reached(admin, before + count) - begin
    finally:
        await admin.close()
    return Speed(taken / (time.monotonic() - begin_s), (cpu_s(pid) - begin_cpu_s) / taken * 1e6)


async def _reached(admin: AIOKafkaAdminClient, goal: int) -> int:
    """Wait until the classifier's group has so many call events behind it; how many it has then."""
    while True:
        offsets = await admin.list_consumer_group_offsets(GROUP)
        done: int = sum(max(0, told.offset) for where, told in offsets.items() if where.topic == CALL_EVENTS.name)
        if done >= goal:
            return done
        await asyncio.sleep(LOOK_S)
