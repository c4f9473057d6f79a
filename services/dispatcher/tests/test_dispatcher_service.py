"""The whole service on the real Kafka and Redis: assessment in, orders out, reports in, closed; and its gRPC."""

import asyncio
import uuid
from dataclasses import replace
from typing import Any

import grpc
import pytest
from dispatcher_bench import read_all
from dispatcher_running import WAIT_S, Running
from dispatcher_samples import CENTRE, NOON_MS
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from siaga.v1 import (
    assessment_pb2,
    incident_pb2,
    incidents_service_pb2,
    order_pb2,
    unit_directory_service_pb2,
    unit_pb2,
)
from siaga.v1.incidents_service_pb2_grpc import IncidentsStub
from siaga.v1.unit_directory_service_pb2_grpc import UnitDirectoryStub
from siaga_contracts import catalogue
from siaga_dispatcher.adapters import directory

pytestmark = pytest.mark.stack
SECRET_WORDS = ("Jl. Melati Rahasia 7", "dipukul suaminya", "+6281277777777")


async def test_from_assessment_to_closed(service: Running) -> None:
    await service.call("prank", advice=assessment_pb2.ADVICE_RECORD, outcome=assessment_pb2.OUTCOME_ANSWERED_PRANK)
    await service.call("drill", test=True)
    await service.call("fire")
    opened = await service.incident_when(incident_pb2.INCIDENT_STATUS_DISPATCHED)
    (order,) = await service.records(service.bench.topics.orders)
    assert (order.unit_id, order.kind) == ("d1", order_pb2.ORDER_KIND_DISPATCH)
    assert order.ticket_no == opened.ticket_no
    assert order.place.address == "Jl. Veteran 1"
    assert order.place.area_code.startswith("36.73.")
    await service.report("d1", unit_pb2.UNIT_STATUS_EN_ROUTE, f"#{order.task_code}")
    await service.incident_when(incident_pb2.INCIDENT_STATUS_EN_ROUTE)
    await service.report("d1", unit_pb2.UNIT_STATUS_CLEAR, order.order_id)
    closed = await service.incident_when(incident_pb2.INCIDENT_STATUS_CLOSED)
    assert closed.disposition == "handled"
    assert len(await service.incidents()) == 1
    assert not await service.incidents(open_only=True)
    snapshots = await service.records(service.bench.topics.incidents)
    assert [snapshot.version for snapshot in snapshots] == list(range(1, closed.version + 1))
    assert snapshots[-1].work.revisions
    # What only the dispatcher needs is in the topic, not in its answers.
    snapshots[-1].ClearField("work")
    assert snapshots[-1] == closed
    (*_, last) = [u for u in await service.records(service.bench.topics.units) if u.unit_id == "d1"]
    assert last.status == unit_pb2.UNIT_STATUS_AVAILABLE


async def test_a_call_withdrawn_in_the_same_batch_is_flagged(service: Running) -> None:
    await service.call("fire")
    prank = {"advice": assessment_pb2.ADVICE_RECORD, "outcome": assessment_pb2.OUTCOME_ANSWERED_PRANK}
    await service.call("fire", revision=2, **prank)
    await service.call("other", revision=2, **prank)
    async with asyncio.timeout(WAIT_S):
        while not (found := await service.incidents()) or found[0].change.kind != "review_flagged":
            await asyncio.sleep(0.02)
    assert found[0].status == incident_pb2.INCIDENT_STATUS_DISPATCHED
    assert len(found) == 1


async def test_declined_then_waiting_then_sent_when_a_unit_is_free(service: Running) -> None:
    await service.call("fire")
    await service.incident_when(incident_pb2.INCIDENT_STATUS_DISPATCHED)
    await service.report("d1", unit_pb2.UNIT_STATUS_OFF_DUTY)
    await service.report("d1", unit_pb2.UNIT_STATUS_DECLINED)
    async with asyncio.timeout(WAIT_S):
        while [a.unit_id for a in (await service.incidents())[0].assignments] != ["d1", "d2"]:
            await asyncio.sleep(0.02)
    await service.report("d1", unit_pb2.UNIT_STATUS_OFF_DUTY)
    # Another fire: too late to be the same one.
    await service.call("second", type="fire_land", event_at_ms=NOON_MS + 20 * 60_000)
    queued = await service.incident_when(incident_pb2.INCIDENT_STATUS_QUEUED)
    assert [gap.code for gap in queued.shortfalls] == ["all_busy"]
    await service.report("d2", unit_pb2.UNIT_STATUS_CLEAR)
    sent = await service.incident_when(incident_pb2.INCIDENT_STATUS_DISPATCHED)
    assert (sent.incident_id, sent.assignments[0].unit_id) == (queued.incident_id, "d2")


async def test_nothing_of_a_confidential_call_reaches_a_public_topic_or_an_order_text(service: Running) -> None:
    address, words, number = SECRET_WORDS
    await service.call("kdrt", type="kdrt", text=words, callback_number=number, address=address)
    await service.incident_when(incident_pb2.INCIDENT_STATUS_DISPATCHED)
    topics = service.bench.topics
    (order,) = await service.records(topics.orders)
    assert (order.unit_id, order.confidential, order.place.address) == ("s1", True, address)
    assert not order.text
    assert not order.callback_number
    for public in (topics.public_incidents, topics.public_units):
        for message in await service.records(public):
            text = str(message)
            assert not any(secret in text for secret in (*SECRET_WORDS, "kdrt", "Melati"))
    (*_, mirror) = await service.records(topics.public_incidents)
    assert mirror.type == "confidential"
    assert not mirror.place.HasField("position")
    assert mirror.place.area_code.count(".") == 2
    assert mirror.place.area_name.startswith("Kecamatan ")
    for snapshot in await service.records(topics.incidents):
        assert words not in str(snapshot)
        assert number not in str(snapshot)


async def test_public_mirror_is_coarse(service: Running) -> None:
    await service.call("fire")
    await service.incident_when(incident_pb2.INCIDENT_STATUS_DISPATCHED)
    (*_, mirror) = await service.records(service.bench.topics.public_incidents)
    assert mirror.type == "fire_building"
    assert not mirror.place.address
    assert mirror.place.position.lat == round(CENTRE.lat, 3)
    assert list(mirror.unit_kinds) == [unit_pb2.UNIT_KIND_DAMKAR]


async def test_directory_is_loaded_once_and_published_once(service: Running) -> None:
    units = await service.records(service.bench.topics.units)
    assert sorted(u.unit_id for u in units) == ["d1", "d2", "s1"]
    assert len(await service.records(service.bench.topics.public_units)) == 3
    await service.report("d1", unit_pb2.UNIT_STATUS_OFF_DUTY)
    async with asyncio.timeout(WAIT_S):
        while len(await service.records(service.bench.topics.units)) < 4:
            await asyncio.sleep(0.02)
    first, *others = service.bench.tenant.units
    renamed = replace(service.bench.tenant, units=(replace(first, name="Pos Damkar Baru"), *others))
    assert await directory.load(service.app.store, renamed, NOON_MS) == 1
    kept = await service.app.store.unit(service.tenant, "d1")
    assert kept is not None
    assert (kept.name, kept.status) == ("Pos Damkar Baru", "off_duty")


async def test_an_unknown_unit_goes_to_the_dead_letters_and_the_rest_goes_on(service: Running) -> None:
    await service.report("nobody", unit_pb2.UNIT_STATUS_CLEAR)
    await service.call("fire")
    await service.incident_when(incident_pb2.INCIDENT_STATUS_DISPATCHED)
    letters = [m for _, _, m in await read_all(service.bootstrap, catalogue.DEAD_LETTERS)]
    async with asyncio.timeout(WAIT_S):
        while not any(service.reports.name in str(letter) for letter in letters):
            letters = [m for _, _, m in await read_all(service.bootstrap, catalogue.DEAD_LETTERS)]


def _nearest(tenant: str, **fields: Any) -> unit_directory_service_pb2.NearestRequest:
    return unit_directory_service_pb2.NearestRequest(tenant=tenant, lat=CENTRE.lat, lon=CENTRE.lon, **fields)


async def test_grpc_directory(service: Running) -> None:
    stub, tenant = UnitDirectoryStub(service.channel), service.tenant
    everyone = (await stub.List(unit_directory_service_pb2.UnitDirectoryListRequest(tenant=tenant))).units
    assert [u.unit_id for u in everyone] == ["d1", "d2", "s1"]
    got = await stub.Get(unit_directory_service_pb2.UnitDirectoryGetRequest(tenant=tenant, unit_id="d2"))
    assert got.unit.name == "Pos d2"
    near = (await stub.Nearest(_nearest(tenant))).units
    assert [n.unit.unit_id for n in near] == ["d1", "s1", "d2"]
    assert near[0].distance_m == pytest.approx(1112, rel=0.01)
    assert near[0].eta_s == pytest.approx(near[0].distance_m * 1.4 / (40 / 3.6), rel=0.001)
    damkar = await stub.Nearest(_nearest(tenant, kind=unit_pb2.UNIT_KIND_DAMKAR, limit=1))
    assert [n.unit.unit_id for n in damkar.units] == ["d1"]
    able = await stub.Nearest(_nearest(tenant, capabilities=["VictimAdvocate"]))
    assert [n.unit.unit_id for n in able.units] == ["s1"]
    assert not (await stub.Nearest(_nearest(tenant, radius_m=500))).units
    await service.call("fire")
    await service.incident_when(incident_pb2.INCIDENT_STATUS_DISPATCHED)
    assert [n.unit.unit_id for n in (await stub.Nearest(_nearest(tenant))).units] == ["s1", "d2"]


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("Nearest", {"lat": 95.0}, "lat"),
    ("Nearest", {"lon": -181.0}, "lon"),
    ("Nearest", {"limit": 51}, "limit"),
    ("Nearest", {"radius_m": -1.0}, "radius_m"),
    ("Nearest", {"tenant": "00.00"}, "tenant"),
    ("Nearest", {"tenant": ""}, "tenant"),
    ("Get", {"unit_id": ""}, "unit_id"),
]


@pytest.mark.parametrize(("method", "fields", "field"), BAD)
async def test_grpc_names_the_bad_field(service: Running, method: str, fields: dict[str, Any], field: str) -> None:
    message = {
        "Nearest": unit_directory_service_pb2.NearestRequest,
        "Get": unit_directory_service_pb2.UnitDirectoryGetRequest,
    }[method]
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await getattr(UnitDirectoryStub(service.channel), method)(message(**{"tenant": service.tenant, **fields}))
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert (refused.value.details() or "").startswith(f"{field}: ")


async def _refused(service: Running, **fields: Any) -> grpc.aio.AioRpcError:
    usual = {"tenant": service.tenant, "command_id": uuid.uuid4().hex, "actor": "operator op-03"}
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await IncidentsStub(service.channel).Command(incidents_service_pb2.CommandRequest(**{**usual, **fields}))
    return refused.value


async def test_grpc_commands(service: Running) -> None:
    api = incidents_service_pb2
    stub = IncidentsStub(service.channel)
    await service.call("fire")
    opened = await service.incident_when(incident_pb2.INCIDENT_STATUS_DISPATCHED)
    one = opened.incident_id
    got = await stub.Get(api.IncidentsGetRequest(tenant=service.tenant, incident_id=one))
    assert got.incident == opened

    missing = await _refused(service, incident_id="no-such", action=api.INCIDENT_ACTION_RESOLVE)
    assert missing.code() is grpc.StatusCode.NOT_FOUND
    for fields, field in (
        ({"action": api.INCIDENT_ACTION_CANCEL}, "reason"),
        ({"action": api.INCIDENT_ACTION_CLOSE}, "disposition"),
        ({"action": api.INCIDENT_ACTION_CLOSE, "disposition": "prank"}, "disposition"),
        ({"action": api.INCIDENT_ACTION_SET_PRIORITY}, "priority"),
        ({"action": api.INCIDENT_ACTION_UNSPECIFIED}, "action"),
        ({"action": api.INCIDENT_ACTION_RESOLVE, "actor": " "}, "actor"),
        ({"action": api.INCIDENT_ACTION_RESOLVE, "command_id": ""}, "command_id"),
        ({"action": api.INCIDENT_ACTION_RESOLVE, "reason": "x" * 501}, "reason"),
    ):
        bad = await _refused(service, incident_id=one, **fields)
        assert bad.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert (bad.details() or "").startswith(f"{field}: ")

    early = await _refused(service, incident_id=one, action=api.INCIDENT_ACTION_CLOSE, disposition="handled")
    assert early.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "resolve" in (early.details() or "")
    stale = await _refused(service, incident_id=one, action=api.INCIDENT_ACTION_RESOLVE, expected_version=1)
    assert stale.code() is grpc.StatusCode.ABORTED

    cancel = api.CommandRequest(
        tenant=service.tenant, incident_id=one, command_id="cmd-1", actor="operator op-03", reason="salah alamat",
        action=api.INCIDENT_ACTION_CANCEL, expected_version=opened.version,
    )  # fmt: skip
    first = (await stub.Command(cancel)).incident
    again = (await stub.Command(cancel)).incident
    assert first == again
    assert first.status == incident_pb2.INCIDENT_STATUS_CANCELLED
    assert first.change.actor == "operator op-03"
    orders = await service.records(service.bench.topics.orders)
    assert [order.kind for order in orders] == [order_pb2.ORDER_KIND_DISPATCH, order_pb2.ORDER_KIND_STAND_DOWN]
    assert orders[1].task_code == orders[0].task_code


async def test_grpc_health_reflection_and_deadline(service: Running) -> None:
    health = health_pb2_grpc.HealthStub(service.channel)
    async with asyncio.timeout(WAIT_S):
        while (
            await health.Check(health_pb2.HealthCheckRequest(service="siaga.v1.Incidents"))
        ).status != health_pb2.HealthCheckResponse.SERVING:
            await asyncio.sleep(0.05)
    asked = reflection_pb2.ServerReflectionRequest(list_services="")
    calls = reflection_pb2_grpc.ServerReflectionStub(service.channel).ServerReflectionInfo(iter([asked]))
    async for answer in calls:
        names = {listed.name for listed in answer.list_services_response.service}
        assert {"siaga.v1.Incidents", "siaga.v1.UnitDirectory"} <= names
    # A deadline that has passed already: nothing can be quick enough for it.
    with pytest.raises(grpc.aio.AioRpcError) as late:
        await IncidentsStub(service.channel).List(
            incidents_service_pb2.IncidentsListRequest(tenant=service.tenant), timeout=-1
        )
    assert late.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
