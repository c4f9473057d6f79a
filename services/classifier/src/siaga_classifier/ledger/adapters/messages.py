"""Records of the ledger: `CallerOutcome` and `CallerDecision` in, `CallerSanction` out."""

from collections.abc import Iterable, Mapping
from typing import Final

from siaga.v1 import common_pb2, sanction_pb2
from siaga.v1.assessment_pb2 import CallerOutcome, Outcome
from siaga.v1.call_pb2 import CallerTag
from siaga.v1.decision_pb2 import CallerDecision
from siaga.v1.decision_pb2 import DecisionKind as ContractKind
from siaga.v1.sanction_pb2 import AppealState as ContractAppeal
from siaga.v1.sanction_pb2 import CallerSanction
from siaga.v1.sanction_pb2 import NoticeKind as ContractNotice
from siaga_contracts import ids
from siaga_contracts.catalogue import Topic
from siaga_kit.records import Outgoing

from siaga_classifier.ledger.book import Caller, Posting
from siaga_classifier.ledger.core.entries import ANSWERED_PRANK, CONTRADICTED, TEST, Decision, DecisionKind, Entry
from siaga_classifier.ledger.core.model import Advice, Appeal, AppealState, State
from siaga_classifier.ledger.core.notices import NoticeKind
from siaga_classifier.ledger.core.policy import Over, Span
from siaga_classifier.ledger.core.view import View

_OUTCOMES: Final = {
    number: name.removeprefix("OUTCOME_").lower() for name, number in Outcome.items() if number != 0
}  # fmt: skip
_TRUSTS: Final = {
    number: name.removeprefix("IDENTITY_TRUST_").lower() for name, number in common_pb2.IdentityTrust.items()
}
_STATES: Final = {state: common_pb2.SanctionState.Value(f"SANCTION_STATE_{state.upper()}") for state in State}
_ADVICES: Final = {advice: common_pb2.RoutingAdvice.Value(f"ROUTING_ADVICE_{advice.upper()}") for advice in Advice}
_APPEALS: Final = {state: ContractAppeal.Value(f"APPEAL_STATE_{state.upper()}") for state in AppealState}
_NOTICES: Final = {kind: ContractNotice.Value(f"NOTICE_KIND_{kind.upper()}") for kind in NoticeKind}
_DECISIONS: Final = {ContractKind.Value(f"DECISION_KIND_{kind.upper()}"): kind for kind in DecisionKind}
_TAGS: Final[Mapping[int, str]] = {
    int(number): name.removeprefix("CALLER_TAG_").lower() for name, number in CallerTag.items() if number != 0
}
_TAG_NUMBERS: Final = {tag: CallerTag.Value(f"CALLER_TAG_{tag.upper()}") for tag in _TAGS.values()}
# An account is written whole with each change: with more ids in a decision, those remembered would not fit into a record.
MOST_CALL_IDS: Final = 200
# The same for names of persons, which every confirmed call carries.
LONGEST_ACTOR: Final = 64


class OutcomeError(Exception):
    """A record that breaks the contract; the message names the field, never its content."""


def read_decision(value: bytes) -> tuple[Caller, Decision | Span | Over]:
    """The caller and what was decided, or the centre and when its sanctions rest or no longer do; raises as `read_outcome` does."""
    message = CallerDecision.FromString(value)
    for name in ("decision_id", "tenant"):
        if not getattr(message, name):
            raise OutcomeError(f"{name} is empty")
    if message.at_ms <= 0:
        raise OutcomeError("at_ms is not set")
    if message.kind == ContractKind.DECISION_KIND_SUSPEND:
        if message.until_ms <= message.at_ms:
            raise OutcomeError("until_ms of a suspension is not after at_ms")
        return Caller(message.tenant, ""), (message.at_ms, message.until_ms)
    if message.kind == ContractKind.DECISION_KIND_RESUME:
        return Caller(message.tenant, ""), Over(message.at_ms)
    kind = _DECISIONS.get(message.kind)
    if kind is None:
        raise OutcomeError("kind is not set or not known")
    if not message.caller_key:
        raise OutcomeError("caller_key is empty")
    if len(message.call_ids) > MOST_CALL_IDS:
        raise OutcomeError(f"call_ids names more than {MOST_CALL_IDS} calls; name none for all")
    decision = Decision(
        message.decision_id,
        message.at_ms,
        kind,
        message.actor[:LONGEST_ACTOR],
        message.until_ms,
        _tags(message.caller_tags),
        tuple(sorted(set(message.call_ids))),
    )
    return Caller(message.tenant, message.caller_key), decision


def _tags(numbers: Iterable[int]) -> tuple[str, ...]:
    """Tags by name, each once; one that this version does not know says nothing to it."""
    return tuple(sorted({_TAGS[number] for number in numbers if number in _TAGS}))


def read_outcome(value: bytes) -> tuple[Caller, Entry]:
    """The caller and the call of a record; raises when it cannot be read or lacks what the ledger counts by."""
    message = CallerOutcome.FromString(value)
    for name in ("call_id", "tenant", "caller_key"):
        if not getattr(message, name):
            raise OutcomeError(f"{name} is empty")
    if message.event_at_ms <= 0:
        raise OutcomeError("event_at_ms is not set")
    outcome = _OUTCOMES.get(message.outcome)
    if outcome is None:
        raise OutcomeError("outcome is not set or not known")
    entry = Entry(
        call_id=message.call_id,
        event_at_ms=message.event_at_ms,
        outcome=TEST if message.test else outcome,
        revision=message.revision,
        confirmed=message.operator_confirmed,
        confidential=message.confidential,
        backfilled=message.backfilled,
        trust=CONTRADICTED if message.identity_contradicted else _TRUSTS.get(message.identity_trust, "unspecified"),
        # Only who confirmed an abuse is of interest to the ledger.
        operator=message.operator[:LONGEST_ACTOR] if message.operator_confirmed and outcome == ANSWERED_PRANK else "",
        tags=_tags(message.caller_tags),
        false_report=message.false_report,
        decided_at_ms=message.decided_at_ms if message.decided_at_ms > message.event_at_ms else 0,
    )
    return Caller(message.tenant, message.caller_key), entry


def write_sanction(caller: Caller, view: View) -> CallerSanction:
    """The record that tells where a caller stands."""
    return sanction_pb2.CallerSanction(
        tenant=caller.tenant,
        caller_key=caller.caller_key,
        state=_STATES[view.state],
        routing_advice=_ADVICES[view.advice],
        since_ms=view.since_ms,
        until_ms=view.until_ms,
        abuse_score=view.score,
        calls_by_outcome=view.calls,
        cause_call_id=view.cause_call_id,
        protected_until_ms=view.protected_until_ms,
        policy_version=view.policy_version,
        reason=view.reason,
        review_by_ms=view.review_by_ms,
        event_at_ms=view.event_at_ms,
        revision=view.revision,
        approved_by=view.approved_by,
        shared=view.shared,
        caller_tags=[_TAG_NUMBERS[tag] for tag in view.tags],
        appeal=None if view.appeal is None else _appeal(view.appeal),
        notices=[
            sanction_pb2.CallerNotice(kind=_NOTICES[notice.kind], since_ms=notice.since_ms, call_id=notice.call_id)
            for notice in view.notices
        ],
    )


def _appeal(appeal: Appeal) -> sanction_pb2.Appeal:
    return sanction_pb2.Appeal(
        state=_APPEALS[appeal.state],
        decision_id=appeal.decision_id,
        filed_at_ms=appeal.filed_at_ms,
        due_at_ms=appeal.due_at_ms,
        decided_at_ms=appeal.decided_at_ms,
        decided_by=appeal.decided_by,
    )


def announcement(topic: Topic, posting: Posting, wall_ms: int, traceparent: str | None) -> Outgoing | None:
    """What to publish of a posting: the sanction, a tombstone for a caller who is forgotten, or nothing."""
    caller = posting.caller
    if posting.account is None:
        event_id = ids.derived("sanction_forgotten", *caller, str(wall_ms))
        return Outgoing(topic, caller.caller_key, None, event_id, wall_ms, traceparent)
    if posting.view is None:
        return None
    message = write_sanction(caller, posting.view)
    event_id = ids.derived("sanction", *caller, str(message.revision))
    return Outgoing(topic, caller.caller_key, message, event_id, message.event_at_ms, traceparent)
