"""How far event time has come in a centre: which minutes are over, and which is under way.

Calls of one centre lie in several partitions, which are read at different speeds when a backlog or a month of long ago
is read: a minute is over only when all partitions that still bring something have passed it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from siaga_classifier.core.posture.pressure import MINUTE_MS

# A partition that brought nothing for so long has nothing to bring: nobody waits for it any more.
IDLE_MS: Final = 5_000
# Event time that stood still for longer is left out but for its last hour: nothing of it is kept any more.
MOST_BEHIND_MINUTES: Final = 60 * 24 * 40
KEPT_MINUTES: Final = 60


@dataclass(frozen=True, slots=True)
class Mark:
    """The latest event of a partition by its own time, and when that was taken in by the wall clock."""

    event_at_ms: int
    heard_at_ms: int


@dataclass(frozen=True, slots=True)
class Progress:
    """The last minute that is over, the one under way (minutes since 1970), and event time now."""

    over: int
    head: int
    at_ms: int


def progress(marks: Mapping[int, Mark], now_ms: int) -> Progress | None:
    """How far the centre is at this wall time; None when nothing was ever heard of it.

    Event time goes on with the wall clock from the latest event, so that a flood ends also when nobody calls any more.
    """
    if not marks:
        return None
    ahead_ms = max([mark.event_at_ms - mark.heard_at_ms for mark in marks.values()])
    newest_ms = now_ms + ahead_ms
    heard = [mark.event_at_ms for mark in marks.values() if now_ms - mark.heard_at_ms < IDLE_MS]
    over = min([*heard, newest_ms]) // MINUTE_MS - 1
    return Progress(over, max(newest_ms // MINUTE_MS, over + 1), newest_ms)


def begin(last: int, first_counted: int, over: int) -> int:
    """The minute after which to go on: the last that was folded in (0 = none), but not further back than is kept."""
    last = last or first_counted - 1
    return last if over - last <= MOST_BEHIND_MINUTES else over - KEPT_MINUTES
