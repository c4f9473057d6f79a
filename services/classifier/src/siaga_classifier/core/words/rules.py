"""Reading a text by a rule pack: what kind of event it tells, how urgent it is, and which words say so.

The rules never silence a call: what they do not know is `unclear`, and what they doubt keeps its event as alternative.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from siaga_classifier.core.vocabulary import (
    CONFIDENTIAL_TYPES,
    NO_EVENT_TYPES,
    NON_EMERGENCY,
    PRANK,
    UNCLEAR,
    Advice,
    Priority,
    most_concerned,
    most_urgent,
)
from siaga_classifier.core.words.alarm import SURE_SCORE, advice_on_event, advice_without_event, alarms, is_one_danger
from siaga_classifier.core.words.matching import Hit, find
from siaga_classifier.core.words.rule_shape import GUARDS
from siaga_classifier.core.words.rulebook import Phrase, Role, RulePack
from siaga_classifier.core.words.text import Words, words_of

MAX_REASONS: Final = 8
# Guards that speak of another time leave a confidential event what it is: violence at home does not lapse.
_TIME_GUARDS: Final = frozenset({"over", "old"})
OVER: Final = "over"
# These speak of their own clause only; a dream or a film may take several.
_CLAUSE_GUARDS: Final = frozenset({OVER, "question"})
DENIED: Final = "denied"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of a decision, for people: the rule, the words that made it fire, its weight."""

    rule: str
    detail: str
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says. `guard` names why its event is doubted; `strong` = a life threat or a confidential cue, undoubted.

    `advice` is what the words alone call for, the place taken as known; UNSPECIFIED where they tell nothing either way.
    """

    type: str = UNCLEAR
    alternatives: tuple[str, ...] = ()
    priority: Priority = Priority.P3
    confidence: float = 0.0
    reasons: tuple[Reason, ...] = ()
    confidential: bool = False
    strong: bool = False
    guard: str = ""
    advice: Advice = Advice.UNSPECIFIED
    # How much is said for each type that is told.
    evidence: tuple[tuple[str, float], ...] = ()
    rules_version: str = ""
    model_version: str = ""


def read(text: str, pack: RulePack) -> Reading:
    """The reading of one text by the rules alone."""
    return read_words(words_of(text, pack.lexicon), pack)


def read_words(words: Words, pack: RulePack) -> Reading:
    """The same of a text whose words have been found already."""
    if not words.words:
        return Reading(advice=Advice.REVIEW)
    hits = find(words, pack)
    told = [hit for hit in hits if hit.phrase.role is Role.TYPE]
    events = [hit for hit in told if hit.phrase.name not in NO_EVENT_TYPES]
    raisers = [hit for hit in hits if hit.phrase.role is Role.RAISER and not hit.denied]
    standing = [hit for hit in events if not hit.denied]
    guard = _guard(hits)
    if guard and (turned := _after_turn([*standing, *raisers], guard, hits, words)):
        standing = [hit for hit in turned if hit.phrase.role is Role.TYPE]
        raisers = [hit for hit in turned if hit.phrase.role is Role.RAISER]
        guard = None
    doubt = Reason(f"guard.{guard.phrase.name}", guard.said(words)) if guard else None
    if standing:
        reading = _event(standing, raisers, doubt, words, pack)
        return reading if reading.strong or reading.guard else _beside_everyday(reading, told)
    if raisers and not doubt:
        return _circumstances(raisers, words)
    if events or doubt:
        return _doubted(events, doubt or Reason(f"guard.{DENIED}", ""), words)
    return _no_event([hit for hit in told if not hit.denied], words, pack)


def most_serious(readings: Iterable[Reading]) -> Reading:
    """Several texts of one call as one: the strongest names the type, none lowers what another raised."""
    ranked = sorted(readings, key=_seriousness, reverse=True)
    if not ranked:
        return Reading()
    first = ranked[0]
    if len(ranked) == 1:
        return first
    priority = first.priority
    for other in ranked[1:]:
        if other.type not in NO_EVENT_TYPES or other.strong:
            priority = most_urgent(priority, other.priority)
    others = (kind for other in ranked for kind in (other.type, *other.alternatives))
    return Reading(
        first.type,
        tuple(dict.fromkeys(kind for kind in others if kind not in (first.type, UNCLEAR))),
        priority,
        first.confidence,
        tuple(dict.fromkeys(reason for other in ranked for reason in other.reasons))[:MAX_REASONS],
        any(other.confidential for other in ranked),
        any(other.strong for other in ranked),
        first.guard,
        most_concerned(other.advice for other in ranked),
        first.evidence,
        first.rules_version,
        first.model_version,
    )


def _seriousness(reading: Reading) -> tuple[bool, bool, bool, bool, float, int, str, str]:
    return (
        reading.confidential,
        reading.strong,
        reading.type not in NO_EVENT_TYPES and not reading.guard,
        reading.type not in (NON_EMERGENCY, PRANK),
        reading.confidence,
        -reading.priority,
        reading.type,
        # Equal in all that counts: some order that is always the same, for the words are shown in it.
        repr(reading),
    )


def _guard(hits: Sequence[Hit]) -> Hit | None:
    """The guard that holds, or none; words of the present and denials ("bukan simulasi") undo it."""
    if any(hit.phrase.role is Role.PRESENT and not hit.denied for hit in hits):
        return None
    guards = {hit.phrase.name: hit for hit in hits if hit.phrase.role is Role.GUARD and not hit.denied}
    return next((guards[name] for name in GUARDS if name in guards), None)


def _after_turn(told: Sequence[Hit], guard: Hit, hits: Sequence[Hit], words: Words) -> list[Hit]:
    """What is told after a turn: "sudah padam, tapi bapak pingsan" is a fire that is over and a man who is not well."""
    turns = {hit.spans[0][0] for hit in hits if hit.phrase.role is Role.TURN}
    if guard.phrase.name in _CLAUSE_GUARDS:
        turns |= words.clause_starts
    end = guard.spans[-1][1]
    return [hit for hit in told if any(end <= turn <= hit.spans[0][0] for turn in turns)]


def _event(
    standing: Sequence[Hit], raisers: Sequence[Hit], guard: Reason | None, words: Words, pack: RulePack
) -> Reading:
    scores: dict[str, float] = {}
    for name, weight in _distinct(standing):
        scores[name] = scores.get(name, 0.0) + weight
    ranked = sorted(scores, key=lambda name: _rank(name, scores[name], pack), reverse=True)
    kind, *others = ranked
    secret = {name for name in ranked if name in CONFIDENTIAL_TYPES and scores[name] >= SURE_SCORE}
    reasons = _reasons([*standing, *raisers], words)
    guard_name = _guard_name(guard)
    if guard and not (secret and guard_name in _TIME_GUARDS):
        if guard_name != OVER:
            return _doubted(standing, guard, words)
        return Reading(
            kind,
            (NON_EMERGENCY, *others),
            Priority.P4,
            0.5,
            (guard, *reasons)[:MAX_REASONS],
            guard=OVER,
            advice=Advice.RECORD,
            evidence=tuple(scores.items()),
        )
    priority = pack.base_priority[kind]
    for hit in (*standing, *raisers):
        priority = most_urgent(priority, hit.phrase.priority)
    if guard:
        # Told of the past: still this, still confidential, but nobody is in danger at this minute.
        priority = pack.base_priority[kind]
        reasons = (guard, *reasons)[:MAX_REASONS]
    sure = alarms([hit for hit in standing if hit.phrase.name == kind], raisers)
    return Reading(
        kind,
        tuple(others),
        priority,
        _confidence(scores, kind),
        reasons,
        bool(secret),
        bool(secret) or (sure and priority <= Priority.P1),
        guard_name,
        advice_on_event(kind, bool(secret), guarded=bool(guard), sure=sure, priority=priority),
        tuple(scores.items()),
    )


def _beside_everyday(reading: Reading, told: Sequence[Hit]) -> Reading:
    """Words of everyday matters that weigh as much as the event's: "jadwal vaksin rabies". They alarm nobody, nor calm."""
    everyday = {hit.phrase.name: 0.0 for hit in told if hit.phrase.name in (NON_EMERGENCY, PRANK) and not hit.denied}
    for hit in told:
        if hit.phrase.name in everyday and not hit.denied:
            everyday[hit.phrase.name] += hit.phrase.weight
    event = max((score for kind, score in reading.evidence), default=0.0)
    if not everyday or max(everyday.values()) < event:
        return reading
    return replace(reading, advice=Advice.UNSPECIFIED, evidence=(*reading.evidence, *everyday.items()))


def _distinct(hits: Iterable[Hit]) -> Iterable[tuple[str, float]]:
    """Type and weight of what was said: the same words once by their best phrase, the same phrase once."""
    by_words: dict[tuple[str, tuple[tuple[int, int], ...]], Phrase] = {}
    for hit in hits:
        held = by_words.get((hit.phrase.name, hit.spans))
        if held is None or hit.phrase.weight > held.weight:
            by_words[hit.phrase.name, hit.spans] = hit.phrase
    return [(phrase.name, phrase.weight) for phrase in dict.fromkeys(by_words.values())]


def _rank(name: str, score: float, pack: RulePack) -> tuple[bool, float, int, str]:
    return (name in CONFIDENTIAL_TYPES and score >= SURE_SCORE, score, -pack.base_priority[name], name)


def _circumstances(raisers: Sequence[Hit], words: Words) -> Reading:
    """Danger without an event: nobody knows what it is, so a person must look."""
    priority = min(hit.phrase.priority for hit in raisers)
    return Reading(
        UNCLEAR,
        (),
        priority,
        0.3,
        _reasons(raisers, words),
        strong=priority <= Priority.P1,
        advice=Advice.REVIEW if priority <= Priority.P1 and not is_one_danger(raisers) else Advice.UNSPECIFIED,
    )


def _doubted(events: Sequence[Hit], guard: Reason, words: Words) -> Reading:
    told = tuple(dict.fromkeys(hit.phrase.name for hit in sorted(events, key=lambda hit: -hit.phrase.weight)))
    reasons = (guard, *_reasons(events, words))[:MAX_REASONS]
    return Reading(
        NON_EMERGENCY,
        told,
        Priority.P4,
        0.5,
        reasons,
        guard=_guard_name(guard),
        advice=Advice.RECORD,
        evidence=((NON_EMERGENCY, SURE_SCORE),),
    )


def _no_event(told: Sequence[Hit], words: Words, pack: RulePack) -> Reading:
    names = {hit.phrase.name for hit in told}
    for kind in (UNCLEAR, NON_EMERGENCY, PRANK):
        hits = [hit for hit in told if hit.phrase.name == kind]
        # A cry for help inside an everyday question stays unclear; politeness ("tolong info") does not make it so.
        if not hits or (kind == UNCLEAR and NON_EMERGENCY in names and not any(hit.phrase.priority for hit in hits)):
            continue
        priority = pack.base_priority[kind]
        for hit in hits:
            priority = most_urgent(priority, hit.phrase.priority)
        score = sum(hit.phrase.weight for hit in hits)
        return Reading(
            kind,
            (),
            priority,
            1 - 0.5**score,
            _reasons(hits, words),
            advice=advice_without_event(kind, hits),
            evidence=((kind, score),),
        )
    return Reading()


def _guard_name(guard: Reason | None) -> str:
    return guard.rule.removeprefix("guard.") if guard else ""


def _confidence(scores: dict[str, float], kind: str) -> float:
    """How far one type leads, times how much is said for it: 0 .. 1."""
    lead = scores[kind] / sum(scores.values())
    said: float = 1 - 0.5 ** scores[kind]
    return round(said * lead, 3)


def _reasons(hits: Iterable[Hit], words: Words) -> tuple[Reason, ...]:
    made = [
        Reason(
            f"{hit.phrase.role.value}.{hit.phrase.name}" + (".denied" if hit.denied else ""),
            hit.said(words),
            hit.phrase.weight,
        )
        for hit in hits
    ]
    made.sort(key=lambda reason: (-reason.weight, reason.rule, reason.detail))
    return tuple(dict.fromkeys(made))[:MAX_REASONS]
