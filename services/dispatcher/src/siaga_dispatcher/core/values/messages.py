"""What the notifier tells of the messages by which a crew learns of its task.

`order_id` is that of the order that sent the crew, or of a reminder of it.
"""

from siaga_contracts.values import value

from siaga_dispatcher.core.values.terms import MessageState


@value(frozen=True, slots=True)
class Told:
    """The crew was told so far, by which way, and when by the wall clock."""

    state: MessageState
    channel: str
    at_ms: int


@value(frozen=True, slots=True)
class Progress:
    """An order's message has come so far."""

    event_id: str
    tenant: str
    unit_id: str
    order_id: str
    told: Told


@value(frozen=True, slots=True)
class NotDelivered:
    """An order's message that will not reach its crew on one way; channel `none` = there was no way to try."""

    event_id: str
    tenant: str
    unit_id: str
    order_id: str
    attempt_id: str
    channel: str


@value(frozen=True, slots=True)
class Unacknowledged:
    """Every way to tell an order was tried, and nobody has acknowledged it."""

    event_id: str
    tenant: str
    unit_id: str
    order_id: str
