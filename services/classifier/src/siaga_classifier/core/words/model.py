"""The trained layer: a table of weights, added up over a text's words.

Several heads share the table: what type, what need of help, how urgent, whether confidential. What one spelling adds to
all answers of all heads is one row of numbers, made when the spelling is first met and kept.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp
from typing import Final

import numpy as np
from numpy.typing import NDArray

from siaga_classifier.core.words.features import (
    Classes,
    class_pair_features,
    class_pairs,
    length_feature,
    norm,
    pair_names,
    spelling_features,
)
from siaga_classifier.core.words.text import MAX_TEXT_CHARS, Lexicon, Words

Numbers = NDArray[np.float32]

# Spellings, and pairs of classes, whose rows stay made: some 200 bytes each, in memory only once they are.
MAX_KEPT_ROWS: Final = 60_000
# Those that say nothing have no row, but are remembered too.
MAX_KEPT_KEYS: Final = 200_000
# The longest text makes fewer: a spelling has a letter and a space, and each begins three pairs.
ROWS_OF_A_TEXT: Final = 2 * MAX_TEXT_CHARS
# Beyond this a chance is 0 or 1 to any precision, and further out the exponential overflows.
MOST_LOGIT: Final = 60.0
# A spelling, or the classes of two words.
_Key = str | tuple[Classes, Classes]


@dataclass(frozen=True, slots=True)
class Head:
    """One question and its answers, in the order of the table's columns; `first` is the column of the first answer."""

    name: str
    labels: tuple[str, ...]
    first: int

    @property
    def columns(self) -> slice:
        return slice(self.first, self.first + len(self.labels))


@dataclass(frozen=True, slots=True)
class Table:
    """What training leaves: a row of weights for each feature, a column for each answer, and where they come from."""

    version: str
    # Of the training files, so that a table that is older than its texts is found out.
    digest: str
    heads: tuple[Head, ...]
    features: tuple[str, ...]
    weights: Numbers
    bias: Numbers


@dataclass(frozen=True, slots=True)
class Scores:
    """The model's answers on one text: a probability for each label of each head.

    `known` is the share of plain words that stood in the training texts.
    """

    answers: Mapping[str, Mapping[str, float]]
    known: float

    def of(self, head: str, label: str) -> float:
        return self.answers[head].get(label, 0.0)


@dataclass(frozen=True, slots=True)
class Contribution:
    """How much a spelling or a pair of words spoke for an answer."""

    said: str
    weight: float


class WordModel:
    """A table made ready to be asked, for texts read with one lexicon."""

    def __init__(self, table: Table, lexicon: Lexicon) -> None:
        self.version = table.version
        self.heads = {head.name: head for head in table.heads}
        self._lexicon = lexicon
        self._weights = table.weights
        self._bias = table.bias
        self._rows = {name: row for row, name in enumerate(table.features)}
        self._known = frozenset(name[1:] for name in table.features if name.startswith("="))
        self._kept = np.zeros((MAX_KEPT_ROWS, table.weights.shape[1]), np.float32)
        self._kept_at: dict[_Key, int] = {}
        self._filled = 0

    def scores(self, words: Words) -> Scores:
        """The answers on a text."""
        # Plain numbers from here on: for so few of them numpy costs more than it spares.
        raw = (self._sum(words) + self._bias).tolist()
        answers = {name: _probabilities(head, raw[head.columns]) for name, head in self.heads.items()}
        plain = [word for word in words.words if not word.isdigit()]
        known = sum(word in self._known for word in plain) / len(plain) if plain else 0.0
        return Scores(answers, known)

    def strongest(self, words: Words, head: str, label: str, count: int) -> tuple[Contribution, ...]:
        """The spellings that spoke most for an answer, the strongest first; only those that spoke for it."""
        if not words.typed:
            return ()
        weights = self._kept[[self._at(typed) for typed in words.typed], self._column(head, label)] / norm(words)
        best = np.argsort(-weights, kind="stable")[:count].tolist()
        made = {words.typed[at]: round(float(weights[at]), 4) for at in best if weights[at] > 0}
        return tuple(Contribution(said, weight) for said, weight in made.items())

    def contributions(self, words: Words, head: str, label: str) -> list[Contribution]:
        """What every spelling and every pair of a text adds to an answer, for or against it."""
        column, divisor = self._column(head, label), norm(words)
        made: dict[str, float] = {}
        for typed in words.typed:
            made[typed] = made.get(typed, 0.0) + float(self._kept[self._at(typed), column])
        for name, weight in pair_names(words.words):
            row = self._rows.get(name)
            if row is not None:
                said = name.replace("~", " … ")
                made[said] = made.get(said, 0.0) + float(self._weights[row, column]) * weight
        for first, second in class_pairs(words.words, self._lexicon):
            said = f"{'/'.join(first)} + {'/'.join(second)}"
            made[said] = made.get(said, 0.0) + float(self._kept[self._class_pair_at(first, second), column])
        return [Contribution(said, round(weight / divisor, 4)) for said, weight in made.items()]

    def _column(self, head: str, label: str) -> int:
        asked = self.heads[head]
        return asked.first + asked.labels.index(label)

    def _sum(self, words: Words) -> Numbers:
        total: Numbers = np.zeros(self._weights.shape[1], np.float32)
        if words.typed:
            if self._filled > MAX_KEPT_ROWS - ROWS_OF_A_TEXT or len(self._kept_at) > MAX_KEPT_KEYS:
                self._kept_at.clear()
                self._filled = 0
            rows = [self._at(typed) for typed in words.typed]
            rows.extend(self._class_pair_at(*pair) for pair in class_pairs(words.words, self._lexicon))
            total = self._kept[rows].sum(axis=0)
            pairs = [(self._rows[name], weight) for name, weight in pair_names(words.words) if name in self._rows]
            if pairs:
                at, weights = zip(*pairs, strict=True)
                total = total + np.asarray(weights, np.float32) @ self._weights[list(at)]
            total = total / np.float32(norm(words))
        length = self._rows.get(length_feature(words))
        return total if length is None else total + self._weights[length]

    def _at(self, typed: str) -> int:
        at = self._kept_at.get(typed)
        return self._keep(typed, spelling_features(typed, self._lexicon)) if at is None else at

    def _class_pair_at(self, first: Classes, second: Classes) -> int:
        key = (first, second)
        at = self._kept_at.get(key)
        return self._keep(key, class_pair_features(first, second)) if at is None else at

    def _keep(self, key: _Key, features: Iterable[tuple[str, float]]) -> int:
        """Make the row of a spelling or of two words' classes. Those that say nothing share the first row: it is empty."""
        found = [(self._rows[name], weight) for name, weight in features if name in self._rows]
        at = 0
        if found:
            rows, weights = zip(*found, strict=True)
            self._filled += 1
            at = self._filled
            self._kept[at] = np.asarray(weights, np.float32) @ self._weights[list(rows)]
        self._kept_at[key] = at
        return at


def _probabilities(head: Head, raw: Sequence[float]) -> dict[str, float]:
    """Of one answer: yes or no. Of several: one of them."""
    if len(head.labels) == 1:
        return {head.labels[0]: 1 / (1 + exp(-min(max(raw[0], -MOST_LOGIT), MOST_LOGIT)))}
    top = max(raw)
    shares = [exp(value - top) for value in raw]
    total = sum(shares)
    return {label: share / total for label, share in zip(head.labels, shares, strict=True)}
