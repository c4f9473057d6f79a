"""A decision is made on as few units as settle it: the search goes out by the ladder until one is sure."""

import math
from collections.abc import Callable, Iterable
from typing import Final, Generic

from siaga_dispatcher.adapters.contexts import Searched
from siaga_dispatcher.adapters.due import divertible_incidents
from siaga_dispatcher.adapters.reading import Reader
from siaga_dispatcher.adapters.roads.roads import Roads
from siaga_dispatcher.cases import A, Case
from siaga_dispatcher.core.coverage import Standing
from siaga_dispatcher.core.decide import Decision
from siaga_dispatcher.core.decision import Search
from siaga_dispatcher.core.divert import diverts
from siaga_dispatcher.core.eta import Eta
from siaga_dispatcher.core.values import Incident, Rules, Situation, Unit

# A shortfall is explained with so many free and as many other units of each kind, the nearest: with the whole fleet a
# city in which all are busy would load all of it for every further call.
EXPLAINED_BY: Final = 10
# Where no map knows the place, so many free and as many other units of each kind, as they come in the centre's list.
LISTED_FIRST: Final = 50


class _Learning(Generic[A]):
    """A case with all that has been learnt for it so far."""

    def __init__(self, case: Case[A], rules: Rules, now_ms: int, standing: Standing, *, by_road: bool) -> None:
        self._case = case
        self._rules = rules
        self._now_ms = now_ms
        self._kept = standing.kept
        self.by_road = by_road
        self._units = {unit.unit_id: unit for unit in case.units}
        self.etas: dict[str, Eta] = {}
        self.divertible: tuple[Incident, ...] = ()

    def decide(self) -> A:
        return self._case.decide(
            Situation(
                tuple(self._units.values()),
                self._rules,
                self._now_ms,
                self.etas,
                self._kept,
                self._case.alerts,
                self.divertible,
            )
        )

    def learn(self, units: Iterable[Unit]) -> None:
        for unit in units:
            self._units.setdefault(unit.unit_id, unit)

    def without_way(self, search: Search) -> list[Unit]:
        """Those whose way is not known yet; who cannot be sent needs none."""
        sources = {incident.incident_id for incident in self.divertible}
        return [
            unit
            for unit in self._units.values()
            if (unit.free or unit.incident_id in sources)
            and unit.kind in search.kinds
            and unit.unit_id not in self.etas
        ]


class Widening:
    """Learns from the store, and from the roads where the tenant has a network, what a decision asks for."""

    def __init__(
        self, store: Reader, clock_ms: Callable[[], int], roads: Roads, coverage: Callable[[str], Standing]
    ) -> None:  # fmt: skip
        self._store = store
        self._clock_ms = clock_ms
        self._roads = roads
        self._coverage = coverage

    async def decide(self, tenant: str, rules: Rules, case: Case[A]) -> A:
        """Decide, and again with what was missing; a few units beyond the ladder only explain a shortfall."""
        by_road, standing = self._roads.known(tenant), self._coverage(tenant)
        learning = _Learning(case, rules, self._clock_ms(), standing, by_road=by_road)
        decision = learning.decide()
        if isinstance(decision, Decision) and diverts(decision, rules):
            learning.divertible = await divertible_incidents(self._store, tenant, rules)
            learning.learn(await self._store.own_units(*learning.divertible))
            decision = learning.decide()
        if learning.by_road and decision.search is not None:
            await self._learn_etas(tenant, rules, learning, decision.search)
            decision = learning.decide()
        if decision.search is not None and decision.search.around is None:
            learning.learn(await self._store.first_units(tenant, decision.search.kinds, LISTED_FIRST))
            return learning.decide()
        return await self._by_ladder(tenant, rules, learning, decision, _reached_m(decision.search, case.searched))

    async def _by_ladder(
        self, tenant: str, rules: Rules, learning: _Learning[A], decision: A, reached_m: float
    ) -> A:  # fmt: skip
        for radius_m in rules.policy.radius_ladder_m:
            search = decision.search
            if search is None or search.around is None or reached_m >= search.enough_m:
                return decision
            if radius_m <= reached_m:
                continue
            learning.learn(await self._store.free_units(tenant, search.kinds, search.around, radius_m))
            reached_m = radius_m
            if learning.by_road:
                await self._learn_etas(tenant, rules, learning, search)
            decision = learning.decide()
        search = decision.search
        if search is not None and search.around is not None and math.isinf(search.enough_m):
            learning.learn(await self._store.nearest_units(tenant, search.kinds, search.around, EXPLAINED_BY))
            decision = learning.decide()
        return decision

    async def _learn_etas(self, tenant: str, rules: Rules, learning: _Learning[A], search: Search) -> None:
        """One question for all whose way is not known yet."""
        if search.around is None:
            return
        new = learning.without_way(search)
        learning.etas.update(await self._roads.etas(tenant, new, search.around, rules.policy))


def _reached_m(search: Search | None, searched: Searched | None) -> float:
    """How far a search has been made already."""
    if search is None or searched is None:
        return 0.0
    covered = search.kinds <= searched.kinds and search.around == searched.around
    return searched.radius_m if covered else 0.0
