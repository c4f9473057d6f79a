"""From what people type to words that phrases can be compared with."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from siaga_classifier.core.words.shortened import full_word

# A text is a note or a chat message. Beyond this it is an attack or a paste, and its head still says what it is about.
MAX_TEXT_CHARS: Final = 4_000
# Endings that change nothing about what happened: rumahnya, suamiku, tolonglah.
CLITICS: Final = (
    "nya",
    "nyo",
    "nye",
    "lah",
    "kah",
    "pun",
    "keun",
    "eun",
    "kan",
    "ne",
    "na",
    "ku",
    "mu",
    "in",
    "an",
    "no",
    "e",
)
# A shorter stem is more often another word (`buku` is no `bu`).
MIN_STEM_CHARS: Final = 4
# After these even `apinyo` is `api`: nothing else ends so.
SURE_CLITICS: Final = frozenset({"nya", "nyo", "nye"})
MIN_SURE_STEM_CHARS: Final = 3
# How other languages, and talk, say a prefix: tabaka is terbakar, kejepit is terjepit, ngunci is kunci.
PREFIXES: Final = (
    ("ba", "ber"), ("be", "ber"), ("ta", "ter"), ("te", "ter"), ("ka", "ter"), ("ke", "ter"), ("ma", "me"), ("pa", "pe"),
    ("nge", "me"), ("nge", "meng"), ("ng", "meng"), ("n", "men"), ("m", "mem"), ("nge", ""), ("ng", ""), ("ng", "k"), ("ny", "s"),
    ("n", "t"), ("m", "p"), ("m", "b"),
)  # fmt: skip

_STRETCHED: Final = re.compile(r"([a-z])\1{2,}")
_DOUBLED: Final = re.compile(r"([a-z])\1")
_WORD_OR_BREAK: Final = re.compile(r"[a-z0-9@]+|[,.;:!?\n]+")
_REPEATED: Final = re.compile(r"([a-z]{2,})2$")
_DIGIT_LETTERS: Final = str.maketrans("013457@", "oieasta")
_MIXED: Final = re.compile(r"(?=.*[a-z])(?=.*[013457@])")


# Spellings whose plain words stay known. People's words repeat; a flood of invented ones must not fill the memory.
MAX_REMEMBERED_WORDS: Final = 50_000


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text, the indices of those that begin a new clause, and the spellings they were typed in."""

    words: tuple[str, ...]
    clause_starts: frozenset[int]
    # One for each spelling of the text; its words are one or more of `words`.
    typed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What a rule pack knows of words: slang with its meaning, and every word that stands in a phrase."""

    slang: Mapping[str, str]
    known: frozenset[str]
    # Of a plain word: what it is one of ("body", "vehicle").
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # Known words by their consonants, for what is typed without vowels.
    shortened: Mapping[str, tuple[str, ...]] = field(default_factory=dict, compare=False, repr=False)
    # Of spellings met before: the same spelling always gives the same words.
    _remembered: dict[str, tuple[str, ...]] = field(default_factory=dict, compare=False, repr=False)

    def plain(self, typed: str) -> tuple[str, ...]:
        """The words that a spelling stands for."""
        words = self._remembered.get(typed)
        if words is None:
            words = tuple(_plain_word(typed, self).split())
            if len(self._remembered) >= MAX_REMEMBERED_WORDS:
                self._remembered.clear()
            self._remembered[typed] = words
        return words


def words_of(text: str, lexicon: Lexicon) -> Words:
    """Lower case, no accents, slang undone, stretched letters and endings removed where that makes a known word."""
    plain = unicodedata.normalize("NFKD", text[:MAX_TEXT_CHARS]).encode("ascii", "ignore").decode().lower()
    words: list[str] = []
    typed: list[str] = []
    starts: set[int] = set()
    for part in _WORD_OR_BREAK.findall(plain.replace("'", "").replace("-", " ")):
        if part[0] in ",.;:!?\n":
            starts.add(len(words))
            continue
        typed.append(part)
        words.extend(lexicon.plain(part))
    return Words(tuple(words), frozenset(starts), tuple(typed))


def _plain_word(word: str, lexicon: Lexicon) -> str:
    if word in lexicon.slang:
        return lexicon.slang[word]
    if word in lexicon.known or word.isdigit():
        return word
    for attempt in _attempts(word):
        if attempt in lexicon.slang:
            return lexicon.slang[attempt]
        if attempt in lexicon.known:
            return attempt
        for ending in CLITICS:
            stem = attempt.removesuffix(ending)
            if stem != attempt and len(stem) >= (MIN_SURE_STEM_CHARS if ending in SURE_CLITICS else MIN_STEM_CHARS):
                stem = lexicon.slang.get(stem, stem)
                if stem in lexicon.known:
                    return stem
    for spoken, written in PREFIXES:
        if word.startswith(spoken) and len(word) - len(spoken) >= MIN_STEM_CHARS:
            usual = written + word[len(spoken) :]
            if usual in lexicon.known:
                return usual
    full = full_word(_STRETCHED.sub(r"\1", word), lexicon.shortened)
    if full is not None:
        return lexicon.slang.get(full, full)
    return _STRETCHED.sub(r"\1", word)


def _attempts(word: str) -> tuple[str, ...]:
    """Spellings of the same word, the nearest first."""
    word = _REPEATED.sub(r"\1", word)
    if _MIXED.match(word):
        word = word.translate(_DIGIT_LETTERS)
    return (word, _STRETCHED.sub(r"\1", word), _DOUBLED.sub(r"\1", word))
