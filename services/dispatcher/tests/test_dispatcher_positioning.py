"""Positions on the real Redis: folded into one commit, told to no integrator, and beside them crews' words come first."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from dispatcher_bench import Bench
from dispatcher_samples import CENTRE, NOON_MS, north, unit
from siaga.v1 import alert_pb2, unit_pb2
from siaga_dispatcher.consuming import Reports
from siaga_dispatcher.core.geofence import ARRIVED
from siaga_dispatcher.core.values import Position, UnitReport, UnitStatus
from siaga_dispatcher.positioning import Positions
from siaga_kit.records import Record
from siaga_kit.stage import Item

pytestmark = pytest.mark.stack
U = UnitStatus


class Mover:
    """Positions on a bench, and what they told."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.committed: list[str] = []
        dispatcher = bench.dispatcher
        self.positions = Positions(
            bench.store, frozenset({bench.code}), dispatcher.turn, lambda: NOON_MS, self.committed.append,
            dispatcher.retry_waiting,
        )  # fmt: skip

    def fix(self, unit_id: str, away_m: float, after_s: float = 0) -> UnitReport:
        at_ms = NOON_MS + int(after_s * 1000)
        position = Position(north(away_m).lat, CENTRE.lon, 5, at_ms, "gps")
        return self.bench.report(unit_id, None, report_id=f"{unit_id}@{at_ms}", position=position, event_at_ms=at_ms)


@pytest.fixture
def mover(bench: Bench) -> Mover:
    return Mover(bench)


async def test_a_batch_is_one_commit_of_where_each_unit_is_now(bench: Bench, mover: Mover) -> None:
    await bench.put(*(unit(f"d{number}") for number in range(30)))
    before = len(await bench.outbox())
    batch = [mover.fix(f"d{number}", 1000 + 10 * step, 5 * step) for step in (2, 0, 1) for number in range(30)]
    await mover.positions.take(batch)
    assert mover.committed == [bench.code]
    told = (await bench.outbox())[before:]
    assert {event[b"topic"].decode() for event in told} == {bench.topics.units.name}
    assert len(told) == 30
    for moved in await bench.store.fleet(bench.code):
        assert (moved.version, moved.position.fixed_at_ms) == (2, NOON_MS + 10_000)
    await mover.positions.take(batch)
    assert len(await bench.outbox()) == before + 30


async def test_the_free_units_are_found_where_they_are(bench: Bench, mover: Mover) -> None:
    await bench.put(unit("d1"), unit("d2", away_m=3000))
    await mover.positions.take([mover.fix("d1", 30_000, 0), mover.fix("d2", 200, 0)])
    decision = await bench.dispatcher.take_assessment(bench.call())
    assert decision.incident is not None
    assert [(a.unit_id, round(a.distance_m)) for a in decision.incident.assignments] == [("d2", 200)]


async def test_unknown_units_and_tenants_harm_nobody_beside_them(bench: Bench, mover: Mover) -> None:
    await bench.put(unit("d1"))
    await mover.positions.take(
        [mover.fix("nobody", 10), replace(mover.fix("d1", 10), tenant="00.00"), mover.fix("d1", 900)]
    )
    (moved,) = await bench.store.fleet(bench.code)
    assert moved.position.fixed_at_ms == NOON_MS


async def test_beside_decisions_of_another_process_no_fix_and_no_order_is_lost(bench: Bench, mover: Mover) -> None:
    await bench.put(*(unit(f"d{number}", away_m=1000 + number) for number in range(8)))
    another = bench.another()

    async def drive() -> None:
        for step in range(20):
            await mover.positions.take([mover.fix(f"d{number}", 1000 + step, step) for number in range(8)])

    async def call(number: int) -> Any:
        return await another.take_assessment(bench.call(f"call-{number}", type=f"fire_{number}"))

    await asyncio.gather(drive(), *(call(number) for number in range(6)))
    fleet = await bench.store.fleet(bench.code)
    assert {moved.position.fixed_at_ms for moved in fleet} == {NOON_MS + 19_000}
    bound = [moved.incident_id for moved in fleet if moved.incident_id]
    assert len(bound) == len(set(bound)) == 6


async def test_arriving_is_suggested_once_and_never_said_for_the_crew(bench: Bench, mover: Mover) -> None:
    await bench.put(unit("d1"))
    await bench.dispatcher.take_assessment(bench.call())
    await mover.positions.take([mover.fix("d1", 800, 30)])
    await bench.dispatcher.take_report(bench.report("d1", U.EN_ROUTE))
    for second in (90, 95):
        await mover.positions.take([mover.fix("d1", 60, second)])
    (held,) = await bench.store.alerts(bench.code)
    assert (held.kind, held.unit_id) == (ARRIVED, "d1")
    going = await bench.store.unit(bench.code, "d1")
    assert going is not None
    assert going.status is U.EN_ROUTE
    await bench.dispatcher.take_report(bench.report("d1", U.ON_SCENE, event_at_ms=NOON_MS + 100_000))
    await mover.positions.take([mover.fix("d1", 60, 105)])
    assert await bench.store.alerts(bench.code) == []
    alerts = [e for e in await bench.outbox() if e[b"topic"].decode() == bench.topics.alerts.name]
    assert [bool(alert_pb2.Alert.FromString(e[b"value"]).cleared_at_ms) for e in alerts] == [False, True]


async def test_a_unit_that_is_heard_of_again_goes_to_who_waits(bench: Bench, mover: Mover) -> None:
    lost = replace(mover.fix("d1", 3000).position or CENTRE, fixed_at_ms=NOON_MS - 3_600_000)
    await bench.put(unit("d1", position=lost))
    waiting = await bench.dispatcher.take_assessment(bench.call())
    assert waiting.incident is not None
    assert [gap.code for gap in waiting.incident.shortfalls] == ["position_too_old"]
    await mover.positions.take([mover.fix("d1", 2900, 60)])
    sent = await bench.store.unit(bench.code, "d1")
    assert sent is not None
    assert sent.incident_id == waiting.incident.incident_id


async def test_in_a_batch_crews_words_come_before_a_fleets_positions(bench: Bench, mover: Mover) -> None:
    await bench.put(unit("d1"), unit("d2"))
    await bench.dispatcher.take_assessment(bench.call())
    messages = [
        unit_pb2.UnitReport(report_id="p", tenant=bench.code, unit_id="d2", event_at_ms=NOON_MS),
        unit_pb2.UnitReport(
            report_id="w",
            tenant=bench.code,
            unit_id="d1",
            event_at_ms=NOON_MS,
            status=unit_pb2.UNIT_STATUS_ACKNOWLEDGED,
        ),
    ]
    messages[0].position.lat, messages[0].position.lon = CENTRE.lat, CENTRE.lon
    before = len(await bench.outbox())
    items = [Item(Record("t", 0, index, 0, b"", b"", ()), message) for index, message in enumerate(messages)]
    await Reports(bench.dispatcher, mover.positions).process(items)
    units = [
        e[b"key"].decode() for e in (await bench.outbox())[before:] if e[b"topic"].decode() == bench.topics.units.name
    ]
    assert units == ["d1", "d2"]
