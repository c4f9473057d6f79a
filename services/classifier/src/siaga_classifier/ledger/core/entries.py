"""What is remembered of a caller: words on calls, and decisions of people, in one order of time and id."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

REAL: Final = "real"
IVR_PRANK: Final = "ivr_prank"
ANSWERED_PRANK: Final = "answered_prank"
GHOST: Final = "ghost"
TEST: Final = "test"
IN_PROGRESS: Final = "in_progress"
# Calls that are in no recap: drills, and those that are not over.
UNLISTED: Final = frozenset({TEST, IN_PROGRESS})

VERIFIED: Final = "verified"
ASSERTED: Final = "asserted"
UNVERIFIED: Final = "unverified"
# Two numbers were shown for one caller: whose call it was, nobody knows.
CONTRADICTED: Final = "contradicted"
# A number that the network vouches for. Whoever shows any other may be somebody else.
TRUSTED: Final = frozenset({VERIFIED, ASSERTED})

# Forms may come days late. One from a clock that is years ahead is not believed: its sanction would not end for years.
LATEST_DECISION_MS: Final = 7 * 24 * 3_600_000

CHILD: Final = "child"
MENTAL_HEALTH: Final = "mental_health"


class DecisionKind(StrEnum):
    """What people decide about callers, named as in the contract."""

    LIFT = "lift"
    APPROVE_PERMANENT = "approve_permanent"
    REJECT_PERMANENT = "reject_permanent"
    APPEAL = "appeal"
    APPEAL_ACCEPTED = "appeal_accepted"
    APPEAL_DENIED = "appeal_denied"
    SHARE = "share"
    UNSHARE = "unshare"
    TAG = "tag"
    UNTAG = "untag"
    PROTECT = "protect"
    NEW_HOLDER = "new_holder"
    ERASE = "erase"


# Decisions in the caller's favour are heard even when all around them is folded away already.
FAVOURABLE: Final = frozenset(
    {
        DecisionKind.LIFT, DecisionKind.REJECT_PERMANENT, DecisionKind.APPEAL_ACCEPTED, DecisionKind.SHARE,
        DecisionKind.PROTECT, DecisionKind.NEW_HOLDER,
    }
)  # fmt: skip
# After these nothing of what was before is told any more.
RESETTING: Final = frozenset({DecisionKind.NEW_HOLDER, DecisionKind.ERASE})


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
    # Who confirmed an abuse, as in the centre's directory.
    operator: str = ""
    tags: tuple[str, ...] = ()
    # Malicious, and a unit moved.
    false_report: bool = False
    # When an operator said what it was, where that was after its end; 0 = not after.
    decided_at_ms: int = 0
    # An accepted appeal says that it does not count. Known from the decisions beside it, not from the record.
    exempt: bool = False

    @property
    def word_id(self) -> str:
        """What duplicates are known by."""
        return self.call_id

    @property
    def place(self) -> tuple[int, str]:
        """Where it stands in the order of evaluation, whenever it arrived."""
        return (self.event_at_ms, self.call_id)

    @property
    def lifts(self) -> bool:
        """Whether it clears its caller: help was needed, or was asked for in confidence."""
        return self.outcome == REAL or self.confidential

    @property
    def begins_ms(self) -> int:
        """When a sanction for it begins: not before it was known for what it is."""
        late_ms = self.decided_at_ms - self.event_at_ms
        return self.decided_at_ms if 0 < late_ms <= LATEST_DECISION_MS else self.event_at_ms

    def supersedes(self, other: "Word") -> bool:
        """Whether it is the later word on the same call; of two that claim one revision, always the same one wins."""
        return isinstance(other, Entry) and self.rank > other.rank

    @property
    def rank(self) -> tuple[int, int, str, bool, bool, bool, str, str, tuple[str, ...], bool, int]:
        """The revision first; the rest only so that no two different words on a call are equal."""
        return (
            self.revision, self.event_at_ms, self.outcome, self.confirmed, self.confidential, self.backfilled,
            self.trust, self.operator, self.tags, self.false_report, self.decided_at_ms,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided about the caller; why stays on its topic, for it changes nothing here."""

    decision_id: str
    event_at_ms: int
    kind: DecisionKind
    actor: str = ""
    until_ms: int = 0
    tags: tuple[str, ...] = ()
    call_ids: tuple[str, ...] = ()

    @property
    def word_id(self) -> str:
        """What duplicates are known by."""
        return self.decision_id

    @property
    def place(self) -> tuple[int, str]:
        """Where it stands in the order of evaluation, whenever it arrived."""
        return (self.event_at_ms, self.decision_id)

    @property
    def lifts(self) -> bool:
        """Whether it is heard however late it comes."""
        return self.kind in FAVOURABLE

    def supersedes(self, other: "Word") -> bool:
        """A decision is said once; of two under one id always the same one wins."""
        return isinstance(other, Decision) and self.rank > other.rank

    @property
    def rank(self) -> tuple[int, str, str, int, tuple[str, ...], tuple[str, ...]]:
        """All of it, so that no two different decisions under one id are equal."""
        return (self.event_at_ms, self.kind, self.actor, self.until_ms, self.tags, self.call_ids)

    def exempts(self, entry: Entry) -> bool:
        """Whether it says that this call does not count: an accepted appeal, on named calls or on all until then."""
        if self.kind is not DecisionKind.APPEAL_ACCEPTED:
            return False
        return entry.call_id in self.call_ids if self.call_ids else entry.place < self.place


Word = Entry | Decision
