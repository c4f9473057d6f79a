"""Between the contracts and the core: the only place of this service that knows both."""

from siaga.v1 import assessment_pb2, call_pb2, common_pb2, place_pb2

from siaga_classifier.core.assessment import Assessment
from siaga_classifier.core.events import CallEvent, Fix, Form
from siaga_classifier.core.place import SOURCE_GAZETTEER, Candidate
from siaga_classifier.core.state import CallState, Mark
from siaga_classifier.core.vocabulary import (
    CallbackResult,
    CallerTag,
    Channel,
    Disposition,
    EventKind,
    HangupBy,
    IdentityTrust,
    Priority,
    QueueLeft,
)
from siaga_classifier.core.words.rules import Reading, Reason

# A number that this version does not know (a newer intake) says nothing, rather than stopping the call.
_KINDS = {kind.value: kind for kind in EventKind}
_CHANNELS = {channel.value: channel for channel in Channel}
_TRUSTS = {trust.value: trust for trust in IdentityTrust}
_HANGUPS = {by.value: by for by in HangupBy}
_QUEUE_LEFTS = {left.value: left for left in QueueLeft}
_DISPOSITIONS = {disposition.value: disposition for disposition in Disposition}
_PRIORITIES = {priority.value: priority for priority in Priority}
_CALLBACKS = {result.value: result for result in CallbackResult}
_TAGS = {tag.value: tag for tag in CallerTag if tag}
# An address abroad places nobody here; one that names no country is of this one.
_HERE = frozenset({"", "ID"})


def event_of(message: call_pb2.CallEvent) -> CallEvent:
    """The core's event of a message."""
    kind = _KINDS.get(message.kind, EventKind.UNSPECIFIED)
    caller = message.caller
    return CallEvent(
        message.event_id,
        message.call_id,
        message.tenant,
        kind,
        message.event_at_ms,
        message.source,
        _CHANNELS.get(message.channel, Channel.UNSPECIFIED),
        caller.key,
        caller.number,
        _TRUSTS.get(caller.identity_trust, IdentityTrust.UNSPECIFIED),
        _QUEUE_LEFTS.get(message.queue.left_reason, QueueLeft.UNSPECIFIED)
        if kind is EventKind.QUEUE_LEFT
        else QueueLeft.UNSPECIFIED,
        _HANGUPS.get(message.hangup.by, HangupBy.UNSPECIFIED) if kind is EventKind.ENDED else HangupBy.UNSPECIFIED,
        message.hangup.q850 if kind is EventKind.ENDED else 0,
        message.operator,
        message.digits,
        message.text,
        _form_of(message.form) if kind is EventKind.FORM else None,
        _fix_of(message.position) if message.HasField("position") else None,
        message.backfilled,
        message.test,
        message.civic.written if message.civic.country in _HERE else "",
        caller.contradicted,
    )


def _form_of(form: call_pb2.OperatorForm) -> Form:
    return Form(
        form.operator,
        form.text,
        form.address,
        _fix_of(form.position) if form.HasField("position") else None,
        form.type,
        _PRIORITIES.get(form.priority, Priority.UNSPECIFIED),
        _DISPOSITIONS.get(form.disposition, Disposition.UNSPECIFIED),
        _CALLBACKS.get(form.callback, CallbackResult.UNSPECIFIED),
        form.callback_reason,
        tuple(_TAGS[tag] for tag in form.caller_tags if tag in _TAGS),
        form.safe_to_contact,
    )


def _fix_of(position: place_pb2.Position) -> Fix:
    return Fix(
        position.lat, position.lon, position.radius_m, position.fixed_at_ms, position.source, position.method,
        position.confidence_percent, position.floor,
    )  # fmt: skip


def assessment_message(assessment: Assessment) -> assessment_pb2.CallAssessment:
    """The message of an assessment, without what only publishing knows: its id, its revision, its event time."""
    state = assessment.state
    message = assessment_pb2.CallAssessment(
        call_id=assessment.call_id,
        tenant=state.tenant,
        channel=int(state.channel),  # type: ignore[arg-type]  # same numbers, see the test of the vocabularies
        source=state.source,
        caller_key=state.caller_key,
        identity_trust=int(assessment.identity_trust),  # type: ignore[arg-type]
        outcome=int(assessment.outcome),  # type: ignore[arg-type]
        outcome_basis=[_reason(assessment.outcome_basis)],
        type=assessment.type,
        priority=int(assessment.priority),  # type: ignore[arg-type]
        confidence=assessment.confidence,
        reasons=[_reason(reason) for reason in assessment.reasons],
        advice=int(assessment.advice),  # type: ignore[arg-type]
        text=assessment.text,
        operator=state.operator,
        disposition=int(state.disposition),  # type: ignore[arg-type]
        confidential=assessment.confidential,
        backfilled=assessment.backfilled,
        test=assessment.test,
        times=_times(state),
        callback_number=assessment.callback_number,
        machine_advice=int(assessment.machine_advice),  # type: ignore[arg-type]
        silent_confirmed=assessment.silent_confirmed,
        safe_to_contact=state.safe_to_contact,
    )
    message.agencies.extend(assessment.agencies)
    if assessment.words.rules_version:
        message.words.CopyFrom(_words(assessment.words))
    place = assessment.place
    if place.fix is not None or place.address:
        message.place.CopyFrom(_place(assessment))
    if place.doubt or place.fix is None or len(place.candidates) > 1:
        message.place_candidates.extend(_candidate(candidate) for candidate in place.candidates)
    if place.misdirected_to is not None:
        message.misdirected_to.CopyFrom(
            assessment_pb2.Centre(tenant=place.misdirected_to.code, name=place.misdirected_to.name)
        )
    return message


def outcome_message(assessment: Assessment) -> assessment_pb2.CallerOutcome:
    """The ledger's message of a call that is over, without its revision."""
    state = assessment.state
    message = assessment_pb2.CallerOutcome(
        call_id=assessment.call_id,
        tenant=state.tenant,
        caller_key=state.caller_key,
        event_at_ms=assessment.ended_at_ms,
        outcome=int(assessment.outcome),  # type: ignore[arg-type]
        identity_trust=int(assessment.identity_trust),  # type: ignore[arg-type]
        operator_confirmed=assessment.operator_confirmed,
        operator=state.operator,
        confidential=assessment.confidential,
        backfilled=assessment.backfilled,
        test=assessment.test,
        channel=int(state.channel),  # type: ignore[arg-type]
        answered_at_ms=state.answered_at_ms,
        caller_tags=[int(tag) for tag in state.caller_tags],  # type: ignore[misc]
        false_report=state.disposition is Disposition.FALSE_REPORT,
        silent_confirmed=assessment.silent_confirmed,
        safe_to_contact=state.safe_to_contact,
        decided_at_ms=state.disposed_at_ms,
        identity_contradicted=bool(state.marks & Mark.CALLER_CONTRADICTED),
    )
    for callback in state.callbacks:
        message.callbacks.add(
            result=int(callback.result),
            reason=callback.reason,
            operator=callback.operator or state.operator,
            at_ms=callback.at_ms,
        )
    if message.callbacks:
        message.callback.CopyFrom(message.callbacks[-1])
    return message


def _reason(reason: Reason) -> assessment_pb2.Reason:
    return assessment_pb2.Reason(rule=reason.rule, detail=reason.detail, weight=reason.weight)


def _words(reading: Reading) -> assessment_pb2.WordsReading:
    return assessment_pb2.WordsReading(
        type=reading.type,
        alternatives=reading.alternatives,
        priority=int(reading.priority),  # type: ignore[arg-type]
        advice=int(reading.advice),  # type: ignore[arg-type]
        confidence=reading.confidence,
        confidential=reading.confidential,
        rules_version=reading.rules_version,
        model_version=reading.model_version,
    )


def _times(state: CallState) -> assessment_pb2.CallTimes:
    return assessment_pb2.CallTimes(
        ringing_at_ms=state.ringing_at_ms,
        ivr_entered_at_ms=state.ivr_entered_at_ms,
        ivr_confirmed_at_ms=state.ivr_confirmed_at_ms,
        queue_joined_at_ms=state.queue_joined_at_ms,
        answered_at_ms=state.answered_at_ms,
        talk_ended_at_ms=state.talk_ended_at_ms,
        ended_at_ms=state.ended_at_ms,
    )


def _place(assessment: Assessment) -> place_pb2.Place:
    place = assessment.place
    message = place_pb2.Place(address=place.address, area_code=place.area_code, area_name=place.area_name)
    if place.fix is not None:
        fix = place.fix
        message.position.CopyFrom(
            place_pb2.Position(
                lat=fix.lat,
                lon=fix.lon,
                radius_m=fix.radius_m,
                fixed_at_ms=fix.fixed_at_ms,
                source=fix.source,
                method=fix.method,
                confidence_percent=fix.confidence_percent,
                floor=fix.floor,
            )
        )
    return message


def _candidate(candidate: Candidate) -> assessment_pb2.PlaceCandidate:
    position = place_pb2.Position(
        lat=candidate.lat, lon=candidate.lon, radius_m=candidate.radius_m, source=SOURCE_GAZETTEER
    )
    return assessment_pb2.PlaceCandidate(
        place=place_pb2.Place(position=position, area_code=candidate.code, area_name=candidate.name),
        score=candidate.score,
        basis=candidate.basis,
    )


# Named for the test that compares the vocabularies with the contract.
CONTRACT_ENUMS = {
    Channel: call_pb2.Channel,
    EventKind: call_pb2.CallEventKind,
    HangupBy: call_pb2.HangupBy,
    QueueLeft: call_pb2.QueueLeftReason,
    Disposition: call_pb2.Disposition,
    CallbackResult: call_pb2.CallbackResult,
    CallerTag: call_pb2.CallerTag,
    IdentityTrust: common_pb2.IdentityTrust,
    Priority: common_pb2.Priority,
}
