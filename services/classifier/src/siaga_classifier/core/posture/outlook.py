"""What one look at a centre decides: its posture now, what it is told, and when its sanctions rest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from siaga_classifier.core.posture.levels import Held
from siaga_classifier.core.posture.pressure import MINUTE_MS, Minute, Pressure, Readings, Thresholds, after, now
from siaga_classifier.core.posture.standing import (
    NOTHING_TOLD,
    Declared,
    HotCaller,
    Posture,
    Span,
    alerts,
    posture,
    rests,
    still_hot,
)

_MS_A_SECOND: Final = 1_000


@dataclass(frozen=True, slots=True)
class Saved:
    """What is remembered of a centre: its pressure, what it was told last, and until when sanctions rest."""

    pressure: Pressure
    told: Posture = NOTHING_TOLD
    revision: int = 0
    rested_until_ms: int = 0
    # The declaration under which the ledger was told last: a lifted one has ended the rest of a flood as well.
    declared_id: str = ""


@dataclass(frozen=True, slots=True)
class Sight:
    """What is seen of a centre: counts by minute, the last minute that is over, the one under way, event time now."""

    counts: Mapping[int, Minute]
    over: int
    head: int
    at_ms: int
    hot: Sequence[HotCaller] = ()
    declared: Declared | None = None


@dataclass(frozen=True, slots=True)
class Telling:
    """A posture to tell; `at_ms` is event time. The revision grows, also should all that was remembered be lost."""

    posture: Posture
    readings: Readings
    at_ms: int
    revision: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """The state to keep, what to tell in its order, when sanctions rest besides, and hot callers nobody knew of."""

    saved: Saved
    tell: tuple[Telling, ...]
    rest: tuple[Span, ...]
    alerts: tuple[HotCaller, ...]


def decide(saved: Saved, sight: Sight, thresholds: Thresholds, now_ms: int) -> Outlook:
    """Fold in the minutes that are over, look at those under way, and compare with what was told before."""
    hot = still_hot(sight.hot, sight.at_ms)
    pressure, changes = after(saved.pressure, sight.counts, sight.over, thresholds)
    last = now(pressure, sight.counts, sight.head, thresholds)
    # In a backlog, the minute that raised a level lies far before the latest event.
    risen_ms = last.held.since_ms + MINUTE_MS - 1 if last.held.level is not pressure.held.level else sight.at_ms
    shown = [*((change, change.held.since_ms) for change in changes), (last, min(sight.at_ms, risen_ms))]

    told, revision = saved.told, saved.revision
    tell: list[Telling] = []
    for change, at_ms in shown:
        standing = posture(change.held, sight.declared, hot, now_ms)
        is_past = change is not last and not told.declared_by and change.held.since_ms <= told.since_ms
        if is_past or standing.says_the_same(told):
            continue
        revision = max(revision + 1, now_ms // _MS_A_SECOND)
        tell.append(Telling(standing, change.readings, at_ms, revision))
        told = standing

    declared_id = sight.declared.decision_id if sight.declared else ""
    rested_until_ms = saved.rested_until_ms if declared_id == saved.declared_id else 0
    levels = [saved.pressure.held, *(change.held for change, _ in shown)]
    spans = rests(_distinct(levels), rested_until_ms, sight.at_ms)
    rested_until_ms = max([rested_until_ms, *(end for _, end in spans)])
    kept = replace(
        saved, pressure=pressure, told=told, revision=revision, rested_until_ms=rested_until_ms, declared_id=declared_id
    )
    return Outlook(kept, tuple(tell), tuple(spans), tuple(alerts(saved.told.hot, hot)))


def _distinct(levels: Sequence[Held]) -> list[Held]:
    """One after the other, each once."""
    return [held for index, held in enumerate(levels) if not index or held.level is not levels[index - 1].level]
