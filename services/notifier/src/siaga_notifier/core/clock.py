"""Event time of what comes without a time of its own."""

from typing import Final

# An order younger than this belongs to today; an older one comes from a month replayed.
LIVE_WITHIN_MS: Final = 24 * 3600 * 1000


def answered_at_ms(order_event_at_ms: int, taken_at_ms: int, now_ms: int) -> int:
    """When a crew's answer happened: now, or for a replayed order as long after its event as the crew took.

    An SMS carries no time. With the wall clock's year, the incident of a replayed month would have lasted for years.
    """
    if taken_at_ms - order_event_at_ms < LIVE_WITHIN_MS:
        return now_ms
    return order_event_at_ms + max(0, now_ms - taken_at_ms)
