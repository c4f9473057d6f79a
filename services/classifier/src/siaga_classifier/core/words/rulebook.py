"""Rule packs: from what a person writes in YAML to something that is fast to match. Pure; reading files is elsewhere."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import product
from typing import Any, Final

import ahocorasick

from siaga_classifier.core.vocabulary import TYPES, Priority
from siaga_classifier.core.words.rule_shape import WEIGHTS, RuleError, check_shape
from siaga_classifier.core.words.shortened import by_consonants
from siaga_classifier.core.words.text import Lexicon, words_of

# A phrase whose alternatives multiply beyond this is a slip of the pen that would cost seconds at every start.
MAX_EXPANSIONS: Final = 5_000
GAP: Final = ".."


class Role(Enum):
    """What a phrase is for."""

    TYPE = "type"
    RAISER = "raiser"
    GUARD = "guard"
    IGNORE = "ignore"
    PRESENT = "present"
    TURN = "turn"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase of the pack. `parts` are alternatives of word sequences that follow one another, with gaps between."""

    role: Role
    name: str
    parts: tuple[frozenset[int], ...]
    weight: float = 0.0
    # Unspecified = that of the type.
    priority: Priority = Priority.UNSPECIFIED


@dataclass(frozen=True, slots=True)
class Negation:
    """Words that deny what follows. `next_to` only directly, `near` over a short distance, `bound` take it themselves."""

    next_to: frozenset[tuple[str, ...]]
    near: frozenset[tuple[str, ...]]
    bound: frozenset[str]


@dataclass(frozen=True, slots=True)
class RulePack:
    """A compiled pack. `by_last_part` gives the phrases whose last part is the one found."""

    version: str
    lexicon: Lexicon
    negation: Negation
    base_priority: Mapping[str, Priority]
    phrases: tuple[Phrase, ...]
    automaton: Any
    by_last_part: Mapping[int, tuple[Phrase, ...]]


def compile_pack(documents: Sequence[Mapping[str, Any]]) -> RulePack:
    """A pack from its base and overlays, in that order: an overlay adds phrases and slang, and may set priorities."""
    for document in documents:
        check_shape(document, TYPES)
    slang = _slang(documents)
    known = frozenset(word for document in documents for text in _all_texts(document) for word in _tokens(text, slang))
    lexicon = Lexicon(
        slang,
        known,
        _classes(documents, slang),
        by_consonants((*sorted(known, key=_short_first), *sorted(slang, key=_short_first))),
    )
    builder = _Builder(lexicon)
    base_priority = dict.fromkeys(TYPES, Priority.P3)
    for document in documents:
        builder.read(document)
        for name, body in document.get("types", {}).items():
            if "priority" in body:
                base_priority[name] = _priority(body["priority"], f"types.{name}.priority")
    return RulePack(
        version="+".join(str(document.get("version", "overlay")) for document in documents),
        lexicon=lexicon,
        negation=_negation(documents, lexicon),
        base_priority=base_priority,
        phrases=tuple(builder.phrases),
        automaton=builder.automaton(),
        by_last_part=builder.by_last_part(),
    )


class _Builder:
    """Collects phrases and numbers the word sequences they are made of."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._ids: dict[tuple[str, ...], int] = {}
        self.phrases: list[Phrase] = []

    def read(self, document: Mapping[str, Any]) -> None:
        for name, body in document.get("types", {}).items():
            for level, weight in WEIGHTS.items():
                self._add(Role.TYPE, name, body.get(level, ()), f"types.{name}.{level}", weight=weight)
        for index, raiser in enumerate(document.get("raisers", ())):
            where = f"raisers[{index}]"
            if not {"name", "priority", "any"} <= raiser.keys():
                raise RuleError(f"{where}: needs name, priority and any")
            priority = _priority(raiser["priority"], f"{where}.priority")
            self._add(Role.RAISER, raiser["name"], raiser["any"], f"{where}.any", priority=priority)
        for name, texts in document.get("guards", {}).items():
            self._add(Role.GUARD, name, texts, f"guards.{name}")
        self._add(Role.IGNORE, "saying", document.get("ignore", ()), "ignore")
        self._add(Role.PRESENT, "now", document.get("present", ()), "present")
        self._add(Role.TURN, "turn", document.get("turns", ()), "turns")

    def _add(
        self,
        role: Role,
        name: str,
        texts: Sequence[str],
        where: str,
        *,
        weight: float = 0.0,
        priority: Priority = Priority.UNSPECIFIED,
    ) -> None:
        for index, text in enumerate(texts):
            here = f"{where}[{index}]"
            plain, _, own = str(text).partition("!")
            parts = tuple(self._part(part, here) for part in plain.split(GAP))
            self.phrases.append(Phrase(role, name, parts, weight, _priority(own, here) if own else priority))

    def _part(self, text: str, where: str) -> frozenset[int]:
        made: set[int] = set()
        for option in expanded(text, where):
            words = words_of(option, self._lexicon).words
            if words:
                made.add(self._ids.setdefault(words, len(self._ids)))
        if not made:
            raise RuleError(f"{where}: {text!r} has no word; write the words between the gaps")
        return frozenset(made)

    def automaton(self) -> Any:
        """All word sequences, each between spaces so that only whole words are found."""
        automaton = ahocorasick.Automaton()
        for words, number in self._ids.items():
            automaton.add_word(f" {' '.join(words)} ", (number, len(words)))
        automaton.make_automaton()
        return automaton

    def by_last_part(self) -> Mapping[int, tuple[Phrase, ...]]:
        found: dict[int, list[Phrase]] = {}
        for phrase in self.phrases:
            for number in phrase.parts[-1]:
                found.setdefault(number, []).append(phrase)
        return {number: tuple(phrases) for number, phrases in found.items()}


def expanded(text: str, where: str) -> Iterator[str]:
    """`{a|b} c` as `a c`, `b c`; braces may nest."""
    head, brace, rest = text.partition("{")
    if not brace:
        if "}" in text or "|" in text:
            raise RuleError(f"{where}: {text!r} has an unpaired brace or a gap inside braces")
        yield text
        return
    body, tail = _closed(rest, text, where)
    options = [option for choice in _choices(body) for option in expanded(choice, where)]
    tails = list(expanded(tail, where))
    if len(options) * len(tails) > MAX_EXPANSIONS:
        raise RuleError(f"{where}: {text!r} has over {MAX_EXPANSIONS} readings; split it")
    for option, ending in product(options, tails):
        yield f"{head}{option}{ending}"


def _closed(rest: str, text: str, where: str) -> tuple[str, str]:
    depth = 1
    for index, char in enumerate(rest):
        depth += {"{": 1, "}": -1}.get(char, 0)
        if depth == 0:
            return rest[:index], rest[index + 1 :]
    raise RuleError(f"{where}: {text!r} has an unpaired brace or a gap inside braces")


def _choices(body: str) -> list[str]:
    choices, depth = [""], 0
    for char in body:
        depth += {"{": 1, "}": -1}.get(char, 0)
        if char == "|" and depth == 0:
            choices.append("")
        else:
            choices[-1] += char
    return choices


def _slang(documents: Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
    """What spellings mean. A later document may say otherwise: where a tenant lies, a word means what it means there."""
    slang: dict[str, str] = {}
    for document in documents:
        own: dict[str, str] = {}
        for meaning, spellings in document.get("slang", {}).items():
            for spelling in spellings:
                if own.setdefault(str(spelling), meaning) != meaning:
                    raise RuleError(f"slang.{meaning}: {spelling!r} already means {own[str(spelling)]!r}")
        slang.update(own)
    return slang


def _classes(documents: Sequence[Mapping[str, Any]], slang: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
    classes: dict[str, tuple[str, ...]] = {}
    for document in documents:
        for name, words in document.get("classes", {}).items():
            for word in words:
                for plain in slang.get(word, word).split():
                    classes[plain] = tuple(dict.fromkeys((*classes.get(plain, ()), name)))
    return classes


def _all_texts(document: Mapping[str, Any]) -> Iterator[str]:
    """Every phrase of a document, whatever it is for, what slang stands for, and the words of classes."""
    yield from document.get("slang", {})
    for words in document.get("classes", {}).values():
        yield from words
    yield from document.get("ignore", ())
    yield from document.get("present", ())
    yield from document.get("turns", ())
    for texts in (*document.get("guards", {}).values(), *document.get("negation", {}).values()):
        yield from texts
    for raiser in document.get("raisers", ()):
        yield from raiser.get("any", ())
    for body in document.get("types", {}).values():
        for level in WEIGHTS:
            yield from body.get(level, ())


def _tokens(text: str, slang: Mapping[str, str]) -> Iterator[str]:
    for char in "{}|.!":
        text = text.replace(char, " ")
    for word in text.split():
        yield from slang.get(word, word).split()


def _negation(documents: Sequence[Mapping[str, Any]], lexicon: Lexicon) -> Negation:
    def listed(name: str) -> frozenset[tuple[str, ...]]:
        texts = (text for document in documents for text in document.get("negation", {}).get(name, ()))
        return frozenset(words_of(text, lexicon).words for text in texts)

    return Negation(listed("next"), listed("near"), frozenset(words[0] for words in listed("bound")))


def _priority(text: object, where: str) -> Priority:
    try:
        return Priority[str(text).strip()]
    except KeyError:
        raise RuleError(f"{where}: {text!r} is no priority; write P0 to P4") from None


def _short_first(word: str) -> tuple[int, str]:
    return (len(word), word)
