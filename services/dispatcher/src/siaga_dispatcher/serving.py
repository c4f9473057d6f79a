"""The gRPC services that the dispatcher answers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import grpc
from siaga.v1 import dispatch_service_pb2_grpc, incidents_service_pb2_grpc, unit_directory_service_pb2_grpc
from siaga_kit.audit import AuditLog
from siaga_kit.records import Outgoing
from siaga_kit.service import Runtime
from siaga_tenants import Tenant

from siaga_dispatcher.adapters import incidents, preview, unit_directory
from siaga_dispatcher.adapters.answering import Served
from siaga_dispatcher.adapters.clearance import Clearance
from siaga_dispatcher.adapters.feed import Feed
from siaga_dispatcher.adapters.places import Places
from siaga_dispatcher.adapters.roads.roads import Roads
from siaga_dispatcher.adapters.store import Store
from siaga_dispatcher.dispatching import Dispatcher

NAMES: Final = (unit_directory.NAME, incidents.NAME, preview.NAME)


def register(
    server: grpc.aio.Server,
    served: Served,
    store: Store,
    dispatcher: Dispatcher,
    roads: Roads,
    clearance: Clearance,
    feeds: Sequence[Feed],
    clock_ms: Callable[[], int],
) -> None:
    """Add all of `NAMES` to the server; `feeds` tell of units and of incidents, in this order."""
    of_units, of_incidents = feeds
    unit_directory_service_pb2_grpc.add_UnitDirectoryServicer_to_server(
        unit_directory.UnitDirectory(store, served, of_units, roads, clock_ms), server
    )
    incidents_service_pb2_grpc.add_IncidentsServicer_to_server(
        incidents.Incidents(store, dispatcher, served, of_incidents, clearance), server
    )
    dispatch_service_pb2_grpc.add_DispatchServicer_to_server(preview.Dispatch(dispatcher, served), server)


def clearance_of(
    runtime: Runtime, tenants: Mapping[str, Tenant], places: Places, clock_ms: Callable[[], int]
) -> Clearance:  # fmt: skip
    """Who may read what is confidential: the tenants' operators, and each look is audited."""

    async def publish(outgoing: Sequence[Outgoing]) -> None:
        await (await runtime.publisher()).publish(outgoing)

    operators = {code: frozenset(tenant.operators) for code, tenant in tenants.items()}
    return Clearance(AuditLog(runtime.redis(), publish), operators, places, clock_ms)
