"""What the ledger tells of a caller: the state, the advice, the counts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from siaga_classifier.ledger.core.entries import TRUSTED
from siaga_classifier.ledger.core.memory import Memory, calls_by_outcome
from siaga_classifier.ledger.core.model import Advice, Appeal, Standing, State
from siaga_classifier.ledger.core.notices import Notice, is_approved, notices_of
from siaga_classifier.ledger.core.passing import advance, is_shared, review_by_ms
from siaga_classifier.ledger.core.policy import Policy

# Changes by time alone that one call can be followed by, as bits of the revision: one for each abuse that leaves the
# memory and a few ends. Fewer bits, and a revision could come twice with different content.
TICK_BITS: Final = 10


@dataclass(frozen=True, slots=True)
class View:
    """A caller as published. Only what is worth telling is compared: a new number of the same news is no news."""

    state: State
    advice: Advice
    until_ms: int
    score: float
    calls: Mapping[str, int]
    protected_until_ms: int
    approved_by: tuple[str, ...]
    shared: bool
    tags: tuple[str, ...]
    appeal: Appeal | None
    notices: tuple[Notice, ...]
    since_ms: int = field(compare=False)
    cause_call_id: str = field(compare=False)
    reason: str = field(compare=False)
    review_by_ms: int = field(compare=False)
    event_at_ms: int = field(compare=False)
    revision: int = field(compare=False)
    policy_version: str = field(compare=False)


def view_of(memory: Memory, at_ms: int, policy: Policy) -> View:
    """The caller at event time `at_ms`: a pure function of the words remembered, the policy and the clock.

    The revision grows with every word taken in and every change by time, and is the same however often it is counted:
    after a crash the same change is published under the same number.
    """
    at_ms = max(at_ms, memory.newest_ms)
    standing = advance(memory.standing, at_ms, policy)
    permanent = standing.state is State.PERMANENT
    reason = f"{standing.reason}; {memory.correction}" if standing.reason and memory.correction else standing.reason
    return View(
        state=standing.state,
        advice=advice(standing),
        until_ms=standing.until_ms or screened_until_ms(standing),
        score=standing.score,
        calls=calls_by_outcome(memory, at_ms, policy),
        protected_until_ms=standing.until_ms if standing.state is State.LIFTED else 0,
        approved_by=standing.permanence.approved_by,
        shared=is_shared(standing, policy),
        tags=standing.number.tags,
        appeal=standing.number.appeal,
        notices=notices_of(memory, standing, policy),
        since_ms=standing.since_ms,
        cause_call_id=memory.corrected_call_id or standing.cause_call_id,
        reason=reason or memory.correction,
        review_by_ms=review_by_ms(standing, policy) if permanent else 0,
        event_at_ms=max(memory.newest_ms, standing.since_ms),
        revision=(memory.applied << TICK_BITS) | min(standing.ticks, (1 << TICK_BITS) - 1),
        policy_version=policy.at(standing.since_ms or memory.newest_ms).version,
    )


def advice(standing: Standing) -> Advice:
    """What to do with the caller's next call; a number that may be somebody else's is at most screened."""
    if standing.state is State.TEMPORARY:
        return Advice.SCREEN
    if standing.state is State.PERMANENT:
        return Advice.SCREEN_LOW if is_approved(standing) and standing.trust in TRUSTED else Advice.SCREEN
    return Advice.SCREEN if screened_until_ms(standing) else Advice.NORMAL


def screened_until_ms(standing: Standing) -> int:
    """End of the screening that silent calls have brought; 0 = there is none, or a sanction or protection is above it."""
    if standing.state in (State.LIFTED, State.TEMPORARY, State.PERMANENT):
        return 0
    return standing.silence.screen_until_ms
