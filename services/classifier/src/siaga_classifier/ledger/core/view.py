"""What the ledger tells of a caller: the state, the advice, the counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from siaga_classifier.ledger.core.memory import Memory, calls_by_outcome
from siaga_classifier.ledger.core.model import UNVERIFIED, Advice, Policy, State
from siaga_classifier.ledger.core.standing import advance

# A permanent sanction is two persons' decision; one alone may be a mistake or a grudge.
APPROVALS_NEEDED: Final = 2
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
    since_ms: int = field(compare=False)
    cause_call_id: str = field(compare=False)
    reason: str = field(compare=False)
    review_by_ms: int = field(compare=False)
    event_at_ms: int = field(compare=False)
    revision: int = field(compare=False)
    policy_version: str = field(compare=False)


def view_of(memory: Memory, at_ms: int, policy: Policy) -> View:
    """The caller at event time `at_ms`: a pure function of the calls remembered, the policy and the clock.

    The revision grows with every call taken in and every change by time, and is the same however often it is counted:
    after a crash the same change is published under the same number.
    """
    newest_ms = memory.entries[-1].event_at_ms if memory.entries else memory.folded_to[0]
    at_ms = max(at_ms, newest_ms)
    standing = advance(memory.standing, at_ms, policy)
    return View(
        state=standing.state,
        advice=advice(standing.state, standing.trust),
        until_ms=standing.until_ms,
        score=standing.score,
        calls=calls_by_outcome(memory, at_ms, policy),
        protected_until_ms=standing.until_ms if standing.state is State.LIFTED else 0,
        since_ms=standing.since_ms,
        cause_call_id=standing.cause_call_id,
        reason=standing.reason,
        review_by_ms=standing.since_ms + policy.review_ms if standing.state is State.PERMANENT else 0,
        event_at_ms=max(newest_ms, standing.since_ms),
        revision=(memory.applied << TICK_BITS) | min(standing.ticks, (1 << TICK_BITS) - 1),
        policy_version=policy.version,
    )


def advice(state: State, trust: str, approved_by: Sequence[str] = ()) -> Advice:
    """What to do with the next call of a caller in this state; a number that may be forged is at most screened."""
    if state is State.TEMPORARY:
        return Advice.SCREEN
    if state is State.PERMANENT:
        approved = len(set(approved_by)) >= APPROVALS_NEEDED
        return Advice.SCREEN_LOW if approved and trust != UNVERIFIED else Advice.SCREEN
    return Advice.NORMAL
