"""Assessments of calls as values, and what an incident keeps of them."""

from siaga.v1 import assessment_pb2, common_pb2, incident_pb2

from siaga_dispatcher.adapters.codec.codes import ADVICE_OF, OUTCOME_OF, PRIORITY, PRIORITY_OF
from siaga_dispatcher.adapters.codec.places import place_message, place_of
from siaga_dispatcher.core.values import Account, Assessment, Reason


def assessment_of(message: assessment_pb2.CallAssessment) -> Assessment:
    """The classifier's judgement; an unstated priority stays unstated."""
    return Assessment(
        assessment_id=message.assessment_id,
        call_id=message.call_id,
        tenant=message.tenant,
        revision=message.revision,
        event_at_ms=message.event_at_ms,
        advice=ADVICE_OF[message.advice],
        outcome=OUTCOME_OF[message.outcome],
        type=message.type,
        priority=PRIORITY_OF.get(message.priority),
        confidential=message.confidential,
        test=message.test,
        place=place_of(message.place),
        text=message.text,
        callback_number=message.callback_number,
        operator=message.operator,
        reasons=tuple(Reason(r.rule, r.detail, r.weight) for r in message.reasons),
    )


def account_message(account: Account) -> incident_pb2.CallAccount:
    """What one of several calls told."""
    return incident_pb2.CallAccount(
        call_id=account.call_id,
        event_at_ms=account.event_at_ms,
        type=account.type,
        priority=common_pb2.PRIORITY_UNSPECIFIED if account.priority is None else PRIORITY[account.priority],
        place=place_message(account.place),
        text=account.text,
        callback_number=account.callback_number,
    )


def account_of(message: incident_pb2.CallAccount) -> Account:
    """What one of several calls told, as it was stored."""
    return Account(
        message.call_id,
        message.event_at_ms,
        message.type,
        PRIORITY_OF.get(message.priority),
        place_of(message.place),
        message.text,
        message.callback_number,
    )
