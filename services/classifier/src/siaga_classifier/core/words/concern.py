"""Rules and model as one judgement of a text: either can raise concern, neither alone can lower it.

`record` needs both to see nothing; help is sent by words only where one is sure and the other does not contradict.
Everything between goes to a person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import exp, sqrt
from typing import Final

from siaga_classifier.core.vocabulary import (
    CONFIDENTIAL_TYPES,
    NO_EVENT_TYPES,
    NON_EMERGENCY,
    PRANK,
    UNCLEAR,
    Advice,
    Priority,
    most_urgent,
)
from siaga_classifier.core.words.model import Scores, WordModel
from siaga_classifier.core.words.rulebook import RulePack
from siaga_classifier.core.words.rules import MAX_REASONS, OVER, Reading, Reason, read_words
from siaga_classifier.core.words.text import Words, words_of

TYPE, NEED, URGENCY, CONFIDENTIAL, DESPAIR = "type", "need", "urgency", "confidential", "despair"

MENTAL_HEALTH: Final = "mental_health"

# The model sees nothing only above this: lower, and calm calls for help are recorded; higher, and every chat is looked at.
NOTHING_FROM: Final = 0.7
# A head that gives "nothing" less than this is alarmed, and the other cannot calm it.
ALARMED_BELOW: Final = 0.1
# The model is sure that help is needed. Below, an event that the rules do not know goes to a person.
SURE_FROM: Final = 0.98
# Where the rules are sure, a person looks first when the model sees any need with less than this chance; with a little less
# where the rules are sure of a danger to life. Higher, and crews wait for a person; lower, and they roll for sayings.
CONTRADICTS_BELOW: Final = 0.97
CONTRADICTS_STRONG_BELOW: Final = 0.9
# Nor does it agree while it thinks this likely that no event is told at all: two heads learn it apart, and err apart.
NO_EVENT_ABOVE: Final = 0.03
# Fewer known words than this, and the model has not understood enough to see nothing.
MIN_KNOWN: Final = 0.4
# What a person must look at is called everyday talk or abuse only where that is more than a guess.
NOTHING_CALLED_FROM: Final = 0.35
# A secret kept needlessly costs a call-back; one told may cost a life.
CONFIDENTIAL_FROM: Final = 0.35
# A hint of despair among everyday words, and of violence against those at home: from these chances on a person looks.
DESPAIR_HINT_FROM: Final = 0.1
SECRET_HINT_FROM: Final = 0.2
# Despair is named to whoever looks from this chance on.
DESPAIR_FROM: Final = 0.2
# One word, or two, is a cry or a slip; only more says that there is nothing.
MIN_WORDS: Final = 2
# Urgency: the chance of this or more from which a priority holds. One life missed weighs more than three crews hurried.
URGENT_FROM: Final = 0.25
# A rule's evidence in the model's units: what a phrase of weight 1 multiplies a type's odds by, as a logarithm.
EVIDENCE_LOG_ODDS: Final = 0.4
MIN_CHANCE: Final = 1e-6
# Types that are told beside the chosen one: worth naming to whoever looks.
ALTERNATIVE_FROM: Final = 0.12
MAX_ALTERNATIVES: Final = 3
MAX_MODEL_REASONS: Final = 3
# In a fixed order: a sum in another order may be another number.
_HINTED: Final = (*sorted(CONFIDENTIAL_TYPES), MENTAL_HEALTH)
_URGENCIES: Final = (Priority.P1, Priority.P2, Priority.P3)


@dataclass(frozen=True, slots=True)
class Concern:
    """What both layers say together on how much a text calls for, and which rule of the combination said so."""

    advice: Advice
    basis: str


def judge_text(text: str, pack: RulePack, model: WordModel) -> Reading:
    """The reading of one text by rules and model."""
    words = words_of(text, pack.lexicon)
    rules = read_words(words, pack)
    if not words.words:
        return replace(rules, rules_version=pack.version, model_version=model.version)
    scores = model.scores(words)
    combined = combine(rules, scores, pack.base_priority)
    if len(words.typed) < MIN_WORDS:
        combined = _one_word(combined)
    return replace(
        combined,
        reasons=(*combined.reasons, *_spoken(combined, words, model)),
        rules_version=pack.version,
        model_version=model.version,
    )


def combine(rules: Reading, scores: Scores, base_priority: Mapping[str, Priority]) -> Reading:
    """Both layers' word on a text. Pure arithmetic of probabilities and evidence; monotone in both concerns."""
    concern = concern_of(rules, scores)
    shares = type_shares(rules, scores)
    kind = _type(shares, concern, rules.guard)
    confidential = (
        rules.confidential or scores.of(CONFIDENTIAL, CONFIDENTIAL) >= CONFIDENTIAL_FROM or kind in CONFIDENTIAL_TYPES
    )
    if confidential and concern.advice is Advice.RECORD:
        concern = Concern(Advice.REVIEW, "confidential")
    priority = _priority(rules, scores, kind, concern, base_priority)
    if confidential:
        priority = most_urgent(priority, Priority.P2)
    return replace(
        rules,
        type=kind,
        alternatives=_alternatives(rules, scores, shares, kind),
        priority=priority,
        confidence=round(shares[kind], 3),
        confidential=confidential,
        strong=rules.strong or confidential or _model_is_alarmed(scores, kind),
        advice=concern.advice,
        reasons=(*rules.reasons[: MAX_REASONS - 1], Reason(f"words.{concern.basis}", "", 1.0)),
    )


def _one_word(reading: Reading) -> Reading:
    """A single word is unclear, whatever it is; what it may mean stands beside it."""
    named = tuple(kind for kind in (reading.type, *reading.alternatives) if kind not in NO_EVENT_TYPES)
    return replace(
        reading,
        type=UNCLEAR,
        alternatives=named[:MAX_ALTERNATIVES],
        priority=most_urgent(reading.priority if named else Priority.P3, Priority.P3),
        confidence=round(min(reading.confidence, 0.5), 3),
        advice=Advice.REVIEW,
    )


def concern_of(rules: Reading, scores: Scores) -> Concern:
    """How much a text calls for."""
    nothing = chance_of_nothing(scores)
    help_needed = scores.of(NEED, "dispatch")
    if rules.advice is Advice.DISPATCH:
        doubted = 1 - nothing < (CONTRADICTS_STRONG_BELOW if rules.strong else CONTRADICTS_BELOW)
        if doubted or _chance_of_no_event(scores) > NO_EVENT_ABOVE:
            return Concern(Advice.REVIEW, "model_doubts_rules")
        return Concern(Advice.DISPATCH, "rules_sure")
    if min(help_needed, 1 - nothing) >= SURE_FROM and not rules.guard and rules.advice is not Advice.RECORD:
        return Concern(Advice.DISPATCH, "model_sure")
    if rules.advice is Advice.REVIEW:
        return Concern(Advice.REVIEW, "rules_unsure")
    if nothing < NOTHING_FROM:
        return Concern(Advice.REVIEW, "model_unsure")
    if _hints(scores):
        return Concern(Advice.REVIEW, "hint")
    if rules.advice is Advice.UNSPECIFIED and scores.known < MIN_KNOWN:
        return Concern(Advice.REVIEW, "words_unknown")
    return Concern(Advice.RECORD, "both_see_nothing")


def _hints(scores: Scores) -> bool:
    """Whether despair, or violence against somebody at home, may be meant: told as a chat, it has few words of its own."""
    secret = sum(scores.of(TYPE, kind) for kind in _HINTED)
    return (
        scores.of(DESPAIR, DESPAIR) >= DESPAIR_HINT_FROM
        or max(scores.of(CONFIDENTIAL, CONFIDENTIAL), secret) >= SECRET_HINT_FROM
    )


def chance_of_nothing(scores: Scores) -> float:
    """How likely it is that no help is needed: two heads learn it apart, and err apart, so their odds are averaged."""
    said = (scores.of(NEED, "record"), _chance_of_no_event(scores))
    bounded = [min(max(chance, MIN_CHANCE), 1 - MIN_CHANCE) for chance in said]
    odds = [chance / (1 - chance) for chance in bounded]
    mean = sqrt(odds[0] * odds[1])
    # One of them alone may be sure; against the other's alarm it is not.
    return min(mean / (1 + mean), *(1.0 if chance >= ALARMED_BELOW else 0.0 for chance in said))


def _chance_of_no_event(scores: Scores) -> float:
    return scores.of(TYPE, NON_EMERGENCY) + scores.of(TYPE, PRANK)


def type_shares(rules: Reading, scores: Scores) -> dict[str, float]:
    """The chance of each type: the model's, its odds multiplied by what the rules found; a surer layer weighs more."""
    # The floor lets evidence speak for a type that the model rules out.
    odds = {kind: max(chance, MIN_CHANCE) for kind, chance in scores.answers[TYPE].items()}
    for kind, found in dict(rules.evidence).items():
        odds[kind] = odds.get(kind, MIN_CHANCE) * exp(EVIDENCE_LOG_ODDS * found)
    total = sum(odds.values())
    return {kind: share / total for kind, share in odds.items()}


def _type(shares: Mapping[str, float], concern: Concern, guard: str) -> str:
    """The likeliest type that fits what is to be done: help is sent for an event only."""
    if concern.advice is Advice.DISPATCH:
        return _likeliest({kind: share for kind, share in shares.items() if kind not in NO_EVENT_TYPES})
    kind = _likeliest(shares)
    if concern.advice is Advice.RECORD and guard and guard != OVER:
        # A drill, a film, news from elsewhere: the event is named beside it.
        return NON_EMERGENCY if kind not in NO_EVENT_TYPES else kind
    if concern.advice is Advice.REVIEW and kind in (NON_EMERGENCY, PRANK) and shares[kind] < NOTHING_CALLED_FROM:
        return UNCLEAR
    return kind


def _likeliest(shares: Mapping[str, float]) -> str:
    return max(shares, key=lambda kind: (shares[kind], kind))


def _alternatives(rules: Reading, scores: Scores, shares: Mapping[str, float], kind: str) -> tuple[str, ...]:
    likely = sorted((other for other in shares if shares[other] >= ALTERNATIVE_FROM), key=lambda other: -shares[other])
    despair = (MENTAL_HEALTH,) if scores.of(DESPAIR, DESPAIR) >= DESPAIR_FROM else ()
    told = dict.fromkeys((*despair, *likely, rules.type, *rules.alternatives))
    return tuple(other for other in told if other not in (kind, UNCLEAR))[:MAX_ALTERNATIVES]


def _priority(
    rules: Reading, scores: Scores, kind: str, concern: Concern, base_priority: Mapping[str, Priority]
) -> Priority:
    """The more urgent of what both say; nothing to do is P4."""
    if concern.advice is Advice.RECORD:
        return Priority.P4
    chance, priority = 0.0, Priority.P4
    for level in _URGENCIES:
        chance += scores.of(URGENCY, level.name)
        if chance >= URGENT_FROM:
            priority = level
            break
    if rules.type not in NO_EVENT_TYPES or rules.strong:
        priority = most_urgent(priority, rules.priority)
    if kind not in NO_EVENT_TYPES:
        return priority if rules.type == kind else most_urgent(priority, base_priority[kind])
    return most_urgent(priority, rules.priority) if kind == UNCLEAR else priority


def _model_is_alarmed(scores: Scores, kind: str) -> bool:
    """The model, by itself, is as sure of a threat to life as a strong phrase is."""
    return kind not in NO_EVENT_TYPES and scores.of(NEED, "dispatch") >= 0.95 and scores.of(URGENCY, "P1") >= 0.9


def _spoken(reading: Reading, words: Words, model: WordModel) -> tuple[Reason, ...]:
    """The words that spoke most for the type, by the model."""
    return tuple(
        Reason(f"model.{reading.type}", one.said, one.weight)
        for one in model.strongest(words, TYPE, reading.type, MAX_MODEL_REASONS)
    )
