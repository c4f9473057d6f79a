"""The working state made again from the topics, on the real Kafka and Redis."""

import asyncio
import time
import uuid
from dataclasses import replace

import pytest
from dispatcher_bench import Bench, read_all
from dispatcher_running import WAIT_S, Running, running
from dispatcher_samples import NOON_MS, north, unit
from siaga.v1 import incident_pb2, incidents_service_pb2, notification_pb2, unit_pb2
from siaga.v1.incidents_service_pb2_grpc import IncidentsStub
from siaga_dispatcher.adapters.keys import Keys
from siaga_dispatcher.adapters.picture import different, picture
from siaga_dispatcher.adapters.reading import StateLost
from siaga_dispatcher.adapters.rebuilding import Rebuilder
from siaga_dispatcher.core.values import Place, UnitStatus
from siaga_kit.reading import committed

pytestmark = pytest.mark.stack


async def _lose(bench: Bench) -> None:
    async for key in bench.redis.scan_iter(f"{{{bench.code}}}:dispatch:*"):
        await bench.redis.delete(key)


async def _until_there_again(service: Running) -> None:
    keys = Keys(service.tenant)
    async with asyncio.timeout(WAIT_S):
        while not await service.bench.redis.exists(keys.epoch) or await service.bench.redis.exists(keys.behind):
            await asyncio.sleep(0.02)
        while service.runtime.health.reasons():
            await asyncio.sleep(0.02)


async def _story(service: Running) -> None:
    """A fire under way, one that waits for a unit, one cancelled, a unit off duty, all of it published."""
    await service.call("fire")
    sent = await service.incident_when(incident_pb2.INCIDENT_STATUS_DISPATCHED)
    await service.report(sent.assignments[0].unit_id, unit_pb2.UNIT_STATUS_EN_ROUTE)
    await service.incident_when(incident_pb2.INCIDENT_STATUS_EN_ROUTE)
    await service.report("s1", unit_pb2.UNIT_STATUS_OFF_DUTY)
    await service.call("crime", type="crime", address="Jl. Lain 2")
    await service.call("flood", type="animal")
    async with asyncio.timeout(WAIT_S):
        while len(await service.incidents()) < 3:
            await asyncio.sleep(0.02)
    stub = IncidentsStub(service.channel)
    await stub.Command(
        incidents_service_pb2.CommandRequest(
            tenant=service.tenant,
            incident_id=next(one.incident_id for one in await service.incidents() if one.type == "crime"),
            command_id=uuid.uuid4().hex,
            action=incidents_service_pb2.INCIDENT_ACTION_CANCEL,
            actor="op-01",
            reason="salah lapor",
        )
    )
    async with asyncio.timeout(WAIT_S):
        while (await service.bench.store.units(service.tenant, ["s1"]))[0].status is not UnitStatus.OFF_DUTY:
            await asyncio.sleep(0.02)
    await service.drained()


async def test_a_lost_state_comes_back_the_same_to_the_byte(service: Running) -> None:
    await _story(service)
    before = await picture(service.bench.redis, [service.tenant])
    assert {name.split(":")[2] for name in before} >= {"unit", "units", "free", "incident", "call", "ticket", "tasks"}
    await _lose(service.bench)
    await _until_there_again(service)
    after = await picture(service.bench.redis, [service.tenant])
    assert different(before, after) == []


async def test_a_state_that_is_there_is_made_anew_and_compared(service: Running) -> None:
    await _story(service)
    keys = Keys(service.tenant)
    rebuilder = Rebuilder(service.bench.redis, service.runtime.settings.kafka, service.bench.topics)
    (same,) = await rebuilder.rebuild([service.tenant], NOON_MS, compare=True)
    assert same.different == ()
    await service.bench.redis.zrem(keys.free("damkar"), "d2")
    await service.bench.redis.hdel(keys.units, "d1")
    (mended,) = await rebuilder.rebuild([service.tenant], NOON_MS, compare=True)
    assert mended.different == (keys.free("damkar"), keys.units)
    await _until_there_again(service)


async def test_numbers_go_on_where_they_were(service: Running) -> None:
    await _story(service)
    tickets = {incident.ticket_no for incident in await service.incidents()}
    await _lose(service.bench)
    await _until_there_again(service)
    await service.call("another", type="rescue", address="Jl. Baru 3")
    async with asyncio.timeout(WAIT_S):
        while len(await service.incidents()) < len(tickets) + 1:
            await asyncio.sleep(0.02)
    newest = {incident.ticket_no for incident in await service.incidents()} - tickets
    assert [ticket[-6:] for ticket in newest] == [f"{len(tickets) + 1:06d}"]


async def test_a_state_older_than_its_topics_is_made_again(service: Running) -> None:
    """As after a loss of power: Redis comes back as it was a second before, with what it had not yet published then."""
    redis, keys = service.bench.redis, Keys(service.tenant)
    await service.call("fire")
    opened = await service.incident_when(incident_pb2.INCIDENT_STATUS_DISPATCHED)
    await service.drained()
    names = [keys.incident(opened.incident_id), keys.unit("d1"), keys.timers]
    earlier = [await redis.dump(name) for name in names]
    row = (await read_all(service.bootstrap, service.bench.topics.incidents))[-1]
    await service.report("d1", unit_pb2.UNIT_STATUS_EN_ROUTE)
    await service.incident_when(incident_pb2.INCIDENT_STATUS_EN_ROUTE)
    await service.drained()
    newest = await picture(redis, [service.tenant])
    for name, dump in zip(names, earlier, strict=True):
        await redis.restore(name, 0, dump, replace=True) if dump else await redis.delete(name)
    topic, value = service.bench.topics.incidents.name, row[2].SerializeToString()
    await redis.xadd(
        keys.outbox, {"topic": topic, "key": row[0], "id": row[1], "at": NOON_MS, "trace": "", "value": value}
    )  # fmt: skip
    service.app.keeper._freshness._run = ""
    await redis.set(keys.server, "another run")
    async with asyncio.timeout(WAIT_S):
        # Posts are looked at beside all this, and tell what they lack when they are.
        while set(different(newest, await picture(redis, [service.tenant]))) - {keys.alerts}:
            await asyncio.sleep(0.05)
    await _until_there_again(service)
    assert (await redis.get(keys.server)).decode() == (await redis.info("server"))["run_id"]
    again = await service.incident_when(incident_pb2.INCIDENT_STATUS_EN_ROUTE)
    assert again.version > opened.version


async def test_nothing_is_decided_while_the_state_is_gone(bench: Bench) -> None:
    await bench.put(unit("d1"))
    listed = await bench.outbox()
    await bench.redis.delete(Keys(bench.code).epoch)
    with pytest.raises(StateLost):
        await bench.dispatcher.take_assessment(bench.call(place=Place(north(10))))
    # What is not found is not unknown: a crew's word waits, and is no dead letter.
    await bench.redis.delete(Keys(bench.code).unit("d1"))
    for word in (UnitStatus.EN_ROUTE, None):
        with pytest.raises(StateLost):
            await bench.dispatcher.take_report(bench.report("d1", word))
    assert await bench.outbox() == listed


async def test_what_was_committed_but_never_published_is_decided_again(service: Running) -> None:
    keys = Keys(service.tenant)
    # Another process holds the outbox, and dies with Redis before it has published.
    await service.bench.redis.set(keys.relay, "another", px=60_000)
    await service.call("unpublished")
    opened = await service.incident_when(incident_pb2.INCIDENT_STATUS_DISPATCHED)
    assert await service.bench.outbox()
    group = f"{service.app._group}.assessments"
    async with asyncio.timeout(WAIT_S):
        while not await committed(service.runtime.settings.kafka, group):
            await asyncio.sleep(0.1)
    await _lose(service.bench)
    await _until_there_again(service)
    again = await service.incident_when(incident_pb2.INCIDENT_STATUS_DISPATCHED)
    assert (again.incident_id, again.assignments[0].order_id) == (opened.incident_id, opened.assignments[0].order_id)


async def test_what_the_notifier_had_told_last_is_heard_again(service: Running) -> None:
    """Else a crew whose message has left would pass for one that was never told, and its time would not begin."""
    keys = Keys(service.tenant)
    await service.call("told", event_at_ms=round(time.time() * 1000))
    opened = await service.incident_when(incident_pb2.INCIDENT_STATUS_DISPATCHED)
    await service.drained()
    await service.bench.redis.set(keys.relay, "another", px=60_000)
    await service.news(opened.assignments[0], notification_pb2.NOTIFICATION_STATE_SUBMITTED)
    group = f"{service.app._group}.notification-events"
    async with asyncio.timeout(WAIT_S):
        while not await committed(service.runtime.settings.kafka, group):
            await asyncio.sleep(0.1)
    assert [told.channel for told in (await service.incidents())[0].assignments[0].told] == ["sms"]
    await _lose(service.bench)
    await _until_there_again(service)
    again = await service.bench.store.incident(service.tenant, opened.incident_id)
    assert again is not None
    assert [told.channel for told in again.assignments[0].told] == ["sms"]
    assert {timer.kind for timer in again.timers} == {"acknowledge_remind", "acknowledge_next"}


async def test_one_process_at_a_time_and_the_topics_must_know_all(
    bench: Bench, kafka_bootstrap: str, redis_url: str
) -> None:
    async with running(bench, kafka_bootstrap, redis_url) as service:
        settings = service.runtime.settings.kafka
        one = Rebuilder(bench.redis, settings, bench.topics)
        await bench.redis.set(Keys(bench.code).rebuilding, "another", px=60_000)
        await bench.redis.delete(Keys(bench.code).epoch)
        assert await one.rebuild([bench.code], NOON_MS) == []
        assert await one.lost([bench.code]) == [bench.code]
        await bench.redis.delete(Keys(bench.code).rebuilding)
        await _until_there_again(service)


async def test_what_is_old_and_over_keeps_its_number_only(bench: Bench, kafka_bootstrap: str, redis_url: str) -> None:
    async with running(bench, kafka_bootstrap, redis_url) as service:
        await _story(service)
        tenant = bench.code
        rebuilder = Rebuilder(bench.redis, service.runtime.settings.kafka, replace(bench.topics))
        service.runtime.stop.set()
        await service.runtime.shut_down()
        in_two_months_ms = 60 * 24 * 3600 * 1000 + (await _now_ms(bench))
        (made,) = await rebuilder.rebuild([tenant], in_two_months_ms)
        assert (made.incidents, made.units) == (2, 3)
        keys = Keys(tenant)
        assert await bench.redis.zcard(keys.incidents) == 3
        assert int(await bench.redis.get(keys.ticket(2019))) == 3


async def _now_ms(bench: Bench) -> int:
    seconds, micros = await bench.redis.time()
    return int(seconds) * 1000 + int(micros) // 1000
