"""What a supervisor should look at, of one caller."""

from bisect import bisect_left
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import Final

from siaga_classifier.ledger.core.entries import REAL, Entry
from siaga_classifier.ledger.core.memory import Memory
from siaga_classifier.ledger.core.model import Standing, State
from siaga_classifier.ledger.core.passing import is_shared
from siaga_classifier.ledger.core.policy import DAY_MS, Policy

# A permanent sanction is two persons' decision; one alone may be a mistake or a grudge.
APPROVALS_NEEDED: Final = 2
# Nor does it stand on the word of one operator alone, however often he says it.
OPERATORS_NEEDED: Final = 2
# People who called because they needed something: who does so again and again is rarely one person.
IN_EARNEST: Final = frozenset({REAL, "non_emergency", "misdirected"})
SHARED_IN_EARNEST: Final = 3

_place = attrgetter("place")


class NoticeKind(StrEnum):
    """Named as in the contract."""

    WELFARE_CHECK = "welfare_check"
    SHARED_SUSPECTED = "shared_suspected"
    FALSE_REPORT = "false_report"
    APPROVAL_WANTED = "approval_wanted"
    REVIEW_DUE = "review_due"


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to look at, since when, and by which call."""

    kind: NoticeKind
    since_ms: int
    call_id: str = ""


def is_approved(standing: Standing) -> bool:
    """Whether a permanent sanction has its two persons, and stands on more than one operator's word."""
    permanence = standing.permanence
    return (
        standing.state is State.PERMANENT
        and len(set(permanence.approved_by)) >= APPROVALS_NEEDED
        and len(permanence.confirmed_by) >= OPERATORS_NEEDED
    )


def notices_of(memory: Memory, standing: Standing, policy: Policy) -> tuple[Notice, ...]:
    """All that is to be looked at; `standing` is the caller's at the time of telling."""
    found = []
    welfare, false_report = standing.silence.welfare, standing.number.false_report
    if welfare.at_ms:
        found.append(Notice(NoticeKind.WELFARE_CHECK, welfare.at_ms, welfare.call_id))
    if (suspect := _shared_suspected(memory, standing, policy)) is not None:
        found.append(suspect)
    if false_report.at_ms:
        found.append(Notice(NoticeKind.FALSE_REPORT, false_report.at_ms, false_report.call_id))
    if standing.state is State.PERMANENT:
        if not is_approved(standing):
            found.append(Notice(NoticeKind.APPROVAL_WANTED, standing.since_ms, standing.cause_call_id))
        if standing.permanence.review_due:
            found.append(Notice(NoticeKind.REVIEW_DUE, standing.since_ms, standing.cause_call_id))
    return tuple(found)


def _shared_suspected(memory: Memory, standing: Standing, policy: Policy) -> Notice | None:
    """Many calls within the 24 hours that end with the latest, several of them in earnest: many people, perhaps."""
    rules = policy.at(memory.newest_ms)
    if not 0 < rules.shared_suspected_at <= len(memory.entries) or is_shared(standing, policy):
        return None
    start = bisect_left(memory.entries, (memory.newest_ms - DAY_MS + 1, ""), key=_place)
    calls = [word for word in memory.entries[start:] if isinstance(word, Entry)]
    if len(calls) < rules.shared_suspected_at:
        return None
    if sum(1 for call in calls if call.outcome in IN_EARNEST) < SHARED_IN_EARNEST:
        return None
    return Notice(NoticeKind.SHARED_SUSPECTED, calls[0].event_at_ms, calls[0].call_id)
