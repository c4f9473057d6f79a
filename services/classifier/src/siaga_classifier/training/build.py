"""From the repository to a trained table, and whether the shipped one is of these files."""

from pathlib import Path
from typing import Final

from siaga_classifier.adapters.model_files import SHIPPED
from siaga_classifier.adapters.rule_files import load_pack
from siaga_classifier.core.vocabulary import Advice
from siaga_classifier.core.words.rules import read
from siaga_classifier.training.corpus import digest_of, everyday_texts, read_corpus, training_files
from siaga_classifier.training.fit import Training, train

# Of the features and the way of training; the digest tells the texts.
RECIPE: Final = "2026.11"


def shipped_path(root: Path) -> Path:
    """Where the package's table is written."""
    return root / "services/classifier/src/siaga_classifier" / SHIPPED


def build(root: Path) -> Training:
    """Train on the repository's texts.

    Everyday sentences in which the rules find any event are left out: nobody has labelled them.
    """
    pack = load_pack()
    digest = digest_of(training_files(root))
    everyday = [text for text in everyday_texts(root) if read(text, pack).advice in (Advice.UNSPECIFIED, Advice.RECORD)]
    return train(read_corpus(root), everyday, pack.lexicon, version=f"{RECIPE}-{digest[:8]}", digest=digest)
