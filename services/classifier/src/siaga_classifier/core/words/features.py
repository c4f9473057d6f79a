"""What the model sees of a text: for each spelling its pieces and its plain words, and pairs of words that follow one another.

Everything is a sum over words and pairs, divided by a norm that only counts them: so what a word adds to every answer is
one small vector, made once. Training and serving both come here, and so cannot differ.
"""

import re
from collections.abc import Iterator, Sequence
from math import sqrt
from typing import Final

from siaga_classifier.core.words.text import Lexicon, Words

MIN_PIECE: Final = 2
MAX_PIECE: Final = 5
# What one spelling's pieces weigh together, beside 1 for each plain word: less, and typing errors hide a word; more, and
# chance likenesses of spelling count as words.
PIECES_WEIGHT: Final = 1.0
PAIR_WEIGHT: Final = 0.7
# A pair with one word between: "rumah saya terbakar" and "rumah terbakar".
SKIP_WEIGHT: Final = 0.5
# Of all pairs of classes of two words together: "a part of the body, and a wound near it".
CLASS_PAIR_WEIGHT: Final = 0.7
CLASS_WEIGHT: Final = 0.7
# Words apart by more than this are of another thought.
CLASS_PAIR_WORDS: Final = 3
ROOT_WEIGHT: Final = 0.7
# Longer ones are pastes and links; their head is enough.
MAX_PIECED_CHARS: Final = 24
# Short texts say less for certain: the norm of a text of n words is sqrt(n + this).
NORM_WORDS: Final = 2.0
# Texts of these many words differ in kind: nothing, one cry, a few words.
LENGTHS: Final = (0, 1, 2, 3, 5, 8, 14, 25)

MIN_ROOT_CHARS: Final = 3
_ENDINGS: Final = ("nya", "kan", "nyo", "ne", "in", "an", "lah", "i", "e")
_PREFIXES: Final = ("menge", "meng", "meny", "mem", "men", "peng", "peny", "pem", "pen", "nge", "ng", "ny", "ber", "ter", "me", "di", "ke", "ka", "se", "pe", "be", "te", "ba", "ta", "ma", "n", "m")  # fmt: skip
# Letters that a prefix swallows (pukul, memukul) or makes (nyapu, sapu).
_CHANGING: Final = frozenset("ptks")

Classes = tuple[str, ...]

_STRETCHED: Final = re.compile(r"([a-z])\1{2,}")


def spelling_features(typed: str, lexicon: Lexicon) -> list[tuple[str, float]]:
    """What one spelling adds: its plain words (`=api`), and its pieces (` ap`), which weigh as much as one word together."""
    if typed.isdigit():
        # Which house or which number says nothing; that there is one, and how long, does.
        return [(f"#{min(len(typed), 5)}", 1.0)]
    made: list[tuple[str, float]] = []
    for word in lexicon.plain(typed):
        made.append((f"={word}", 1.0))
        made.append((f"^{_root(word)}", ROOT_WEIGHT))
        classes = lexicon.classes.get(word, ())
        made.extend((f"@{name}", CLASS_WEIGHT / sqrt(len(classes))) for name in classes)
    pieces = _pieces(_STRETCHED.sub(r"\1", typed[:MAX_PIECED_CHARS]))
    each = PIECES_WEIGHT / sqrt(len(pieces))
    made.extend((piece, each) for piece in pieces)
    return made


def pair_names(words: Sequence[str]) -> Iterator[tuple[str, float]]:
    """Pairs of words as they stand: neighbours (`api besar`), and with one word between (`api~besar`)."""
    for index in range(len(words) - 1):
        yield f"{words[index]} {words[index + 1]}", PAIR_WEIGHT
        if index + 2 < len(words):
            yield f"{words[index]}~{words[index + 2]}", SKIP_WEIGHT


def class_pairs(words: Sequence[str], lexicon: Lexicon) -> Iterator[tuple[Classes, Classes]]:
    """The classes of two words that stand near one another, for all such words that have any."""
    classes = [lexicon.classes.get(word, ()) for word in words]
    for index, first in enumerate(classes):
        if first:
            for second in classes[index + 1 : index + 1 + CLASS_PAIR_WORDS]:
                if second:
                    yield first, second


def class_pair_features(first: Classes, second: Classes) -> Iterator[tuple[str, float]]:
    """What the classes of two words add together (`@body @wound`), whichever comes first."""
    each = CLASS_PAIR_WEIGHT / sqrt(len(first) * len(second))
    for one in first:
        for two in second:
            yield f"@{min(one, two)} @{max(one, two)}", each


def length_feature(words: Words) -> str:
    """How long a text is, roughly."""
    count = len(words.words)
    return f"#words>={max(bound for bound in LENGTHS if bound <= count)}"


def norm(words: Words) -> float:
    """By what the sum over a text is divided."""
    return sqrt(len(words.typed) + NORM_WORDS)


def text_features(words: Words, lexicon: Lexicon) -> dict[str, float]:
    """All features of a text with their weights, normed: what training sees."""
    found: dict[str, float] = {}
    for typed in words.typed:
        for name, weight in spelling_features(typed, lexicon):
            found[name] = found.get(name, 0.0) + weight
    for name, weight in pair_names(words.words):
        found[name] = found.get(name, 0.0) + weight
    for first, second in class_pairs(words.words, lexicon):
        for name, weight in class_pair_features(first, second):
            found[name] = found.get(name, 0.0) + weight
    divisor = norm(words)
    made = {name: weight / divisor for name, weight in found.items()}
    made[length_feature(words)] = 1.0
    return made


def _root(word: str) -> str:
    """What is left of a word without its usual prefixes, endings, and the letter that a prefix changes.

    `memukul`, `dipukuli` and `pukul` are `ukul` all three. No dictionary: two words may meet in one root.
    """
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= MIN_ROOT_CHARS:
            word = word[: -len(ending)]
            break
    for prefix in _PREFIXES:
        if word.startswith(prefix) and len(word) - len(prefix) >= MIN_ROOT_CHARS:
            word = word[len(prefix) :]
            break
    return word[1:] if word[0] in _CHANGING and len(word) > MIN_ROOT_CHARS else word


def _pieces(word: str) -> list[str]:
    padded = f" {word} "
    return [
        padded[start : start + size]
        for size in range(MIN_PIECE, min(MAX_PIECE, len(padded)) + 1)
        for start in range(len(padded) - size + 1)
    ]
