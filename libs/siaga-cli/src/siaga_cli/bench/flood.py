"""One number that calls ten times a second: what the others' calls notice of it, and what watching for it costs."""

import asyncio
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from aiokafka import AIOKafkaConsumer
from redis.asyncio import Redis
from siaga.v1 import assessment_pb2, call_pb2
from siaga_classifier.adapters.posture_store import PostureStore
from siaga_classifier.posture import Message, PostureCounter
from siaga_contracts.catalogue import CALL_ASSESSMENTS, CALL_EVENTS
from siaga_kit.embedded.stack import Stack
from siaga_kit.publishing import Publisher
from siaga_kit.records import Outgoing, Record
from siaga_kit.settings import KafkaSettings
from siaga_kit.stage import Item
from siaga_tenants import PosturePolicy

from siaga_cli.bench import Figure, Report, cpu_s, percentile
from siaga_cli.console import err

TENANT: Final = "36.73"
OTHERS_PER_S: Final = 5.0
HOT_PER_S: Final = 10.0
PHASE_S: Final = 6.0
# Quiet and flooded take turns, so that what else the machine does falls on both.
ROUNDS: Final = 12
MOST_RISE: Final = 0.20
MOST_US: Final = 30.0
SEEN_WITHIN_S: Final = 20.0
COUNTED_CALLS: Final = 20_000
BATCH: Final = 500
# Of a call: what happens when, in seconds.
_K = call_pb2.CallEventKind
_STEPS: Final = (
    (0.0, _K.CALL_EVENT_KIND_RINGING), (0.3, _K.CALL_EVENT_KIND_QUEUE_JOINED),
    (0.7, _K.CALL_EVENT_KIND_ANSWERED), (1.6, _K.CALL_EVENT_KIND_ENDED),
)  # fmt: skip
_Event = tuple[str, int]


@dataclass(slots=True)
class Seen:
    """When each event of the others was posted and its assessment arrived, in seconds of one clock."""

    posted: dict[_Event, float] = field(default_factory=dict)
    arrived: dict[_Event, float] = field(default_factory=dict)
    # Events of a call whose assessment is still to come.
    waiting: dict[str, list[int]] = field(default_factory=dict)

    def post(self, call_id: str, at_ms: int) -> None:
        self.posted[call_id, at_ms] = time.perf_counter()
        self.waiting.setdefault(call_id, []).append(at_ms)

    def arrive(self, call_id: str, at_ms: int, now_s: float) -> None:
        """An assessment tells of all events up to its time: several that came together have one."""
        waiting = self.waiting.get(call_id, [])
        for told_ms in [one for one in waiting if one <= at_ms]:
            waiting.remove(told_ms)
            self.arrived[call_id, told_ms] = now_s


@dataclass(slots=True)
class Phase:
    """All turns of one kind: the others' events, how long they took, and what the classifier spent meanwhile."""

    events: set[_Event] = field(default_factory=set)
    latency_ms: list[float] = field(default_factory=list)
    cpu_s: float = 0.0

    def told(self) -> dict[str, float]:
        shares = {f"p{share * 100:.0f}": percentile(self.latency_ms, share) for share in (0.5, 0.95, 0.99)}
        seconds = PHASE_S * ROUNDS
        return {
            **shares,
            "max": max(self.latency_ms),
            "events": len(self.events),
            "classifier_cpu": self.cpu_s / seconds,
        }


def measure() -> Report:
    """Others' calls at a steady rate, alone and beside one hot number, in turns, on a classifier of its own."""
    with Stack(services=("classifier",)) as stack:
        addresses = stack.addresses
        quiet, flooded = asyncio.run(_measured(addresses.kafka_bootstrap, stack.pid("classifier")))
        cost_us = asyncio.run(_cost_us(addresses.redis_url))
    found = {"quiet": quiet.told(), "flooded": flooded.told()}
    rise = found["flooded"]["p99"] / found["quiet"]["p99"] - 1
    figures = [
        Figure(
            "others' p99, event → assessment, rise beside one hot number",
            f"≤ {MOST_RISE:.0%}",
            f"{rise:+.0%}",
            rise <= MOST_RISE,
        )
    ]
    for name, told in found.items():
        latency = ", ".join(f"{told[key]:.1f}" for key in ("p50", "p95", "p99", "max"))
        share = f"{told['classifier_cpu']:.0%} of a core"
        figures.append(
            Figure(f"{name}: p50, p95, p99, worst", "", f"{latency} ms of {told['events']}; classifier {share}")
        )
    figures.append(
        Figure(
            "counting for the posture, CPU an assessment",
            f"≤ {MOST_US:.0f} µs",
            f"{cost_us:.1f} µs",
            cost_us <= MOST_US,
        )
    )
    return Report(tuple(figures), {"found": found, "rise": rise, "count_cpu_us": cost_us})


async def _measured(bootstrap: str, classifier: int) -> tuple[Phase, Phase]:
    settings = KafkaSettings(bootstrap=bootstrap, replication=1)
    # Each with a connection of its own: on one, the hot number's records would go out before the others' already here.
    publishers = Publisher(settings, "bench", "others"), Publisher(settings, "bench", "hot")
    reader = AIOKafkaConsumer(CALL_ASSESSMENTS.name, bootstrap_servers=bootstrap, auto_offset_reset="latest")
    await reader.start()
    await reader.seek_to_end()
    seen = Seen()
    reading = asyncio.create_task(_read(reader, seen))
    phases = {False: Phase(), True: Phase()}
    try:
        # Connections open and code is warm, as on any day but the first.
        await _phase(publishers, seen, is_flooded=True, seconds=5.0)
        err.print(f"  {ROUNDS} times {PHASE_S:.0f} s alone and {PHASE_S:.0f} s beside one hot number")
        for number in range(2 * ROUNDS):
            is_flooded = bool(number % 2)
            before_s = cpu_s(classifier)
            phases[is_flooded].events |= await _phase(publishers, seen, is_flooded=is_flooded, seconds=PHASE_S)
            phases[is_flooded].cpu_s += cpu_s(classifier) - before_s
        wanted = phases[False].events | phases[True].events
        async with asyncio.timeout(SEEN_WITHIN_S):
            while not wanted <= seen.arrived.keys():
                await asyncio.sleep(0.05)
    finally:
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
        await reader.stop()
        for publisher in publishers:
            await publisher.close()
    for phase in phases.values():
        phase.latency_ms = [(seen.arrived[event] - seen.posted[event]) * 1000 for event in phase.events]
    return phases[False], phases[True]


async def _read(reader: AIOKafkaConsumer, seen: Seen) -> None:
    async for row in reader:
        arrived_s = time.perf_counter()
        message = assessment_pb2.CallAssessment.FromString(row.value)
        seen.arrive(message.call_id, message.event_at_ms, arrived_s)


async def _phase(
    publishers: tuple[Publisher, Publisher], seen: Seen, *, is_flooded: bool, seconds: float
) -> set[_Event]:
    """Post at the times that the calls give; the others' events of this phase."""
    begin_s = time.perf_counter()
    wall_ms = int(time.time() * 1000)
    calls = list(_calls("other", OTHERS_PER_S, seconds))
    hot = list(_calls("hot", HOT_PER_S, seconds)) if is_flooded else []
    ours: set[_Event] = set()
    posting: set[asyncio.Task[None]] = set()
    for due_s, call_id, caller, kind in sorted([*calls, *hot]):
        await asyncio.sleep(max(0.0, begin_s + due_s - time.perf_counter()))
        at_ms = wall_ms + int(due_s * 1000)
        event = call_pb2.CallEvent(
            event_id=f"{call_id}-{kind}", call_id=call_id, tenant=TENANT, source="asterisk/pbx1", call_ref=call_id,
            channel=call_pb2.CHANNEL_VOICE, kind=kind, event_at_ms=at_ms, received_at_ms=at_ms,
            caller=call_pb2.Caller(key=caller), operator="op-01", hangup=call_pb2.Hangup(by=call_pb2.HANGUP_BY_CALLER, q850=16),
        )  # fmt: skip
        is_hot = caller == "hot"
        if not is_hot:
            ours.add((call_id, at_ms))
            seen.post(call_id, at_ms)
        task = asyncio.create_task(
            publishers[is_hot].publish([Outgoing(CALL_EVENTS, call_id, event, event.event_id, at_ms)])
        )
        posting.add(task)
        task.add_done_callback(posting.discard)
    await asyncio.gather(*posting)
    return ours


def _calls(
    name: str, per_s: float, seconds: float
) -> Iterator[tuple[float, str, str, call_pb2.CallEventKind.ValueType]]:
    for number in range(int(per_s * seconds)):
        call_id = str(uuid.uuid4())
        caller = "hot" if name == "hot" else f"{name}-{call_id}"
        for after_s, kind in _STEPS:
            yield number / per_s + after_s, call_id, caller, kind


async def _cost_us(redis_url: str) -> float:
    """CPU of this process for counting assessments as the stage hands them over, Redis' answers included."""
    redis = Redis.from_url(redis_url)
    counter = PostureCounter(PostureStore(redis, "bench"), {"bench": PosturePolicy()})
    items = list(_assessments())
    begin_s = time.process_time()
    for start in range(0, len(items), BATCH):
        result = await counter.process(items[start : start + BATCH])
        assert result.save is not None
        await result.save()
    spent_s = time.process_time() - begin_s
    await redis.aclose()
    return spent_s / len(items) * 1e6


def _assessments() -> Iterator[Item[Message]]:
    """Calls one after the other, four assessments each: rung, waiting, answered, over."""
    begin_ms = int(time.time() * 1000) - 3_600_000
    for number in range(COUNTED_CALLS // 4 * 4):
        call, step = divmod(number, 4)
        at_ms = begin_ms + call * 100
        times = assessment_pb2.CallTimes(
            ringing_at_ms=at_ms, queue_joined_at_ms=at_ms + 1_000 if step else 0,
            answered_at_ms=at_ms + 9_000 if step > 1 else 0, ended_at_ms=at_ms + 60_000 if step > 2 else 0,
        )  # fmt: skip
        outcome = assessment_pb2.OUTCOME_UNRESOLVED if step > 2 else assessment_pb2.OUTCOME_IN_PROGRESS
        message = assessment_pb2.CallAssessment(
            call_id=f"call-{call}", tenant="bench", event_at_ms=at_ms + step, outcome=outcome, times=times,
            source="asterisk/pbx1", caller_key=f"caller-{call % 4_000}",
        )  # fmt: skip
        record = Record(CALL_ASSESSMENTS.name, call % 12, number, at_ms + 60_000, None, b"", ())
        yield Item(record, message)
