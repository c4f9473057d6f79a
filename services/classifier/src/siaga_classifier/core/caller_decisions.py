"""What makes a person's decision about a caller one that the ledger can count in: who, why, and what each kind needs."""

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

PERMANENT: Final = 5
# The audit and a court read it; a longer text is a report, which belongs elsewhere.
LONGEST_REASON: Final = 500
# As many as the ledger remembers of one decision.
MOST_CALL_IDS: Final = 200
LONGEST_ID: Final = 64
# No protection outlasts the ledger's memory by more than double; beyond it is a typing error.
LONGEST_PROTECTION_MS: Final = 366 * 24 * 3_600_000
# Reasons are kept in plain text, and a caller is known by a key only.
_NUMBER: Final = re.compile(r"(?<![0-9])(?:\+?62|0)[ .-]?8(?:[ .-]?[0-9]){8,11}(?![0-9])")
_KEY: Final = re.compile(r"[0-9a-f]{32}")


class DecisionKind(IntEnum):
    """What people decide about callers, numbered as in the contract."""

    UNSPECIFIED = 0
    LIFT = 1
    APPROVE_PERMANENT = 2
    REJECT_PERMANENT = 3
    APPEAL = 4
    APPEAL_ACCEPTED = 5
    APPEAL_DENIED = 6
    SHARE = 7
    UNSHARE = 8
    TAG = 9
    UNTAG = 10
    PROTECT = 11
    NEW_HOLDER = 12
    ERASE = 13
    SUSPEND = 14
    RESUME = 15


@dataclass(frozen=True, slots=True)
class Fields:
    """Which of the optional fields a kind must have, and which it may have."""

    must: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()


_NONE: Final = Fields()
_TAGS: Final = Fields(must=frozenset({"caller_tags"}))
FIELDS: Final[Mapping[DecisionKind, Fields]] = {
    DecisionKind.LIFT: _NONE,
    DecisionKind.APPROVE_PERMANENT: _NONE,
    DecisionKind.REJECT_PERMANENT: _NONE,
    DecisionKind.APPEAL: _NONE,
    DecisionKind.APPEAL_ACCEPTED: Fields(may=frozenset({"call_ids"})),
    DecisionKind.APPEAL_DENIED: _NONE,
    DecisionKind.SHARE: _NONE,
    DecisionKind.UNSHARE: _NONE,
    DecisionKind.TAG: _TAGS,
    DecisionKind.UNTAG: _TAGS,
    # Without an end, as long as the tenant's policy protects after a real call.
    DecisionKind.PROTECT: Fields(may=frozenset({"until_ms"})),
    DecisionKind.NEW_HOLDER: _NONE,
    DecisionKind.ERASE: _NONE,
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody wants to be decided."""

    kind: DecisionKind
    actor: str
    reason: str
    until_ms: int = 0
    caller_tags: tuple[int, ...] = ()
    call_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the caller before; `state` as in the contract, 0 = nothing is remembered."""

    state: int = 0
    approved_by: tuple[str, ...] = ()
    has_open_appeal: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """A field that is wrong, and what to do about it."""

    field: str
    remedy: str


def is_caller_key(written: str) -> bool:
    """Whether it has the shape of a caller's key."""
    return _KEY.fullmatch(written) is not None


def person_problem(actor: str, reason: str, operators: Container[str]) -> Problem | None:
    """Whether somebody of the centre looks or decides, and says why."""
    if not actor:
        return Problem("actor", "is empty; say who, as in the operators of tenant.yaml")
    if actor not in operators:
        return Problem("actor", f"{actor[:LONGEST_ID]!r} is none of the operators of tenant.yaml")
    if not reason.strip():
        return Problem("reason", "is empty; say why, in words that can be read in court")
    if len(reason) > LONGEST_REASON:
        return Problem("reason", f"has {len(reason)} characters; at most {LONGEST_REASON}")
    if _NUMBER.search(reason):
        return Problem("reason", "holds a phone number; leave it out, the caller is known by the request")
    return None


def decision_problem(decision: Decision, now_ms: int) -> Problem | None:
    """Whether the kind is one for a caller, and has what it needs and nothing else."""
    fields = FIELDS.get(decision.kind)
    if decision.kind in (DecisionKind.SUSPEND, DecisionKind.RESUME):
        return Problem("kind", f"{decision.kind.name} is for a whole centre: declare or lift its posture")
    if fields is None:
        return Problem("kind", f"is not set; one of {', '.join(kind.name for kind in FIELDS)}")
    given = {"until_ms": decision.until_ms, "caller_tags": decision.caller_tags, "call_ids": decision.call_ids}
    for name, value in given.items():
        if not value and name in fields.must:
            return Problem(name, f"is empty; {decision.kind.name} needs it")
        if value and name not in fields.must | fields.may:
            return Problem(name, f"says nothing with {decision.kind.name}; leave it out")
    if 0 in decision.caller_tags:
        return Problem("caller_tags", "holds a tag that is not known; CHILD or MENTAL_HEALTH")
    if decision.until_ms and not now_ms < decision.until_ms <= now_ms + LONGEST_PROTECTION_MS:
        return Problem("until_ms", "must lie between now and a year from now, in epoch milliseconds")
    if len(decision.call_ids) > MOST_CALL_IDS:
        return Problem("call_ids", f"names more than {MOST_CALL_IDS} calls; name none for all in memory")
    if any(not 0 < len(each) <= LONGEST_ID for each in decision.call_ids):
        return Problem("call_ids", "holds what is no call id; take them from the assessments")
    return None


def objection(decision: Decision, known: Known) -> str | None:
    """Why the decision would change nothing where the caller stands now; None = it may."""
    if decision.kind in (DecisionKind.APPROVE_PERMANENT, DecisionKind.REJECT_PERMANENT) and known.state != PERMANENT:
        return "the caller has no permanent sanction; look at the caller again"
    if decision.kind is DecisionKind.APPROVE_PERMANENT and decision.actor in known.approved_by:
        return "this person has approved already; the second one must be another"
    if decision.kind in (DecisionKind.APPEAL_ACCEPTED, DecisionKind.APPEAL_DENIED) and not known.has_open_appeal:
        return "the caller has no open appeal; file one first"
    return None
