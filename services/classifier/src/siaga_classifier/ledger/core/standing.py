"""One caller's way through the sanctions: call by call (`step`), and by time alone (`advance`).

clean → watch → warned → temporary → clean, memory kept → permanent; a real or confidential call lifts from anywhere.
Windows are half open: something of time t is inside a window of length w up to, not at, t + w.
"""

from dataclasses import replace

from siaga_classifier.ledger.core.model import (
    ANSWERED_PRANK,
    IVR_PRANK,
    IVR_WINDOW_MS,
    TEST,
    Counted,
    Entry,
    Policy,
    Standing,
    State,
)


def step(standing: Standing, entry: Entry, policy: Policy) -> Standing:
    """Where the caller stands after this call, which comes after all earlier ones in the order of evaluation."""
    standing = advance(standing, entry.event_at_ms, policy)
    if entry.outcome == TEST:
        return standing
    pranks = _recent(standing.ivr_pranks_ms, entry)
    weight = _weight(entry, len(pranks), policy)
    # Most calls change nothing of it: then the standing stays the same object.
    if (pranks, entry.trust, 0) != (standing.ivr_pranks_ms, standing.trust, standing.ticks):
        standing = replace(standing, ivr_pranks_ms=pranks, trust=entry.trust, ticks=0)
    if entry.lifts:
        return _lifted(standing, entry, policy)
    # Nothing is counted while the number is protected: that time is the caller's.
    if weight <= 0 or standing.state is State.LIFTED:
        return standing
    abuse = Counted(entry.event_at_ms, weight, entry.confirmed)
    return _judged(replace(standing, counted=(*standing.counted, abuse)), entry, policy)


def advance(standing: Standing, to_ms: int, policy: Policy) -> Standing:
    """Where the caller stands when event time has come to `to_ms` without another call."""
    while (due_ms := next_due_ms(standing, policy)) is not None and due_ms <= to_ms:
        standing = _ticked(standing, due_ms, policy)
    return standing


def next_due_ms(standing: Standing, policy: Policy) -> int | None:
    """When time alone changes this standing next; None = never."""
    due = []
    if standing.state in (State.TEMPORARY, State.LIFTED):
        due.append(standing.until_ms)
    if standing.counted:
        due.append(standing.counted[0].at_ms + policy.memory_ms)
    if standing.imposed_ms:
        due.append(standing.imposed_ms + policy.memory_ms)
    return min(due, default=None)


def _weight(entry: Entry, ivr_pranks: int, policy: Policy) -> float:
    if entry.outcome == ANSWERED_PRANK and not entry.confirmed:
        return 0.0
    if entry.outcome == IVR_PRANK and ivr_pranks <= policy.ivr_prank_free:
        return 0.0
    return policy.weights.get(entry.outcome, 0.0)


def _recent(ivr_pranks_ms: tuple[int, ...], entry: Entry) -> tuple[int, ...]:
    """The caller's menu pranks of the 24 hours that end with this call, this one included."""
    start_ms = entry.event_at_ms - IVR_WINDOW_MS
    if ivr_pranks_ms and ivr_pranks_ms[0] <= start_ms:
        ivr_pranks_ms = tuple([at_ms for at_ms in ivr_pranks_ms if at_ms > start_ms])
    return (*ivr_pranks_ms, entry.event_at_ms) if entry.outcome == IVR_PRANK else ivr_pranks_ms


def _lifted(standing: Standing, entry: Entry, policy: Policy) -> Standing:
    return replace(
        standing,
        state=State.LIFTED,
        since_ms=entry.event_at_ms,
        until_ms=max(entry.event_at_ms + policy.protection_ms, _protected_until_ms(standing)),
        cause_call_id=entry.call_id,
        reason="confidential call" if entry.confidential else "real call",
        counted=(),
        imposed_ms=0,
    )


def _protected_until_ms(standing: Standing) -> int:
    return standing.until_ms if standing.state is State.LIFTED else 0


def _judged(standing: Standing, entry: Entry, policy: Policy) -> Standing:
    """The standing after one more counted abuse."""
    if standing.state in (State.TEMPORARY, State.PERMANENT):
        return standing
    # A shared number is never sanctioned, and what a switch tells afterwards never starts a sanction by itself.
    if not policy.shared and not entry.backfilled:
        if standing.imposed_ms:
            return replace(
                standing,
                state=State.PERMANENT,
                since_ms=entry.event_at_ms,
                until_ms=0,
                cause_call_id=entry.call_id,
                reason="abuse again after a temporary sanction",
            )
        score = standing.score
        # No sanction from machines alone: a person has confirmed at least one of the abuses counted.
        if score > policy.temporary_above and any(abuse.confirmed for abuse in standing.counted):
            return replace(
                standing,
                state=State.TEMPORARY,
                since_ms=entry.event_at_ms,
                until_ms=entry.event_at_ms + policy.temporary_ms,
                cause_call_id=entry.call_id,
                reason=f"score {score:g} above {policy.temporary_above:g}",
                imposed_ms=entry.event_at_ms,
            )
    return _levelled(standing, entry.event_at_ms, entry.call_id, policy)


def _ticked(standing: Standing, due_ms: int, policy: Policy) -> Standing:
    """The standing after what falls due at `due_ms`: an end of a sanction or a protection, or abuse out of memory."""
    memory_start_ms = due_ms - policy.memory_ms
    counted = tuple([abuse for abuse in standing.counted if abuse.at_ms > memory_start_ms])
    imposed_ms = standing.imposed_ms if standing.imposed_ms > memory_start_ms else 0
    standing = replace(
        standing,
        counted=counted,
        imposed_ms=imposed_ms,
        ticks=standing.ticks + 1,
    )
    if standing.state in (State.TEMPORARY, State.LIFTED):
        if standing.until_ms > due_ms:
            return standing
        reason = "sanction expired" if standing.state is State.TEMPORARY else "protection ended"
        standing = replace(standing, state=State.CLEAN, since_ms=due_ms, until_ms=0, reason=reason)
    return _levelled(standing, due_ms, standing.cause_call_id, policy)


def _levelled(standing: Standing, at_ms: int, cause_call_id: str, policy: Policy) -> Standing:
    """The standing with the state that its score alone gives; a permanent sanction outlives the score."""
    if standing.state is State.PERMANENT:
        return standing
    score = standing.score
    if standing.imposed_ms or score < policy.watch_at:
        state = State.CLEAN
    elif score < policy.warn_at or policy.shared:
        state = State.WATCH
    else:
        state = State.WARNED
    if state is standing.state:
        return standing
    return replace(
        standing, state=state, since_ms=at_ms, until_ms=0, cause_call_id=cause_call_id, reason=f"score {score:g}"
    )
