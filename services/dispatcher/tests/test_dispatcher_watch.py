"""Watching incidents and units over gRPC, on the real Kafka and Redis."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from dispatcher_running import WAIT_S, Running
from siaga.v1 import incident_pb2, incidents_service_pb2, unit_directory_service_pb2, unit_pb2
from siaga.v1.incidents_service_pb2_grpc import IncidentsStub
from siaga.v1.unit_directory_service_pb2_grpc import UnitDirectoryStub
from siaga_dispatcher.adapters import feed as feeds

pytestmark = pytest.mark.stack


async def _next(answers: AsyncIterator[Any]) -> Any:
    async with asyncio.timeout(WAIT_S):
        return await anext(answers)


async def test_what_is_open_then_every_change(service: Running) -> None:
    await service.call("fire")
    opened = await service.incident_when(incident_pb2.INCIDENT_STATUS_DISPATCHED)
    request = incidents_service_pb2.IncidentsWatchRequest(tenant=service.tenant)
    call = IncidentsStub(service.channel).Watch(request)
    answers = aiter(call)
    first = await _next(answers)
    assert first.incident == opened
    assert not first.incident.HasField("work")
    assert (await _next(answers)).caught_up
    await service.report("d1", unit_pb2.UNIT_STATUS_EN_ROUTE)
    async with asyncio.timeout(WAIT_S):
        while (change := await _next(answers)).incident.status != incident_pb2.INCIDENT_STATUS_EN_ROUTE:
            assert change.incident.version >= opened.version
    assert not change.incident.HasField("work")
    call.cancel()


async def test_units_and_only_their_changes(service: Running) -> None:
    request = unit_directory_service_pb2.UnitDirectoryWatchRequest(
        tenant=service.tenant, kind=unit_pb2.UNIT_KIND_SATGAS
    )
    stub = UnitDirectoryStub(service.channel)
    call, late = stub.Watch(request), stub.Watch(_changes_only(request))
    answers, news = aiter(call), aiter(late)
    assert (await _next(answers)).unit.unit_id == "s1"
    assert (await _next(answers)).caught_up
    assert (await _next(news)).caught_up
    await service.report("d1", unit_pb2.UNIT_STATUS_OFF_DUTY)
    await service.report("s1", unit_pb2.UNIT_STATUS_OFF_DUTY)
    for watched in (answers, news):
        # The list's own record of the unit may still be on its way.
        while (change := await _next(watched)).unit.status != unit_pb2.UNIT_STATUS_OFF_DUTY:
            assert change.unit.unit_id == "s1"
        assert change.unit.unit_id == "s1"
    call.cancel()
    late.cancel()


def _changes_only(request: Any) -> Any:
    changed = type(request)()
    changed.CopyFrom(request)
    changed.changes_only = True
    return changed


async def test_another_tenant_is_refused_and_nobody_is_left_behind(service: Running) -> None:
    stub = IncidentsStub(service.channel)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await _next(aiter(stub.Watch(incidents_service_pb2.IncidentsWatchRequest(tenant="00.00"))))
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    call = stub.Watch(incidents_service_pb2.IncidentsWatchRequest(tenant=service.tenant))
    assert (await _next(aiter(call))).caught_up
    feed = service.app._feeds[1]
    assert len(feed._watchers) == 1
    call.cancel()
    async with asyncio.timeout(WAIT_S):
        while feed._watchers:
            await asyncio.sleep(0.02)
    assert feed._reader is None


async def test_who_reads_too_slowly_is_told_so(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    feed = service.app._feeds[0]
    monkeypatch.setattr(feeds, "BEHIND_MOST", 2)
    async with feed.watching(service.tenant) as watcher:
        watcher.queue = asyncio.Queue(2)
        for status in (unit_pb2.UNIT_STATUS_OFF_DUTY, unit_pb2.UNIT_STATUS_AVAILABLE):
            await service.report("d1", status)
            await service.report("d2", status)
        async with asyncio.timeout(WAIT_S):
            while not watcher.overrun:
                await asyncio.sleep(0.02)
        with pytest.raises(feeds.Refused, match="read faster"):
            await anext(watcher.changes())


async def test_the_end_of_the_process_ends_the_streams(service: Running) -> None:
    call = IncidentsStub(service.channel).Watch(incidents_service_pb2.IncidentsWatchRequest(tenant=service.tenant))
    answers = aiter(call)
    assert (await _next(answers)).caught_up
    service.runtime.stop.set()
    stopping = asyncio.create_task(service.runtime.shut_down())
    with pytest.raises(grpc.aio.AioRpcError) as ended:
        await _next(answers)
    assert ended.value.code() is grpc.StatusCode.UNAVAILABLE
    await stopping
