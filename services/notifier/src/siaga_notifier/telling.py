"""What the engine publishes: notification events, and the dead letters of orders that nothing could send."""

from typing import Final

from siaga_contracts.catalogue import DISPATCH_ORDERS
from siaga_kit.dead_letters import dead_letter
from siaga_kit.records import Outgoing, Record

from siaga_notifier.adapters import codec
from siaga_notifier.adapters.alarm.operator import cleared
from siaga_notifier.adapters.codec import Step
from siaga_notifier.closing import answered_attempt
from siaga_notifier.core import names
from siaga_notifier.core.model import OPERATOR, SMS, Order, OrderKind
from siaga_notifier.core.plans.telling import Told, told
from siaga_notifier.core.plans.values import Notification, Phase
from siaga_notifier.core.routes import OPERATOR_ROUTE, channel_of
from siaga_notifier.core.states import State
from siaga_notifier.core.tries import HANDED_OVER, Stage, Try
from siaga_notifier.sender import InHand, attempt_id
from siaga_notifier.sender import told as sent_by

# The way of a notification that says that the unit has no way at all.
NO_ROUTE: Final = "none"
UNSENT: Final = frozenset({Phase.FAILED, Phase.UNACKNOWLEDGED})
# In these nobody has to be called any more; an alarm rings, or may, whose raising was at least begun.
OVER: Final = frozenset({Phase.ACKNOWLEDGED, Phase.STOOD_DOWN, Phase.FAILED})
RINGING: Final = HANDED_OVER | {Stage.SUBMITTING}


class NotSent(Exception):  # noqa: N818  (a reason for people, never raised)
    """No way took the order."""


def records(before: Notification | None, hand: InHand, now_ms: int) -> list[Outgoing]:
    """What became true of a notification since `before`."""
    after = hand.notification
    found = [_event(hand, one) for one in told(before, after, now_ms)]
    if (
        before is not None
        and before.phase is not after.phase
        and after.phase is Phase.ACKNOWLEDGED
        and hand.answered_by
    ):
        attempt = answered_attempt(after.order_id, after, hand.answered_by)
        step = Step(attempt, hand.answered_by, State.ACKNOWLEDGED, now_ms, reason=hand.answer)
        found.append(codec.notification_event(hand.order, step, hand.traceparent))
    alarm = _ends_alarm(before, after)
    if alarm is not None:
        found.append(cleared(hand.order, sent_by(after), alarm.at_ms, now_ms))
    # Whoever tries looks on; a trial that is sent again later would tell nobody anything.
    trial = hand.order.kind is OrderKind.TRIAL
    if unsent(after) and not trial and (before is None or not unsent(before)):
        found.append(_letter(hand))
    return found


def _ends_alarm(before: Notification | None, after: Notification) -> Try | None:
    """The operator's alarm that is over: the crew has answered, its task is taken back, or long past.

    The answer may come while the alarm is being raised: then it is ended at once, and again when it is known to ring.
    """
    alarm = after.tries.get(OPERATOR_ROUTE)
    if alarm is None or alarm.stage not in RINGING or after.phase not in OVER:
        return None
    told = before is not None and before.phase in OVER and before.tries.get(OPERATOR_ROUTE) == alarm
    return None if told else alarm


def unsent(known: Notification) -> bool:
    """Whether it has ended and nobody was ever told."""
    taken = any(one.provider_id for one in known.tries.values())
    return known.phase in UNSENT and not known.waiting and not known.handed_over and not taken


def unreachable(order: Order, reason: str, traceparent: str | None, state: State = State.FAILED_PERMANENT) -> Outgoing:
    """That a unit has no way at all."""
    # Event time, so that the record is the same however often it is made.
    attempt = names.attempt_id(order.order_id, NO_ROUTE, 1)
    return codec.notification_event(
        order, Step(attempt, NO_ROUTE, state, order.event_at_ms, reason=reason), traceparent
    )


def _event(hand: InHand, one: Told) -> Outgoing:
    known = one.known
    if known is None:
        step = Step("", "", one.state, one.at_ms, step=hand.notification.step)
        return codec.notification_event(hand.order, step, hand.traceparent)
    channel = channel_of(one.route)
    queued = one.state is State.QUEUED
    step = Step(
        attempt_id(hand.order.order_id, one.route, known.number),
        channel,
        one.state,
        one.at_ms,
        "" if queued else known.provider_id,
        ("repeat" if known.number > 1 else "") if queued else known.reason,
        known.segments if channel == SMS and not queued else 0,
        provider="" if queued else known.provider,
        step=known.step,
        repeat=known.number > 1,
    )
    return codec.notification_event(hand.order, step, hand.traceparent)


def _letter(hand: InHand) -> Outgoing:
    topic, _, where = hand.notification.origin.partition("/")
    partition, _, offset = where.partition("/")
    reasons = [one.reason for route, one in hand.notification.tries.items() if channel_of(route) != OPERATOR]
    record = Record(
        topic or DISPATCH_ORDERS.name,
        int(partition or 0),
        int(offset or 0),
        hand.notification.taken_at_ms,
        hand.order.unit_id.encode(),
        hand.raw,
        (),
        hand.traceparent,
    )
    return dead_letter("notifier", record, NotSent("; ".join(filter(None, reasons)) or "no usable contact"))
