"""The truth table, scenario by scenario, and that every row of it is reached."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_classifier.core.events import CallEvent, Fix, Form
from siaga_classifier.core.fold import fold
from siaga_classifier.core.outcome import TABLE, CallerHistory, Fact, facts_of, judge
from siaga_classifier.core.vocabulary import Channel, Disposition, EventKind, HangupBy, Outcome, QueueLeft

E = EventKind


@dataclass(frozen=True)
class Scenario:
    """`what`: words for events, in seconds from the ring, e.g. `ivr@1 end:caller@5`; history True = known caller."""

    name: str
    what: str
    outcome: Outcome
    basis: str
    known_caller: bool = True
    anonymous: bool = False
    confidential: bool = False


EVENTS = {
    "ring": {"kind": E.RINGING},
    "ivr": {"kind": E.IVR_ENTERED},
    "digit1": {"kind": E.IVR_INPUT, "digits": "1"},
    "digit5": {"kind": E.IVR_INPUT, "digits": "5"},
    "digits55": {"kind": E.IVR_INPUT, "digits": "55"},
    "confirmed": {"kind": E.IVR_CONFIRMED},
    "silent": {"kind": E.SILENT_CONFIRMED},
    "talk": {"kind": E.TALK_DETECTED},
    "queue": {"kind": E.QUEUE_JOINED},
    "left:caller": {"kind": E.QUEUE_LEFT, "queue_left": QueueLeft.CALLER_LEFT},
    "left:timeout": {"kind": E.QUEUE_LEFT, "queue_left": QueueLeft.TIMEOUT},
    "left:withdrawn": {"kind": E.QUEUE_LEFT, "queue_left": QueueLeft.WITHDRAWN},
    "left:empty": {"kind": E.QUEUE_LEFT, "queue_left": QueueLeft.EMPTY},
    "left:full": {"kind": E.QUEUE_LEFT, "queue_left": QueueLeft.FULL},
    "left:key": {"kind": E.QUEUE_LEFT, "queue_left": QueueLeft.KEY},
    "left:answered": {"kind": E.QUEUE_LEFT, "queue_left": QueueLeft.ANSWERED},
    "answered": {"kind": E.ANSWERED, "operator": "op-03"},
    "talked": {"kind": E.TALK_ENDED},
    "sip": {"kind": E.SIP_ANSWERED},
    "end:caller": {"kind": E.ENDED, "hangup_by": HangupBy.CALLER, "q850": 16},
    "end:centre": {"kind": E.ENDED, "hangup_by": HangupBy.CENTRE, "q850": 16},
    "end:system": {"kind": E.ENDED, "hangup_by": HangupBy.SYSTEM},
    "end:cause0": {"kind": E.ENDED, "q850": 0},
    "end:congestion": {"kind": E.ENDED, "hangup_by": HangupBy.SYSTEM, "q850": 34},
    "message": {"kind": E.MESSAGE, "text": "ada ular", "channel": Channel.APP},
    "position": {"kind": E.POSITION, "position": Fix(-6.1, 106.1, 20.0, 0, "aml")},
    "overdue": {"kind": E.OVERDUE},
    "merged": {"kind": E.MERGED},
    "test": {"kind": E.RINGING, "test": True},
    "form": {"kind": E.FORM, "form": Form(text="catatan")},
    **{f"form:{d.name.lower()}": {"kind": E.FORM, "form": Form(disposition=d)} for d in Disposition if d},
}

SCENARIOS = [
    Scenario("hung up while ringing", "ring@0 end:caller@4", Outcome.ABANDON, "left_while_ringing"),
    Scenario("cause 0 while ringing", "ring@0 end:cause0@4", Outcome.ABANDON, "left_while_ringing"),
    Scenario("confirmed, then hung up", "ring@0 ivr@1 digit1@3 confirmed@3 end:caller@5", Outcome.ABANDON, "ivr_confirmed_then_left"),
    Scenario("menu, nothing pressed", "ring@0 ivr@1 end:caller@15", Outcome.IVR_PRANK, "ivr_no_input"),
    Scenario("menu time-out", "ring@0 ivr@1 end:system@16", Outcome.IVR_PRANK, "ivr_no_input"),
    Scenario("menu, invalid digit", "ring@0 ivr@1 digit1@3 end:caller@15", Outcome.IVR_PRANK, "ivr_no_input"),
    Scenario("menu, first call of the number", "ring@0 ivr@1 end:caller@15", Outcome.ABANDON, "ivr_first_call_of_number", known_caller=False),
    Scenario("menu, no number at all", "ring@0 ivr@1 end:caller@15", Outcome.IVR_PRANK, "ivr_no_input", known_caller=False, anonymous=True),
    Scenario("menu, a voice on the line", "ring@0 ivr@1 talk@4 end:caller@15", Outcome.ABANDON, "ivr_talk_detected"),
    Scenario("menu, pressed 5-5", "ring@0 ivr@1 digit5@4 digit5@5 end:caller@15", Outcome.ABANDON, "ivr_silent_code"),
    Scenario("menu, pressed 5 and 5 in one", "ring@0 ivr@1 digits55@5 end:caller@15", Outcome.ABANDON, "ivr_silent_code"),
    Scenario("menu, a key or a cough where the switch asked for one", "ring@0 ivr@1 silent@9 end:caller@15", Outcome.ABANDON, "ivr_silent_code"),
    Scenario("pressed 5-5 where no menu was seen", "ring@0 digit5@4 digit5@5 end:caller@15", Outcome.ABANDON, "ivr_silent_code"),
    Scenario("pressed 5-5, called before, menu time-out", "ring@0 ivr@1 digit5@4 digit5@5 end:system@16", Outcome.ABANDON, "ivr_silent_code"),
    Scenario("pressed 5-5, then dropped in the queue", "ring@0 ivr@1 silent@5 queue@6 end:system@16", Outcome.UNSERVED, "queue_ended_by_system"),
    Scenario("said a prank of a call that only pressed 5-5", "ring@0 ivr@1 silent@9 end:caller@15 form:prank@60", Outcome.ABANDON, "silent_is_no_abuse"),
    Scenario("pressed 5-5, and joked with the operator", "ring@0 ivr@1 silent@9 answered@15 end:caller@50 form:prank@60", Outcome.ANSWERED_PRANK, "operator_prank"),
    Scenario("pressed 5-5, and the operator heard nothing", "ring@0 ivr@1 silent@9 answered@15 end:caller@50 form:ghost@60", Outcome.GHOST, "operator_ghost"),
    Scenario("queue, caller gave up", "ring@0 ivr@1 confirmed@2 queue@3 left:caller@30 end:caller@30", Outcome.ABANDON, "queue_caller_left"),
    Scenario("queue, gave up, hang-up lost", "ring@0 queue@3 left:caller@30", Outcome.ABANDON, "queue_caller_left"),
    Scenario("gave up, join lost", "ring@0 left:caller@30", Outcome.ABANDON, "left_queue"),
    Scenario("queue left by key, then gone", "ring@0 queue@3 left:key@9 end:caller@12", Outcome.ABANDON, "queue_caller_left"),
    Scenario("queue time-out", "ring@0 queue@3 left:timeout@63 end:system@63", Outcome.UNSERVED, "queue_failed"),
    Scenario("queue time-out, caller hangs up after", "ring@0 queue@3 left:timeout@63 end:caller@64", Outcome.UNSERVED, "queue_failed"),
    Scenario("queue withdrawn", "ring@0 queue@3 left:withdrawn@20 end:centre@20", Outcome.UNSERVED, "queue_failed"),
    Scenario("no operator logged in", "ring@0 left:empty@3 end:system@3", Outcome.UNSERVED, "queue_failed"),
    Scenario("queue full", "ring@0 left:full@3 end:system@3", Outcome.UNSERVED, "queue_failed"),
    Scenario("dropped by the switch in the queue", "ring@0 queue@3 end:system@20", Outcome.UNSERVED, "queue_ended_by_system"),
    Scenario("dropped by the switch after confirming", "ring@0 ivr@1 confirmed@2 end:system@9", Outcome.UNSERVED, "confirmed_ended_by_system"),
    Scenario("congestion in the menu", "ring@0 ivr@1 end:congestion@2", Outcome.UNSERVED, "network_failed"),
    Scenario("refused before the menu", "ring@0 end:system@1", Outcome.UNSERVED, "ended_by_system_before_ivr"),
    Scenario("prank", "ring@0 queue@1 answered@5 talked@40 end:caller@40 form:prank@60", Outcome.ANSWERED_PRANK, "operator_prank"),
    Scenario("prank, form first", "form:prank@0 ring@0 answered@5 end:caller@40", Outcome.ANSWERED_PRANK, "operator_prank"),
    Scenario("prank at the SIP edge", "ring@0 sip@3 end:caller@40 form:prank@60", Outcome.ANSWERED_PRANK, "operator_prank"),
    Scenario("prank, but nobody ever spoke", "ring@0 queue@1 left:caller@9 end:caller@9 form:prank@60", Outcome.ABANDON, "prank_but_never_answered"),
    Scenario("prank, but the centre failed", "ring@0 queue@1 left:timeout@9 end:system@9 form:prank@60", Outcome.UNSERVED, "prank_but_never_served"),
    Scenario("prank with words of violence at home", "ring@0 answered@5 end:caller@40 form:prank@60", Outcome.UNRESOLVED, "confidential_is_no_abuse", confidential=True),
    Scenario("sent a unit for nothing", "ring@0 answered@5 end:caller@40 form:emergency@50 form:false_report@3600", Outcome.ANSWERED_PRANK, "operator_false_report"),
    Scenario("a false report of violence at home", "ring@0 answered@5 end:caller@40 form:false_report@3600", Outcome.UNRESOLVED, "confidential_is_no_false_report", confidential=True),
    Scenario("silent caller", "ring@0 answered@5 end:caller@40 form:ghost@60", Outcome.GHOST, "operator_ghost"),
    Scenario("question about a schedule", "ring@0 answered@5 end:caller@40 form:non_emergency@60", Outcome.NON_EMERGENCY, "operator_non_emergency"),
    Scenario("a chat that is no chat", "ring@0 answered@5 end:caller@40 form:non_emergency@60", Outcome.UNRESOLVED, "confidential_is_no_chat", confidential=True),
    Scenario("another regency's", "ring@0 answered@5 end:caller@40 form:misdirected@60", Outcome.MISDIRECTED, "operator_misdirected"),
    Scenario("real", "ring@0 queue@1 left:answered@5 answered@5 end:caller@90 form:emergency@50", Outcome.REAL, "operator_emergency"),
    Scenario("real, still talking", "ring@0 answered@5 form:emergency@20", Outcome.REAL, "operator_emergency"),
    Scenario("real, called back after giving up", "ring@0 queue@1 left:caller@9 end:caller@9 form:emergency@300", Outcome.REAL, "operator_emergency"),
    Scenario("answered, nobody said what it was", "ring@0 answered@5 talked@50 end:caller@50", Outcome.UNRESOLVED, "answered_no_disposition"),
    Scenario("answered, a note without a disposition", "ring@0 answered@5 end:caller@50 form@55", Outcome.UNRESOLVED, "answered_no_disposition"),
    Scenario("two seconds of talk", "ring@0 answered@5 talked@7 end:caller@7", Outcome.UNRESOLVED, "answered_shortly_no_disposition"),
    Scenario("queue time-out, then answered after all", "ring@0 queue@1 left:timeout@60 queue@61 answered@70 end:caller@99", Outcome.UNRESOLVED, "answered_no_disposition"),
    Scenario("something answered at the SIP edge", "ring@0 sip@3 end:caller@48", Outcome.UNRESOLVED, "sip_answered_no_disposition"),
    Scenario("ringing", "ring@0", Outcome.IN_PROGRESS, "in_progress"),
    Scenario("being answered", "ring@0 ivr@1 queue@2 answered@9", Outcome.IN_PROGRESS, "in_progress"),
    Scenario("waiting in the second queue", "ring@0 queue@2 left:timeout@60", Outcome.IN_PROGRESS, "in_progress"),
    Scenario("a position, the call will follow", "position@0", Outcome.IN_PROGRESS, "in_progress"),
    Scenario("a position, and nobody called", "position@0 overdue@0", Outcome.UNRESOLVED, "position_without_call"),
    Scenario("positions, and nobody called", "position@0 overdue@0 position@200", Outcome.UNRESOLVED, "position_without_call"),
    Scenario("a position whose call came by another name", "position@0 merged@0", Outcome.IN_PROGRESS, "in_progress"),
    Scenario("the same, found overdue before", "position@0 overdue@0 merged@0", Outcome.IN_PROGRESS, "in_progress"),
    Scenario("a position whose call rang late", "position@0 overdue@0 ring@300", Outcome.IN_PROGRESS, "in_progress"),
    Scenario("rang, nothing for hours", "ring@0 queue@3 overdue@3", Outcome.UNRESOLVED, "end_lost"),
    Scenario("answered, nothing for hours", "ring@0 answered@9 overdue@9", Outcome.UNRESOLVED, "end_lost"),
    Scenario("overdue, then its end comes late", "ring@0 overdue@0 end:caller@5", Outcome.ABANDON, "left_while_ringing"),
    Scenario("overdue, and it went on", "ring@0 overdue@0 queue@9", Outcome.IN_PROGRESS, "in_progress"),
    Scenario("app report", "message@0", Outcome.UNRESOLVED, "written_awaits_operator"),
    Scenario("app report an operator confirmed", "message@0 form:emergency@30", Outcome.REAL, "operator_emergency"),
    Scenario("app report found a prank", "message@0 form:prank@30", Outcome.ANSWERED_PRANK, "operator_prank"),
    Scenario("drill", "test@0 answered@5 form:emergency@20", Outcome.TEST, "test"),
    Scenario("operator's own test", "ring@0 answered@5 end:centre@9 form:test@20", Outcome.TEST, "test"),
]  # fmt: skip


def facts(scenario: Scenario) -> int:
    events = []
    for index, word in enumerate(scenario.what.split()):
        name, _, second = word.partition("@")
        key = "" if scenario.anonymous else "k1"
        event = CallEvent(f"e{index}", "c1", "36.73", E.UNSPECIFIED, 1_000_000 + int(second) * 1_000, caller_key=key)
        events.append(replace(event, **EVENTS[name]))
    history = CallerHistory(1, "c0") if scenario.known_caller else None
    return facts_of("c1", fold(None, events), history, confidential_cue=scenario.confidential)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_scenario(scenario: Scenario) -> None:
    judgement = judge(facts(scenario))
    assert (judgement.outcome, judgement.basis) == (scenario.outcome, scenario.basis)


def test_every_row_is_reached_by_a_scenario() -> None:
    assert {row.basis for row in TABLE} == {scenario.basis for scenario in SCENARIOS}


def test_the_first_call_is_recognised_by_its_id() -> None:
    scenario = SCENARIOS[3]
    state = fold(
        None, [CallEvent("e", "c1", "t", E.IVR_ENTERED, 5, caller_key="k"), CallEvent("f", "c1", "t", E.ENDED, 9)]
    )
    first, later = CallerHistory(5, "c1"), CallerHistory(4, "c0")
    assert judge(facts_of("c1", state, first, confidential_cue=False)).outcome is Outcome.ABANDON
    assert judge(facts_of("c1", state, later, confidential_cue=False)).outcome is scenario.outcome


@given(st.integers(0, 2 ** len(Fact) - 1))
def test_every_combination_of_facts_has_exactly_one_outcome(bits: int) -> None:
    judgement = judge(bits)
    first = next(row for row in TABLE if bits & row.needs == row.needs and not bits & row.excludes)
    assert (judgement.outcome, judgement.basis) == (first.outcome, first.basis)


@given(st.integers(0, 2 ** len(Fact) - 1))
def test_abuse_needs_an_operators_word_or_an_empty_menu(bits: int) -> None:
    outcome = judge(bits).outcome
    if outcome is Outcome.ANSWERED_PRANK:
        assert bits & (Fact.SAID_PRANK | Fact.SAID_FALSE_REPORT)
        assert not bits & Fact.CONFIDENTIAL_CUE
    if outcome is Outcome.IVR_PRANK:
        heard = Fact.TALK_DETECTED | Fact.IVR_CONFIRMED | Fact.QUEUE_JOINED | Fact.ANSWERED | Fact.SILENT_CODE
        assert bits & Fact.IVR_ENTERED
        assert not bits & (heard | Fact.FIRST_CALL)


def test_confidential_words_give_way_to_a_type_the_operator_chose_against_them() -> None:
    form = Form(type="prank", disposition=Disposition.PRANK)
    state = fold(None, [CallEvent("e", "c1", "t", E.ANSWERED, 5), CallEvent("f", "c1", "t", E.FORM, 9, form=form)])
    assert judge(facts_of("c1", state, None, confidential_cue=True)).outcome is Outcome.ANSWERED_PRANK
