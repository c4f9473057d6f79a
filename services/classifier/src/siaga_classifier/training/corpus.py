"""The labelled texts: what is in the repository, and which part of it each text belongs to."""

import csv
import gzip
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from siaga_classifier.core.vocabulary import TYPES, Advice, Priority

UTTERANCES: Final = "data/utterances"
# How words are made plain is the rules' business, and so part of what the model is made of.
RULES: Final = "services/classifier/src/siaga_classifier/data"
# Written by others than those who wrote the training texts; measured on, never learnt from.
BLIND: Final = "blind.tsv"
COLUMNS: Final = ("family", "kind", "register", "region", "type", "alt", "priority", "advice", "text")
_ADVICE: Final = {advice.name.lower(): advice for advice in (Advice.DISPATCH, Advice.REVIEW, Advice.RECORD)}
# Of a hundred families these learn; the next calibrate; the rest is seen by nobody.
TRAIN_PERCENT: Final = 84
CALIBRATE_PERCENT: Final = 6


# Reviews of a page's length are not how people write to 112.
MAX_EVERYDAY_CHARS: Final = 160


@dataclass(frozen=True, slots=True)
class Everyday:
    """Sentences of others about anything but emergencies: where they are, and how many are used."""

    path: str
    column: str
    count: int


EVERYDAY: Final = (
    Everyday("data/tatoeba_id/tatoeba_ind_eng.csv.gz", "text_id", 1_500),
    Everyday("data/indonlu/smsa.csv.gz", "text", 1_500),
)


class CorpusError(ValueError):
    """A text that is labelled wrongly: says in which file and line, and how to mend it."""


class Part(Enum):
    """What a text is for."""

    TRAIN = "train"
    CALIBRATE = "calibrate"
    TEST = "test"
    BLIND = "blind"


@dataclass(frozen=True, slots=True)
class Example:
    """A text with its labels; `family` is the idea it is a variation of."""

    family: str
    kind: str
    register: str
    region: str
    type: str
    alternatives: tuple[str, ...]
    priority: Priority
    advice: Advice
    text: str
    part: Part

    @property
    def right_types(self) -> frozenset[str]:
        return frozenset((self.type, *self.alternatives))


def part_of(family: str) -> Part:
    """The part of a family: all variations of an idea together, so that what is tested was never seen."""
    share = int.from_bytes(hashlib.sha256(family.encode()).digest()[:4]) % 100
    if share < TRAIN_PERCENT:
        return Part.TRAIN
    return Part.CALIBRATE if share < TRAIN_PERCENT + CALIBRATE_PERCENT else Part.TEST


def read_corpus(root: Path, extra: Iterable[Path] = ()) -> tuple[Example, ...]:
    """All labelled texts of the repository, and of other files in its shape. Raise CorpusError for the first wrong line."""
    folder = root / UTTERANCES
    paths = sorted(folder.glob("*.tsv"))
    if not paths:
        raise CorpusError(f"{folder}: no labelled texts; run this where the repository is checked out")
    return tuple(example for path in (*paths, *extra) for example in _examples(path))


def training_files(root: Path) -> tuple[Path, ...]:
    """What a model is made of, in a fixed order."""
    texts = [path for path in sorted((root / UTTERANCES).glob("*.tsv")) if path.name != BLIND]
    return (*texts, *(root / source.path for source in EVERYDAY), *sorted((root / RULES).glob("*.yaml")))


def digest_of(paths: Iterable[Path]) -> str:
    """The fingerprint of files: their names and content."""
    made = hashlib.sha256()
    for path in paths:
        made.update(path.name.encode())
        made.update(hashlib.sha256(path.read_bytes()).digest())
    return made.hexdigest()


def _examples(path: Path) -> Iterator[Example]:
    if not path.is_file():
        raise CorpusError(f"{path}: no such file; name one that `siaga model examples` has written")
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise CorpusError(f"{path}: its columns must be {', '.join(COLUMNS)}")
        for number, row in enumerate(reader, start=2):
            try:
                yield _example(row, Part.BLIND if path.name == BLIND else part_of(row["family"]))
            except (KeyError, ValueError, TypeError, AttributeError) as error:
                raise CorpusError(f"{path}:{number}: {error}; see {UTTERANCES}/SOURCE.md") from error


def _example(row: dict[str, str], part: Part) -> Example:
    alternatives = tuple(name.strip() for name in row["alt"].split(",") if name.strip())
    for name in (row["type"], *alternatives):
        if name not in TYPES:
            raise ValueError(f"no such type: {name!r}")
    return Example(
        row["family"],
        row["kind"],
        row["register"],
        row["region"],
        row["type"],
        alternatives,
        Priority[row["priority"]],
        _ADVICE[row["advice"]],
        row["text"],
        part,
    )


def everyday_texts(root: Path) -> tuple[str, ...]:
    """Everyday sentences without labels, in an order that is always the same and mixes sources and topics."""
    found: list[str] = []
    for source in EVERYDAY:
        with gzip.open(root / source.path, "rt", encoding="utf-8", newline="") as file:
            texts = {row[source.column] for row in csv.DictReader(file)}
        short = (text for text in texts if len(text) <= MAX_EVERYDAY_CHARS)
        found.extend(sorted(short, key=lambda text: hashlib.sha256(text.encode()).digest())[: source.count])
    return tuple(found)
