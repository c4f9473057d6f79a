"""One caller's way through the sanctions, word by word (`step`): calls here, decisions of people in `deciding`.

clean → watch → warned → temporary → clean, memory kept → permanent; a real or confidential call lifts from anywhere.
"""

from dataclasses import replace

from siaga_classifier.ledger.core.deciding import decide, tagged
from siaga_classifier.ledger.core.entries import (
    ANSWERED_PRANK,
    CONTRADICTED,
    GHOST,
    IVR_PRANK,
    MENTAL_HEALTH,
    TEST,
    Decision,
    Entry,
    Word,
)
from siaga_classifier.ledger.core.model import Counted, Mark, Permanence, Standing, State
from siaga_classifier.ledger.core.passing import advance, is_shared, levelled
from siaga_classifier.ledger.core.policy import IVR_WINDOW_MS, Policy
from siaga_classifier.ledger.core.silence import heard, heard_nothing


def step(standing: Standing, word: Word, policy: Policy) -> Standing:
    """Where the caller stands after this word, which comes after all earlier ones in the order of evaluation."""
    standing = advance(standing, word.event_at_ms, policy)
    if isinstance(word, Decision):
        return decide(standing, word, policy)
    if word.outcome == TEST:
        return standing
    if word.lifts:
        return _lifted(_seen(standing, word, standing.ivr_pranks_ms), word, policy)
    if word.exempt or word.trust == CONTRADICTED or policy.rests_at(word.event_at_ms):
        # Somebody else's call, perhaps, or one of a day on which everybody calls: recorded, and nothing else.
        return _seen(standing, word, standing.ivr_pranks_ms)
    return _counted(standing, word, policy)


def _counted(standing: Standing, entry: Entry, policy: Policy) -> Standing:
    pranks = _recent(standing.ivr_pranks_ms, entry)
    standing = _seen(standing, entry, pranks)
    if entry.outcome == GHOST:
        standing = heard_nothing(standing, entry, policy)
    weight = _weight(standing, entry, len(pranks), policy.at(entry.event_at_ms))
    # Nothing is counted while the number is protected: that time is the caller's.
    if weight <= 0 or standing.state is State.LIFTED:
        return standing
    if entry.false_report:
        standing = replace(
            standing, number=replace(standing.number, false_report=Mark(entry.event_at_ms, entry.call_id))
        )
    abuse = Counted(entry.event_at_ms, weight, entry.confirmed, entry.operator if entry.confirmed else "")
    return _judged(replace(standing, counted=(*standing.counted, abuse)), entry, policy)


def _seen(standing: Standing, entry: Entry, pranks: tuple[int, ...]) -> Standing:
    """The standing with what every call leaves in it; most calls change nothing: then it stays the same object."""
    if entry.tags:
        standing = tagged(standing, entry.tags, entry.event_at_ms)
    if (pranks, entry.trust, 0) != (standing.ivr_pranks_ms, standing.trust, standing.ticks):
        return replace(standing, ivr_pranks_ms=pranks, trust=entry.trust, ticks=0)
    return standing


def _weight(standing: Standing, entry: Entry, ivr_pranks: int, rules: Policy) -> float:
    """What the call counts by the policy that held then."""
    if entry.false_report and entry.confirmed:
        weight = rules.false_report_weight
    elif (entry.outcome == ANSWERED_PRANK and not entry.confirmed) or (
        entry.outcome == IVR_PRANK and ivr_pranks <= rules.ivr_prank_free
    ):
        return 0.0
    else:
        weight = rules.weights.get(entry.outcome, 0.0)
    for tag in standing.number.tags:
        weight *= rules.tag_weights.get(tag, 1.0)
    return weight


def _recent(ivr_pranks_ms: tuple[int, ...], entry: Entry) -> tuple[int, ...]:
    """The caller's menu pranks of the 24 hours that end with this call, this one included."""
    start_ms = entry.event_at_ms - IVR_WINDOW_MS
    if ivr_pranks_ms and ivr_pranks_ms[0] <= start_ms:
        ivr_pranks_ms = tuple([at_ms for at_ms in ivr_pranks_ms if at_ms > start_ms])
    return (*ivr_pranks_ms, entry.event_at_ms) if entry.outcome == IVR_PRANK else ivr_pranks_ms


def _lifted(standing: Standing, entry: Entry, policy: Policy) -> Standing:
    protected_ms = entry.event_at_ms + policy.at(entry.event_at_ms).protection_ms
    return replace(
        standing,
        state=State.LIFTED,
        since_ms=entry.event_at_ms,
        until_ms=max(protected_ms, standing.until_ms if standing.state is State.LIFTED else 0),
        cause_call_id=entry.call_id,
        reason="confidential call" if entry.confidential else "real call",
        counted=(),
        imposed_ms=0,
        permanence=Permanence(),
        silence=heard(standing.silence),
    )


def _judged(standing: Standing, entry: Entry, policy: Policy) -> Standing:
    """The standing after one more counted abuse."""
    if standing.state is State.PERMANENT:
        return _witnessed(standing)
    if standing.state is State.TEMPORARY:
        return standing
    # A shared number is never sanctioned, and what a switch tells afterwards never starts a sanction by itself.
    if not is_shared(standing, policy) and not entry.backfilled:
        if standing.imposed_ms and MENTAL_HEALTH not in standing.number.tags:
            return _witnessed(_permanent(standing, entry))
        rules = policy.at(entry.event_at_ms)
        # No sanction from machines alone: a person has confirmed at least one of the abuses counted.
        if standing.score > rules.temporary_above and any(abuse.confirmed for abuse in standing.counted):
            return _temporary(standing, entry, rules)
    return levelled(standing, entry.event_at_ms, entry.call_id, policy)


def _temporary(standing: Standing, entry: Entry, rules: Policy) -> Standing:
    return replace(
        standing,
        state=State.TEMPORARY,
        since_ms=entry.begins_ms,
        until_ms=entry.begins_ms + rules.temporary_ms,
        cause_call_id=entry.call_id,
        reason=f"score {standing.score:g} above {rules.temporary_above:g}",
        imposed_ms=entry.begins_ms,
    )


def _permanent(standing: Standing, entry: Entry) -> Standing:
    return replace(
        standing,
        state=State.PERMANENT,
        since_ms=entry.begins_ms,
        until_ms=0,
        cause_call_id=entry.call_id,
        reason="abuse again after a temporary sanction",
        permanence=Permanence(),
    )


def _witnessed(standing: Standing) -> Standing:
    """The permanent sanction with every operator on whose word it stands, also of abuse that leaves the memory."""
    told = {abuse.operator for abuse in standing.counted if abuse.operator} - set(standing.permanence.confirmed_by)
    if not told:
        return standing
    confirmed_by = tuple(sorted({*standing.permanence.confirmed_by, *told}))
    return replace(standing, permanence=replace(standing.permanence, confirmed_by=confirmed_by))
