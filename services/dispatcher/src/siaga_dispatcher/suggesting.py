"""After a call is taken in, people are asked about open incidents that look like its own."""

from siaga_dispatcher.adapters.store import Store
from siaga_dispatcher.cases import Case
from siaga_dispatcher.core.decide import Decision
from siaga_dispatcher.core.join import window_ms
from siaga_dispatcher.core.suggesting import may_look_alike, on_similar
from siaga_dispatcher.core.values import Assessment
from siaga_dispatcher.dispatching import Dispatcher


class Suggestions:
    """A decision of its own, after the units are on their way: nobody waits for it, and both tickets have their numbers.

    Asked again for the same call it finds the pairs linked, and does nothing; so a call that comes again after a crash
    makes up for what was not looked at.
    """

    def __init__(self, dispatcher: Dispatcher, store: Store) -> None:
        self._dispatcher = dispatcher
        self._store = store

    async def after(self, assessment: Assessment, decision: Decision) -> None:
        """Suggest merges with the incident of a call that has just been decided about."""
        if not may_look_alike(decision):
            return
        tenant, policy = assessment.tenant, self._dispatcher.rules(assessment.tenant).policy

        async def load() -> Case[Decision]:
            incident = await self._store.incident_of_call(tenant, assessment.call_id)
            if incident is None:
                return Case(lambda _: Decision(ignored="no_incident"))
            others = await self._store.open_like(tenant, incident.type, window_ms(incident.opened_at_ms, policy)[0])
            return Case(lambda situation: on_similar(incident, others, situation))

        await self._dispatcher.settle(tenant, None, load, None)
