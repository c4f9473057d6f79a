"""Records of the ledger: `CallerOutcome` in, `CallerSanction` out."""

from typing import Final

from siaga.v1 import common_pb2, sanction_pb2
from siaga.v1.assessment_pb2 import CallerOutcome, Outcome
from siaga.v1.sanction_pb2 import CallerSanction
from siaga_contracts import ids
from siaga_contracts.catalogue import Topic
from siaga_kit.records import Outgoing

from siaga_classifier.ledger.book import Caller, Posting
from siaga_classifier.ledger.core.model import TEST, Advice, Entry, State
from siaga_classifier.ledger.core.view import View

_OUTCOMES: Final = {
    number: name.removeprefix("OUTCOME_").lower() for name, number in Outcome.items() if number != 0
}  # fmt: skip
_TRUSTS: Final = {
    number: name.removeprefix("IDENTITY_TRUST_").lower() for name, number in common_pb2.IdentityTrust.items()
}
_STATES: Final = {state: common_pb2.SanctionState.Value(f"SANCTION_STATE_{state.upper()}") for state in State}
_ADVICES: Final = {advice: common_pb2.RoutingAdvice.Value(f"ROUTING_ADVICE_{advice.upper()}") for advice in Advice}


class OutcomeError(Exception):
    """A record that breaks the contract; the message names the field, never its content."""


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
        trust=_TRUSTS.get(message.identity_trust, "unspecified"),
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
