"""Driving times for a decision: one question to the tenant's road network within its budget, and what to believe else."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import structlog
from siaga_kit import telemetry
from siaga_kit.breaker import Breaker
from siaga_tenants import Tenant
from siaga_tenants.model import DispatchPolicy
from siaga_tenants.routing import Routing

from siaga_dispatcher.adapters.roads.answers import Answers, RoadNetwork, RoadsUnusableError
from siaga_dispatcher.adapters.roads.graph import Graph
from siaga_dispatcher.adapters.roads.osrm import Osrm
from siaga_dispatcher.adapters.roads.valhalla import Valhalla
from siaga_dispatcher.core.eta import Eta
from siaga_dispatcher.core.geo import distance_m
from siaga_dispatcher.core.roads.drives import NO_ANSWER, NOT_ASKED, Drive, by_great_circle, by_road
from siaga_dispatcher.core.values import Position, Unit

log = structlog.get_logger()

# For connecting and answering together: a crew must not wait for a better reason why it was chosen.
BUDGET_S: Final = 0.150
# The nearest by straight line: more of a kind that are free in one circle are a city's, and each further one takes a
# Valhalla some milliseconds.
MOST_ORIGINS: Final = 25


class _Route:
    """One network that tenants share, with its breaker."""

    def __init__(self, network: RoadNetwork) -> None:
        self.network = network
        self.breaker = Breaker()


class Roads:
    """The road networks of the tenants that have one. `clock_ms` tells how long a silent one has been left alone."""

    def __init__(self, networks: Mapping[str, RoadNetwork], clock_ms: Callable[[], int]) -> None:
        self._clock_ms = clock_ms
        self._routes: dict[str, _Route] = {}
        self._set(networks)

    async def open(self) -> None:
        """Make the networks ready. One that cannot be is told, and its tenants go on by great circle."""
        for network in self.networks():
            await _open(network)

    async def take(self, networks: Mapping[str, RoadNetwork]) -> None:
        """These from now on, new ones made ready before they are asked; those that nobody names any more are let go."""
        before = self.networks()
        for network in {id(network): network for network in networks.values()}.values():
            if network not in before:
                await _open(network)
        self._set(networks)
        for network in before:
            if network not in self.networks():
                await network.close()

    async def close(self) -> None:
        """Let go of all connections."""
        for network in self.networks():
            await network.close()

    def networks(self) -> list[RoadNetwork]:
        """All networks, each once."""
        return list({id(route): route.network for route in self._routes.values()}.values())

    def _set(self, networks: Mapping[str, RoadNetwork]) -> None:
        routes = {id(route.network): route for route in self._routes.values()}
        self._routes = {
            tenant: routes.setdefault(id(network), _Route(network)) for tenant, network in networks.items()
        }  # fmt: skip

    def known(self, tenant: str) -> bool:
        """Whether the tenant has a road network; without one nothing is ever awaited for a driving time."""
        return tenant in self._routes

    async def etas(
        self, tenant: str, units: Sequence[Unit], destination: Position, policy: DispatchPolicy
    ) -> dict[str, Eta]:  # fmt: skip
        """A driving time for each unit, within the budget whatever the network does."""
        route = self._routes.get(tenant)
        if route is None or not units:
            return {}
        nearest = sorted(units, key=lambda unit: distance_m(unit.position, destination))
        asked, others = nearest[:MOST_ORIGINS], nearest[MOST_ORIGINS:]
        drives = await self._drives(route, [unit.position for unit in asked], destination)
        source = route.network.source
        etas = {
            unit.unit_id: by_road(drives[number], unit, destination, policy, source)
            if number in drives
            else by_great_circle(unit, destination, policy, NO_ANSWER)
            for number, unit in enumerate(asked)
        }
        return etas | {unit.unit_id: by_great_circle(unit, destination, policy, NOT_ASKED) for unit in others}

    async def _drives(
        self, route: _Route, origins: Sequence[Position], destination: Position
    ) -> dict[int, Drive | None]:  # fmt: skip
        if not route.breaker.asks(self._clock_ms()):
            _count(route.network, "resting")
            return {}
        answers, result = Answers(), "ok"
        try:
            async with asyncio.timeout(BUDGET_S):
                await route.network.ask(origins, destination, answers)
        except TimeoutError:
            result = "late"
        except RoadsUnusableError as error:
            result = "unusable"
            log.warning("road network gave no driving times", network=route.network.source, why=str(error))
        _count(route.network, result)
        rested = route.breaker.resting
        route.breaker = route.breaker.after(self._clock_ms(), answered=answers.heard)
        if route.breaker.resting and not rested:
            log.error("road network does not answer; great circle for now", network=route.network.source)
        return answers.drives


async def _open(network: RoadNetwork) -> None:
    try:
        await network.open()
    except RoadsUnusableError as error:
        log.warning("road network cannot be used", network=network.source, why=str(error))


def _count(network: RoadNetwork, result: str) -> None:
    telemetry.counter("siaga.dispatch.drives").add(1, {"kind": network.source, "result": result})


def connect(tenants: Mapping[str, Tenant], made: dict[Routing, RoadNetwork]) -> dict[str, RoadNetwork]:
    """The network of each tenant that names one; tenants that name the same share it, and what was `made` stays."""
    found: dict[str, RoadNetwork] = {}
    for code, tenant in tenants.items():
        routing = tenant.dispatch.routing
        if routing is not None:
            found[code] = made.setdefault(routing, _network(routing))
    return found


def _network(routing: Routing) -> RoadNetwork:
    match routing.server:
        case "valhalla":
            return Valhalla(routing.url)
        case "osrm":
            return Osrm(routing.url)
        case _ if routing.network is not None:
            return Graph(routing.network)
        case _:
            raise ValueError(f"no road network {routing.server!r} is known")
