"""Figures on labelled texts: what is missed, what is alarmed for nothing, which types are confused.

A type that stands among a text's second types counts as right, as the labelling guide says.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from siaga_classifier.core.vocabulary import NON_EMERGENCY, Advice, Priority
from siaga_classifier.core.words.rules import Reading
from siaga_classifier.training.corpus import Example

Read = Callable[[str], Reading]

HELD_BACK: Final = "mental_health"
EVERYDAY: Final = "everyday"


@dataclass(frozen=True, slots=True)
class Target:
    """A measure with what it must reach: at least `value`, or at most, where less is better."""

    name: str
    value: float
    at_most: bool = False

    def met(self, figure: float) -> bool:
        return figure <= self.value if self.at_most else figure >= self.value


TARGETS: Final = (
    Target("help_seen", 0.995),
    Target("p1_seen", 0.998),
    Target("kdrt_cues", 0.98),
    Target("suicide_cues", 0.98),
    Target("child_cues", 0.98),
    Target("macro_f1", 0.88),
    Target("everyday_to_dispatch", 0.005, at_most=True),
    Target("everyday_to_review", 0.08, at_most=True),
)


@dataclass(frozen=True, slots=True)
class Judged:
    """A labelled text and its reading."""

    example: Example
    reading: Reading

    @property
    def told(self) -> str:
        """The type told; a second type that is right as well counts as the right one."""
        return self.example.type if self.reading.type in self.example.right_types else self.reading.type

    @property
    def looked_at(self) -> bool:
        """Help is sent, or a person looks."""
        return self.reading.advice in (Advice.DISPATCH, Advice.REVIEW)

    @property
    def named(self) -> bool:
        """A person looks, and sees what it may be."""
        named = {self.reading.type, *self.reading.alternatives}
        return self.looked_at and not named.isdisjoint(self.example.right_types)

    @property
    def kept_secret(self) -> bool:
        return self.looked_at and (self.reading.confidential or self.named)


def judged(examples: Iterable[Example], read: Read) -> list[Judged]:
    """Every example read."""
    return [Judged(example, read(example.text)) for example in examples]


def figures(texts: Sequence[Judged]) -> dict[str, float | None]:
    """All measures; None where no text can tell."""
    help_needed = [text for text in texts if text.example.advice is Advice.DISPATCH]
    alarms = [text for text in texts if text.example.advice is not Advice.RECORD]
    first = [text for text in alarms if text.example.priority <= Priority.P1]
    nothing = [text for text in texts if text.example.advice is Advice.RECORD]
    everyday = [text for text in nothing if text.example.kind == EVERYDAY and text.example.type == NON_EMERGENCY]
    hard = [text for text in nothing if text.example.kind != EVERYDAY]
    return {
        "texts": float(len(texts)),
        "help_seen": _share(help_needed, lambda text: text.looked_at),
        "help_sent": _share(help_needed, lambda text: text.reading.advice is Advice.DISPATCH),
        "alarms_seen": _share(alarms, lambda text: text.looked_at),
        "p1_seen": _share(first, lambda text: text.looked_at),
        "kdrt_cues": _share(_of_type(alarms, "kdrt"), lambda text: text.looked_at),
        "kdrt_kept_secret": _share(_of_type(alarms, "kdrt"), lambda text: text.kept_secret),
        "suicide_cues": _share(_of_type(alarms, HELD_BACK), lambda text: text.looked_at),
        "suicide_named": _share(_of_type(alarms, HELD_BACK), lambda text: text.named),
        "child_cues": _share(_of_type(alarms, "child"), lambda text: text.looked_at),
        "child_kept_secret": _share(_of_type(alarms, "child"), lambda text: text.kept_secret),
        "sexual_violence_cues": _share(_of_type(alarms, "sexual_violence"), lambda text: text.kept_secret),
        "macro_f1": _macro_f1(texts),
        "types_right": _share(texts, lambda text: text.told == text.example.type),
        "everyday_to_dispatch": _share(everyday, lambda text: text.reading.advice is Advice.DISPATCH),
        "everyday_to_review": _share(everyday, lambda text: text.reading.advice is Advice.REVIEW),
        "hard_negatives_to_dispatch": _share(hard, lambda text: text.reading.advice is Advice.DISPATCH),
        "hard_negatives_to_review": _share(hard, lambda text: text.reading.advice is Advice.REVIEW),
        "under_triaged": _share(alarms, lambda text: text.reading.priority > text.example.priority),
        "p1_under_triaged": _share(first, lambda text: text.reading.priority > Priority.P1),
        "over_triaged": _share(alarms, lambda text: text.reading.priority < text.example.priority),
        "secret_needlessly": _share(
            [text for text in texts if text.example.right_types.isdisjoint(("kdrt", "sexual_violence", "child"))],
            lambda text: text.reading.confidential,
        ),
    }


def types_table(texts: Sequence[Judged]) -> dict[str, dict[str, float | str]]:
    """By type: how many texts, precision, recall, F1, and what it is most often taken for."""
    right, told, true = _counts(texts)
    taken: dict[str, Counter[str]] = defaultdict(Counter)
    for text in texts:
        if text.told != text.example.type:
            taken[text.example.type][text.told] += 1
    return {
        kind: {
            "texts": float(true[kind]),
            "precision": round(right[kind] / told[kind], 4) if told[kind] else 0.0,
            "recall": round(right[kind] / true[kind], 4),
            "f1": round(_f1(right[kind], told[kind], true[kind]), 4),
            "taken_for": ", ".join(f"{name} {count}" for name, count in taken[kind].most_common(3)),
        }
        for kind in sorted(true)
    }


def by_group(texts: Sequence[Judged], group: Callable[[Example], str]) -> dict[str, dict[str, float | None]]:
    """The measures that matter most, by region, kind or register."""
    groups: dict[str, list[Judged]] = defaultdict(list)
    for text in texts:
        groups[group(text.example)].append(text)
    told = ("texts", "help_seen", "alarms_seen", "types_right", "everyday_to_review")
    made = {name: figures(held) for name, held in sorted(groups.items())}
    return {name: {key: each[key] for key in told} for name, each in made.items()}


def against_targets(measured: Mapping[str, float | None]) -> list[dict[str, object]]:
    """Each measure that has a target: figure, target, whether it is met."""
    rows: list[dict[str, object]] = []
    for target in TARGETS:
        figure = measured[target.name]
        rows.append(
            {
                "measure": target.name,
                "figure": figure,
                "target": f"{'≤' if target.at_most else '≥'} {target.value:g}",
                "met": None if figure is None else target.met(figure),
            }
        )
    return rows


def _of_type(texts: Iterable[Judged], kind: str) -> list[Judged]:
    return [text for text in texts if text.example.type == kind]


def _share(texts: Sequence[Judged], holds: Callable[[Judged], bool]) -> float | None:
    return round(sum(holds(text) for text in texts) / len(texts), 4) if texts else None


def _counts(texts: Sequence[Judged]) -> tuple[Counter[str], Counter[str], Counter[str]]:
    right = Counter(text.told for text in texts if text.told == text.example.type)
    return right, Counter(text.told for text in texts), Counter(text.example.type for text in texts)


def _macro_f1(texts: Sequence[Judged]) -> float | None:
    """Over the types that occur: each counts alike, however many texts it has."""
    if not texts:
        return None
    right, told, true = _counts(texts)
    return round(sum(_f1(right[kind], told[kind], true[kind]) for kind in true) / len(true), 4)


def _f1(right: int, told: int, true: int) -> float:
    return 2 * right / (told + true) if told + true else 0.0
