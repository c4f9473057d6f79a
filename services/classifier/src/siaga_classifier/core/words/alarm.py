"""What the words found in a text alarm by themselves: a phrase does, a word alone is evidence for its type only.

One word, "maling", stands in songs and questions as often as in cries for help; the model says what it is worth.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from siaga_classifier.core.vocabulary import CONFIDENTIAL_TYPES, UNCLEAR, Advice, Priority
from siaga_classifier.core.words.matching import Hit

# Below this an event stands on a hint like "asap"; it names the type but proves nothing.
SURE_SCORE: Final = 2.0
# From this on the words alarm by themselves: a whole phrase ("rumah terbakar"), or two words of one event. One word, "maling",
# stands in songs and questions as often; it is evidence for its type, and the model says what it is worth.
ALARM_SCORE: Final = 3.0


def alarms(told: Sequence[Hit], raisers: Sequence[Hit]) -> bool:
    """Whether an event is told and not only named: by a phrase, by two words of it, or with a danger to life beside it."""
    said = {hit.spans for hit in told}
    if any(hit.phrase.priority <= Priority.P1 and hit.spans not in said for hit in raisers):
        return True
    return sum(min(weight, _most(spans)) for spans, weight in _heaviest(told).items()) >= ALARM_SCORE


def advice_on_event(kind: str, secret: bool, *, guarded: bool, sure: bool, priority: Priority) -> Advice:
    """A word such as "asap" names the type and alarms nobody by itself; told of the past, a danger to life is looked at."""
    if sure and not guarded:
        return Advice.DISPATCH
    past_danger = guarded and priority <= Priority.P1
    return Advice.REVIEW if secret or kind in CONFIDENTIAL_TYPES or past_danger else Advice.UNSPECIFIED


def advice_without_event(kind: str, hits: Sequence[Hit]) -> Advice:
    """A cry for help is looked at; a "tolong" that may be mere politeness says nothing either way."""
    if kind != UNCLEAR:
        return Advice.RECORD
    return Advice.REVIEW if any(hit.phrase.priority for hit in hits) else Advice.UNSPECIFIED


def is_one_danger(raisers: Sequence[Hit]) -> bool:
    """One word of danger and nothing else: "koma", "bom". The model says what it is worth."""
    return len({hit.spans for hit in raisers}) == 1 and _is_one_word(raisers[0].spans)


def _heaviest(told: Iterable[Hit]) -> dict[tuple[tuple[int, int], ...], float]:
    """Of the same words the heaviest phrase."""
    found: dict[tuple[tuple[int, int], ...], float] = {}
    for hit in told:
        found[hit.spans] = max(found.get(hit.spans, 0.0), hit.phrase.weight)
    return found


def _most(spans: Sequence[tuple[int, int]]) -> float:
    """What words can weigh for an alarm: one alone is never a whole phrase, whatever the pack gives it."""
    return SURE_SCORE if _is_one_word(spans) else ALARM_SCORE


def _is_one_word(spans: Sequence[tuple[int, int]]) -> bool:
    return len(spans) == 1 and spans[0][1] - spans[0][0] == 1
