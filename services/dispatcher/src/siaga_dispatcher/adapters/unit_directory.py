"""gRPC `UnitDirectory`: which units there are, and which free ones are near."""

import math
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final

import grpc
from siaga.v1 import unit_directory_service_pb2 as api
from siaga.v1 import unit_directory_service_pb2_grpc as service
from siaga_kit.grpc_server import Refused

from siaga_dispatcher.adapters import codec
from siaga_dispatcher.adapters.answering import bounded, invalid, known_tenant, limited, point, required
from siaga_dispatcher.adapters.feed import Feed
from siaga_dispatcher.adapters.roads.roads import Roads
from siaga_dispatcher.adapters.store import Store
from siaga_dispatcher.core.choosing.options import options_of
from siaga_dispatcher.core.positions import position_age_s
from siaga_dispatcher.core.values import Rules

NAME: Final = "siaga.v1.UnitDirectory"
NEAREST_USUAL: Final = 5
NEAREST_MOST: Final = 50
RADIUS_MOST_M: Final = 500_000.0


class UnitDirectory(service.UnitDirectoryServicer):
    """Answers from the working state, so what it calls free is free."""

    def __init__(
        self, store: Store, rules: Mapping[str, Rules], feed: Feed, roads: Roads, now_ms: Callable[[], int]
    ) -> None:
        self._feed = feed
        self._store = store
        self._rules = rules
        self._roads = roads
        self._now_ms = now_ms

    async def Nearest(self, request: api.NearestRequest, _context: Any) -> api.NearestResponse:  # noqa: N802
        tenant = known_tenant(request.tenant, self._rules)
        around = point(request.lat, request.lon)
        rules, at_ms = self._rules[tenant], self._now_ms()
        kinds = _kinds(request.kind)
        limit = limited(request.limit, NEAREST_USUAL, NEAREST_MOST)
        wanted = {bounded("capabilities", capability) for capability in request.capabilities}
        radius_m = _radius_m(request.radius_m, rules.policy.radius_ladder_m[-1])
        units = await self._store.free_units(tenant, kinds, around, radius_m)
        able = [unit for unit in units if wanted <= set(unit.capabilities)]
        # Measured as a choice does, so that what is called near here is what would be sent.
        options = options_of(able, around, rules.policy, at_ms, {}, frozenset())
        near = [option for option in options if not option.obstacle and option.distance_m <= radius_m]
        near.sort(key=lambda option: (option.distance_m, option.unit.unit_id))
        etas = await self._roads.etas(tenant, [option.unit for option in near[:limit]], around, rules.policy)
        answer = api.NearestResponse()
        for option in near[:limit]:
            eta = etas.get(option.unit.unit_id, option.eta)
            answer.units.add(
                unit=codec.unit_answer(option.unit, rules.terms),
                distance_m=option.distance_m,
                eta_s=eta.seconds,
                eta_source=eta.source,
                position_age_s=position_age_s(option.unit, at_ms),
            )
        return answer

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
