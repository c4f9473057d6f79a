"""Looks after calls that nothing more is heard of, and tells so as an event of the call.

A timer's clock is the wall's, from when the call's latest event was taken in: a backlog or a replay finds nobody overdue whose
next event is on its way. From the event on event time decides alone, and whoever replays the events needs no timer. Told, then
put off for a minute; the stage that folds the event takes the timer away. So a kill at any point tells it again, under the
same id.
"""

from collections.abc import Callable, Iterable
from typing import Final

import structlog
from siaga.v1 import call_pb2
from siaga_contracts import catalogue, ids
from siaga_contracts.catalogue import Topic
from siaga_kit.errors import is_transient
from siaga_kit.records import Outgoing
from siaga_kit.service import Runtime

from siaga_classifier.adapters.call_store import CallKey, CallStore
from siaga_classifier.adapters.call_timers import CallTimers
from siaga_classifier.core.overdue import overdue_after_ms
from siaga_classifier.core.state import CallState

log = structlog.get_logger()

LOOK_EVERY_S: Final = 5.0
# When one that was told is looked at again, should the event not have been folded by then.
AGAIN_MS: Final = 60_000


class OverdueCalls:
    """The part of the classifier that finds calls overdue; `run` it as a supervised task."""

    def __init__(
        self,
        runtime: Runtime,
        tenants: Iterable[str],
        now_ms: Callable[[], int],
        topic: Topic = catalogue.CALL_EVENTS,
    ) -> None:
        self._runtime = runtime
        self._tenants = tuple(tenants)
        self._now_ms = now_ms
        self._topic = topic
        self._store = CallStore(runtime.redis(), now_ms)
        self._timers = CallTimers(runtime.redis())

    async def run(self) -> None:
        """Look every few seconds until the runtime stops; raises only what no retry can mend."""
        while not await self._runtime.sleep(LOOK_EVERY_S):
            try:
                await self.look()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("overdue calls wait", error=type(error).__name__)

    async def look(self) -> int:
        """Tell of all calls that are overdue now; the number told."""
        now_ms = self._now_ms()
        due = await self._timers.due(self._tenants, now_ms)
        keys = [CallKey(tenant, call_id) for tenant, calls in due.items() for call_id in calls]
        if not keys:
            return 0
        held = await self._store.load(keys)
        late = {key: held[key].call.state for key in keys if key in held and overdue_after_ms(held[key].call.state)}
        publisher = await self._runtime.publisher()
        await publisher.publish([self._outgoing(key, state) for key, state in late.items()])
        await self._timers.put_off([(key.tenant, key.call_id) for key in late], now_ms + AGAIN_MS)
        await self._timers.drop([(key.tenant, key.call_id) for key in keys if key not in late])
        return len(late)

    def _outgoing(self, key: CallKey, state: CallState) -> Outgoing:
        at_ms = state.latest_at_ms
        event = call_pb2.CallEvent(
            event_id=ids.derived("overdue", key.tenant, key.call_id, str(at_ms)), call_id=key.call_id, tenant=key.tenant,
            kind=call_pb2.CALL_EVENT_KIND_OVERDUE, event_at_ms=at_ms, received_at_ms=self._now_ms(),
        )  # fmt: skip
        return Outgoing(self._topic, key.call_id, event, event.event_id, at_ms)
