"""Identifiers of what the notifier makes, derived from their cause: done twice, it is the same thing."""

from siaga_contracts.ids import derived


def notification_id(order_id: str) -> str:
    """The one notification of an order."""
    return derived("notification", order_id)


def attempt_id(order_id: str, channel: str, number: int) -> str:
    """A try on a channel."""
    return derived("attempt", notification_id(order_id), channel, str(number))


def attempt_key(order_id: str, route: str) -> str:
    """What every try of an order at one contact (`sms:0`) has in common."""
    return derived("attempt-key", notification_id(order_id), route)


def notification_event_id(attempt: str, state: str) -> str:
    """An attempt reaching a state."""
    return derived("notification-event", attempt, state)


def report_id(order_id: str, via: str, status: str) -> str:
    """A crew saying a status of a task: said twice, it is one report."""
    return derived("unit-report", order_id, via, status)


def device_key(tenant: str, channel: str, device: str, unit_id: str) -> str:
    """A device that a unit's crew has signed in with."""
    return derived("unit-device", tenant, channel, device, unit_id)
