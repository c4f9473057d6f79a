"""Finding the phrases of a pack in a text: which stand there, which are only part of a saying, which are denied."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from siaga_classifier.core.vocabulary import NO_EVENT_TYPES
from siaga_classifier.core.words.rulebook import Negation, Phrase, Role, RulePack
from siaga_classifier.core.words.text import Words

# Words that may stand in a gap: more, and "suami" of one sentence meets "pukul" of the next.
MAX_GAP_WORDS: Final = 4
# "bukan di rumah, ular": words between a far-reaching denial and what it denies.
MAX_DENIAL_WORDS: Final = 2


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase found in a text."""

    phrase: Phrase
    # Word spans of its parts, [start, end).
    spans: tuple[tuple[int, int], ...]
    denied: bool = False

    def said(self, words: Words) -> str:
        """The words of the text that made it."""
        return " .. ".join(" ".join(words.words[start:end]) for start, end in self.spans)


def find(words: Words, pack: RulePack) -> list[Hit]:
    """The phrases that stand in a text, without sayings and what they cover, and with denials marked."""
    return _weighed(_hits(words, pack), words, pack.negation)


def _hits(words: Words, pack: RulePack) -> list[Hit]:
    haystack = f" {' '.join(words.words)} "
    word_at = {}
    position = 0
    for index, word in enumerate(words.words):
        word_at[position] = index
        position += len(word) + 1
    word_at[position] = len(words.words)
    found: dict[int, list[tuple[int, int]]] = {}
    for end_char, (number, length) in pack.automaton.iter(haystack):
        end = word_at[end_char]
        found.setdefault(number, []).append((end - length, end))
    hits: dict[tuple[int, tuple[tuple[int, int], ...]], Hit] = {}
    for number, spans in found.items():
        for phrase in pack.by_last_part.get(number, ()):
            for span in spans:
                chain = _chain(phrase, span, found)
                if chain is not None:
                    hits[(id(phrase), chain)] = Hit(phrase, chain)
    return list(hits.values())


def _chain(
    phrase: Phrase, last: tuple[int, int], found: dict[int, list[tuple[int, int]]]
) -> tuple[tuple[int, int], ...] | None:
    """The spans of a phrase that ends in `last`, found backwards; None when an earlier part is missing."""
    chain = [last]
    for part in reversed(phrase.parts[:-1]):
        start = chain[0][0]
        before = [span for number in part for span in found.get(number, ()) if 0 <= start - span[1] <= MAX_GAP_WORDS]
        if not before:
            return None
        chain.insert(0, max(before))
    return tuple(chain)


def _weighed(hits: Sequence[Hit], words: Words, negation: Negation) -> list[Hit]:
    """Events inside a saying and type phrases inside longer ones fall away; denials are marked."""
    covered = {
        index
        for hit in hits
        if hit.phrase.role is Role.IGNORE
        for start, end in hit.spans
        for index in range(start, end)
    }
    kept = [
        hit
        for hit in hits
        if not _tells_danger(hit) or not any(covered.intersection(range(*span)) for span in hit.spans)
    ]
    types = [hit for hit in kept if hit.phrase.role is Role.TYPE]
    longer = {(span, len(hit.spans) > 1) for hit in types for span in hit.spans}
    return [
        Hit(hit.phrase, hit.spans, _denied(hit, words, negation))
        for hit in kept
        if hit.phrase.role is not Role.TYPE or not _inside(hit, longer)
    ]


def _tells_danger(hit: Hit) -> bool:
    role, name = hit.phrase.role, hit.phrase.name
    return role is Role.RAISER or (role is Role.TYPE and name not in NO_EVENT_TYPES)


def _inside(hit: Hit, longer: AbstractSet[tuple[tuple[int, int], bool]]) -> bool:
    """Whether a longer phrase, or one of several parts, has said it already: "motor .. terbakar" is no "terbakar"."""
    if len(hit.spans) > 1:
        return False
    start, end = hit.spans[0]
    return any(
        other[0] <= start and end <= other[1] and (has_parts or other[1] - other[0] > end - start)
        for other, has_parts in longer
    )


def _denied(hit: Hit, words: Words, negation: Negation) -> bool:
    start = hit.spans[0][0]
    between: list[str] = []
    for index in range(start - 1, max(-1, start - 2 - MAX_DENIAL_WORDS), -1):
        if index + 1 in words.clause_starts:
            return False
        pair = words.words[max(0, index - 1) : index + 1]
        single = (words.words[index],)
        if not between and (single in negation.next_to or pair in negation.near):
            return True
        # "tidak ada" found from its second word: the first is part of it.
        if (single in negation.near or pair in negation.near) and not negation.bound.intersection(between):
            return len(between) <= MAX_DENIAL_WORDS
        between.append(words.words[index])
    return False
