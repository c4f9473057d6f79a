"""What the three consumer loops do with their batches."""

from collections.abc import Callable, Sequence

from siaga.v1 import assessment_pb2, notification_pb2, order_pb2, unit_pb2
from siaga_kit.stage import Item, Result
from siaga_tenants.vocabulary import OPERATOR

from siaga_dispatcher.adapters import codec
from siaga_dispatcher.adapters.places import Places
from siaga_dispatcher.adapters.side_by_side import all_of
from siaga_dispatcher.adapters.store import Store
from siaga_dispatcher.core.values import MessageState, UnitStatus
from siaga_dispatcher.dispatching import Dispatcher
from siaga_dispatcher.following import FollowUp
from siaga_dispatcher.positioning import Positions
from siaga_dispatcher.suggesting import Suggestions

_HELP = assessment_pb2.ADVICE_DISPATCH
# After these a unit may be free that was not before.
FREEING = frozenset(
    codec.UNIT_STATUS[status]
    for status in (UnitStatus.CLEAR, UnitStatus.DECLINED, UnitStatus.AVAILABLE, UnitStatus.AVAILABLE_MOBILE)
)

# Orders by which a crew learns of its task. What becomes of a word about a change, or of a stand-down, is no matter here.
_TASKS = frozenset({order_pb2.ORDER_KIND_DISPATCH, order_pb2.ORDER_KIND_REMIND})
# A message that will not arrive. Refused for now is no failure: the notifier goes on trying.
_FAILED = frozenset({notification_pb2.NOTIFICATION_STATE_FAILED_PERMANENT, notification_pb2.NOTIFICATION_STATE_EXPIRED})
_UNACKNOWLEDGED = notification_pb2.NOTIFICATION_STATE_UNACKNOWLEDGED
_RANK = {state: rank for rank, state in enumerate(MessageState)}


class Assessments:
    """Takes assessments. Nearly all are of calls that need no help and never did: those must cost almost nothing."""

    def __init__(self, dispatcher: Dispatcher, store: Store, places: Places, tenants: frozenset[str]) -> None:
        self._dispatcher = dispatcher
        self._suggestions = Suggestions(dispatcher, store)
        self._store = store
        self._places = places
        self._tenants = tenants

    async def process(self, batch: Sequence[Item[assessment_pb2.CallAssessment]]) -> Result:
        """Decide about the few that matter: a tenant's in order, the tenants side by side."""
        by_tenant: dict[str, list[Item[assessment_pb2.CallAssessment]]] = {}
        for item in await self._worth_a_look(batch):
            by_tenant.setdefault(item.message.tenant, []).append(item)
        await all_of(self._take(items) for items in by_tenant.values())
        return Result()

    async def _take(self, items: Sequence[Item[assessment_pb2.CallAssessment]]) -> None:
        for item in items:
            assessment = codec.assessment_of(item.message)
            if assessment.wants_help:
                self._dispatcher.rules(assessment.tenant)
                assessment = self._places.completed(assessment)
            decision = await self._dispatcher.take_assessment(assessment, item.record.traceparent)
            await self._suggestions.after(assessment, decision)

    async def _worth_a_look(
        self, batch: Sequence[Item[assessment_pb2.CallAssessment]]
    ) -> list[Item[assessment_pb2.CallAssessment]]:
        """Calls that want help, and later words on calls that did: a first word of no help concerns nobody."""
        wanting: set[str] = set()
        later: dict[str, set[str]] = {}
        for item in batch:
            message = item.message
            if message.advice == _HELP:
                wanting.add(message.call_id)
            elif message.revision > 1 and message.tenant in self._tenants:
                later.setdefault(message.tenant, set()).add(message.call_id)
        for tenant, call_ids in later.items():
            wanting |= await self._store.linked(tenant, tuple(call_ids))
        return [item for item in batch if item.message.call_id in wanting] if wanting else []


class Reports:
    """Takes unit reports: crews' words one by one, then gives waiting incidents the units that became free; then positions."""

    def __init__(self, dispatcher: Dispatcher, positions: Positions) -> None:
        self._dispatcher = dispatcher
        self._positions = positions

    async def process(self, batch: Sequence[Item[unit_pb2.UnitReport]]) -> Result:
        """Decide about each word, in order. A fleet's positions come behind: no crew waits for them."""
        await self._words([item for item in batch if _is_word(item.message)])
        await self._positions.take(codec.report_of(item.message) for item in batch if not _is_word(item.message))
        return Result()

    async def _words(self, batch: Sequence[Item[unit_pb2.UnitReport]]) -> None:
        freed: dict[str, int] = {}
        for item in batch:
            report = codec.report_of(item.message)
            await self._dispatcher.take_report(report, item.record.traceparent)
            # Also when the report had been taken before: a crash may have come between it and the retry.
            if item.message.status in FREEING or report.status_code:
                freed[report.tenant] = max(freed.get(report.tenant, 0), report.event_at_ms)
        for tenant, event_at_ms in freed.items():
            await self._dispatcher.retry_waiting(tenant, event_at_ms)


def _is_word(message: unit_pb2.UnitReport) -> bool:
    """Whether a crew says something, in our words or its centre's; else a tracker tells where it is."""
    return bool(message.status or message.status_code)


class Notifications:
    """Takes news of messages: how far they get, and when none does."""

    def __init__(self, follow_up: FollowUp, clock_ms: Callable[[], int]) -> None:
        self._follow_up = follow_up
        self._clock_ms = clock_ms

    async def process(self, batch: Sequence[Item[notification_pb2.NotificationEvent]]) -> Result:
        """Decide about what a crew is to do; of what a batch tells about one order's progress only the furthest counts."""
        items = [item for item in batch if item.message.order_kind in _TASKS]
        furthest: dict[str, str] = {}
        for message in sorted((item.message for item in items if _progress(item.message)), key=_rank):
            furthest.setdefault(message.order_id, message.event_id)
        for item in items:
            message, traceparent = item.message, item.record.traceparent
            if message.state in _FAILED:
                await self._follow_up.take_not_delivered(codec.not_delivered_of(message), self._clock_ms(), traceparent)
            elif message.state == _UNACKNOWLEDGED:
                news = codec.unacknowledged_of(message)
                await self._follow_up.take_unacknowledged(news, self._clock_ms(), traceparent)
            elif furthest.get(message.order_id) == message.event_id:
                await self._follow_up.take_progress(codec.progress_of(message), traceparent)
        return Result()


def _progress(message: notification_pb2.NotificationEvent) -> bool:
    """Whether the crew has been told so far; that an operator is to call it tells it nothing."""
    return message.state in codec.MESSAGE_STATE_OF and message.channel != OPERATOR


def _rank(message: notification_pb2.NotificationEvent) -> int:
    return -_RANK[codec.MESSAGE_STATE_OF[message.state]]
