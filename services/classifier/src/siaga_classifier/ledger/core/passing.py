"""What time alone does to a standing: sanctions and protections end, abuse leaves the memory, reviews fall due.

Windows are half open: something of time t is inside a window of length w up to, not at, t + w.
"""

from dataclasses import replace
from typing import Final

from siaga_classifier.ledger.core.model import NOT_PERMANENT, Mark, Number, Silence, Standing, State
from siaga_classifier.ledger.core.policy import DAY_MS, Policy

# A call that makes somebody's need likely is told for a day: whoever comes on duty next must still find it.
WELFARE_TOLD_MS: Final = DAY_MS
TIMED: Final = frozenset({State.TEMPORARY, State.LIFTED})


def advance(standing: Standing, to_ms: int, policy: Policy) -> Standing:
    """Where the caller stands when event time has come to `to_ms` without another call."""
    while (due_ms := next_due_ms(standing, policy)) is not None and due_ms <= to_ms:
        standing = _ticked(standing, due_ms, policy)
    return standing


def next_due_ms(standing: Standing, policy: Policy) -> int | None:
    """When time alone changes this standing next; None = never."""
    due = []
    if standing.state in TIMED:
        due.append(standing.until_ms)
    elif standing.state is State.PERMANENT and not standing.permanence.review_due:
        due.append(review_by_ms(standing, policy))
    if standing.counted:
        due.append(standing.counted[0].at_ms + policy.memory_ms)
    if standing.imposed_ms:
        due.append(standing.imposed_ms + policy.memory_ms)
    if standing.silence.screen_until_ms:
        due.append(standing.silence.screen_until_ms)
    if standing.silence.welfare.at_ms:
        due.append(standing.silence.welfare.at_ms + WELFARE_TOLD_MS)
    if standing.number.false_report.at_ms:
        due.append(standing.number.false_report.at_ms + policy.memory_ms)
    return min(due, default=None)


def review_by_ms(standing: Standing, policy: Policy) -> int:
    """By when people must look at a permanent sanction again."""
    return max(standing.since_ms, standing.permanence.reviewed_ms) + policy.at(standing.since_ms).review_ms


def levelled(standing: Standing, at_ms: int, cause_call_id: str, policy: Policy) -> Standing:
    """The standing with the state that its score alone gives; a permanent sanction outlives the score."""
    if standing.state is State.PERMANENT:
        return standing
    rules = policy.at(at_ms)
    score = standing.score
    if standing.imposed_ms or score < rules.watch_at:
        state = State.CLEAN
    elif score < rules.warn_at or is_shared(standing, policy):
        state = State.WATCH
    else:
        state = State.WARNED
    if state is standing.state:
        return standing
    return replace(
        standing, state=state, since_ms=at_ms, until_ms=0, cause_call_id=cause_call_id, reason=f"score {score:g}"
    )


def is_shared(standing: Standing, policy: Policy) -> bool:
    """Whether many people use the number: by the centre's list, or by a person's decision."""
    return policy.shared or standing.number.shared


def left(standing: Standing, at_ms: int, reason: str, cause_call_id: str = "") -> Standing:
    """The standing after whatever was in force has ended; the memory of abuse is kept."""
    return replace(
        standing,
        state=State.CLEAN,
        since_ms=at_ms,
        until_ms=0,
        cause_call_id=cause_call_id or standing.cause_call_id,
        reason=reason,
        permanence=NOT_PERMANENT,
    )


def _ticked(standing: Standing, due_ms: int, policy: Policy) -> Standing:
    """The standing after what falls due at `due_ms`."""
    memory_start_ms = due_ms - policy.memory_ms
    standing = replace(
        standing,
        counted=tuple([abuse for abuse in standing.counted if abuse.at_ms > memory_start_ms]),
        imposed_ms=standing.imposed_ms if standing.imposed_ms > memory_start_ms else 0,
        ticks=standing.ticks + 1,
        silence=_quieter(standing.silence, due_ms),
        number=_remembered(standing.number, memory_start_ms),
    )
    if standing.state is State.PERMANENT:
        if review_by_ms(standing, policy) <= due_ms:
            return replace(standing, permanence=replace(standing.permanence, review_due=True))
        return standing
    if standing.state in TIMED:
        if standing.until_ms > due_ms:
            return standing
        reason = "sanction expired" if standing.state is State.TEMPORARY else "protection ended"
        standing = left(standing, due_ms, reason)
    return levelled(standing, due_ms, standing.cause_call_id, policy)


def _quieter(silence: Silence, due_ms: int) -> Silence:
    screen_until_ms = silence.screen_until_ms if silence.screen_until_ms > due_ms else 0
    welfare = silence.welfare if silence.welfare.at_ms + WELFARE_TOLD_MS > due_ms else Mark()
    if (screen_until_ms, welfare) == (silence.screen_until_ms, silence.welfare):
        return silence
    return replace(silence, screen_until_ms=screen_until_ms, welfare=welfare)


def _remembered(number: Number, memory_start_ms: int) -> Number:
    if not number.false_report.at_ms or number.false_report.at_ms > memory_start_ms:
        return number
    return replace(number, false_report=Mark())
