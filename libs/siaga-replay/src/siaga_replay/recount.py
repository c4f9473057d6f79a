"""Sanctions recounted by brute force over the truth: slow, small, and sharing nothing with the ledger.

DOMAIN rule of sanctions, for each caller by the end of its calls:

- An answered prank that an operator confirmed counts 1. An IVR prank counts 0 for the first three in the 24 h that end
  with it and 1 from the fourth on. Nothing else counts.
- Score = what counts in the memory window. From 3 watch, from 5 warned, above 5 temporary for 24 h if an operator
  confirmed at least one of the counted abuses, else it stays warned.
- During a temporary sanction abuse is recorded only. After it, one more counted abuse in the memory window: permanent.
- A real or confidential call lifts at once, forgets what was counted, and protects the number for 30 days, in which
  nothing is counted or imposed.
- Calls without a number have no state.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from siaga_replay.truth import CallTruth, calls_by_caller

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Policy:
    """The numbers a centre may choose."""

    watch_at: float = 3
    warn_at: float = 5
    temporary_above: float = 5
    temporary_ms: int = DAY_MS
    memory_ms: int = 180 * DAY_MS
    protection_ms: int = 30 * DAY_MS
    free_ivr_pranks: int = 3


@dataclass(frozen=True, slots=True)
class _Abuse:
    at_ms: int
    confirmed: bool


def states_by_caller(calls: Iterable[CallTruth], clock_ms: int, policy: Policy | None = None) -> dict[str, str]:
    """State of every number that called, at the clock."""
    policy = policy or Policy()
    return {
        caller: state_of([call for call in own if call.ended_at_ms <= clock_ms], clock_ms, policy)
        for caller, own in calls_by_caller(calls).items()
    }


def count_by_state(states: dict[str, str]) -> Counter[str]:
    """Callers by state."""
    return Counter(states.values())


def state_of(calls: Sequence[CallTruth], clock_ms: int, policy: Policy) -> str:
    """State of one caller, whose calls are given in the order they ended."""
    state = "clean"
    abuses: list[_Abuse] = []
    temporary_until: int | None = None
    protected_until = 0
    for index, call in enumerate(calls):
        now = call.ended_at_ms
        if call.outcome == "real" or call.confidential:
            state, abuses, temporary_until, protected_until = "lifted", [], None, now + policy.protection_ms
            continue
        if now < protected_until or not _counts(calls[: index + 1], policy):
            continue
        if state == "permanent" or (temporary_until is not None and now < temporary_until):
            continue
        if temporary_until is not None and now - temporary_until <= policy.memory_ms:
            state = "permanent"
            continue
        abuses = [abuse for abuse in abuses if now - abuse.at_ms < policy.memory_ms]
        abuses.append(_Abuse(now, call.operator_confirmed))
        state = _state_by_score(abuses, policy)
        temporary_until = now + policy.temporary_ms if state == "temporary" else None
    if state == "temporary" and temporary_until is not None and temporary_until <= clock_ms:
        return "clean"
    return state


def _counts(until: Sequence[CallTruth], policy: Policy) -> bool:
    """Whether the last of these calls of one caller counts as abuse."""
    call = until[-1]
    if call.outcome == "answered_prank":
        return call.operator_confirmed
    if call.outcome != "ivr_prank":
        return False
    window_start = call.ended_at_ms - DAY_MS
    in_window = [other for other in until if other.outcome == "ivr_prank" and other.ended_at_ms > window_start]
    return len(in_window) > policy.free_ivr_pranks


def _state_by_score(abuses: Sequence[_Abuse], policy: Policy) -> str:
    score = len(abuses)
    if score > policy.temporary_above and any(abuse.confirmed for abuse in abuses):
        return "temporary"
    if score >= policy.warn_at:
        return "warned"
    if score >= policy.watch_at:
        return "watch"
    return "clean"
