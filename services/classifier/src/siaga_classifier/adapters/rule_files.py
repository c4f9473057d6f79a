"""The national rule pack as it comes with the package, and a tenant's overlay on it."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

from ruamel.yaml import YAML

from siaga_classifier.core.words.rulebook import RulePack, compile_pack

# What all tenants share: phrases, the words of languages spoken at home, and which words are alike.
RULES: Final = "data/rules.yaml"
DIALECTS: Final = "data/dialects.yaml"
WORD_CLASSES: Final = "data/word_classes.yaml"


@cache
def national_rules() -> Mapping[str, Any]:
    """The pack that all tenants share, as written in its files."""
    rules, dialects, classes = (_document(path) for path in (RULES, DIALECTS, WORD_CLASSES))
    slang = {word: list(spellings) for word, spellings in rules["slang"].items()}
    for word, spellings in dialects["slang"].items():
        slang[word] = [*slang.get(word, ()), *spellings]
    return {**rules, "slang": slang, "classes": classes["classes"]}


def _document(path: str) -> Mapping[str, Any]:
    text = files("siaga_classifier").joinpath(path).read_text("utf-8")
    document: Mapping[str, Any] = YAML(typ="safe", pure=True).load(text)
    return document


def load_pack(overlays: Sequence[Mapping[str, Any]] = ()) -> RulePack:
    """The national pack with a tenant's rules over it; RuleError says what is wrong with them."""
    return compile_pack((national_rules(), *overlays))
