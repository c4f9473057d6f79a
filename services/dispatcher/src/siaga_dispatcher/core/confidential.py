"""What makes an incident confidential, and what is then no longer kept of it (UU 23/2004 art. 10)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from siaga_dispatcher.core.draft import Draft
from siaga_dispatcher.core.values import Assessment, Priority, Reason

# Domestic and sexual violence and children are confidential from the first word, and never below P2.
CONFIDENTIAL_TYPES: Final = frozenset({"kdrt", "sexual_violence", "child"})
CONFIDENTIAL_LOWEST: Final = Priority.P2
# Says who flagged an incident and why, not what was told.
WITHDRAWN: Final = "review.call_reassessed"
ELSEWHERE: Final = "review.call_elsewhere"


def is_confidential(assessment: Assessment) -> bool:
    """Whether the call tells of something of which nobody outside may learn."""
    return assessment.confidential or assessment.type in CONFIDENTIAL_TYPES


def stated_priority(assessment: Assessment) -> Priority | None:
    """The call's priority, for a confidential one at least P2; None = nobody stated it."""
    if not is_confidential(assessment):
        return assessment.priority
    # Not `or`: P0 is zero.
    stated = CONFIDENTIAL_LOWEST if assessment.priority is None else assessment.priority
    return min(stated, CONFIDENTIAL_LOWEST)


def kept_reasons(reasons: Sequence[Reason], *, confidential: bool) -> tuple[Reason, ...]:
    """The words that made a rule fire are the victim's words: a confidential incident keeps the rule's name only."""
    if not confidential:
        return tuple(reasons)
    return tuple(
        reason if reason.rule in (WITHDRAWN, ELSEWHERE) else replace(reason, detail="") for reason in reasons
    )  # fmt: skip


def make_confidential(draft: Draft, why: str) -> None:
    """From now on the incident is confidential, and the words of its calls leave it."""
    incident = draft.incident
    if incident.confidential:
        return
    draft.change(
        "made_confidential",
        why,
        confidential=True,
        priority=min(incident.priority, CONFIDENTIAL_LOWEST),
        text="",
        callback_number="",
        reasons=kept_reasons(incident.reasons, confidential=True),
        accounts=tuple(replace(account, text="", callback_number="") for account in incident.accounts),
    )
