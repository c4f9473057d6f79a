"""The measures of the shipped model: by layer, by type, by region, on texts that no training has seen."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from siaga_classifier.adapters.model_files import shipped_table
from siaga_classifier.adapters.rule_files import load_pack
from siaga_classifier.core.words.concern import combine, judge_text
from siaga_classifier.core.words.model import WordModel
from siaga_classifier.core.words.rulebook import RulePack
from siaga_classifier.core.words.rules import Reading, read
from siaga_classifier.core.words.text import words_of
from siaga_classifier.training.corpus import Example, Part, read_corpus
from siaga_classifier.training.measure import against_targets, by_group, figures, judged, types_table


def evaluation(root: Path) -> dict[str, Any]:
    """All figures, as they are written out. No text is in them."""
    pack = load_pack()
    model = WordModel(shipped_table(), pack.lexicon)
    examples = read_corpus(root)
    splits = {part.value: [example for example in examples if example.part is part] for part in (Part.TEST, Part.BLIND)}
    return {
        "rules_version": pack.version,
        "model_version": model.version,
        "splits": {name: _split(held, pack, model) for name, held in splits.items() if held},
    }


def _split(examples: Sequence[Example], pack: RulePack, model: WordModel) -> dict[str, Any]:
    both = judged(examples, lambda text: judge_text(text, pack, model))
    measured = figures(both)
    return {
        "texts": len(examples),
        "families": len({example.family for example in examples}),
        "targets": against_targets(measured),
        "layers": {
            "rules": figures(judged(examples, lambda text: read(text, pack))),
            "model": figures(judged(examples, lambda text: _by_model(text, pack, model))),
            "both": measured,
        },
        "types": types_table(both),
        "regions": by_group(both, lambda example: example.region),
        "kinds": by_group(both, lambda example: example.kind),
    }


def _by_model(text: str, pack: RulePack, model: WordModel) -> Reading:
    """The model alone: rules that say nothing."""
    words = words_of(text, pack.lexicon)
    return combine(Reading(), model.scores(words), pack.base_priority) if words.words else read(text, pack)
