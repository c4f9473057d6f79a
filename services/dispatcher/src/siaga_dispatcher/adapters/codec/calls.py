"""Assessments of calls as values."""

from siaga.v1 import assessment_pb2

from siaga_dispatcher.adapters.codec.codes import ADVICE_OF, OUTCOME_OF, PRIORITY_OF
from siaga_dispatcher.adapters.codec.places import place_of
from siaga_dispatcher.core.values import Assessment, Reason


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
