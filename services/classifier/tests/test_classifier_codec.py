"""The codec: vocabularies as in the contract, messages as they are."""

import pytest
from siaga.v1 import assessment_pb2, call_pb2, common_pb2, decision_pb2, place_pb2
from siaga_classifier.adapters.codec import CONTRACT_ENUMS, assessment_message, event_of, outcome_message
from siaga_classifier.adapters.rule_files import load_pack
from siaga_classifier.core.advice import Policy
from siaga_classifier.core.assess import assess
from siaga_classifier.core.assessment import Assessment, TenantView
from siaga_classifier.core.caller_advice import Routing
from siaga_classifier.core.caller_decisions import DecisionKind
from siaga_classifier.core.events import Fix, Form
from siaga_classifier.core.fold import fold
from siaga_classifier.core.vocabulary import (
    Advice,
    Channel,
    Disposition,
    EventKind,
    HangupBy,
    IdentityTrust,
    Outcome,
    Priority,
    QueueLeft,
)
from siaga_classifier.core.words.rules import read

PACK = load_pack()
VIEW = TenantView(lambda text: read(text, PACK), PACK.base_priority, Policy(lambda kind, _: kind != "prank"), None)
ENUMS = {
    **CONTRACT_ENUMS, Outcome: assessment_pb2.Outcome, Advice: assessment_pb2.Advice, Routing: common_pb2.RoutingAdvice,
    DecisionKind: decision_pb2.DecisionKind,
}  # fmt: skip


@pytest.mark.parametrize("ours", ENUMS, ids=lambda ours: ours.__name__)
def test_our_words_are_the_contracts_words(ours: type) -> None:
    def plain(name: str) -> str:
        return name.replace("_", "")

    contract = dict(ENUMS[ours].items())
    for member in ours:  # type: ignore[attr-defined]
        assert plain(member.name) in {
            plain(name)[-len(plain(member.name)) :] for name, n in contract.items() if n == member.value
        }
    missing = set(contract.values()) - {member.value for member in ours}  # type: ignore[attr-defined]
    assert missing <= ({0} if ours is Routing else set())


def form_message() -> call_pb2.CallEvent:
    return call_pb2.CallEvent(
        event_id="e4", call_id="c1", tenant="36.73", source="asterisk/pbx1", channel=call_pb2.CHANNEL_VOICE,
        kind=call_pb2.CALL_EVENT_KIND_FORM, event_at_ms=5_000,
        caller=call_pb2.Caller(key="k", number="+62811", identity_trust=common_pb2.IDENTITY_TRUST_ASSERTED),
        form=call_pb2.OperatorForm(
            operator="op-03", text="rumah kebakaran", address="Jl. Veteran",
            position=place_pb2.Position(lat=-6.1, lon=106.1, radius_m=30, source="operator"), type="fire_building",
            priority=common_pb2.PRIORITY_P1, disposition=call_pb2.DISPOSITION_EMERGENCY,
        ),
    )  # fmt: skip


def assessed(*messages: call_pb2.CallEvent) -> Assessment:
    return assess("c1", fold(None, map(event_of, messages)), None, VIEW)


def test_an_event_keeps_what_it_says() -> None:
    event = event_of(form_message())
    fix = Fix(-6.1, 106.1, 30.0, 0, "operator")
    form = Form("op-03", "rumah kebakaran", "Jl. Veteran", fix, "fire_building", Priority.P1, Disposition.EMERGENCY)
    assert event.form == form
    assert (event.kind, event.channel, event.identity_trust) == (EventKind.FORM, Channel.VOICE, IdentityTrust.ASSERTED)
    assert (event.caller_key, event.caller_number, event.event_at_ms) == ("k", "+62811", 5_000)


def test_queue_and_hangup_are_read_where_they_belong() -> None:
    left = call_pb2.CallEvent(kind=call_pb2.CALL_EVENT_KIND_QUEUE_LEFT, queue=call_pb2.Queue(left_reason=3))
    ended = call_pb2.CallEvent(
        kind=call_pb2.CALL_EVENT_KIND_ENDED, hangup=call_pb2.Hangup(by=1, q850=16), queue=call_pb2.Queue(left_reason=3)
    )
    assert event_of(left).queue_left is QueueLeft.TIMEOUT
    assert (event_of(ended).hangup_by, event_of(ended).q850) == (HangupBy.CALLER, 16)
    assert event_of(ended).queue_left is QueueLeft.UNSPECIFIED


def test_a_word_of_a_newer_contract_says_nothing() -> None:
    message = call_pb2.CallEvent(event_id="e", kind=99, channel=99)  # type: ignore[arg-type]
    assert event_of(message).kind is EventKind.UNSPECIFIED
    assert event_of(message).channel is Channel.UNSPECIFIED


def test_an_assessment_says_what_was_found() -> None:
    message = assessment_message(assessed(form_message()))
    assert (message.call_id, message.tenant, message.caller_key) == ("c1", "36.73", "k")
    assert message.outcome == assessment_pb2.OUTCOME_REAL
    assert message.advice == assessment_pb2.ADVICE_DISPATCH
    assert (message.type, message.priority) == ("fire_building", common_pb2.PRIORITY_P1)
    assert (message.place.address, message.place.position.lat) == ("Jl. Veteran", -6.1)
    assert (message.operator, message.disposition) == ("op-03", call_pb2.DISPOSITION_EMERGENCY)
    assert (message.text, message.callback_number) == ("rumah kebakaran", "+62811")
    told = form_message()
    told.form.position.MergeFrom(place_pb2.Position(method="GNSS", confidence_percent=95, floor="12"))
    assert assessment_message(assessed(told)).place.position == told.form.position
    assert message.outcome_basis[0].rule == "outcome.operator_emergency"
    assert "advice.operator_confirmed" in {reason.rule for reason in message.reasons}
    assert (message.assessment_id, message.revision, message.event_at_ms) == ("", 0, 0)


def test_the_ledgers_message_tells_of_the_end_and_the_confirmation() -> None:
    ended = call_pb2.CallEvent(
        event_id="e9", call_id="c1", tenant="36.73", kind=call_pb2.CALL_EVENT_KIND_ENDED, event_at_ms=4_000
    )
    message = outcome_message(assessed(form_message(), ended))
    assert (message.outcome, message.operator_confirmed) == (assessment_pb2.OUTCOME_REAL, True)
    assert (message.event_at_ms, message.operator, message.caller_key) == (4_000, "op-03", "k")
    assert message.identity_trust == common_pb2.IDENTITY_TRUST_ASSERTED


def test_the_ledgers_message_tells_what_the_form_said_of_the_caller() -> None:
    form = form_message()
    form.form.MergeFrom(
        call_pb2.OperatorForm(
            callback=call_pb2.CALLBACK_RESULT_NOT_NEEDED, callback_reason="sudah dijemput", safe_to_contact=True,
            caller_tags=[call_pb2.CALLER_TAG_CHILD], disposition=call_pb2.DISPOSITION_FALSE_REPORT,
        )
    )  # fmt: skip
    message = outcome_message(assessed(form))
    assert (message.false_report, message.safe_to_contact) == (True, True)
    assert list(message.caller_tags) == [call_pb2.CALLER_TAG_CHILD]
    report = assessment_pb2.CallbackReport(
        result=call_pb2.CALLBACK_RESULT_NOT_NEEDED, reason="sudah dijemput", operator="op-03", at_ms=5_000
    )
    assert (message.callback, list(message.callbacks)) == (report, [report])
    assert message.channel == call_pb2.CHANNEL_VOICE


def test_the_ledgers_message_tells_when_an_operator_said_what_it_was() -> None:
    ended = call_pb2.CallEvent(
        event_id="e9", call_id="c1", tenant="36.73", kind=call_pb2.CALL_EVENT_KIND_ENDED, event_at_ms=3_000
    )
    assert outcome_message(assessed(ended)).decided_at_ms == 0
    later = call_pb2.CallEvent(
        event_id="e11", call_id="c1", tenant="36.73", kind=call_pb2.CALL_EVENT_KIND_MESSAGE, event_at_ms=9_000
    )
    assert outcome_message(assessed(ended, form_message(), later)).decided_at_ms == 5_000


@pytest.mark.parametrize("contradicted", [True, False])
def test_a_contradicted_number_is_told_whatever_else_came(*, contradicted: bool) -> None:
    ringing = call_pb2.CallEvent(
        event_id="e1", call_id="c1", tenant="36.73", kind=call_pb2.CALL_EVENT_KIND_RINGING, event_at_ms=1_000,
        caller=call_pb2.Caller(
            key="k", number="+62811", identity_trust=common_pb2.IDENTITY_TRUST_UNVERIFIED, contradicted=contradicted
        ),
    )  # fmt: skip
    assert outcome_message(assessed(form_message(), ringing)).identity_contradicted is contradicted


def test_a_confidential_caller_is_called_only_where_it_is_safe() -> None:
    form = form_message()
    form.form.type = "kdrt"
    assert assessment_message(assessed(form)).callback_number == ""
    form.form.safe_to_contact = True
    message = assessment_message(assessed(form))
    assert (message.callback_number, message.safe_to_contact) == ("+62811", True)
