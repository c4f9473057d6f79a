"""How a text is read, for people: both layers, word by word, and what they make of it together."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.markup import escape
from rich.table import Table
from siaga_classifier.adapters.model_files import shipped_table
from siaga_classifier.adapters.rule_files import load_pack
from siaga_classifier.core.words.concern import TYPE, judge_text
from siaga_classifier.core.words.matching import find
from siaga_classifier.core.words.model import WordModel
from siaga_classifier.core.words.rules import read_words
from siaga_classifier.core.words.text import words_of

from siaga_cli.console import out

# Beyond these the weights are noise.
SHOWN_WORDS: Final = 12
SHOWN_TYPES: Final = 4


def print_explanation(text: str, overlays: Sequence[Mapping[str, Any]]) -> None:
    """Print the reading of a text by a tenant's rules."""
    pack = load_pack(overlays)
    model = WordModel(shipped_table(), pack.lexicon)
    words = words_of(text, pack.lexicon)
    out.print(f"[bold]words[/]      {escape(' '.join(words.words)) or '(none)'}")
    rules = read_words(words, pack)
    guard = f", guard {rules.guard}" if rules.guard else ""
    out.print(
        f"\n[bold]rules[/]      {pack.version}: {rules.type} {rules.priority.name} {rules.advice.name.lower()}{guard}"
    )
    for hit in find(words, pack):
        denied = " (denied)" if hit.denied else ""
        out.print(
            f"           {hit.phrase.role.value}.{hit.phrase.name} {hit.phrase.weight:g}: {hit.said(words)}{denied}"
        )
    if words.words:
        _print_model(model, words)
    together = judge_text(text, pack, model)
    secret = ", confidential" if together.confidential else ""
    others = f", or {', '.join(together.alternatives)}" if together.alternatives else ""
    out.print(
        f"\n[bold]together[/]   {together.type} {together.priority.name} {together.advice.name.lower()}"
        f" ({together.confidence:.2f}){secret}{others}"
    )
    for reason in together.reasons:
        out.print(f"           {reason.rule} {reason.weight:g}: {escape(reason.detail)}")


def _print_model(model: WordModel, words: Any) -> None:
    scores = model.scores(words)
    out.print(f"\n[bold]model[/]      {model.version}: {scores.known:.0%} of the words are known")
    for head, answers in scores.answers.items():
        ranked = sorted(answers.items(), key=lambda answer: -answer[1])[:SHOWN_TYPES]
        out.print(f"           {head}: " + ", ".join(f"{label} {chance:.2f}" for label, chance in ranked))
    best = max(scores.answers[TYPE], key=lambda kind: scores.answers[TYPE][kind])
    shown = Table(f"for {best}", "weight", box=None, pad_edge=False)
    contributions = sorted(model.contributions(words, TYPE, best), key=lambda one: -abs(one.weight))
    for one in contributions[:SHOWN_WORDS]:
        shown.add_row(escape(one.said), f"{one.weight:+.2f}")
    out.print(shown)
