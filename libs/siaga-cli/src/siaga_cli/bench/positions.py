"""A fleet's positions through one dispatcher's process: how many it moves, at what cost, and what crews' words notice of it."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from aiokafka import AIOKafkaConsumer
from siaga.v1 import unit_pb2
from siaga_contracts.catalogue import UNIT_REPORTS, UNITS
from siaga_kit.embedded.stack import Stack
from siaga_kit.publishing import Publisher
from siaga_kit.records import Outgoing
from siaga_kit.settings import KafkaSettings
from siaga_tenants.model import UnitSpec

from siaga_cli.bench import Figure, Report, cpu_s, dispatch_whole, percentile
from siaga_cli.bench.dispatch_nation import BEGIN_MS, tenants
from siaga_cli.console import err

FLEET: Final = 2_000
EVERY_S: Final = 5
TARGET_S: Final = FLEET / EVERY_S
# What waits after some minutes of a dispatcher that was away, had nobody folded it.
WAITING_ROUNDS: Final = 10
ARRIVING_S: Final = 25
# Crews' words beside the positions, of units that have no tracker.
WORDS: Final = 100
WORD_P99_MS: Final = 250.0
STEP_DEGREES: Final = 0.0002
WITHIN_S: Final = 120.0
_CHUNK: Final = 1_000
# Stands for the time of the fix where it is a crew's word that is waited for.
_A_WORD: Final = 1
# So often in a second the arriving positions are sent, as they come from intake.
_SENDS_S: Final = 4


@dataclass(slots=True)
class Watch:
    """What the topic of units shows: the latest fix of each, and how long what is `waited` for took to be seen there."""

    consumer: AIOKafkaConsumer
    fixed_at_ms: dict[str, int] = field(default_factory=dict)
    # By unit: the times of the fixes sent, or a word, and when they were sent.
    waited: dict[str, dict[int, float]] = field(default_factory=dict)
    fixes_ms: list[float] = field(default_factory=list)
    words_ms: list[float] = field(default_factory=list)

    async def until(self, units: Sequence[str], reached_ms: int) -> None:
        """Look until all of these units are that far."""
        async with asyncio.timeout(WITHIN_S):
            while any(self.fixed_at_ms.get(unit, 0) < reached_ms for unit in units):
                await self.look()

    async def look(self) -> None:
        """Take in what is there. A fix that a later one of the same batch has overtaken is seen with that one."""
        for records in (await self.consumer.getmany(timeout_ms=20)).values():
            now_s = time.perf_counter()
            for record in records:
                unit = unit_pb2.Unit.FromString(record.value)
                self.fixed_at_ms[unit.unit_id] = unit.position.fixed_at_ms
                said = unit.status == unit_pb2.UNIT_STATUS_AVAILABLE_MOBILE
                reached_ms = _A_WORD if said else unit.position.fixed_at_ms
                waiting = self.waited.get(unit.unit_id, {})
                for at_ms in [at_ms for at_ms in waiting if at_ms <= reached_ms]:
                    (self.words_ms if said else self.fixes_ms).append((now_s - waiting.pop(at_ms)) * 1000)


def measure() -> Report:
    """All that waits at once; then as it comes, with crews' words between."""
    with Stack(services=("dispatcher",)) as stack:
        stack.take_down("dispatcher")
        with dispatch_whole.running(stack) as process:
            return asyncio.run(_measured(stack, process.pid))


async def _measured(stack: Stack, pid: int) -> Report:
    fleet = [(code, unit) for code, tenant in tenants().items() for unit in tenant.units]
    moving, standing = fleet[:: len(fleet) // FLEET][:FLEET], fleet[1 :: len(fleet) // WORDS][:WORDS]
    async with _watching(stack) as (publisher, watch):
        err.print(f"  {FLEET * WAITING_ROUNDS:,} positions that wait")
        begin_s, begin_cpu_s = time.perf_counter(), cpu_s(pid)
        for step in range(1, WAITING_ROUNDS + 1):
            await _publish(publisher, [_fix(code, unit, step) for code, unit in moving])
        await watch.until([unit.unit_id for _, unit in moving], _at_ms(WAITING_ROUNDS))
        took_s, took_cpu_s = time.perf_counter() - begin_s, cpu_s(pid) - begin_cpu_s
        waiting_s, waiting_cpu_us = FLEET * WAITING_ROUNDS / took_s, took_cpu_s / (FLEET * WAITING_ROUNDS) * 1e6
        err.print(f"  {TARGET_S:.0f} a second for {ARRIVING_S} s, with crews' words between")
        begin_cpu_s = cpu_s(pid)
        await _arriving(publisher, watch, moving, standing)
        share = (cpu_s(pid) - begin_cpu_s) / ARRIVING_S
    fixes_ms, words_ms = watch.fixes_ms, watch.words_ms
    p99, word_p99 = percentile(fixes_ms, 0.99), percentile(words_ms, 0.99)
    return Report(
        (
            Figure("positions that wait, one process", f"≥ {TARGET_S:.0f}/s", f"{waiting_s:,.0f}/s", waiting_s >= TARGET_S),
            Figure("the same, CPU a position", "", f"{waiting_cpu_us:.0f} µs"),
            Figure(f"at {TARGET_S:.0f}/s, position → units topic, p99", "", f"{p99:.0f} ms (p50 {percentile(fixes_ms, 0.5):.0f})"),
            Figure("the same, CPU of the process", "", f"{share:.0%} of a core"),
            Figure("a crew's word between them → units topic, p99", f"≤ {WORD_P99_MS:.0f} ms", f"{word_p99:.0f} ms", word_p99 <= WORD_P99_MS),
        ),
        {
            "waiting": {"per_s": waiting_s, "cpu_us": waiting_cpu_us},
            "arriving": {
                "per_s": TARGET_S, "p50_ms": percentile(fixes_ms, 0.5), "p99_ms": p99, "cpu_share": share,
                "word_p50_ms": percentile(words_ms, 0.5), "word_p99_ms": word_p99,
            },
        },
    )  # fmt: skip


@asynccontextmanager
async def _watching(stack: Stack) -> AsyncIterator[tuple[Publisher, Watch]]:
    bootstrap = stack.addresses.kafka_bootstrap
    consumer = AIOKafkaConsumer(UNITS.name, bootstrap_servers=bootstrap, max_poll_records=5_000)
    publisher = Publisher(KafkaSettings(bootstrap=bootstrap, replication=1), "bench", "1")
    await consumer.start()
    try:
        await consumer.seek_to_end()
        yield publisher, Watch(consumer)
    finally:
        await publisher.close()
        await consumer.stop()


async def _arriving(
    publisher: Publisher, watch: Watch, moving: Sequence[tuple[str, UnitSpec]], standing: Sequence[tuple[str, UnitSpec]]
) -> None:  # fmt: skip
    """Positions as they come, with a crew's word in each turn; ends when all have been seen."""

    async def send() -> None:
        begin_s = time.perf_counter()
        share = len(moving) // (EVERY_S * _SENDS_S)
        for turn in range(ARRIVING_S * _SENDS_S):
            await asyncio.sleep(max(0.0, begin_s + turn / _SENDS_S - time.perf_counter()))
            step = WAITING_ROUNDS + 1 + turn // (EVERY_S * _SENDS_S)
            first = turn % (EVERY_S * _SENDS_S) * share
            sent = [_fix(code, unit, step) for code, unit in moving[first : first + share]]
            now_s = time.perf_counter()
            for record in sent:
                watch.waited.setdefault(record.key, {})[_at_ms(step)] = now_s
            if turn < len(standing):
                sent.append(_word(*standing[turn], step))
                watch.waited.setdefault(sent[-1].key, {})[_A_WORD] = now_s
            await _publish(publisher, sent)

    sending = asyncio.create_task(send())
    async with asyncio.timeout(ARRIVING_S + WITHIN_S):
        while not sending.done() or any(watch.waited.values()):
            await watch.look()
    await sending


def _at_ms(step: int) -> int:
    return BEGIN_MS + step * EVERY_S * 1000


def _report(code: str, unit: UnitSpec, step: int, name: str) -> unit_pb2.UnitReport:
    return unit_pb2.UnitReport(
        report_id=f"{name}-{unit.unit_id}-{step}", tenant=code, unit_id=unit.unit_id, event_at_ms=_at_ms(step), via="bench"
    )  # fmt: skip


def _fix(code: str, unit: UnitSpec, step: int) -> Outgoing:
    made = _report(code, unit, step, "fix")
    place = made.position
    place.lat, place.lon, place.radius_m, place.fixed_at_ms, place.source = (
        unit.lat + step * STEP_DEGREES, unit.lon, 5.0, _at_ms(step), "gps",
    )  # fmt: skip
    return Outgoing(UNIT_REPORTS, unit.unit_id, made, made.report_id, made.event_at_ms)


def _word(code: str, unit: UnitSpec, step: int) -> Outgoing:
    made = _report(code, unit, step, "word")
    made.status = unit_pb2.UNIT_STATUS_AVAILABLE_MOBILE
    return Outgoing(UNIT_REPORTS, unit.unit_id, made, made.report_id, made.event_at_ms)


async def _publish(publisher: Publisher, records: Sequence[Outgoing]) -> None:
    for chunk in _chunks(records):
        await publisher.publish(chunk, timeout_s=WITHIN_S)


def _chunks(records: Sequence[Outgoing]) -> Iterator[Sequence[Outgoing]]:
    for start in range(0, len(records), _CHUNK):
        yield records[start : start + _CHUNK]
