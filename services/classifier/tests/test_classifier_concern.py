"""Rules and model together: either raises concern, neither alone lowers it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_classifier.adapters.model_files import shipped_table
from siaga_classifier.adapters.rule_files import load_pack
from siaga_classifier.core.vocabulary import CONFIDENTIAL_TYPES, NO_EVENT_TYPES, TYPES, Advice, Priority
from siaga_classifier.core.words.concern import combine, judge_text
from siaga_classifier.core.words.model import Scores, WordModel
from siaga_classifier.core.words.rules import Reading

PACK = load_pack()
MODEL = WordModel(shipped_table(), PACK.lexicon)
CONCERN = {Advice.RECORD: 0, Advice.REVIEW: 1, Advice.DISPATCH: 2}


def shares(labels: tuple[str, ...]) -> st.SearchStrategy[dict[str, float]]:
    weights = st.lists(st.floats(0.001, 1), min_size=len(labels), max_size=len(labels))
    return weights.map(lambda found: {label: weight / sum(found) for label, weight in zip(labels, found, strict=True)})


SCORES = st.builds(
    lambda kind, need, urgency, secret, despair, known: Scores(
        {
            "type": kind,
            "need": need,
            "urgency": urgency,
            "confidential": {"confidential": secret},
            "despair": {"despair": despair},
        },
        known,
    ),
    shares(TYPES),
    shares(("dispatch", "record", "review")),
    shares(("P1", "P2", "P3", "P4")),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0, 1),
)
READINGS = st.builds(
    Reading,
    type=st.sampled_from(TYPES),
    priority=st.sampled_from([Priority.P1, Priority.P2, Priority.P3, Priority.P4]),
    confidential=st.booleans(),
    guard=st.sampled_from(["", "over", "news"]),
    advice=st.sampled_from([Advice.UNSPECIFIED, Advice.RECORD, Advice.REVIEW, Advice.DISPATCH]),
    evidence=st.lists(st.tuples(st.sampled_from(TYPES), st.floats(0.5, 6)), max_size=3).map(tuple),
)


def needing(scores: Scores, record: float) -> Scores:
    """The same with another chance that nothing is needed."""
    rest = {"dispatch": scores.of("need", "dispatch"), "review": scores.of("need", "review")}
    total = sum(rest.values())
    need = {"record": record, **{label: chance / total * (1 - record) for label, chance in rest.items()}}
    return replace(scores, answers={**scores.answers, "need": need})


@given(READINGS, SCORES)
def test_no_score_turns_a_rules_alarm_into_record(rules: Reading, scores: Scores) -> None:
    together = combine(rules, scores, PACK.base_priority)
    if rules.advice in (Advice.REVIEW, Advice.DISPATCH) or rules.confidential:
        assert together.advice in (Advice.REVIEW, Advice.DISPATCH)


@given(READINGS, SCORES)
def test_no_rule_turns_a_models_alarm_into_record(rules: Reading, scores: Scores) -> None:
    alarmed = needing(scores, 0.05)
    assert combine(rules, alarmed, PACK.base_priority).advice in (Advice.REVIEW, Advice.DISPATCH)


@given(READINGS, SCORES, st.floats(0, 1), st.floats(0, 1))
def test_more_need_in_the_model_is_never_less_concern(rules: Reading, scores: Scores, one: float, other: float) -> None:
    more, less = (needing(scores, record) for record in sorted((one, other)))
    told = [CONCERN[combine(rules, each, PACK.base_priority).advice] for each in (less, more)]
    assert told[0] <= told[1]


@given(READINGS, SCORES)
def test_help_is_sent_for_an_event_and_secrets_are_kept(rules: Reading, scores: Scores) -> None:
    together = combine(rules, scores, PACK.base_priority)
    if together.advice is Advice.DISPATCH:
        assert together.type not in NO_EVENT_TYPES
    if rules.confidential or together.type in CONFIDENTIAL_TYPES:
        assert together.confidential
        assert together.priority <= Priority.P2
    assert 0 <= together.confidence <= 1


@given(SCORES)
def test_words_that_nobody_knows_go_to_a_person(scores: Scores) -> None:
    unknown = replace(scores, known=0.0)
    assert combine(Reading(), unknown, PACK.base_priority).advice in (Advice.REVIEW, Advice.DISPATCH)


@pytest.mark.parametrize("text", ["", "   ", "...", "🙏"])
def test_silence_is_unclear_and_looked_at(text: str) -> None:
    reading = judge_text(text, PACK, MODEL)
    assert (reading.type, reading.advice, reading.confidential) == ("unclear", Advice.REVIEW, False)


@given(st.text(max_size=200))
def test_any_text_is_judged_by_both(text: str) -> None:
    reading = judge_text(text, PACK, MODEL)
    assert reading.type in TYPES
    assert reading.advice in CONCERN
    assert (reading.rules_version, reading.model_version) == (PACK.version, MODEL.version)


def test_both_layers_say_why() -> None:
    reasons = judge_text("tolong, rumah saya kebakaran", PACK, MODEL).reasons
    rules = {reason.rule for reason in reasons}
    assert {"type.fire_building", "model.fire_building"} <= rules
    assert any(rule.startswith("words.") for rule in rules)
