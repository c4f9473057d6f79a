"""The words of the ledger: a remembered call, a centre's policy, where a caller stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS

# Pocket dials, children and SIM-less toys ring in bursts: the policy's free menu pranks are counted over this long.
IVR_WINDOW_MS: Final = DAY_MS

REAL: Final = "real"
IVR_PRANK: Final = "ivr_prank"
ANSWERED_PRANK: Final = "answered_prank"
TEST: Final = "test"
IN_PROGRESS: Final = "in_progress"
# Calls that are in no recap: drills, and those that are not over.
UNLISTED: Final = frozenset({TEST, IN_PROGRESS})

VERIFIED: Final = "verified"
UNVERIFIED: Final = "unverified"


class State(StrEnum):
    """Where a caller stands."""

    CLEAN = "clean"
    WATCH = "watch"
    WARNED = "warned"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    LIFTED = "lifted"


class Advice(StrEnum):
    """What the switch should do with the caller's next call; every one of them ends at a person."""

    NORMAL = "normal"
    SCREEN = "screen"
    SCREEN_LOW = "screen_low"


@dataclass(frozen=True, slots=True)
class Entry:
    """One call of the caller, as its latest revision has it."""

    call_id: str
    event_at_ms: int
    outcome: str
    revision: int = 1
    confirmed: bool = False
    confidential: bool = False
    backfilled: bool = False
    trust: str = VERIFIED

    @property
    def place(self) -> tuple[int, str]:
        """Where it stands in the order of evaluation, whenever it arrived."""
        return (self.event_at_ms, self.call_id)

    @property
    def lifts(self) -> bool:
        """Whether it clears its caller: help was needed, or was asked for in confidence."""
        return self.outcome == REAL or self.confidential

    def supersedes(self, other: "Entry") -> bool:
        """Whether it is the later word on the same call; of two that claim one revision, always the same one wins."""
        return self.rank > other.rank

    @property
    def rank(self) -> tuple[int, int, str, bool, bool, bool, str]:
        """The revision first; the rest only so that no two different words on a call are equal."""
        return (
            self.revision, self.event_at_ms, self.outcome, self.confirmed, self.confidential, self.backfilled,
            self.trust,
        )  # fmt: skip


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


@dataclass(frozen=True, slots=True)
class Counted:
    """An abuse that counts."""

    at_ms: int
    weight: float
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a caller stands, and what is needed to go on from there."""

    state: State = State.CLEAN
    # Event time at which the state began; 0 = it was never another.
    since_ms: int = 0
    # End of the temporary sanction or of the protection that is in force; 0 = none.
    until_ms: int = 0
    cause_call_id: str = ""
    reason: str = ""
    counted: tuple[Counted, ...] = ()
    # Menu pranks of the last 24 hours, oldest first.
    ivr_pranks_ms: tuple[int, ...] = ()
    # Start of the last temporary sanction while it is in memory; 0 = none.
    imposed_ms: int = 0
    # Changes that came by time alone since the last call: makes revisions grow between calls.
    ticks: int = 0
    trust: str = VERIFIED

    @property
    def score(self) -> float:
        """Sum of the counted abuse in memory; always added in the same order, so that it is always the same float."""
        return sum([abuse.weight for abuse in self.counted], 0.0)
