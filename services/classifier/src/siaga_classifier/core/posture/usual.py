"""What is usual: callers a minute by hour of the day, learned from the hours that went by."""

from dataclasses import dataclass, field, replace
from typing import Final

HOURS: Final = 24
MINUTES: Final = 60
# How much one hour moves what is usual at that hour: five days weigh as much as all before them. Learning faster, two
# days of flood would be usual; slower, a new centre would be measured for weeks by its first days.
LEARNING: Final = 0.2
# An hour counts at most so many times what was usual: a flood that lasts must not become what is usual.
MOST_TIMES: Final = 2.0
# Callers a minute that a new centre is taken for in its first hour, when nothing is known of it: as many as a large city
# has, so that no centre begins with a false alarm.
UNKNOWN_USUAL: Final = 10.0
# An hour of which less was seen says nothing.
LEAST_MINUTES: Final = 30


@dataclass(frozen=True, slots=True)
class Usual:
    """Callers a minute by hour of the day in UTC; -1 = that hour is not learned yet."""

    by_hour: tuple[float, ...] = field(default=(-1.0,) * HOURS)
    # The last whole hour, for hours that are not learned yet; -1 = there was none.
    last_hour: float = -1.0
    # The hour under way (hours since 1970), its minutes so far and their callers.
    hour: int = -1
    minutes: int = 0
    callers: int = 0


UNLEARNED: Final = Usual()


def learned(usual: Usual, minute: int, callers: int) -> Usual:
    """With one more whole minute (minutes since 1970); minutes come in order."""
    hour = minute // MINUTES
    if hour == usual.hour:
        return replace(usual, minutes=usual.minutes + 1, callers=usual.callers + callers)
    return replace(_with_hour(usual), hour=hour, minutes=1, callers=callers)


def per_minute(usual: Usual, minute: int, least: float) -> float:
    """Callers a minute that are usual then, never below `least`; of an hour not learned yet, as in the hour before."""
    rate = usual.by_hour[minute // MINUTES % HOURS]
    if rate < 0:
        rate = usual.last_hour if usual.last_hour >= 0 else UNKNOWN_USUAL
    return max(rate, least)


def _with_hour(usual: Usual) -> Usual:
    """The hour under way is over: what it says about such hours."""
    if usual.minutes < LEAST_MINUTES:
        return usual
    slot = usual.hour % HOURS
    before = usual.by_hour[slot]
    rate = usual.callers / usual.minutes
    if before < 0:
        known = rate if usual.last_hour < 0 else min(rate, max(usual.last_hour * MOST_TIMES, 1.0))
    else:
        # From nothing there must be a way up.
        known = before + LEARNING * (min(rate, max(before * MOST_TIMES, 1.0)) - before)
    return replace(usual, by_hour=(*usual.by_hour[:slot], known, *usual.by_hour[slot + 1 :]), last_hour=rate)
