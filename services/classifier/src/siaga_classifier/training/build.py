"""From the repository to a trained table, and whether the shipped one is of these files."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from siaga_classifier.adapters.model_files import SHIPPED
from siaga_classifier.adapters.rule_files import load_pack, national_rules
from siaga_classifier.core.vocabulary import NON_EMERGENCY, PRANK, UNCLEAR, Advice, Priority
from siaga_classifier.core.words.rule_shape import WEIGHTS
from siaga_classifier.core.words.rulebook import GAP, RulePack, expanded
from siaga_classifier.core.words.rules import read
from siaga_classifier.training.corpus import Example, Part, digest_of, everyday_texts, read_corpus, training_files
from siaga_classifier.training.fit import Lesson, Training, train

# Of the features and the way of training; the digest tells the texts.
RECIPE: Final = "2026.11"
# An everyday sentence of others says less about 112 than a text written for it.
EVERYDAY_WEIGHT: Final = 0.3
# A phrase of the rules is no text, but names what its words are about.
PHRASE_WEIGHT: Final = 0.3
# Of a phrase with alternatives, this many of its readings: all of them would drown the texts.
READINGS_OF_A_PHRASE: Final = 6
_ADVICE: Final = {NON_EMERGENCY: Advice.RECORD, PRANK: Advice.RECORD, UNCLEAR: Advice.REVIEW}


def shipped_path(root: Path) -> Path:
    """Where the package's table is written."""
    return root / "services/classifier/src/siaga_classifier" / SHIPPED


def build(root: Path, extra: Sequence[Path] = ()) -> Training:
    """Train on the repository's texts, and on labelled texts of a centre's own beside them."""
    pack = load_pack()
    lessons = [*(Lesson(example) for example in read_corpus(root, extra)), *lessons_beside(root, pack)]
    digest = digest_of((*training_files(root), *extra))
    return train(lessons, pack.lexicon, version=f"{RECIPE}-{digest[:8]}", digest=digest)


def lessons_beside(root: Path, pack: RulePack) -> list[Lesson]:
    """What is learnt beside the labelled texts: everyday sentences of others, and the phrases of the rules.

    Everyday sentences in which the rules find any event are left out: nobody has labelled them.
    """
    everyday = [
        Lesson(_example(text, NON_EMERGENCY, Priority.P4), EVERYDAY_WEIGHT)
        for text in everyday_texts(root)
        if read(text, pack).advice in (Advice.UNSPECIFIED, Advice.RECORD)
    ]
    return [*everyday, *_phrases(national_rules(), pack)]


def _phrases(rules: Mapping[str, Any], pack: RulePack) -> Iterator[Lesson]:
    for kind, body in rules["types"].items():
        for level in WEIGHTS:
            for phrase in body.get(level, ()):
                text, _, own = str(phrase).partition("!")
                readings = [" ".join(reading.split()) for reading in expanded(text.replace(GAP, " "), kind)]
                priority = Priority[own.strip()] if own else pack.base_priority[kind]
                for reading in readings[:: max(1, len(readings) // READINGS_OF_A_PHRASE)][:READINGS_OF_A_PHRASE]:
                    yield Lesson(_example(reading, kind, priority), PHRASE_WEIGHT)


def _example(text: str, kind: str, priority: Priority) -> Example:
    advice = _ADVICE.get(kind, Advice.DISPATCH)
    return Example("", "", "", "", kind, (), priority, advice, text, Part.TRAIN)
