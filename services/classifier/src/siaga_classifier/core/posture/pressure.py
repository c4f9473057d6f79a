"""From counts by minute to the level that holds: a fold over minutes in event time, and nothing else.

Counts are of distinct callers, so that one number that calls all day is one caller a minute: it can press a centre by
the waits it causes, but never turn it red.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from siaga_classifier.core.posture.levels import GREEN, Held, Level, Measured, follow
from siaga_classifier.core.posture.usual import UNLEARNED, Usual, learned, per_minute

MINUTE_MS: Final = 60_000
# Minutes that are looked at together: fewer, and three households that call about one fire would be a flood.
WINDOW: Final = 5
# Fewer callers whose call ended say nothing about a share.
LEAST_ENDED: Final = 5


@dataclass(frozen=True, slots=True)
class Minute:
    """What began and ended in one minute; `ended` and `unserved` count callers. `longest_wait_ms`: for an operator."""

    calls: int = 0
    callers: int = 0
    ended: int = 0
    unserved: int = 0
    longest_wait_ms: int = 0


NOTHING: Final = Minute()


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a centre is how hard pressed. A triple is yellow, orange, red; a pair yellow, orange."""

    times_usual: tuple[float, float, float] = (2.0, 4.0, 8.0)
    # Fixed callers a minute; None = what is usual, times `times_usual`.
    callers_per_minute: tuple[float, float, float] | None = None
    usual_at_least: float = 1.0
    unserved_share: tuple[float, float] = (0.2, 0.4)
    wait_ms: tuple[int, int] = (60_000, 180_000)
    calm_minutes: int = 10


@dataclass(frozen=True, slots=True)
class Readings:
    """The last minutes, as people read them."""

    calls_per_minute: float = 0.0
    callers_per_minute: float = 0.0
    usual_per_minute: float = 0.0
    unserved_share: float = 0.0
    longest_wait_ms: int = 0
    # Callers whose call ended in these minutes.
    ended: int = 0


@dataclass(frozen=True, slots=True)
class Pressure:
    """Where a centre stands after a minute (minutes since 1970) that is over."""

    minute: int
    held: Held = GREEN
    usual: Usual = UNLEARNED


@dataclass(frozen=True, slots=True)
class Change:
    """A level that began, and the readings of its first minute."""

    held: Held
    readings: Readings


def after(
    pressure: Pressure, counts: Mapping[int, Minute], until: int, thresholds: Thresholds
) -> tuple[Pressure, list[Change]]:
    """The pressure after all minutes up to `until`, which are over, and the levels that began on the way.

    Minutes without counts had no calls.
    """
    held, usual = pressure.held, pressure.usual
    changes: list[Change] = []
    window = deque((counts.get(minute, NOTHING) for minute in _window(pressure.minute)), WINDOW)
    for minute in range(pressure.minute + 1, until + 1):
        window.append(counts.get(minute, NOTHING))
        readings = read(window, per_minute(usual, minute, thresholds.usual_at_least))
        before = held.level
        held = follow(held, measure(readings, thresholds), minute * MINUTE_MS, thresholds.calm_minutes)
        if held.level is not before:
            changes.append(Change(held, readings))
        usual = learned(usual, minute, window[-1].callers)
    return Pressure(max(until, pressure.minute), held, usual), changes


def now(pressure: Pressure, counts: Mapping[int, Minute], head: int, thresholds: Thresholds) -> Change:
    """The level with the minutes counted in that are still under way, up to `head`: these can only raise it.

    With the readings of the minute that raised it; of the last one when none did.
    """
    held, risen = pressure.held, None
    readings = _readings(pressure, counts, pressure.minute, thresholds)
    for minute in range(pressure.minute + 1, head + 1):
        readings = _readings(pressure, counts, minute, thresholds)
        # A share of a minute under way may still fall; rates and waits only grow.
        measured = measure(replace(readings, ended=0), thresholds)
        if measured.level > held.level:
            held, risen = follow(held, measured, minute * MINUTE_MS, thresholds.calm_minutes), readings
    return Change(held, risen or readings)


def read(window: Sequence[Minute], usual_per_minute: float) -> Readings:
    """The readings of a window's minutes."""
    ended = sum([minute.ended for minute in window])
    unserved = sum([minute.unserved for minute in window])
    return Readings(
        sum([minute.calls for minute in window]) / WINDOW,
        sum([minute.callers for minute in window]) / WINDOW,
        usual_per_minute,
        unserved / ended if ended else 0.0,
        max([minute.longest_wait_ms for minute in window], default=0),
        ended,
    )


def measure(readings: Readings, thresholds: Thresholds) -> Measured:
    """The level that these readings amount to: the worst that a rule finds, named by all rules that found it.

    Only the number of callers makes red: red suspends sanctions, and a few who wait long are no major incident.
    """
    rate = thresholds.callers_per_minute or tuple(
        [times * readings.usual_per_minute for times in thresholds.times_usual]
    )
    found = {
        "rate": _reached(readings.callers_per_minute, rate),
        "unserved": _reached(readings.unserved_share, thresholds.unserved_share)
        if readings.ended >= LEAST_ENDED
        else Level.GREEN,
        "wait": _reached(readings.longest_wait_ms, thresholds.wait_ms),
    }
    level = max(found.values())
    if level is Level.GREEN:
        return Measured(level)
    return Measured(level, ", ".join([rule for rule, its in found.items() if its is level]))


def _reached(value: float, thresholds: Sequence[float]) -> Level:
    return Level(Level.GREEN + sum([value >= threshold for threshold in thresholds]))


def _window(minute: int) -> range:
    return range(minute - WINDOW + 1, minute + 1)


def _readings(pressure: Pressure, counts: Mapping[int, Minute], minute: int, thresholds: Thresholds) -> Readings:
    window = [counts.get(one, NOTHING) for one in _window(minute)]
    return read(window, per_minute(pressure.usual, minute, thresholds.usual_at_least))
