"""Load, decide, commit, and again when somebody was faster: what the consumers and the gRPC services share."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Final

import structlog
from siaga_kit.errors import Transient

from siaga_dispatcher import cases
from siaga_dispatcher.adapters.roads.roads import Roads
from siaga_dispatcher.adapters.store import Stale, Store
from siaga_dispatcher.cases import Case
from siaga_dispatcher.core.commands import Action, Command, CommandRefused
from siaga_dispatcher.core.coverage import NO_POSTS, Standing
from siaga_dispatcher.core.decide import Decision, with_timers
from siaga_dispatcher.core.duty import addressed
from siaga_dispatcher.core.foresight import lacking
from siaga_dispatcher.core.lifecycle import IllegalTransition
from siaga_dispatcher.core.preview import Preview, preview
from siaga_dispatcher.core.status_codes import understood
from siaga_dispatcher.core.values import Assessment, Incident, OrderKind, Rules, UnitReport
from siaga_dispatcher.refusals import UnknownTenantError, WrongVersion
from siaga_dispatcher.widening import Widening

log = structlog.get_logger()

# Each refusal means that another decision went through. So many in a row is a storm: let the stage pause and come back.
ATTEMPTS: Final = 50
# After these somebody may be free, or wait, who did not before.
_FREEING: Final = frozenset({Action.CANCEL, Action.RESOLVE, Action.STAND_DOWN, Action.HAND_OVER, Action.UNMERGE})


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
        self._coverage = coverage
        self._widening = Widening(store, clock_ms, roads or Roads({}, clock_ms), coverage)
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
        cause = f"assessment:{assessment.call_id}:{assessment.revision}:{assessment.assessment_id}"
        decision = await self.settle(
            tenant, cause, lambda: cases.of_assessment(self._store, assessment, rules), traceparent
        )  # fmt: skip
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

        cause = f"report:{report.report_id}"
        decision = await self.settle(tenant, cause, lambda: cases.of_report(self._store, report), traceparent)
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
            return await cases.of_command(self._store, tenant, incident_id, command, expected_version, now)

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
        return await cases.existing(self._store, tenant, incident_id)

    def _hear(self, tenant: str, event_at_ms: int) -> None:
        self._heard_ms[tenant] = max(self._heard_ms[tenant], event_at_ms)

    async def retry_waiting(self, tenant: str, event_at_ms: int = 0, skip: int = 0) -> None:
        """A unit may be had: try the incidents that lack one, the most urgent and oldest first, but for so many.

        It happens at `event_at_ms`, or with the tenant's latest event where that is later.
        """
        event_at_ms = max(event_at_ms, self._heard_ms[tenant])
        for incident_id in await self._store.waiting(tenant, skip):
            await self._retry(tenant, incident_id, event_at_ms)

    async def _retry(self, tenant: str, incident_id: str, event_at_ms: int) -> None:
        # Without a cause to remember: each try decides on the version it loads, and a repeated one finds nothing open.
        await self.settle(tenant, None, lambda: cases.of_waiting(self._store, tenant, incident_id, event_at_ms), None)

    def heard_ms(self, tenant: str) -> int:
        """The tenant's latest event that this process knows of; 0 = none yet."""
        return self._heard_ms[tenant]

    def now_ms(self) -> int:
        """The wall clock."""
        return self._clock_ms()

    async def incident(self, tenant: str, incident_id: str) -> Incident:
        """One incident; raises UnknownIncidentError."""
        return await cases.existing(self._store, tenant, incident_id)

    async def preview(self, tenant: str, incident: Incident, excluded: frozenset[str] = frozenset()) -> Preview:
        """Who would be sent now for what the incident lacks; nothing is written, and no decision waits for it."""
        standing, at_ms = self._coverage(tenant), max(incident.event_at_ms, self._heard_ms[tenant])
        rules = self.rules(tenant)
        near, searched = await self._store.foreseen(tenant, lacking(incident, rules), rules.policy.radius_ladder_m)
        case = Case(
            lambda situation: preview(incident, situation, standing, at_ms, excluded),
            (*await self._store.own_units(incident), *near),
            searched=searched,
        )
        return await self._widening.decide(tenant, rules, case)

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
                case, rules = await load(), self.rules(tenant)
                found = await self._widening.decide(tenant, rules, _timed(case))
                decision = addressed(found, rules, self._clock_ms())
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


def _timed(case: Case[Decision]) -> Case[Decision]:
    """The case whose decisions start and stop the timers that follow from them."""
    return replace(case, decide=lambda situation: with_timers(case.decide(situation), situation))


def _sends_somebody(command: Command) -> Callable[[Decision], None]:
    """A person who asks for a unit must hear when none could be sent."""

    def check(decision: Decision) -> None:
        if command.action is not Action.ASSIGN or any(order.kind is OrderKind.DISPATCH for order in decision.orders):
            return
        gaps = decision.incident.shortfalls if decision.incident is not None else ()
        code = gaps[0].code if gaps else "no_candidate"
        raise CommandRefused(code, "; ".join(f"{gap.role}: {gap.detail}" for gap in gaps) or "no unit can be sent")

    return check
