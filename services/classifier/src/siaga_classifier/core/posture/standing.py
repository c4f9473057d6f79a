"""What a centre is told of its posture, when it is told something new, and when its sanctions rest."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from siaga_classifier.core.posture.levels import Held, Level
from siaga_classifier.core.posture.pressure import MINUTE_MS, WINDOW

DECLARED: Final = "declared"
# A caller is hot until so long after the last call: shorter, and one who pauses would be an alert again and again.
HOT_FOR_MS: Final = 60 * MINUTE_MS
# More in one posture say nothing more: then it is a flood.
MOST_HOT: Final = 50
# The ledger is told so far ahead that sanctions rest, and told again when less than the second is left: a classifier that
# dies leaves them resting a quarter of an hour too long, never for ever, and never counts in the middle of a flood.
REST_MS: Final = 15 * MINUTE_MS
RENEW_MS: Final = 5 * MINUTE_MS

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Declared:
    """A major incident that a person declared, by the wall clock. Lifted: `until_ms` is `at_ms`."""

    by: str
    reason: str
    at_ms: int
    until_ms: int
    decision_id: str

    def holds(self, now_ms: int) -> bool:
        return self.at_ms <= now_ms < self.until_ms


@dataclass(frozen=True, slots=True)
class HotCaller:
    """A number, or the calls without one of a source, that calls far more than people do."""

    caller_key: str
    source: str
    calls: int
    since_ms: int
    last_at_ms: int

    @property
    def alert(self) -> tuple[str, str, int]:
        """What a supervisor is alerted of once."""
        return self.caller_key, self.source, self.since_ms


@dataclass(frozen=True, slots=True)
class Posture:
    """How hard a centre is pressed, as it is told."""

    level: Level = Level.GREEN
    since_ms: int = 0
    reason: str = ""
    declared_by: str = ""
    hot: tuple[HotCaller, ...] = ()

    @property
    def suspended(self) -> bool:
        """Whether sanctions have no consequence now."""
        return self.level is Level.RED

    def says_the_same(self, other: "Posture") -> bool:
        """Whether people would learn nothing new; that a hot caller called again is nothing new."""
        return (self.level, self.since_ms, self.declared_by) == (other.level, other.since_ms, other.declared_by) and {
            hot.alert for hot in self.hot
        } == {hot.alert for hot in other.hot}


NOTHING_TOLD: Final = Posture()


def posture(held: Held, declared: Declared | None, hot: tuple[HotCaller, ...], now_ms: int) -> Posture:
    """The posture of a level, of what a person declared, and of hot callers; what is declared goes first."""
    if declared is not None and declared.holds(now_ms):
        return Posture(Level.RED, declared.at_ms, DECLARED, declared.by, hot)
    return Posture(held.level, held.since_ms, held.reason, "", hot)


def is_hot(caller: HotCaller, at_ms: int) -> bool:
    """Whether the caller called lately."""
    return at_ms - caller.last_at_ms < HOT_FOR_MS


def still_hot(callers: Iterable[HotCaller], at_ms: int) -> tuple[HotCaller, ...]:
    """Those who called lately, at most so many: the first ones, so that none comes and goes as others call."""
    lately = [caller for caller in callers if is_hot(caller, at_ms)]
    return tuple(sorted(lately, key=lambda hot: (hot.since_ms, hot.caller_key, hot.source))[:MOST_HOT])


def alerts(before: Iterable[HotCaller], hot: Iterable[HotCaller]) -> list[HotCaller]:
    """Hot callers that nobody was alerted of yet."""
    known = {caller.alert for caller in before}
    return [caller for caller in hot if caller.alert not in known]


def rests(levels: Sequence[Held], rested_until_ms: int, head_ms: int) -> list[Span]:
    """When sanctions rest by these levels, one after the other, the last of which still holds at `head_ms`.

    `rested_until_ms` is how far the ledger was told before. A flood began before it made the centre red: the minutes by
    which it was seen rest as well.
    """
    spans: list[Span] = []
    for index, held in enumerate(levels):
        if held.level is not Level.RED:
            continue
        is_last = index + 1 == len(levels)
        end_ms = head_ms + REST_MS if is_last else levels[index + 1].since_ms
        if rested_until_ms >= (head_ms + RENEW_MS if is_last else end_ms):
            continue
        spans.append((max(held.since_ms - (WINDOW - 1) * MINUTE_MS, rested_until_ms), end_ms))
        rested_until_ms = end_ms
    return spans
