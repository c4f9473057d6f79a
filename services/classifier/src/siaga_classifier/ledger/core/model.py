"""Where a caller stands: the state, and all that is needed to go on from there."""

from dataclasses import dataclass
from enum import StrEnum

from siaga_classifier.ledger.core.entries import VERIFIED


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


class AppealState(StrEnum):
    """How far an owner's objection has come."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class Counted:
    """An abuse that counts."""

    at_ms: int
    weight: float
    confirmed: bool
    # Who confirmed it; empty = nobody, or not told.
    operator: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """That something came, when, and with which call; at_ms 0 = it never did."""

    at_ms: int = 0
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class Appeal:
    """An owner's objection; decided ones are kept until the next."""

    state: AppealState
    decision_id: str
    filed_at_ms: int = 0
    due_at_ms: int = 0
    decided_at_ms: int = 0
    decided_by: str = ""


@dataclass(frozen=True, slots=True)
class Permanence:
    """What people have said to a permanent sanction, and on whose word it stands."""

    approved_by: tuple[str, ...] = ()
    # Operators who confirmed abuse that led to it, each once.
    confirmed_by: tuple[str, ...] = ()
    # When people last looked at it; 0 = never.
    reviewed_ms: int = 0
    review_due: bool = False


@dataclass(frozen=True, slots=True)
class Silence:
    """Ghost calls of the last hour, and what followed from them."""

    ghosts_ms: tuple[int, ...] = ()
    screen_until_ms: int = 0
    # The call that made somebody's need likely; told for a day.
    welfare: Mark = Mark()


@dataclass(frozen=True, slots=True)
class Number:
    """What people noted of the number itself."""

    shared: bool = False
    tags: tuple[str, ...] = ()
    appeal: Appeal | None = None
    # The latest malicious report that moved a unit, while it is in memory.
    false_report: Mark = Mark()


NOT_PERMANENT = Permanence()
NOT_SILENT = Silence()
UNNOTED = Number()


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
    permanence: Permanence = NOT_PERMANENT
    silence: Silence = NOT_SILENT
    number: Number = UNNOTED

    @property
    def score(self) -> float:
        """Sum of the counted abuse in memory; always added in the same order, so that it is always the same float."""
        return sum([abuse.weight for abuse in self.counted], 0.0)
