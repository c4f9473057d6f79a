"""What is told of a confidential incident, to whom, and that every look is on record."""

import asyncio
import uuid
from typing import Any

import grpc
import pytest
from dispatcher_bench import read_all
from dispatcher_running import WAIT_S, Running
from google.protobuf.message import Message
from siaga.v1 import dispatch_service_pb2, incident_pb2
from siaga.v1 import incidents_service_pb2 as api
from siaga.v1.audit_pb2 import AuditRecord
from siaga.v1.dispatch_service_pb2_grpc import DispatchStub
from siaga.v1.incidents_service_pb2_grpc import IncidentsStub
from siaga_contracts import catalogue
from siaga_contracts.audit import digest

pytestmark = pytest.mark.stack
VICTIM = ("Jl. Melati Rahasia 7", "dipukul suaminya", "+6281277777777", "kdrt", "Pos s1:")
WHY = {"actor": "op-03", "reason": "korban menelepon lagi"}


async def _opened(service: Running) -> incident_pb2.Incident:
    await service.call(
        "quiet", type="kdrt", confidential=True, address=VICTIM[0], text=VICTIM[1], callback_number=VICTIM[2]
    )
    return await service.incident_when(incident_pb2.INCIDENT_STATUS_DISPATCHED)


def _says(message: Message) -> list[str]:
    return [word for word in VICTIM if word in str(message)]


async def _audited(service: Running) -> list[AuditRecord]:
    rows = await read_all(service.bootstrap, catalogue.AUDIT)
    return [record for _, _, record in rows if record.tenant == service.tenant]


async def test_without_a_reason_nothing_of_the_case_is_told(service: Running) -> None:
    opened = await _opened(service)
    assert (opened.type, opened.confidential) == ("confidential", True)
    assert not opened.place.HasField("position")
    assert opened.place.area_code == "36.73.01"
    assert opened.assignments[0].unit_id == "s1"
    assert opened.assignments[0].distance_m == 0
    assert _says(opened) == []
    assert not opened.change.candidates
    stub = IncidentsStub(service.channel)
    listed = await stub.List(api.IncidentsListRequest(tenant=service.tenant))
    watched = await anext(aiter(stub.Watch(api.IncidentsWatchRequest(tenant=service.tenant))))
    commanded = await stub.Command(
        api.CommandRequest(
            tenant=service.tenant,
            incident_id=opened.incident_id,
            command_id=uuid.uuid4().hex,
            action=api.INCIDENT_ACTION_SET_PRIORITY,
            priority=opened.priority,
            actor="op-03",
        )
    )
    assert [_says(answer) for answer in (listed, watched, commanded)] == [[], [], []]
    assert await _audited(service) == []


async def test_an_operator_with_a_reason_sees_all_and_is_on_record(service: Running) -> None:
    opened = await _opened(service)
    stub = IncidentsStub(service.channel)
    request = api.IncidentsGetRequest(tenant=service.tenant, incident_id=opened.incident_id, **WHY)
    seen = (await stub.Get(request)).incident
    assert (seen.type, seen.place.address) == ("kdrt", VICTIM[0])
    listed = await stub.List(api.IncidentsListRequest(tenant=service.tenant, **WHY))
    assert listed.incidents[0].place.address == VICTIM[0]
    ordered = api.CommandRequest(
        tenant=service.tenant,
        incident_id=opened.incident_id,
        command_id=uuid.uuid4().hex,
        action=api.INCIDENT_ACTION_SET_PRIORITY,
        priority=opened.priority,
        **WHY,
    )
    assert (await stub.Command(ordered)).incident.place.address == VICTIM[0]
    call = stub.Watch(api.IncidentsWatchRequest(tenant=service.tenant, **WHY))
    answers: Any = aiter(call)
    assert (await anext(answers)).incident.place.address == VICTIM[0]
    call.cancel()
    records = await _audited(service)
    assert [(record.actor, record.action, record.subject) for record in records] == [
        ("op-03", action, f"incident/{opened.incident_id}") for action in ("read", "read", "read", "read_watching")
    ]
    assert all(record.reason == WHY["reason"] and record.hash == digest(record) for record in records)
    assert not any(_says(record) for record in records)


async def test_what_is_open_to_all_needs_no_reason_and_no_record(service: Running) -> None:
    await service.call("fire")
    opened = await service.incident_when(incident_pb2.INCIDENT_STATUS_DISPATCHED)
    assert opened.place.address == "Jl. Veteran 1"
    stub = IncidentsStub(service.channel)
    await stub.Get(api.IncidentsGetRequest(tenant=service.tenant, incident_id=opened.incident_id, **WHY))
    assert await _audited(service) == []


@pytest.mark.parametrize(
    ("who", "code", "names"),
    [
        ({"actor": "op-03"}, grpc.StatusCode.INVALID_ARGUMENT, "reason"),
        ({"reason": "ingin tahu"}, grpc.StatusCode.INVALID_ARGUMENT, "actor"),
        ({"actor": "siapa", "reason": "ingin tahu"}, grpc.StatusCode.PERMISSION_DENIED, "no operator"),
        ({"actor": "op-03", "reason": "x" * 501}, grpc.StatusCode.INVALID_ARGUMENT, "reason"),
    ],
)
async def test_half_a_claim_and_a_false_one_are_refused(
    service: Running, who: dict[str, str], code: grpc.StatusCode, names: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError, match=names) as refused:
        await IncidentsStub(service.channel).List(api.IncidentsListRequest(tenant=service.tenant, **who))
    assert refused.value.code() is code


async def test_where_it_is_cannot_be_asked_by_a_preview(service: Running) -> None:
    opened = await _opened(service)
    with pytest.raises(grpc.aio.AioRpcError, match="confidential") as refused:
        await DispatchStub(service.channel).Preview(
            dispatch_service_pb2.PreviewRequest(tenant=service.tenant, incident_id=opened.incident_id)
        )
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_nothing_is_answered_from_a_state_that_is_lost(service: Running) -> None:
    service.app.keeper.lost = frozenset({service.tenant})
    stub = IncidentsStub(service.channel)
    with pytest.raises(grpc.aio.AioRpcError, match="made again") as refused:
        await stub.List(api.IncidentsListRequest(tenant=service.tenant))
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    async with asyncio.timeout(WAIT_S):
        while service.app.keeper.lost:
            await asyncio.sleep(0.02)
    await stub.List(api.IncidentsListRequest(tenant=service.tenant))
