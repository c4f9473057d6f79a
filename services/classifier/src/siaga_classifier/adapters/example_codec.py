"""Labelled calls as they stand in the contracts: read from assessments, written as examples."""

from hashlib import blake2b
from typing import Final

from siaga.v1 import assessment_pb2, example_pb2
from siaga_contracts import ids

from siaga_classifier.core.assess import OPERATORS_PRIORITY, OPERATORS_TYPE
from siaga_classifier.core.learning import CONFIDENTIAL, Heard, Labelled
from siaga_classifier.core.vocabulary import Advice, Channel, Disposition, Outcome, Priority

# 96 bits: contents of one call are compared with one another only.
DIGEST_BYTES: Final = 12


def labelled_of(message: assessment_pb2.CallAssessment) -> Labelled | None:
    """The labelled call in an assessment; None for one that nobody has labelled, and for drills."""
    if message.test:
        return None
    chosen = {reason.rule: reason.detail for reason in message.reasons if reason.rule.startswith("operator.")}
    if not (message.disposition or OPERATORS_TYPE in chosen):
        return None
    heard = None
    if message.HasField("words"):
        words = message.words
        heard = Heard(words.type, Priority(words.priority), Advice(words.advice))
    return Labelled(
        call_id=message.call_id,
        tenant=message.tenant,
        event_at_ms=message.event_at_ms,
        channel=Channel(message.channel),
        disposition=Disposition(message.disposition),
        outcome=Outcome(message.outcome),
        type=chosen.get(OPERATORS_TYPE, ""),
        priority=Priority[chosen.get(OPERATORS_PRIORITY, "UNSPECIFIED")],
        text=message.text,
        confidential=message.confidential,
        machine_advice=Advice(message.machine_advice),
        words=heard,
    )


def example_message(
    call: Labelled, text: str, words: assessment_pb2.WordsReading | None
) -> example_pb2.LabelledExample:
    """The example of a call with its text as masked; of a confidential one only that there was one."""
    message = example_pb2.LabelledExample(
        call_id=call.call_id,
        tenant=call.tenant,
        channel=int(call.channel),  # type: ignore[arg-type]  # same numbers, see the test of the vocabularies
        type=call.said_type,
        disposition=int(call.disposition),  # type: ignore[arg-type]
        outcome=int(call.outcome),  # type: ignore[arg-type]
        missed_real=call.missed_real,
        machine_advice=int(call.machine_advice),  # type: ignore[arg-type]
    )
    if call.confidential:
        message.type = CONFIDENTIAL
    else:
        message.text = text
        message.priority = int(call.priority)  # type: ignore[assignment]
        if words is not None:
            message.words.CopyFrom(words)
    content = blake2b(message.SerializeToString(deterministic=True), digest_size=DIGEST_BYTES).hexdigest()
    message.example_id = ids.derived("example", call.call_id, content)
    message.event_at_ms = call.event_at_ms
    return message
