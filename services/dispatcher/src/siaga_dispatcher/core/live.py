"""Whether anybody still waits for what was told."""

from typing import Final

from siaga_dispatcher.core.values import Situation

# Something older comes from a month replayed, whose crews are long home: to nag them, and to send the next unit because
# they are silent, would make another month of it.
LIVE_WITHIN_MS: Final = 24 * 3600 * 1000


def live(event_at_ms: int, situation: Situation) -> bool:
    """Whether something of that event time is recent enough to be followed by the wall clock."""
    return situation.now - event_at_ms < LIVE_WITHIN_MS
