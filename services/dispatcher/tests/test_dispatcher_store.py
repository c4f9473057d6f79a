"""The working state on the real Redis: atomic, once, and told why when refused."""

import asyncio
from dataclasses import replace

import pytest
from dispatcher_bench import Bench
from dispatcher_samples import NOON_MS, north, seen, unit
from siaga.v1 import incident_pb2, order_pb2, unit_pb2
from siaga_contracts import ids
from siaga_dispatcher.adapters import codec
from siaga_dispatcher.adapters.keys import Keys
from siaga_dispatcher.adapters.reading import StateLost
from siaga_dispatcher.adapters.store import Stale
from siaga_dispatcher.core.commands import Action, Command, CommandRefused
from siaga_dispatcher.core.decide import on_assessment
from siaga_dispatcher.core.values import IncidentStatus, Place, Priority, Reason, Unit, UnitStatus
from siaga_dispatcher.refusals import UnknownTenantError, UnknownUnitError, WrongVersion

pytestmark = pytest.mark.stack
U = UnitStatus


async def test_what_is_written_is_read_back_the_same(bench: Bench) -> None:
    await bench.put(unit("d1"), unit("p1", "puskesmas"))
    told = bench.call(
        priority=Priority.P1, reasons=(Reason("api", "terbakar", 2.0),), place=Place(north(12.5), "Jl. A")
    )
    decision = await bench.dispatcher.take_assessment(told)
    assert decision.incident is not None
    stored = await bench.store.incident(bench.code, decision.incident.incident_id)
    assert stored is not None
    assert replace(stored, ticket_no="") == decision.incident
    kept = codec.incident_of(codec.incident_message(stored))
    assert kept == stored
    for sent in decision.units:
        read = await bench.store.unit(bench.code, sent.unit_id)
        assert read is not None
        assert replace(read, task_code="", task_serial="") == sent


async def test_commit_gives_ticket_and_task_codes_inside_the_messages(bench: Bench) -> None:
    await bench.put(unit("d1"), unit("d2"), unit("p1", "puskesmas"))
    await bench.dispatcher.take_assessment(bench.call(priority=Priority.P1))
    events = await bench.outbox()
    ticket = f"{bench.code.replace('.', '')}-2019-000001"
    orders = [e for e in events if e[b"topic"].decode() == bench.topics.orders.name]
    codes = []
    for event in orders:
        order = order_pb2.DispatchOrder.FromString(event[b"value"])
        assert order.ticket_no == ticket
        assert order.order_id == event[b"id"].decode()
        sent = await bench.store.unit(bench.code, order.unit_id)
        assert sent is not None
        assert sent.task_code == order.task_code
        codes.append(order.task_code)
    assert len(set(codes)) == len(codes) == 3
    assert all(len(code) == 3 for code in codes)
    snapshots = [e for e in events if e[b"topic"].decode() == bench.topics.incidents.name]
    assert [incident_pb2.Incident.FromString(e[b"value"]).ticket_no for e in snapshots] == [ticket] * 2
    assert [incident_pb2.Incident.FromString(e[b"value"]).change.kind for e in snapshots] == [
        "opened",
        "units_assigned",
    ]


async def test_task_codes_skip_open_ones_and_are_given_back(bench: Bench) -> None:
    keys = Keys(bench.code)
    await bench.put(unit("d1"))
    await bench.redis.hset(keys.tasks, mapping={str(code): "open" for code in range(100, 1000) if code != 555})
    await bench.dispatcher.take_assessment(bench.call())
    sent = await bench.store.unit(bench.code, "d1")
    assert sent is not None
    assert sent.task_code == "555"
    await bench.dispatcher.take_report(bench.report("d1", U.CLEAR))
    assert not await bench.redis.hexists(keys.tasks, "555")
    await bench.redis.hset(keys.tasks, "555", "open")
    await bench.dispatcher.take_assessment(bench.call("call-2"))
    sent = await bench.store.unit(bench.code, "d1")
    assert sent is not None
    assert int(sent.task_code) >= 1000


async def test_fifty_at_once_take_fifty_tickets(bench: Bench) -> None:
    await bench.put(unit("d1"))
    calls = [bench.call(f"call-{i}", place=Place(north(i * 500))) for i in range(50)]
    processes = [bench.another() for _ in range(5)]
    await asyncio.gather(*(processes[i % 5].take_assessment(told) for i, told in enumerate(calls)))
    incidents = await bench.store.listed(bench.code, open_only=False, limit=100)
    assert {i.ticket_no[-6:] for i in incidents} == {f"{n:06d}" for n in range(1, 51)}
    assert sum(len(i.active_assignments) for i in incidents) == 1


async def test_calls_for_one_fire_at_once_open_one_incident(bench: Bench) -> None:
    await bench.put(unit("d1"))
    processes = [bench.another() for _ in range(10)]
    await asyncio.gather(*(processes[i % 10].take_assessment(bench.call(f"call-{i}")) for i in range(30)))
    (incident,) = await bench.store.listed(bench.code, open_only=True, limit=100)
    assert len(incident.call_ids) == 30


async def test_hundred_commands_for_one_unit_one_wins_and_99_are_told_why(bench: Bench) -> None:
    await bench.put(unit("p1", "puskesmas", status=U.OFF_DUTY))
    calls = [bench.call(f"call-{i}", place=Place(north(i * 500)), type="flood") for i in range(100)]
    opened = [(await bench.dispatcher.take_assessment(told)).incident for told in calls]
    await bench.dispatcher.take_report(bench.report("p1", U.AVAILABLE))

    async def send(incident_id: str, number: int) -> str:
        command = Command(f"cmd-{number}", Action.ASSIGN, "operator op-03", unit_id="p1")
        try:
            await bench.another().take_command(bench.code, incident_id, command, 0)
        except CommandRefused as refused:
            return refused.code
        return "won"

    answers = await asyncio.gather(*(send(i.incident_id, n) for n, i in enumerate(opened) if i is not None))
    assert sorted(answers) == ["unit_busy"] * 99 + ["won"]
    incidents = await bench.store.listed(bench.code, open_only=True, limit=200)
    assert sum(len(incident.active_assignments) for incident in incidents) == 1


async def test_same_cause_twice_changes_nothing(bench: Bench) -> None:
    await bench.put(unit("d1"), unit("d2"))
    for _ in range(2):
        await bench.dispatcher.take_assessment(bench.call())
    before = await bench.outbox()
    assert len(await bench.store.listed(bench.code, open_only=False, limit=10)) == 1
    declined = bench.report("d1", U.DECLINED)
    await bench.dispatcher.take_report(declined)
    after = await bench.outbox()
    assert len(after) > len(before)
    # The unit gets another task; its old "no" comes once more.
    await bench.dispatcher.take_report(bench.report("d2", U.CLEAR))
    await bench.dispatcher.take_assessment(bench.call("call-2"))
    before = await bench.outbox()
    await bench.dispatcher.take_report(declined)
    assert await bench.outbox() == before


async def test_a_command_repeated_answers_the_same(bench: Bench) -> None:
    await bench.put(unit("d1"))
    opened = (await bench.dispatcher.take_assessment(bench.call())).incident
    assert opened is not None
    command = Command("cmd-1", Action.CANCEL, "operator", "salah alamat")
    first = await bench.dispatcher.take_command(bench.code, opened.incident_id, command, opened.version)
    again = await bench.dispatcher.take_command(bench.code, opened.incident_id, command, opened.version)
    assert first == again
    assert first.status is IncidentStatus.CANCELLED
    with pytest.raises(WrongVersion):
        await bench.dispatcher.take_command(bench.code, opened.incident_id, replace(command, command_id="c2"), 1)


async def test_a_decision_on_old_values_is_refused_whole(bench: Bench) -> None:
    await bench.put(unit("d1"))
    told = bench.call()
    units = await bench.store.fleet(bench.code)
    decision = on_assessment(told, None, (), seen(*units))
    await bench.dispatcher.take_report(bench.report("d1", U.OFF_DUTY))
    before = await bench.outbox()
    with pytest.raises(Stale):
        await bench.store.commit(bench.code, "cause", decision)
    assert await bench.outbox() == before
    assert not await bench.store.committed(bench.code, "cause")
    assert not await bench.store.linked(bench.code, [told.call_id])


async def test_lost_state_stops_dispatching(bench: Bench) -> None:
    await bench.put(unit("d1"))
    await bench.redis.delete(Keys(bench.code).epoch)
    with pytest.raises(StateLost):
        await bench.dispatcher.take_assessment(bench.call())
    assert not await bench.store.listed(bench.code, open_only=False, limit=10)


async def test_free_set_holds_free_units_only(bench: Bench) -> None:
    await bench.put(unit("d1"), unit("d2", status=U.OFF_DUTY), unit("d3", away_m=30_000))
    free = Keys(bench.code).free("damkar")
    assert await bench.redis.zrange(free, 0, -1) == [b"d1", b"d3"]
    await bench.dispatcher.take_assessment(bench.call())
    assert await bench.redis.zrange(free, 0, -1) == [b"d3"]
    await bench.dispatcher.take_report(bench.report("d1", U.CLEAR))
    assert set(await bench.redis.zrange(free, 0, -1)) == {b"d1", b"d3"}
    found = await bench.store.free_units(bench.code, ["damkar"], north(0), 2000)
    assert [found_unit.unit_id for found_unit in found] == ["d1"]


async def test_waiting_incidents_get_freed_units_most_urgent_first(bench: Bench) -> None:
    await bench.put(unit("p1", "puskesmas"))
    take = bench.dispatcher.take_assessment
    await take(bench.call("busy", type="flood"))
    await take(bench.call("old", type="flood", place=Place(north(2000)), event_at_ms=NOON_MS + 1))
    await take(
        bench.call("urgent", type="flood", place=Place(north(4000)), event_at_ms=NOON_MS + 2, priority=Priority.P1)
    )
    assert len(await bench.store.waiting(bench.code)) == 2
    await bench.dispatcher.take_report(bench.report("p1", U.CLEAR))
    await bench.dispatcher.retry_waiting(bench.code, NOON_MS + 60_000)
    urgent = await bench.store.incident(bench.code, ids.incident_id(bench.code, "urgent"))
    old = await bench.store.incident(bench.code, ids.incident_id(bench.code, "old"))
    assert urgent is not None
    assert old is not None
    assert (urgent.status, old.status) == (IncidentStatus.DISPATCHED, IncidentStatus.QUEUED)
    assert await bench.store.waiting(bench.code) == [old.incident_id]


async def test_finished_incidents_leave_the_indexes_and_expire(bench: Bench) -> None:
    keys = Keys(bench.code)
    await bench.put(unit("d1"))
    opened = (await bench.dispatcher.take_assessment(bench.call())).incident
    assert opened is not None
    assert await bench.redis.ttl(keys.incident(opened.incident_id)) == -1
    await bench.dispatcher.take_report(bench.report("d1", U.CLEAR))
    assert await bench.redis.ttl(keys.incident(opened.incident_id)) > 0
    assert not await bench.redis.zcard(keys.open("fire"))
    assert not await bench.store.listed(bench.code, open_only=True, limit=10)
    assert len(await bench.store.listed(bench.code, open_only=False, limit=10)) == 1
    reopen = Command("cmd-1", Action.REOPEN, "operator", "menyala lagi")
    await bench.dispatcher.take_command(bench.code, opened.incident_id, reopen, 0)
    assert await bench.redis.ttl(keys.incident(opened.incident_id)) == -1
    assert await bench.redis.zcard(keys.open("fire")) == 1


async def test_unknown_names_are_errors(bench: Bench) -> None:
    with pytest.raises(UnknownTenantError):
        await bench.dispatcher.take_assessment(replace(bench.call(), tenant="00.00"))
    await bench.store.initialise(bench.code, NOON_MS)
    with pytest.raises(UnknownUnitError):
        await bench.dispatcher.take_report(bench.report("nobody", U.CLEAR))


async def test_a_call_loads_its_neighbourhood_and_not_the_fleet(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    near = [unit("d1", away_m=900), unit("d2", away_m=1900), unit("p1", "puskesmas", away_m=500)]
    await bench.put(*near, *(unit(f"far-{n}", away_m=8_000 + 300 * n) for n in range(60)))
    loaded: list[str] = []
    read = codec.unit_of

    def noted(message: unit_pb2.Unit) -> Unit:
        loaded.append(message.unit_id)
        return read(message)

    monkeypatch.setattr(codec, "unit_of", noted)
    decision = await bench.dispatcher.take_assessment(bench.call())
    assert [order.unit.unit_id for order in decision.orders] == ["d1"]
    # The nearest circle of the ladder, of the kind that is wanted.
    assert sorted(loaded) == ["d1", "d2"]
