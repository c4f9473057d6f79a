"""From state to assessment: type, priority, confidentiality and advice, and that no score leaves a call without a human."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_classifier.adapters.rule_files import load_pack
from siaga_classifier.core.advice import Case, Policy, advise
from siaga_classifier.core.assess import assess
from siaga_classifier.core.assessment import Assessment, TenantView
from siaga_classifier.core.events import CallEvent, Fix, Form
from siaga_classifier.core.fold import fold
from siaga_classifier.core.outcome import CallerHistory
from siaga_classifier.core.place import Place
from siaga_classifier.core.vocabulary import (
    NO_EVENT_TYPES,
    TYPES,
    Advice,
    Channel,
    Disposition,
    EventKind,
    HangupBy,
    Outcome,
    Priority,
)
from siaga_classifier.core.words.rules import read

PACK = load_pack()
HERE = Fix(-6.12, 106.15, 0, 0, "operator")
D = Disposition


def sends(kind: str, priority: str) -> bool:
    return kind not in NO_EVENT_TYPES and bool(priority)


def view(**policy: frozenset[str]) -> TenantView:
    return TenantView(lambda text: read(text, PACK), PACK.base_priority, Policy(sends, **policy), None)


def talked(form: Form | None, *more: CallEvent) -> Assessment:
    events = [
        CallEvent("e1", "c1", "36.73", EventKind.RINGING, 1_000, caller_key="k", caller_number="+6281"),
        CallEvent("e2", "c1", "36.73", EventKind.ANSWERED, 2_000, operator="op-03"),
        CallEvent("e3", "c1", "36.73", EventKind.ENDED, 60_000, hangup_by=HangupBy.CALLER),
        *more,
    ]
    if form is not None:
        events.append(CallEvent("e4", "c1", "36.73", EventKind.FORM, 61_000, form=form))
    return assess("c1", fold(None, events), CallerHistory(1, "c0"), view())


FORMS = [
    # form → outcome, type, priority, advice, confidential
    (Form(text="kebakaran rumah", position=HERE, disposition=D.EMERGENCY), Outcome.REAL, "fire_building", "P1", Advice.DISPATCH, False),
    (Form(text="kebakaran rumah", disposition=D.EMERGENCY), Outcome.REAL, "fire_building", "P1", Advice.REVIEW, False),
    (Form(type="medical_birth", position=HERE, disposition=D.EMERGENCY), Outcome.REAL, "medical_birth", "P2", Advice.DISPATCH, False),
    (Form(type="animal", priority=Priority.P1, position=HERE, disposition=D.EMERGENCY), Outcome.REAL, "animal", "P1", Advice.DISPATCH, False),
    (Form(type="animal", text="kakek tidak sadar digigit ular", priority=Priority.P3, position=HERE, disposition=D.EMERGENCY), Outcome.REAL, "animal", "P1", Advice.DISPATCH, False),
    (Form(type="animal", text="pelapor menunggu di depan", priority=Priority.P4, position=HERE, disposition=D.EMERGENCY), Outcome.REAL, "animal", "P4", Advice.DISPATCH, False),
    (Form(position=HERE, disposition=D.EMERGENCY), Outcome.REAL, "unclear", "P3", Advice.REVIEW, False),
    (Form(text="suami memukul saya", position=HERE, disposition=D.EMERGENCY), Outcome.REAL, "kdrt", "P2", Advice.DISPATCH, True),
    (Form(type="kdrt", priority=Priority.P4, position=HERE, disposition=D.EMERGENCY), Outcome.REAL, "kdrt", "P2", Advice.DISPATCH, True),
    (Form(text="cuma mau ngobrol, suami saya di sebelah", disposition=D.NON_EMERGENCY), Outcome.UNRESOLVED, "kdrt", "P1", Advice.REVIEW, True),
    (Form(text="anak-anak tertawa", disposition=D.PRANK), Outcome.ANSWERED_PRANK, "prank", "P4", Advice.RECORD, False),
    (Form(disposition=D.PRANK), Outcome.ANSWERED_PRANK, "prank", "P4", Advice.RECORD, False),
    (Form(text="katanya rumah kebakaran, lalu ditutup", disposition=D.PRANK), Outcome.ANSWERED_PRANK, "fire_building", "P1", Advice.REVIEW, False),
    (Form(text="dipukul suami", disposition=D.PRANK), Outcome.UNRESOLVED, "kdrt", "P2", Advice.REVIEW, True),
    (Form(text="tanya jadwal vaksin", disposition=D.NON_EMERGENCY), Outcome.NON_EMERGENCY, "non_emergency", "P4", Advice.RECORD, False),
    (Form(text="bapaknya tidak sadar, minta nomor rs", disposition=D.NON_EMERGENCY), Outcome.NON_EMERGENCY, "medical_unconscious", "P1", Advice.REVIEW, False),
    (Form(text="hanya suara napas", disposition=D.GHOST), Outcome.GHOST, "unclear", "P2", Advice.REVIEW, False),
    (Form(text="kebakaran gudang di Cilegon", disposition=D.MISDIRECTED), Outcome.MISDIRECTED, "fire_building", "P1", Advice.REVIEW, False),
    (Form(disposition=D.MISDIRECTED), Outcome.MISDIRECTED, "unclear", "P3", Advice.RECORD, False),
    (Form(text="kebakaran rumah", position=HERE), Outcome.UNRESOLVED, "fire_building", "P1", Advice.REVIEW, False),
    (Form(text="kebakaran rumah", position=HERE, disposition=D.TEST), Outcome.TEST, "fire_building", "P1", Advice.RECORD, False),
    (None, Outcome.UNRESOLVED, "unclear", "P3", Advice.REVIEW, False),
]  # fmt: skip


@pytest.mark.parametrize("case", FORMS)
def test_an_answered_call(case: tuple[Form | None, Outcome, str, str, Advice, bool]) -> None:
    form, outcome, kind, priority, advice, confidential = case
    found = talked(form)
    assert (found.outcome, found.type, found.priority.name) == (outcome, kind, priority)
    assert (found.advice, found.confidential) == (advice, confidential)


def test_a_confidential_call_shows_no_number_to_call_back() -> None:
    assert talked(Form(text="dipukul suami")).callback_number == ""
    assert talked(None).callback_number == "+6281"
    assert talked(Form(disposition=D.PRANK)).callback_number == ""


def test_a_breath_on_the_line_raises_an_empty_call() -> None:
    breath = CallEvent("e9", "c1", "36.73", EventKind.TALK_DETECTED, 3_000)
    assert talked(None, breath).priority is Priority.P2


def test_what_one_message_raised_the_next_does_not_lower() -> None:
    def message(number: int, text: str) -> CallEvent:
        return CallEvent(f"m{number}", "c1", "36.73", EventKind.MESSAGE, number, channel=Channel.APP, text=text)

    both = assess("c1", fold(None, [message(1, "rumah kebakaran"), message(2, "sudah padam kok")]), None, view())
    assert (both.type, both.priority, both.advice) == ("fire_building", Priority.P1, Advice.REVIEW)


def test_an_alarming_note_is_looked_at_before_the_call_is_over() -> None:
    ringing = CallEvent("e1", "c1", "36.73", EventKind.RINGING, 1_000)
    note = CallEvent("e2", "c1", "36.73", EventKind.FORM, 1_500, form=Form(text="ibunya tidak bernapas"))
    assert assess("c1", fold(None, [ringing]), None, view()).advice is Advice.UNSPECIFIED
    assert assess("c1", fold(None, [ringing, note]), None, view()).advice is Advice.REVIEW


def test_an_app_report_goes_by_itself_only_where_the_tenant_says_so() -> None:
    report = CallEvent(
        "e1", "c1", "36.73", EventKind.MESSAGE, 1_000, channel=Channel.APP, text="kebakaran rumah, api membesar",
        position=Fix(-6.1, 106.1, 10, 0, "app"),
    )  # fmt: skip
    state = fold(None, [report])
    allowed = {"automatic_channels": frozenset({"app"}), "automatic_types": frozenset({"fire_building"})}
    assert assess("c1", state, None, view()).advice is Advice.REVIEW
    assert assess("c1", state, None, view(**allowed)).advice is Advice.DISPATCH
    assert (
        assess("c1", state, None, view(**{**allowed, "automatic_types": frozenset({"animal"})})).advice is Advice.REVIEW
    )


CASES = st.builds(
    Case, st.sampled_from([outcome for outcome in Outcome if outcome]), st.sampled_from(Channel), st.sampled_from(TYPES),
    st.sampled_from([priority for priority in Priority if priority]), st.floats(0, 1), st.booleans(), st.booleans(),
    st.builds(Place, st.sampled_from([None, HERE]), st.just("x"), st.just(""), st.just(""), st.booleans()), st.booleans(),
)  # fmt: skip
POLICIES = st.builds(
    Policy, st.just(sends), st.sets(st.sampled_from([c.name.lower() for c in Channel])).map(frozenset),
    st.sets(st.sampled_from(TYPES)).map(frozenset),
)  # fmt: skip
UNHEARD = (Outcome.ABANDON, Outcome.GHOST, Outcome.UNSERVED, Outcome.UNRESOLVED, Outcome.REAL)


@given(CASES, POLICIES)
def test_no_score_leaves_a_call_without_a_human(case: Case, policy: Policy) -> None:
    advice = advise(case, policy).advice
    if case.outcome in UNHEARD:
        assert advice in (Advice.REVIEW, Advice.DISPATCH)
    if (case.strong or case.confidential) and case.outcome is not Outcome.TEST:
        assert advice in (Advice.REVIEW, Advice.DISPATCH)


@given(CASES, POLICIES, st.floats(0, 1), st.sampled_from(TYPES), st.sampled_from([p for p in Priority if p]))
def test_what_the_rules_think_never_turns_review_into_record(
    case: Case, policy: Policy, confidence: float, kind: str, priority: Priority
) -> None:
    """Only what the call was decides about `record`; type, priority and confidence have no part in it."""
    other = replace(case, type=kind, priority=priority, confidence=confidence)
    assert (advise(case, policy).advice is Advice.RECORD) == (advise(other, policy).advice is Advice.RECORD)


@given(CASES, POLICIES)
def test_help_is_sent_only_to_a_place_for_an_event_with_a_mandate(case: Case, policy: Policy) -> None:
    if advise(case, policy).advice is Advice.DISPATCH:
        assert case.place.fix is not None
        assert case.type not in NO_EVENT_TYPES
        automatic = case.outcome is Outcome.UNRESOLVED and case.channel.name.lower() in policy.automatic_channels
        assert case.outcome is Outcome.REAL or (automatic and case.type in policy.automatic_types and case.strong)


@given(CASES)
def test_a_drill_reaches_no_unit(case: Case) -> None:
    assert advise(replace(case, outcome=Outcome.TEST), Policy(sends)).advice is Advice.RECORD


def written(*more: CallEvent) -> Assessment:
    said = CallEvent(
        "m1", "c1", "36.73", EventKind.MESSAGE, 1_000, channel=Channel.WHATSAPP, caller_key="k", text="tolong",
    )  # fmt: skip
    return assess("c1", fold(None, [said, *more]), None, view())


QUIET = CallEvent("s1", "c1", "36.73", EventKind.SESSION_STALE, 301_000, channel=Channel.WHATSAPP)


def test_a_conversation_gone_quiet_is_looked_at_and_never_closed() -> None:
    lively, quiet = written(), written(QUIET)
    assert "text.session_stale" not in [reason.rule for reason in lively.reasons]
    assert "text.session_stale" in [reason.rule for reason in quiet.reasons]
    assert (quiet.outcome, quiet.advice) == (lively.outcome, lively.advice) == (Outcome.UNRESOLVED, Advice.REVIEW)


@pytest.mark.parametrize("said", [D.EMERGENCY, D.PRANK, D.NON_EMERGENCY, D.GHOST, D.MISDIRECTED])
def test_silence_changes_nothing_of_what_an_operator_has_said(said: Disposition) -> None:
    form = CallEvent("f1", "c1", "36.73", EventKind.FORM, 5_000, form=Form(position=HERE, disposition=said))
    before, after = written(form), written(form, QUIET)
    assert (before.outcome, before.advice, before.type, before.priority, before.reasons) == (
        after.outcome, after.advice, after.type, after.priority, after.reasons,
    )  # fmt: skip


def rang(*kinds: tuple[EventKind, int, str], form: Form | None = None) -> Assessment:
    events = [
        CallEvent(f"e{number}", "c1", "36.73", kind, at_ms, caller_key="k", digits=digits)
        for number, (kind, at_ms, digits) in enumerate(kinds)
    ]
    if form is not None:
        events.append(CallEvent("form", "c1", "36.73", EventKind.FORM, 90_000, form=form))
    return assess("c1", fold(None, events), CallerHistory(1, "c0"), view())


E = EventKind
RING, MENU, END = (E.RINGING, 1_000, ""), (E.IVR_ENTERED, 2_000, ""), (E.ENDED, 20_000, "")
SILENT, CODE, COUGH = (E.SILENT_CONFIRMED, 8_000, ""), (E.IVR_INPUT, 8_000, "55"), (E.TALK_DETECTED, 8_000, "")


@pytest.mark.parametrize("sign", [SILENT, CODE, COUGH])
@pytest.mark.parametrize("rest", [(), (END,), ((E.QUEUE_JOINED, 9_000, ""), END)])
def test_who_cannot_speak_is_looked_at_at_once_and_never_abuse(
    sign: tuple[EventKind, int, str], rest: tuple[tuple[EventKind, int, str], ...]
) -> None:
    found = rang(RING, MENU, sign, *rest)
    assert (found.silent_confirmed, found.advice, found.priority) == (True, Advice.REVIEW, Priority.P2)
    assert {"silent_confirmed", "advice.silent_confirmed"} <= {reason.rule for reason in found.reasons}
    assert found.outcome in (Outcome.IN_PROGRESS, Outcome.ABANDON)


def test_the_code_is_known_where_the_menu_knows_nothing_of_it() -> None:
    found = rang(RING, CODE, END)
    assert (found.outcome, found.advice, found.priority) == (Outcome.ABANDON, Advice.REVIEW, Priority.P2)


def test_with_an_operator_on_the_line_it_is_the_operators() -> None:
    answered = (E.ANSWERED, 15_000, "")
    under_way = rang(RING, MENU, SILENT, answered)
    assert (under_way.advice, under_way.silent_confirmed) == (Advice.UNSPECIFIED, True)
    joked = rang(RING, MENU, SILENT, answered, END, form=Form(disposition=D.PRANK))
    assert (joked.outcome, joked.advice) == (Outcome.ANSWERED_PRANK, Advice.RECORD)
    unheard = rang(RING, MENU, SILENT, answered, END, form=Form(disposition=D.GHOST))
    assert (unheard.outcome, unheard.priority, unheard.advice) == (Outcome.GHOST, Priority.P2, Advice.REVIEW)


def test_a_voice_that_is_heard_only_with_the_operator_is_no_silent_call() -> None:
    assert not rang(RING, MENU, (E.ANSWERED, 5_000, ""), COUGH, END).silent_confirmed
    assert not rang(RING, (E.IVR_CONFIRMED, 5_000, ""), MENU, COUGH, END).silent_confirmed
