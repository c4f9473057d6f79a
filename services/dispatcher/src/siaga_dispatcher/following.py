"""What follows an order when no crew speaks: timers that come due, messages that do not arrive."""

from collections.abc import Callable
from typing import Final, TypeVar

import structlog
from siaga_kit import telemetry

from siaga_dispatcher.adapters.due import Due, alerts_about
from siaga_dispatcher.adapters.store import Store
from siaga_dispatcher.cases import Case
from siaga_dispatcher.core.decide import Decision, on_not_delivered, on_progress, on_timer, on_unacknowledged
from siaga_dispatcher.core.decision import ignore
from siaga_dispatcher.core.values import Incident, NotDelivered, Progress, Situation, Timer, Unacknowledged, Unit
from siaga_dispatcher.dispatching import Dispatcher

log = structlog.get_logger()

GONE: Final = "timer_gone"

News = TypeVar("News", NotDelivered, Progress, Unacknowledged)
Decide = Callable[[News, Unit, Incident | None, Situation], Decision]


class FollowUp:
    """Brings these decisions about, and gives a unit that they set free to whoever waits for one."""

    def __init__(self, store: Store, due: Due, dispatcher: Dispatcher) -> None:
        self._store = store
        self._due = due
        self._dispatcher = dispatcher

    async def take_timer(self, tenant: str, incident_id: str, key: str, now_ms: int) -> Decision:
        """One timer that is due; several processes may try, and it fires once."""
        incident = await self._store.incident(tenant, incident_id)
        timer = next((one for one in incident.timers if one.key == key), None) if incident is not None else None
        if incident is None:
            # Kept no longer than its incident; nothing writes to that any more.
            await self._due.forget(tenant, incident_id, key)
        if timer is None or timer.due_ms > now_ms:
            return ignore(GONE)
        decision = await self._fire(tenant, incident_id, timer)
        if not decision.empty:
            telemetry.counter("siaga.dispatch.timers").add(1, {"kind": timer.kind})
            log.info("timer", tenant=tenant, incident=incident_id, kind=timer.kind)
        await self._given_on(tenant, decision, now_ms)
        return decision

    async def _fire(self, tenant: str, incident_id: str, timer: Timer) -> Decision:
        async def load() -> Case[Decision]:
            incident = await self._store.incident(tenant, incident_id)
            if incident is None:
                return Case(lambda _: ignore(GONE))
            assignment = incident.assignment_of(timer.subject)
            about = (assignment.unit_id,) if assignment is not None else ()
            units = (*await self._store.own_units(incident), *await self._store.units(tenant, about))
            alerts = await alerts_about(self._store, incident)
            return Case(lambda situation: on_timer(incident, timer, situation), units, alerts=alerts)

        cause = f"timer:{incident_id}:{timer.key}:{timer.due_ms}"
        return await self._dispatcher.settle(tenant, cause, load, None)

    async def take_not_delivered(self, failed: NotDelivered, now_ms: int, traceparent: str | None) -> Decision:
        """One message that will not reach its crew."""
        decision = await self._about_order(failed, on_not_delivered, traceparent)
        await self._given_on(failed.tenant, decision, now_ms)
        return decision

    async def take_unacknowledged(self, news: Unacknowledged, now_ms: int, traceparent: str | None) -> Decision:
        """One order of which every way was tried."""
        decision = await self._about_order(news, on_unacknowledged, traceparent)
        await self._given_on(news.tenant, decision, now_ms)
        return decision

    async def take_progress(self, news: Progress, traceparent: str | None) -> Decision:
        """One message that left, arrived or was read."""
        return await self._about_order(news, on_progress, traceparent)

    async def _about_order(self, news: News, decide: Decide[News], traceparent: str | None) -> Decision:
        tenant = news.tenant
        self._dispatcher.rules(tenant)

        async def load() -> Case[Decision]:
            unit = await self._store.unit(tenant, news.unit_id)
            incident = await self._store.incident(tenant, unit.incident_id) if unit is not None else None
            if unit is None or incident is None:
                return Case(lambda _: ignore("not_waiting"))
            units = await self._store.own_units(incident)
            alerts = await alerts_about(self._store, incident)
            return Case(lambda situation: decide(news, unit, incident, situation), units, alerts=alerts)

        return await self._dispatcher.settle(tenant, f"notified:{news.event_id}", load, traceparent)

    async def _given_on(self, tenant: str, decision: Decision, now_ms: int) -> None:
        if decision.released:
            await self._dispatcher.retry_waiting(tenant, now_ms)
