"""No score leaves a call without a human: a hundred thousand random calls, whatever rules and model say of their words."""

import random
from functools import reduce

import pytest
from siaga_classifier.core.advice import Policy
from siaga_classifier.core.assess import assess
from siaga_classifier.core.assessment import Assessment, TenantView
from siaga_classifier.core.events import CallEvent, Fix, Form
from siaga_classifier.core.fold import join, state_of
from siaga_classifier.core.outcome import CallerHistory, is_silent_confirmed
from siaga_classifier.core.state import CallState, Mark
from siaga_classifier.core.vocabulary import (
    TYPES,
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
from siaga_classifier.core.words.rules import Reading

STREAMS = 100_000
EVENTS = 4_000
LONGEST = 7
CHANCE = random.Random(112)
TEXTS = [f"kata {number}" for number in range(60)]
# As if rules and model said anything at all, as surely as they can.
READINGS = {
    text: Reading(
        type=CHANCE.choice(TYPES),
        priority=CHANCE.choice(list(Priority)[1:]),
        confidence=CHANCE.choice([0.0, 0.5, 0.99, 1.0]),
        strong=CHANCE.random() < 0.3,
        confidential=CHANCE.random() < 0.1,
    )
    for text in TEXTS
}
POLICY = Policy(
    lambda kind, _: kind not in ("prank", "unclear"),
    frozenset(channel.name.lower() for channel in Channel),
    frozenset(TYPES),
)
VIEW = TenantView(lambda text: READINGS[text], {}, POLICY, None)
FIRST, LATER = CallerHistory(1, "c1"), CallerHistory(1, "c0")


def _form() -> Form:
    pick = CHANCE.choice
    return Form(
        operator=pick(["", "op-1"]),
        text=pick(["", *TEXTS]),
        position=pick([None, Fix(-6.1, 106.1, 10.0, 0, "operator")]),
        type=pick(["", "", *TYPES]),
        priority=pick(list(Priority)),
        # Most forms of a random call say nothing of what it was: those are the ones to look at.
        disposition=pick([Disposition.UNSPECIFIED, Disposition.UNSPECIFIED, *Disposition]),
    )


def _event(number: int) -> CallEvent:
    pick = CHANCE.choice
    kind = pick(list(EventKind))
    written = kind is EventKind.MESSAGE
    return CallEvent(
        f"e{number}", "c1", "36.73", kind, CHANCE.randrange(1, 100_000),
        channel=pick(list(Channel)[1:]) if written else Channel.VOICE,
        caller_key=pick(["", "k", "k"]), identity_trust=pick(list(IdentityTrust)), queue_left=pick(list(QueueLeft)),
        hangup_by=pick(list(HangupBy)), q850=pick([0, 16, 34]), operator=pick(["", "op-1"]),
        digits=pick(["5", "55", "1"]) if kind is EventKind.IVR_INPUT else "",
        text=pick(TEXTS) if written else "", form=_form() if kind is EventKind.FORM else None,
        position=Fix(-6.1, 106.1, 10.0, 0, "aml") if kind is EventKind.POSITION else None,
        backfilled=CHANCE.random() < 0.1, test=CHANCE.random() < 0.01,
    )  # fmt: skip


@pytest.fixture(scope="module")
def judged() -> list[tuple[CallState, CallerHistory | None, Assessment]]:
    """Each random call as it is judged."""
    said = [state_of(_event(number)) for number in range(EVENTS)]
    found = []
    for _ in range(STREAMS):
        state = reduce(join, CHANCE.choices(said, k=CHANCE.randrange(1, LONGEST)))
        history = CHANCE.choice([None, FIRST, LATER, LATER])
        found.append((state, history, assess("c1", state, history, VIEW)))
    return found


Judged = list[tuple[CallState, CallerHistory | None, Assessment]]


def is_empty_menu(state: CallState, history: CallerHistory | None) -> bool:
    """A caller who is known, in a menu, and gave no sign there: the silence is the caller's own."""
    known = history is LATER or not state.caller_key
    reached = state.ivr_confirmed_at_ms or state.queue_joined_at_ms or state.answered_at_ms or state.talk_detected_at_ms
    signs = reached or state.messages or state.sip_answered_at_ms or is_silent_confirmed(state)
    return bool(known and state.ivr_entered_at_ms and not signs)


def test_only_a_persons_word_a_drill_or_an_empty_menu_is_recorded(judged: Judged) -> None:
    recorded = 0
    for state, history, found in judged:
        if found.advice is not Advice.RECORD:
            continue
        recorded += 1
        drill = bool(state.marks & Mark.TEST)
        assert drill or state.disposition or is_empty_menu(state, history), (state, found)
    assert recorded > STREAMS / 100


def test_a_call_that_is_over_is_somebodys_or_recorded(judged: Judged) -> None:
    for _, _, found in judged:
        assert found.advice or not found.is_over


def test_abuse_is_an_operators_word_or_an_empty_menu(judged: Judged) -> None:
    for state, history, found in judged:
        if found.outcome is Outcome.ANSWERED_PRANK:
            assert state.disposition in (Disposition.PRANK, Disposition.FALSE_REPORT)
            assert not (found.words.confidential and not state.form_type)
        if found.outcome is Outcome.IVR_PRANK:
            assert is_empty_menu(state, history)


def test_life_threats_and_silence_go_to_people_whatever_was_said_before_they_spoke(judged: Judged) -> None:
    for state, _, found in judged:
        if found.test or state.disposition or not found.is_over:
            continue
        if found.words.strong or found.words.confidential or found.silent_confirmed:
            assert found.advice in (Advice.REVIEW, Advice.DISPATCH)
