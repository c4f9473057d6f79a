"""Load, decide, commit, and again when somebody was faster: what the consumers and the gRPC services share."""

import asyncio
import math
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Generic, Protocol, TypeVar

import structlog
from siaga_kit.errors import Transient

from siaga_dispatcher.adapters.contexts import Searched
from siaga_dispatcher.adapters.due import alerts_about, divertible_incidents
from siaga_dispatcher.adapters.request import Guard
from siaga_dispatcher.adapters.roads.roads import Roads
from siaga_dispatcher.adapters.store import Stale, Store
from siaga_dispatcher.core.commands import Action, Command, CommandRefused
from siaga_dispatcher.core.coverage import NO_POSTS, Standing
from siaga_dispatcher.core.decide import (
    Decision,
    on_assessment,
    on_command,
    on_unit_free,
    on_unit_report,
    with_timers,
)
from siaga_dispatcher.core.decision import Search
from siaga_dispatcher.core.divert import diverts
from siaga_dispatcher.core.duty import addressed
from siaga_dispatcher.core.eta import Eta
from siaga_dispatcher.core.foresight import foresee, lacking
from siaga_dispatcher.core.join import find_home, window_ms
from siaga_dispatcher.core.lifecycle import IllegalTransition
from siaga_dispatcher.core.preview import Preview, preview
from siaga_dispatcher.core.status_codes import understood
from siaga_dispatcher.core.values import (
    Alert,
    Assessment,
    Incident,
    IncidentStatus,
    LinkKind,
    OrderKind,
    Rules,
    Situation,
    Unit,
    UnitReport,
)

log = structlog.get_logger()

# Each refusal means that another decision went through. So many in a row is a storm: let the stage pause and come back.
ATTEMPTS: Final = 50
# A shortfall is explained with so many free and as many other units of each kind, the nearest: with the whole fleet a
# city in which all are busy would load all of it for every further call.
EXPLAINED_BY: Final = 10
# Where no map knows the place, so many free and as many other units of each kind, as they come in the centre's list.
LISTED_FIRST: Final = 50


# After these somebody may be free, or wait, who did not before.
_FREEING: Final = frozenset({Action.CANCEL, Action.RESOLVE, Action.STAND_DOWN, Action.HAND_OVER, Action.UNMERGE})


class UnknownTenantError(ValueError):
    """No tenant of that code is configured."""


class UnknownUnitError(ValueError):
    """The tenant has no unit of that id."""


class UnknownIncidentError(LookupError):
    """The tenant has no incident of that id."""


class WrongVersion(Exception):  # noqa: N818  (an answer to whoever asked, not a fault)
    """The incident has moved on since it was read."""


class Seeking(Protocol):
    """What may want to know more units before it is sure."""

    @property
    def search(self) -> Search | None:
        """Which; None = it is sure."""


A = TypeVar("A", bound=Seeking)


@dataclass(frozen=True, slots=True)
class Case(Generic[A]):
    """A decision to make on freshly loaded values: how to make it, which units are known, what must stay true.

    `searched` tells of a search whose units are among those known; `alerts` are those that the decision may end.
    """

    decide: Callable[[Situation], A]
    units: tuple[Unit, ...] = ()
    guards: tuple[Guard, ...] = ()
    searched: Searched | None = None
    alerts: tuple[Alert, ...] = ()


class Dispatcher:
    """Makes decisions happen. `committed` is told the tenant after every commit; `coverage` says how its posts stand."""

    def __init__(
        self,
        store: Store,
        rules: Mapping[str, Rules],
        clock_ms: Callable[[], int],
        committed: Callable[[str], None],
        roads: Roads | None = None,
        coverage: Callable[[str], Standing] = lambda _: NO_POSTS,
    ) -> None:
        self._store = store
        self._rules = rules
        self._clock_ms = clock_ms
        self._committed = committed
        self._roads = roads or Roads({}, clock_ms)
        self._coverage = coverage
        # Decisions of one tenant compete for the same units: in one process they take turns instead of refusing each
        # other. Between processes the versions decide.
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        # Latest event heard of each tenant: what is tried again by itself happens no earlier than that.
        self._heard_ms: defaultdict[str, int] = defaultdict(int)

    def rules(self, tenant: str) -> Rules:
        """A tenant's rules; raises UnknownTenantError."""
        try:
            return self._rules[tenant]
        except KeyError:
            raise UnknownTenantError(f"no tenant {tenant!r} is configured") from None

    def turn(self, tenant: str) -> asyncio.Lock:
        """Held while a decision of the tenant is made; for whoever else changes its units."""
        return self._turns[tenant]

    async def take_assessment(self, assessment: Assessment, traceparent: str | None = None) -> Decision:
        """One assessment of a call."""
        tenant, rules = assessment.tenant, self.rules(assessment.tenant)
        self._hear(tenant, assessment.event_at_ms)
        policy, foresight = rules.policy, foresee(assessment, rules)
        window = window_ms(assessment.event_at_ms, policy)

        async def load() -> Case[Decision]:
            stored = await self._store.context_of_call(assessment, window, foresight, policy.radius_ladder_m)
            linked, others = stored.linked, stored.open_incidents
            home = find_home(assessment, others, policy) if linked is None else None
            touched = linked if home is None else home.incident
            own = await self.own_units(touched) if touched is not None else ()
            return Case(
                lambda situation: on_assessment(assessment, linked, others, situation),
                (*own, *stored.near),
                stored.guards,
                stored.searched,
            )

        cause = f"assessment:{assessment.call_id}:{assessment.revision}:{assessment.assessment_id}"
        decision = await self.settle(tenant, cause, load, traceparent)
        if decision.released:
            # A unit was taken from somebody less urgent, who needs another.
            await self.retry_waiting(tenant, assessment.event_at_ms)
        return decision

    async def take_report(self, report: UnitReport, traceparent: str | None = None) -> Decision:
        """One word of a crew; raises UnknownUnitError."""
        tenant = report.tenant
        report = understood(report, self.rules(tenant).terms)
        self._hear(tenant, report.event_at_ms)
        if report.status is None and report.status_code:
            log.warning("a status code that the centre's vocabulary does not have", tenant=tenant, unit=report.unit_id)

        async def load() -> Case[Decision]:
            unit = await self._store.unit(tenant, report.unit_id)
            if unit is None:
                raise UnknownUnitError(f"tenant {tenant} has no unit {report.unit_id!r}")
            incident = await self._store.incident(tenant, unit.incident_id) if unit.incident_id else None
            own = await self.own_units(incident) if incident is not None else ()
            if report.status is None:
                return Case(lambda situation: on_unit_report(report, unit, incident, situation), own)
            ended = await self._store.incidents(tenant, unit.stood_down_from)
            alerts = await alerts_about(self._store, incident, *ended)
            return Case(lambda situation: on_unit_report(report, unit, incident, situation, ended), own, alerts=alerts)

        decision = await self.settle(tenant, f"report:{report.report_id}", load, traceparent)
        if decision.ignored:
            level = log.warning if decision.ignored.startswith("illegal") else log.info
            level("report changes no task", tenant=tenant, unit=report.unit_id, why=decision.ignored)
        return decision

    async def take_command(
        self, tenant: str, incident_id: str, command: Command, expected_version: int, traceparent: str | None = None
    ) -> Incident:  # fmt: skip
        """One command of a person; answers the incident after it.

        Raises UnknownIncidentError, WrongVersion, IllegalTransition, CommandRefused. The same command again changes nothing.
        """
        self.rules(tenant)
        now = self._clock_ms()
        cause = f"command:{command.command_id}"

        async def load() -> Case[Decision]:
            incident = await self._existing(tenant, incident_id)
            if expected_version and incident.version != expected_version:
                raise WrongVersion(f"incident is at version {incident.version}, not {expected_version}")
            named = (command.unit_id,) if command.unit_id else ()
            others = await self._others(tenant, incident, command)
            units = (*await self.own_units(incident, *others), *await self._store.units(tenant, named))
            alerts = await alerts_about(self._store, incident, *others)
            return Case(lambda situation: on_command(command, incident, situation, now, others), units, alerts=alerts)

        if not await self._store.committed(tenant, cause):
            try:
                await self.settle(tenant, cause, load, traceparent, check=_sends_somebody(command))
            except (WrongVersion, IllegalTransition, CommandRefused):
                # The same command may have gone through beside this one, and then all is as was asked.
                if not await self._store.committed(tenant, cause):
                    raise
            if command.action in _FREEING:
                await self.retry_waiting(tenant, now)
        log.info("command", tenant=tenant, incident=incident_id, action=command.action, actor=command.actor)
        return await self._existing(tenant, incident_id)

    def _hear(self, tenant: str, event_at_ms: int) -> None:
        self._heard_ms[tenant] = max(self._heard_ms[tenant], event_at_ms)

    async def _others(self, tenant: str, incident: Incident, command: Command) -> tuple[Incident, ...]:
        """The incidents that a command is about besides: its target, or those that a merge is followed through."""
        if command.action is not Action.UNMERGE:
            wanted = (command.target_incident_id,) if command.target_incident_id else ()
            return tuple(await self._store.incidents(tenant, wanted))
        way: list[Incident] = []
        at: Incident | None = incident
        while at is not None and at.status is IncidentStatus.MERGED:
            at = await self._store.incident(tenant, at.linked(LinkKind.MERGED_INTO)[-1].incident_id)
            way += [at] if at is not None else []
        return tuple(way)

    async def retry_waiting(self, tenant: str, event_at_ms: int = 0, skip: int = 0) -> None:
        """A unit may be had: try the incidents that lack one, the most urgent and oldest first, but for so many.

        It happens at `event_at_ms`, or with the tenant's latest event where that is later.
        """
        event_at_ms = max(event_at_ms, self._heard_ms[tenant])
        for incident_id in await self._store.waiting(tenant, skip):
            await self._retry(tenant, incident_id, event_at_ms)

    async def _retry(self, tenant: str, incident_id: str, event_at_ms: int) -> None:
        async def load() -> Case[Decision]:
            incident = await self._existing(tenant, incident_id)
            own = await self.own_units(incident)
            cause = f"unit_free:{incident_id}:{incident.version}"
            return Case(lambda situation: on_unit_free(incident, situation, cause, event_at_ms), own)

        # Without a cause to remember: each try decides on the version it loads, and a repeated one finds nothing open.
        await self.settle(tenant, None, load, None)

    def heard_ms(self, tenant: str) -> int:
        """The tenant's latest event that this process knows of; 0 = none yet."""
        return self._heard_ms[tenant]

    def now_ms(self) -> int:
        """The wall clock."""
        return self._clock_ms()

    async def incident(self, tenant: str, incident_id: str) -> Incident:
        """One incident; raises UnknownIncidentError."""
        return await self._existing(tenant, incident_id)

    async def preview(self, tenant: str, incident: Incident, excluded: frozenset[str] = frozenset()) -> Preview:
        """Who would be sent now for what the incident lacks; nothing is written, and no decision waits for it."""
        standing, at_ms = self._coverage(tenant), max(incident.event_at_ms, self._heard_ms[tenant])
        rules = self.rules(tenant)
        near, searched = await self._store.foreseen(tenant, lacking(incident, rules), rules.policy.radius_ladder_m)
        case = Case(
            lambda situation: preview(incident, situation, standing, at_ms, excluded),
            (*await self.own_units(incident), *near),
            searched=searched,
        )
        return await self._widened(tenant, case)

    async def settle(
        self,
        tenant: str,
        cause: str | None,
        load: Callable[[], Awaitable[Case[Decision]]],
        traceparent: str | None,
        check: Callable[[Decision], None] = lambda _: None,
    ) -> Decision:
        """Load, decide and commit, again when somebody was faster; the cause, if there is one, goes through once."""
        async with self._turns[tenant]:
            for _ in range(ATTEMPTS):
                case = await load()
                decision = addressed(await self._widened(tenant, _timed(case)), self.rules(tenant), self._clock_ms())
                check(decision)
                if decision.empty:
                    return decision
                try:
                    done = await self._store.commit(
                        tenant, cause, decision, guards=case.guards, traceparent=traceparent
                    )  # fmt: skip
                except Stale:
                    continue
                if not done.again:
                    self._committed(tenant)
                return decision
        raise Transient(f"decided {ATTEMPTS} times, and each time the state had moved on")

    async def _widened(self, tenant: str, case: Case[A]) -> A:
        """Decide with as few units as settle it: out by the ladder, and a few beyond only to explain a shortfall."""
        rules, now = self.rules(tenant), self._clock_ms()
        known = {unit.unit_id: unit for unit in case.units}
        etas: dict[str, Eta] = {}
        by_road, kept = self._roads.known(tenant), self._coverage(tenant).kept
        divertible: tuple[Incident, ...] = ()

        def decide() -> A:
            return case.decide(Situation(tuple(known.values()), rules, now, etas, kept, case.alerts, divertible))

        def learn(units: Iterable[Unit]) -> None:
            for unit in units:
                known.setdefault(unit.unit_id, unit)

        async def learn_etas(search: Search) -> None:
            """One question for all whose way is not known yet; those who cannot be sent need none."""
            if search.around is None:
                return
            sources = {incident.incident_id for incident in divertible}
            new = [
                unit
                for unit in known.values()
                if (unit.free or unit.incident_id in sources) and unit.kind in search.kinds and unit.unit_id not in etas
            ]
            etas.update(await self._roads.etas(tenant, new, search.around, rules.policy))

        decision = decide()
        if isinstance(decision, Decision) and diverts(decision, rules):
            divertible = await divertible_incidents(self._store, tenant, rules)
            learn(await self.own_units(*divertible) if divertible else ())
            decision = decide()
        if by_road and decision.search is not None:
            await learn_etas(decision.search)
            decision = decide()
        if decision.search is not None and decision.search.around is None:
            learn(await self._store.first_units(tenant, decision.search.kinds, LISTED_FIRST))
            return decide()
        reached_m = _reached_m(decision.search, case.searched)
        for radius_m in rules.policy.radius_ladder_m:
            search = decision.search
            if search is None or search.around is None or reached_m >= search.enough_m:
                return decision
            if radius_m <= reached_m:
                continue
            learn(await self._store.free_units(tenant, search.kinds, search.around, radius_m))
            reached_m = radius_m
            if by_road:
                await learn_etas(search)
            decision = decide()
        search = decision.search
        if search is not None and search.around is not None and math.isinf(search.enough_m):
            learn(await self._store.nearest_units(tenant, search.kinds, search.around, EXPLAINED_BY))
            decision = decide()
        return decision

    async def own_units(self, *incidents: Incident) -> tuple[Unit, ...]:
        """The units bound to the incidents of one tenant."""
        bound = [a.unit_id for incident in incidents for a in incident.active_assignments]
        return tuple(await self._store.units(incidents[0].tenant, bound)) if bound else ()

    async def _existing(self, tenant: str, incident_id: str) -> Incident:
        incident = await self._store.incident(tenant, incident_id)
        if incident is None:
            raise UnknownIncidentError(f"tenant {tenant} has no incident {incident_id}")
        return incident


def _timed(case: Case[Decision]) -> Case[Decision]:
    """The case whose decisions start and stop the timers that follow from them."""
    return replace(case, decide=lambda situation: with_timers(case.decide(situation), situation))


def _reached_m(search: Search | None, searched: Searched | None) -> float:
    """How far a search has been made already."""
    if search is None or searched is None:
        return 0.0
    covered = search.kinds <= searched.kinds and search.around == searched.around
    return searched.radius_m if covered else 0.0


def _sends_somebody(command: Command) -> Callable[[Decision], None]:
    """A person who asks for a unit must hear when none could be sent."""

    def check(decision: Decision) -> None:
        if command.action is not Action.ASSIGN or any(order.kind is OrderKind.DISPATCH for order in decision.orders):
            return
        gaps = decision.incident.shortfalls if decision.incident is not None else ()
        code = gaps[0].code if gaps else "no_candidate"
        raise CommandRefused(code, "; ".join(f"{gap.role}: {gap.detail}" for gap in gaps) or "no unit can be sent")

    return check
