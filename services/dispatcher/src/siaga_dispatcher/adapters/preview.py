"""gRPC `Dispatch`: what the dispatcher would do."""

from collections.abc import Mapping
from typing import Any, Final

import grpc
from siaga.v1 import dispatch_service_pb2 as api
from siaga.v1 import dispatch_service_pb2_grpc as service
from siaga.v1 import incident_pb2
from siaga_kit.grpc_server import Refused
from siaga_tenants.model import Need
from siaga_tenants.vocabulary import TYPES

from siaga_dispatcher.adapters import codec
from siaga_dispatcher.adapters.answering import as_status, bounded, invalid, known_tenant, point, required
from siaga_dispatcher.adapters.codec.assignments import candidate_message
from siaga_dispatcher.core.assessments import PRIORITY_UNSTATED
from siaga_dispatcher.core.preview import Preview, imagined
from siaga_dispatcher.core.values import Incident, Rules
from siaga_dispatcher.dispatching import Dispatcher

NAME: Final = "siaga.v1.Dispatch"
# More is a mistake: the answer would be that nobody is there.
EXCLUDED_MOST: Final = 100
TYPES_MOST: Final = 10


class Dispatch(service.DispatchServicer):
    """Asks the same choice that is made in earnest, on the working state, and writes nothing."""

    def __init__(self, dispatcher: Dispatcher, rules: Mapping[str, Rules]) -> None:
        self._dispatcher = dispatcher
        self._rules = rules

    async def Preview(self, request: api.PreviewRequest, _context: Any) -> api.PreviewResponse:  # noqa: N802
        tenant = known_tenant(request.tenant, self._rules)
        if len(request.excluded_unit_ids) > EXCLUDED_MOST:
            raise invalid("excluded_unit_ids", f"names {len(request.excluded_unit_ids)} units, at most {EXCLUDED_MOST}")
        excluded = frozenset(bounded("excluded_unit_ids", unit_id) for unit_id in request.excluded_unit_ids)
        with as_status():
            if request.incident_id:
                incident = await self._dispatcher.incident(tenant, bounded("incident_id", request.incident_id))
                _open_to_all(incident)
            else:
                incident = _described(tenant, request, self._dispatcher.now_ms())
            found = await self._dispatcher.preview(tenant, incident, excluded)
        return _answer(found)


def _open_to_all(incident: Incident) -> None:
    """Distances from several stations tell where a place is, and that of a confidential incident is nobody's to ask."""
    if incident.confidential:
        raise Refused(
            grpc.StatusCode.PERMISSION_DENIED,
            "the incident is confidential; preview its type and a place near by instead",
        )


def _described(tenant: str, request: api.PreviewRequest, at_ms: int) -> Incident:
    kind = _type("type", required("type", request.type))
    if len(request.further_types) > TYPES_MOST:
        raise invalid("further_types", f"names {len(request.further_types)} types, at most {TYPES_MOST}")
    further = tuple(_type("further_types", other) for other in request.further_types)
    priority = codec.PRIORITY_OF.get(request.priority, PRIORITY_UNSTATED)
    if request.lat == request.lon == 0:
        raise invalid("lat", "and lon are required where no incident_id is given")
    return imagined(tenant, kind, priority, point(request.lat, request.lon), further, at_ms)


def _type(field: str, name: str) -> str:
    if name not in TYPES:
        raise invalid(field, f"{name[:40]!r} is no type; known: {', '.join(TYPES)}")
    return name


def _answer(found: Preview) -> api.PreviewResponse:
    return api.PreviewResponse(
        needs=[_need(need) for need in found.needs],
        candidates=[candidate_message(candidate) for candidate in found.candidates],
        shortfalls=[
            incident_pb2.Shortfall(role=gap.role, code=gap.code, detail=gap.detail) for gap in found.shortfalls
        ],
        coverage_warnings=found.warnings,
    )


def _need(need: Need) -> api.PlannedNeed:
    return api.PlannedNeed(
        role=need.role,
        unit_kinds=[codec.UNIT_KIND[kind] for kind in need.kinds],
        capabilities=need.capabilities,
        count=need.count,
        optional=need.optional,
    )
