"""Event time going on between events: a centre's newest event, plus the wall time since it was published."""

from dataclasses import dataclass
from typing import Final

from siaga_classifier.ledger.core.policy import DAY_MS

# A switch whose clock runs ahead ends sanctions early, which hurts nobody. One that is years ahead would make the
# ledger forget everybody at once, and for good: beyond a week it is not believed.
MOST_AHEAD_MS: Final = 7 * DAY_MS


@dataclass(frozen=True, slots=True)
class EventClock:
    """How far a centre's event time is ahead of the wall clock (behind: negative); never goes back.

    It is a maximum over records, each with its own times, so that it is the same after a restart and in any order.
    """

    ahead_ms: int

    def heard(self, event_at_ms: int, published_at_ms: int) -> "EventClock":
        """The clock after an event of this time, published at this wall time."""
        ahead_ms = event_at_ms - published_at_ms
        return self if ahead_ms > MOST_AHEAD_MS else EventClock(max(self.ahead_ms, ahead_ms))

    def now_ms(self, wall_ms: int) -> int:
        """Event time at this wall time."""
        return wall_ms + self.ahead_ms


# Of a centre that nothing was heard of: before all events, and within what the table's head can hold.
UNHEARD: Final = EventClock(-(2**62))
