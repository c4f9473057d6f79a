"""A centre's sanction policy in the ledger's units, with the versions before it and the times when it rests."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from siaga_classifier.ledger.core.entries import ANSWERED_PRANK, CHILD, IVR_PRANK

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS

# Pocket dials, children and SIM-less toys ring in bursts: the policy's free menu pranks are counted over this long.
IVR_WINDOW_MS: Final = DAY_MS
# Ghost calls within this long are one need, not many accidents.
GHOST_WINDOW_MS: Final = HOUR_MS

# Start and end of a time, half open.
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Over:
    """A major incident is over from then on."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Policy:
    """A centre's sanction policy, durations in milliseconds. `shared`: the number serves many people."""

    version: str
    weights: Mapping[str, float] = field(default_factory=lambda: {ANSWERED_PRANK: 1.0, IVR_PRANK: 1.0})
    watch_at: float = 3.0
    warn_at: float = 5.0
    temporary_above: float = 5.0
    temporary_ms: int = DAY_MS
    memory_ms: int = 180 * DAY_MS
    protection_ms: int = 30 * DAY_MS
    review_ms: int = 90 * DAY_MS
    ivr_prank_free: int = 3
    shared: bool = False
    # What a malicious report counts that moved a unit.
    false_report_weight: float = 1.0
    # Factors on the weight of a call of a caller whom operators have tagged so.
    tag_weights: Mapping[str, float] = field(default_factory=lambda: {CHILD: 0.5})
    # So many ghost calls within an hour are screened for the rest of the day, for somebody may be in need; 0 = never.
    ghost_screen_at: int = 5
    # So many calls within 24 hours, some of them in earnest, look like a switchboard; 0 = never.
    shared_suspected_at: int = 20
    appeal_days: int = 3
    # Days on which nobody decides appeals, as days since 1970; weekends never count.
    holidays: frozenset[int] = frozenset()
    utc_offset_ms: int = 7 * HOUR_MS
    # From when this version holds, and the versions that held before, oldest first.
    from_ms: int = 0
    earlier: tuple["Policy", ...] = ()
    # Major incidents: nothing that happens in these counts. Ascending, apart from each other.
    suspended: tuple[Span, ...] = ()

    def at(self, at_ms: int) -> "Policy":
        """The version that held then: what happened under it is judged and explained by it."""
        if at_ms >= self.from_ms or not self.earlier:
            return self
        held = [version for version in self.earlier if version.from_ms <= at_ms]
        return held[-1] if held else self.earlier[0]

    def rests_at(self, at_ms: int) -> bool:
        """Whether sanctions are suspended at that time."""
        if not self.suspended:
            return False
        index = bisect_right(self.suspended, (at_ms, 2**63)) - 1
        return index >= 0 and at_ms < self.suspended[index][1]

    def day_end_ms(self, at_ms: int) -> int:
        """The centre's midnight that ends the day of this time."""
        return (self.local_day(at_ms) + 1) * DAY_MS - self.utc_offset_ms

    def local_day(self, at_ms: int) -> int:
        """The centre's calendar day of this time, in days since 1970."""
        return (at_ms + self.utc_offset_ms) // DAY_MS


def shared(policy: Policy) -> Policy:
    """The policy for a number that the centre lists as shared, at any time."""
    return replace(policy, shared=True, earlier=tuple([shared(version) for version in policy.earlier]))


def with_span(spans: tuple[Span, ...], start_ms: int, end_ms: int) -> tuple[Span, ...]:
    """These times and one more, as few as possible: the same whatever the order they came in."""
    kept = [span for span in spans if span[1] < start_ms or span[0] > end_ms]
    joined = [span for span in spans if span[1] >= start_ms and span[0] <= end_ms]
    start_ms = min([start_ms, *(span[0] for span in joined)])
    end_ms = max([end_ms, *(span[1] for span in joined)])
    return tuple(sorted([*kept, (start_ms, end_ms)]))


def with_word(spans: tuple[Span, ...], word: Span | Over) -> tuple[Span, ...]:
    """When sanctions rest, with one more word on it: a time when they do, or that it is over.

    One that goes beyond that ends there; later ones are another incident's.
    """
    if isinstance(word, Over):
        return tuple([(start, min(end, word.at_ms)) if start < word.at_ms else (start, end) for start, end in spans])
    return with_span(spans, *word)
