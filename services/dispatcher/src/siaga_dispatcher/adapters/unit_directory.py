"""gRPC `UnitDirectory`: which units there are, and which free ones are near."""

import math
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import grpc
from siaga.v1 import unit_directory_service_pb2 as api
from siaga.v1 import unit_directory_service_pb2_grpc as service
from siaga_kit.grpc_server import Refused

from siaga_dispatcher.adapters import codec
from siaga_dispatcher.adapters.answering import bounded, invalid, known_tenant, limited, point, required
from siaga_dispatcher.adapters.feed import Feed
from siaga_dispatcher.adapters.store import Store
from siaga_dispatcher.core import geo
from siaga_dispatcher.core.values import Rules, Unit

NAME: Final = "siaga.v1.UnitDirectory"
NEAREST_USUAL: Final = 5
NEAREST_MOST: Final = 50
RADIUS_MOST_M: Final = 500_000.0


class UnitDirectory(service.UnitDirectoryServicer):
    """Answers from the working state, so what it calls free is free."""

    def __init__(self, store: Store, rules: Mapping[str, Rules], feed: Feed) -> None:
        self._feed = feed
        self._store = store
        self._rules = rules

    async def Nearest(self, request: api.NearestRequest, _context: Any) -> api.NearestResponse:  # noqa: N802
        tenant = known_tenant(request.tenant, self._rules)
        around = point(request.lat, request.lon)
        policy = self._rules[tenant].policy
        kinds = _kinds(request.kind)
        limit = limited(request.limit, NEAREST_USUAL, NEAREST_MOST)
        wanted = {bounded("capabilities", capability) for capability in request.capabilities}
        radius_m = _radius_m(request.radius_m, policy.radius_ladder_m[-1])
        units = await self._store.free_units(tenant, kinds, around, radius_m)
        near: list[tuple[float, float, Unit]] = []
        for unit in units:
            away_m = geo.distance_m(unit.position, around)
            if away_m <= radius_m and unit.free and wanted <= set(unit.capabilities):
                speed_kmh = policy.speed_kmh.get(unit.kind, geo.DEFAULT_SPEED_KMH)
                near.append((away_m, geo.eta_s(away_m, policy.detour_factor, speed_kmh), unit))
        near.sort(key=lambda found: (found[0], found[2].unit_id))
        return api.NearestResponse(
            units=[
                api.NearestUnit(unit=codec.unit_answer(unit, self._rules[tenant].terms), distance_m=away_m, eta_s=eta_s)
                for away_m, eta_s, unit in near[:limit]
            ]
        )

    async def Get(  # noqa: N802
        self, request: api.UnitDirectoryGetRequest, _context: Any
    ) -> api.UnitDirectoryGetResponse:
        tenant = known_tenant(request.tenant, self._rules)
        unit = await self._store.unit(tenant, required("unit_id", request.unit_id))
        if unit is None:
            raise Refused(grpc.StatusCode.NOT_FOUND, f"tenant {tenant} has no unit {request.unit_id!r}")
        return api.UnitDirectoryGetResponse(unit=codec.unit_answer(unit, self._rules[tenant].terms))

    async def List(  # noqa: N802
        self, request: api.UnitDirectoryListRequest, _context: Any
    ) -> api.UnitDirectoryListResponse:
        tenant = known_tenant(request.tenant, self._rules)
        units = await self._store.fleet(tenant)
        return api.UnitDirectoryListResponse(
            units=[codec.unit_answer(unit, self._rules[tenant].terms) for unit in units]
        )

    async def Watch(  # noqa: N802
        self, request: api.UnitDirectoryWatchRequest, _context: Any
    ) -> AsyncIterator[api.UnitDirectoryWatchResponse]:
        tenant = known_tenant(request.tenant, self._rules)
        kinds = frozenset(_kinds(request.kind))
        async with self._feed.watching(tenant) as watcher:
            if not request.changes_only:
                for unit in await self._store.fleet(tenant):
                    if unit.kind not in kinds:
                        continue
                    watcher.told[unit.unit_id] = unit.version
                    yield api.UnitDirectoryWatchResponse(unit=codec.unit_answer(unit, self._rules[tenant].terms))
            yield api.UnitDirectoryWatchResponse(caught_up=True)
            async for message in watcher.changes():
                unit = codec.unit_of(message)
                if unit.kind in kinds and watcher.is_news(unit.unit_id, unit.version):
                    yield api.UnitDirectoryWatchResponse(unit=codec.unit_answer(unit, self._rules[tenant].terms))


def _kinds(kind: int) -> tuple[str, ...]:
    if not kind:
        return tuple(codec.UNIT_KIND)
    known = {int(number): name for number, name in codec.UNIT_KIND_OF.items()}
    if kind not in known:
        raise invalid("kind", f"{kind} is no unit kind")
    return (known[kind],)


def _radius_m(asked: float, otherwise: float) -> float:
    if not math.isfinite(asked) or not 0 <= asked <= RADIUS_MOST_M:
        raise invalid("radius_m", f"{asked} is not between 0 and {RADIUS_MOST_M:.0f}")
    return asked or otherwise
