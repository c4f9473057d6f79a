"""Who lacks a unit, on the real Redis: explained without loading the fleet, and not forgotten."""

from dataclasses import replace

import pytest
from dispatcher_bench import Bench
from dispatcher_samples import NOON_MS, north, unit
from siaga.v1 import unit_pb2
from siaga_dispatcher import searching as searching_module
from siaga_dispatcher.adapters import codec
from siaga_dispatcher.adapters import reading as reading_module
from siaga_dispatcher.adapters.keys import Keys
from siaga_dispatcher.core.values import Place, Priority, Unit, UnitStatus
from siaga_dispatcher.dispatching import Dispatcher
from siaga_dispatcher.searching import Searching
from siaga_dispatcher.widening import EXPLAINED_BY

pytestmark = pytest.mark.stack
U = UnitStatus


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The units that are loaded, as often as they are."""
    seen: list[str] = []
    read = codec.unit_of

    def noted(message: unit_pb2.Unit) -> Unit:
        seen.append(message.unit_id)
        return read(message)

    monkeypatch.setattr(codec, "unit_of", noted)
    return seen


async def test_where_all_are_busy_only_the_nearest_are_loaded_to_say_so(bench: Bench, loaded: list[str]) -> None:
    busy = {"incident_id": "x", "status": U.ON_SCENE}
    await bench.put(*(unit(f"d{n:03}", away_m=1_000 + 90 * n, **busy) for n in range(300)))
    loaded.clear()
    decision = await bench.dispatcher.take_assessment(bench.call())
    assert decision.incident is not None
    (gap,) = decision.incident.shortfalls
    assert (gap.code, gap.detail) == ("all_busy", f"{EXPLAINED_BY} dari {EXPLAINED_BY} unit damkar yang dilihat")
    assert sorted(loaded) == [f"d{n:03}" for n in range(EXPLAINED_BY)]
    assert [c.unit_id for c in decision.incident.change.candidates][:2] == ["d000", "d001"]


@pytest.mark.parametrize(
    ("only", "code"),
    [
        ({"away_m": 200_000}, "outside_radius"),
        ({"off_shift": True}, "off_duty"),
        ({"status": U.OUT_OF_SERVICE}, "out_of_service"),
        ({"position": replace(north(500), source="gps", fixed_at_ms=1)}, "position_too_old"),
        ({"capabilities": ()}, "capability_missing"),
        ({"retired": True}, "no_candidate"),
    ],
)
async def test_each_gap_has_its_reason(bench: Bench, only: dict[str, object], code: str) -> None:
    await bench.put(unit("d1", **only), unit("p1", "puskesmas"))
    decision = await bench.dispatcher.take_assessment(bench.call())
    assert decision.incident is not None
    assert [gap.code for gap in decision.incident.shortfalls] == [code]


async def test_a_unit_is_in_one_of_its_kinds_two_sets(bench: Bench) -> None:
    keys = Keys(bench.code)

    async def sets() -> tuple[set[bytes], set[bytes]]:
        free, unfree = keys.free("damkar"), keys.unfree("damkar")
        return set(await bench.redis.zrange(free, 0, -1)), set(await bench.redis.zrange(unfree, 0, -1))

    await bench.put(unit("d1"), unit("d2", status=U.OFF_DUTY), unit("d3", retired=True))
    assert await sets() == ({b"d1"}, {b"d2"})
    await bench.dispatcher.take_assessment(bench.call())
    assert await sets() == (set(), {b"d1", b"d2"})
    await bench.dispatcher.take_report(bench.report("d1", U.CLEAR))
    assert await sets() == ({b"d1"}, {b"d2"})


async def test_a_partly_filled_need_goes_on_searching(bench: Bench) -> None:
    await bench.put(unit("d1"), unit("d2", away_m=60_000), unit("p1", "puskesmas"))
    decision = await bench.dispatcher.take_assessment(bench.call(priority=Priority.P1))
    assert decision.incident is not None
    incident_id = decision.incident.incident_id
    assert [(gap.role, gap.code) for gap in decision.incident.shortfalls] == [("damkar", "outside_radius")]
    here = replace(north(2_000), source="gps", fixed_at_ms=decision.incident.event_at_ms)
    await bench.dispatcher.take_report(bench.report("d2", None, position=here))
    await Searching(bench.dispatcher, bench.store, ("00.00", bench.code)).once()
    after = await bench.store.incident(bench.code, incident_id)
    assert after is not None
    assert {a.unit_id for a in after.active_assignments} == {"d1", "d2", "p1"}
    assert not after.shortfalls
    late = next(a for a in after.assignments if a.unit_id == "d2")
    assert late.dispatched_at_ms == NOON_MS + 60_000


async def test_a_shift_that_begins_is_found_by_the_search(bench: Bench) -> None:
    off = unit("d1", off_shift=True)
    await bench.put(off)
    await bench.dispatcher.take_assessment(bench.call())
    searching = Searching(bench.dispatcher, bench.store, (bench.code,))
    await searching.once()
    assert await bench.store.waiting_counts((bench.code,)) == {bench.code: 1}
    await bench.store.put_units(bench.code, [replace(off, tenant=bench.code, off_shift=False, version=2)])
    await searching.once()
    assert not await bench.store.waiting_counts((bench.code,))
    sent = await bench.store.unit(bench.code, "d1")
    assert sent is not None
    assert sent.status is U.DISPATCHED


async def test_who_waits_behind_many_has_a_turn_too(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (reading_module, searching_module):
        monkeypatch.setattr(module, "WAITING_AT_ONCE", 2)
    await bench.put(unit("p1", "puskesmas", off_shift=True))
    for n in range(5):
        told = bench.call(f"call-{n}", place=Place(north(20_000 + 2_000 * n)), event_at_ms=NOON_MS + n)
        await bench.dispatcher.take_assessment(told)
    last = bench.call("call-9", type="injury", event_at_ms=NOON_MS + 9)
    decision = await bench.dispatcher.take_assessment(last)
    assert decision.incident is not None
    known = await bench.store.unit(bench.code, "p1")
    assert known is not None
    await bench.store.put_units(bench.code, [replace(known, off_shift=False, version=2)])
    searching = Searching(bench.dispatcher, bench.store, (bench.code,))
    for _ in range(2):
        await searching.once()
    after = await bench.store.incident(bench.code, decision.incident.incident_id)
    assert after is not None
    assert [a.unit_id for a in after.active_assignments] == ["p1"]


async def test_where_no_map_knows_the_place_units_go_in_the_order_of_the_list(bench: Bench) -> None:
    await bench.put(unit("d3", away_m=10), unit("d2", away_m=90_000), unit("d1", off_shift=True))
    rules = {bench.code: replace(bench.dispatcher.rules(bench.code), centre=None)}
    dispatcher = Dispatcher(bench.store, rules, lambda: NOON_MS, lambda _: None)
    decision = await dispatcher.take_assessment(bench.call(place=Place(None, "Jl. tak dikenal peta 5")))
    assert decision.incident is not None
    (sent,) = decision.incident.assignments
    assert (sent.unit_id, sent.eta_source) == ("d2", "station_list")
    second = await dispatcher.take_assessment(
        bench.call("call-2", priority=Priority.P1, place=Place(None, "Jl. lain 7"))
    )
    assert second.incident is not None
    assert {gap.role: gap.code for gap in second.incident.shortfalls} == {
        "damkar": "all_busy",
        "ambulance": "no_candidate",
    }
