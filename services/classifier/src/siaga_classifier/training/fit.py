"""Training: from labelled texts to the table of weights. Same texts, same table. The only module that needs scikit-learn."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log
from typing import Any, Final

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits

from siaga_classifier.core.vocabulary import (
    CONFIDENTIAL_TYPES,
    TYPES,
    Priority,
)
from siaga_classifier.core.words.concern import CONFIDENTIAL, DESPAIR, MENTAL_HEALTH, NEED, TYPE, URGENCY
from siaga_classifier.core.words.features import text_features
from siaga_classifier.core.words.model import Head, Table
from siaga_classifier.core.words.text import Lexicon, words_of
from siaga_classifier.training.corpus import Example, Part

# A word of one text alone is that text's own; pieces and pairs are many, and must earn their place in the table.
MIN_TEXTS_WITH_WORD: Final = 2
MIN_TEXTS_WITH_PIECE: Final = 4
# Inverse strength of the penalty; the best by cross-validation over families.
FITNESS: Final = 8.0
# The same where the margin between answers is learnt: with thirty types and few texts of each it generalises better than
# the likelihood does; the temperature makes chances of it.
MARGIN_FITNESS: Final = 0.3
MARGIN_ITERATIONS: Final = 3_000
BY_MARGIN: Final = frozenset({TYPE, NEED})
MAX_ITERATIONS: Final = 150
# A second right type teaches as well, less than the first.
ALTERNATIVE_WEIGHT: Final = 0.3
# A call for help that is taken for nothing is the error that counts.
HELP_WEIGHT: Final = 2.0
# Temperatures beyond these mean that the calibration texts are too few to say.
TEMPERATURES: Final = (0.05, 3.0)


@dataclass(frozen=True, slots=True)
class Lesson:
    """A labelled text, and how much it counts."""

    example: Example
    weight: float = 1.0

    @property
    def text(self) -> str:
        return self.example.text

    @property
    def urgency(self) -> str:
        priority = self.example.priority
        return (Priority.P1 if priority is Priority.P0 else priority).name


@dataclass(frozen=True, slots=True)
class Fitted:
    """A head with the estimator that it came from; the test holds the table against it."""

    head: Head
    estimator: Any
    temperature: float


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The features kept, and what each weighs: a rare one more than one in every text."""

    rows: dict[str, int]
    weights: Any

    def matrix(self, texts: Sequence[str], lexicon: Lexicon) -> Any:
        """One row for each text."""
        values, columns, ends = [], [], [0]
        for text in texts:
            for name, value in text_features(words_of(text, lexicon), lexicon).items():
                column = self.rows.get(name)
                if column is not None:
                    columns.append(column)
                    values.append(value * self.weights[column])
            ends.append(len(columns))
        return csr_matrix((values, columns, ends), shape=(len(texts), len(self.rows)))


@dataclass(frozen=True, slots=True)
class Training:
    """A finished training."""

    table: Table
    fitted: tuple[Fitted, ...]
    vocabulary: Vocabulary


def train(lessons: Sequence[Lesson], lexicon: Lexicon, *, version: str, digest: str) -> Training:
    """Learn from the training part; set each head's temperature on the calibration part; learn again from both."""
    learnt = [lesson for lesson in lessons if lesson.example.part is Part.TRAIN]
    held = [lesson for lesson in lessons if lesson.example.part is Part.CALIBRATE]
    # More threads add in another order, and another order gives other bytes.
    with threadpool_limits(1):
        temperatures = _calibrate(learnt, held, lexicon)
        known = [*learnt, *held]
        vocabulary = _vocabulary([lesson.text for lesson in known], lexicon)
        matrix = vocabulary.matrix([lesson.text for lesson in known], lexicon)
        estimators = {name: _fit(name, matrix, known) for name in HEADS}
        fitted = tuple(
            _fitted(name, temperatures[name], estimator, first) for name, estimator, first in _with_columns(estimators)
        )
    return Training(_table(fitted, vocabulary, version, digest), fitted, vocabulary)


HEADS: Final[dict[str, Callable[[Lesson], str]]] = {
    TYPE: lambda lesson: lesson.example.type,
    NEED: lambda lesson: lesson.example.advice.name.lower(),
    URGENCY: lambda lesson: lesson.urgency,
    CONFIDENTIAL: lambda lesson: CONFIDENTIAL if lesson.example.type in CONFIDENTIAL_TYPES else "",
    DESPAIR: lambda lesson: DESPAIR if lesson.example.type == MENTAL_HEALTH else "",
}


def _calibrate(learnt: Sequence[Lesson], held: Sequence[Lesson], lexicon: Lexicon) -> dict[str, float]:
    vocabulary = _vocabulary([row.text for row in learnt], lexicon)
    matrix = vocabulary.matrix([row.text for row in learnt], lexicon)
    unseen = vocabulary.matrix([row.text for row in held], lexicon)
    return {
        name: _temperature(_fit(name, matrix, learnt), unseen, [HEADS[name](row) for row in held]) for name in HEADS
    }


def _vocabulary(texts: Sequence[str], lexicon: Lexicon) -> Vocabulary:
    counts = Counter(name for text in texts for name in text_features(words_of(text, lexicon), lexicon))
    kept = sorted(
        name
        for name, count in counts.items()
        if count >= (MIN_TEXTS_WITH_WORD if name[0] in "=^@#" else MIN_TEXTS_WITH_PIECE)
    )
    weights = np.array([log((1 + len(texts)) / (1 + counts[name])) + 1 for name in kept])
    return Vocabulary({name: row for row, name in enumerate(kept)}, weights / weights.mean())


def _fit(name: str, matrix: Any, rows: Sequence[Lesson]) -> Any:
    """One head's estimator."""
    label = HEADS[name]
    labels = [label(row) for row in rows]
    weights = [row.weight for row in rows]
    indices = list(range(len(rows)))
    if name == TYPE:
        for index, row in enumerate(rows):
            for other in row.example.alternatives:
                indices.append(index)
                labels.append(other)
                weights.append(ALTERNATIVE_WEIGHT)
    balance = _balance(labels, weights)
    weights = [
        weight * balance[label] * (HELP_WEIGHT if name == NEED and label == "dispatch" else 1.0)
        for label, weight in zip(labels, weights, strict=True)
    ]
    estimator = (
        LinearSVC(C=MARGIN_FITNESS, max_iter=MARGIN_ITERATIONS, random_state=112)
        if name in BY_MARGIN
        else LogisticRegression(C=FITNESS, max_iter=MAX_ITERATIONS, tol=1e-3)
    )
    return estimator.fit(matrix[indices], labels, sample_weight=weights)


def _balance(labels: Sequence[str], weights: Sequence[float]) -> dict[str, float]:
    """Rare answers count more, by the root of how rare they are: wholly balanced, a handful of texts would shout."""
    totals: Counter[str] = Counter()
    for label, weight in zip(labels, weights, strict=True):
        totals[label] += weight  # type: ignore[assignment]  # a sum of weights
    mean = sum(totals.values()) / len(totals)
    return {label: (mean / total) ** 0.5 for label, total in totals.items()}


def _temperature(estimator: Any, matrix: Any, labels: Sequence[str]) -> float:
    """What the scores are divided by so that, of texts given 80 %, 80 % are right."""
    raw = estimator.decision_function(matrix)
    if raw.ndim == 1:
        raw = np.stack([np.zeros_like(raw), raw], axis=1)
    classes = list(estimator.classes_)
    known = [index for index, label in enumerate(labels) if label in classes]
    truth = np.array([classes.index(labels[index]) for index in known])
    raw = raw[known]

    def loss(temperature: float) -> float:
        scaled = raw / temperature
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        told = scaled[np.arange(len(truth)), truth] - np.log(np.exp(scaled).sum(axis=1))
        return float(-told.mean())

    return round(float(minimize_scalar(loss, bounds=TEMPERATURES, method="bounded").x), 3)


def _with_columns(estimators: dict[str, Any]) -> list[tuple[str, Any, int]]:
    made, first = [], 0
    for name, estimator in estimators.items():
        made.append((name, estimator, first))
        first += len(estimator.coef_)
    return made


def _fitted(name: str, temperature: float, estimator: Any, first: int) -> Fitted:
    """The estimator with its temperature in its coefficients, and the head it makes."""
    estimator.coef_ = estimator.coef_ / temperature
    estimator.intercept_ = estimator.intercept_ / temperature
    classes = tuple(str(label) for label in estimator.classes_)
    labels = classes if len(classes) > 2 else (classes[1],)
    if name == TYPE and (missing := set(TYPES) - set(labels)):
        raise ValueError(f"no training text of {', '.join(sorted(missing))}; every type needs some")
    return Fitted(Head(name, labels, first), estimator, temperature)


def _table(fitted: Sequence[Fitted], vocabulary: Vocabulary, version: str, digest: str) -> Table:
    coefficients = np.concatenate([_centred(each.estimator.coef_) for each in fitted])
    return Table(
        version,
        digest,
        tuple(each.head for each in fitted),
        tuple(vocabulary.rows),
        (coefficients * vocabulary.weights).T.astype(np.float16).astype(np.float32),
        np.concatenate([each.estimator.intercept_ for each in fitted]).astype(np.float32),
    )


def _centred(coefficients: Any) -> Any:
    """Of several answers only differences count: with their middle at 0, a weight above 0 speaks for its answer."""
    return coefficients - coefficients.mean(axis=0) if len(coefficients) > 1 else coefficients
