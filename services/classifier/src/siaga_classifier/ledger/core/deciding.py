"""What a person's decision does to a caller's standing: one function for each kind, in the table `EFFECTS`."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from siaga_classifier.ledger.core.entries import MENTAL_HEALTH, Decision, DecisionKind
from siaga_classifier.ledger.core.model import (
    NOT_PERMANENT,
    NOT_SILENT,
    UNNOTED,
    Appeal,
    AppealState,
    Number,
    Standing,
    State,
)
from siaga_classifier.ledger.core.passing import advance, left, levelled
from siaga_classifier.ledger.core.policy import Policy
from siaga_classifier.ledger.core.working_days import due_ms

SANCTIONED: Final = frozenset({State.TEMPORARY, State.PERMANENT})


def decide(standing: Standing, decision: Decision, policy: Policy) -> Standing:
    """The standing after this decision; time has already come to it."""
    if standing.ticks:
        standing = replace(standing, ticks=0)
    return EFFECTS[decision.kind](standing, decision, policy)


def _lift(standing: Standing, decision: Decision, _: Policy) -> Standing:
    """A temporary sanction ends early and is remembered; a permanent one is forgiven with all that led to it."""
    if standing.state is State.PERMANENT:
        standing = replace(standing, counted=(), imposed_ms=0)
    silence = replace(standing.silence, screen_until_ms=0, ghosts_ms=())
    if standing.state in SANCTIONED:
        standing = left(standing, decision.event_at_ms, "lifted by a person")
    return replace(standing, silence=silence)


def _approve(standing: Standing, decision: Decision, _: Policy) -> Standing:
    # Nobody approves what has not begun yet.
    if standing.state is not State.PERMANENT or not decision.actor or decision.event_at_ms < standing.since_ms:
        return standing
    approved_by = tuple(sorted({*standing.permanence.approved_by, decision.actor}))
    permanence = replace(
        standing.permanence, approved_by=approved_by, reviewed_ms=decision.event_at_ms, review_due=False
    )
    return replace(standing, permanence=permanence)


def _reject(standing: Standing, decision: Decision, policy: Policy) -> Standing:
    """It was a temporary sanction, then, which ends when such a one does."""
    if standing.state is not State.PERMANENT:
        return standing
    rejected = replace(
        standing,
        state=State.TEMPORARY,
        until_ms=standing.since_ms + policy.at(standing.since_ms).temporary_ms,
        imposed_ms=standing.since_ms,
        reason="permanent sanction rejected by a person",
        permanence=NOT_PERMANENT,
    )
    return replace(advance(rejected, decision.event_at_ms, policy), ticks=0)


def _appeal(standing: Standing, decision: Decision, policy: Policy) -> Standing:
    rules = policy.at(decision.event_at_ms)
    appeal = Appeal(
        AppealState.OPEN,
        decision.decision_id,
        filed_at_ms=decision.event_at_ms,
        due_at_ms=due_ms(decision.event_at_ms, rules.appeal_days, rules.utc_offset_ms, rules.holidays),
    )
    return _noted(standing, replace(standing.number, appeal=appeal))


def _accept(standing: Standing, decision: Decision, _: Policy) -> Standing:
    """The calls themselves are marked where they are remembered; here goes what is known only by its sum."""
    standing = _decided(standing, decision, AppealState.ACCEPTED)
    if decision.call_ids:
        return standing
    standing = replace(standing, counted=(), ivr_pranks_ms=(), imposed_ms=0)
    if standing.state in (State.LIFTED, State.CLEAN):
        return standing
    return left(standing, decision.event_at_ms, "appeal accepted")


def _deny(standing: Standing, decision: Decision, _: Policy) -> Standing:
    return _decided(standing, decision, AppealState.DENIED)


def _decided(standing: Standing, decision: Decision, state: AppealState) -> Standing:
    filed = standing.number.appeal or Appeal(state, decision.decision_id)
    appeal = replace(filed, state=state, decided_at_ms=decision.event_at_ms, decided_by=decision.actor)
    return _noted(standing, replace(standing.number, appeal=appeal))


def _share(standing: Standing, decision: Decision, policy: Policy) -> Standing:
    standing = _noted(standing, replace(standing.number, shared=True))
    standing = replace(standing, imposed_ms=0, silence=replace(standing.silence, screen_until_ms=0))
    if standing.state in SANCTIONED:
        standing = left(standing, decision.event_at_ms, "shared number")
    if standing.state is State.LIFTED:
        return standing
    return levelled(standing, decision.event_at_ms, standing.cause_call_id, policy)


def _unshare(standing: Standing, decision: Decision, policy: Policy) -> Standing:
    """What many people did is nobody's: counting begins anew."""
    if not standing.number.shared:
        return standing
    standing = replace(_noted(standing, replace(standing.number, shared=False)), counted=(), ivr_pranks_ms=())
    if standing.state is State.LIFTED:
        return standing
    return levelled(standing, decision.event_at_ms, standing.cause_call_id, policy)


def _tag(standing: Standing, decision: Decision, _: Policy) -> Standing:
    return tagged(standing, decision.tags, decision.event_at_ms)


def _untag(standing: Standing, decision: Decision, _: Policy) -> Standing:
    tags = tuple([tag for tag in standing.number.tags if tag not in decision.tags])
    return _noted(standing, replace(standing.number, tags=tags))


def _protect(standing: Standing, decision: Decision, policy: Policy) -> Standing:
    """As after a real call: no sanction, and none begins until the end."""
    rules = policy.at(decision.event_at_ms)
    until_ms = decision.until_ms or decision.event_at_ms + rules.protection_ms
    if standing.state is State.LIFTED:
        until_ms = max(until_ms, standing.until_ms)
    if until_ms <= decision.event_at_ms:
        return standing
    return replace(
        left(standing, decision.event_at_ms, "protected by a person"),
        state=State.LIFTED,
        until_ms=until_ms,
        counted=(),
        imposed_ms=0,
        silence=replace(standing.silence, screen_until_ms=0, ghosts_ms=()),
    )


def _new_holder(_: Standing, decision: Decision, __: Policy) -> Standing:
    return Standing(since_ms=decision.event_at_ms, reason="new holder of the number")


def _erase(standing: Standing, decision: Decision, _: Policy) -> Standing:
    """Nothing of the abuse stays but a permanent sanction in force, without its details; a protection stays too."""
    number = replace(UNNOTED, shared=standing.number.shared)
    if standing.state is State.PERMANENT or standing.state is State.LIFTED:
        return replace(
            standing, cause_call_id="", reason="erased on request", counted=(), ivr_pranks_ms=(), imposed_ms=0,
            silence=NOT_SILENT, number=number,
        )  # fmt: skip
    return Standing(since_ms=decision.event_at_ms, reason="erased on request", number=number)


def tagged(standing: Standing, tags: tuple[str, ...], at_ms: int) -> Standing:
    """The standing with these tags on the number, whoever set them: a decision, or an operator's form of a call."""
    added = tuple(sorted({*standing.number.tags, *tags}))
    standing = _noted(standing, replace(standing.number, tags=added))
    if standing.state is State.PERMANENT and MENTAL_HEALTH in added:
        return left(standing, at_ms, "exempt from permanent sanctions")
    return standing


def _noted(standing: Standing, number: Number) -> Standing:
    return standing if number == standing.number else replace(standing, number=number)


EFFECTS: Final[Mapping[DecisionKind, Callable[[Standing, Decision, Policy], Standing]]] = {
    DecisionKind.LIFT: _lift,
    DecisionKind.APPROVE_PERMANENT: _approve,
    DecisionKind.REJECT_PERMANENT: _reject,
    DecisionKind.APPEAL: _appeal,
    DecisionKind.APPEAL_ACCEPTED: _accept,
    DecisionKind.APPEAL_DENIED: _deny,
    DecisionKind.SHARE: _share,
    DecisionKind.UNSHARE: _unshare,
    DecisionKind.TAG: _tag,
    DecisionKind.UNTAG: _untag,
    DecisionKind.PROTECT: _protect,
    DecisionKind.NEW_HOLDER: _new_holder,
    DecisionKind.ERASE: _erase,
}
