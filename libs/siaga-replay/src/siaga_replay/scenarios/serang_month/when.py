"""When people call: by day, by hour, in bursts, and never twice at once from one telephone."""

from bisect import bisect
from itertools import accumulate
from random import Random
from typing import Final

from siaga_replay.scenarios.serang_month.counts import DAY_S, END_S, PERIODS, START_S

# Calls per hour of the day: quiet before dawn, children after school, boredom in the evening.
HOURS: Final = (9, 6, 5, 4, 5, 8, 14, 24, 36, 46, 52, 54, 55, 62, 66, 64, 60, 56, 52, 62, 60, 46, 28, 16)
# A telephone's next call rings at least this long after the one before: room for a queue and a talk.
MIN_GAP_S: Final = 34
MEAN_GAP_S: Final = 70
MAX_BURST: Final = 14
# The last call of the month ends well inside it.
LAST_RING_S: Final = END_S - 600

_DAYS: Final = [
    (period.start_s + day * DAY_S, period.total / period.days) for period in PERIODS for day in range(period.days)
]
_DAY_SUMS: Final = list(accumulate(weight for _, weight in _DAYS))
_HOUR_SUMS: Final = list(accumulate(HOURS))


def a_moment(rng: Random) -> int:
    """A second of the month, by the weight of its day and hour."""
    day_start, _ = _DAYS[bisect(_DAY_SUMS, rng.random() * _DAY_SUMS[-1])]
    hour = bisect(_HOUR_SUMS, rng.random() * _HOUR_SUMS[-1])
    return min(day_start + hour * 3_600 + rng.randrange(3_600), LAST_RING_S)


def ring_times(rng: Random, calls: int, fixed_s: int | None = None) -> list[int]:
    """Seconds at which one telephone's calls ring, in order; none near `fixed_s`, where its real call stands."""
    times: list[int] = []
    while len(times) < calls:
        burst = min(calls - len(times), 1 + min(MAX_BURST, int(rng.expovariate(1 / _mean_burst(calls)))))
        at = a_moment(rng)
        for _ in range(burst):
            times.append(at)
            at += MIN_GAP_S + int(rng.expovariate(1 / MEAN_GAP_S))
    return _one_at_a_time(rng, times, fixed_s)


def _mean_burst(calls: int) -> float:
    return 0.5 if calls < 6 else 4.0


def _one_at_a_time(rng: Random, times: list[int], fixed_s: int | None) -> list[int]:
    for _ in range(100):
        times = sorted(_moved(rng, at, fixed_s) for at in times)
        for index in range(1, len(times)):
            times[index] = max(times[index], times[index - 1] + MIN_GAP_S)
        if all(_allowed(at, fixed_s) for at in times):
            return times
    raise AssertionError("a telephone has more calls than the month has room for")


def _moved(rng: Random, at: int, fixed_s: int | None) -> int:
    while not _allowed(at, fixed_s):
        at = a_moment(rng)
    return at


def _allowed(at: int, fixed_s: int | None) -> bool:
    return START_S <= at <= LAST_RING_S and (fixed_s is None or abs(at - fixed_s) > 1_800)
