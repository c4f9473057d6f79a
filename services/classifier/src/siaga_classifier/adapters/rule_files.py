"""The national rule pack as it comes with the package, and a tenant's overlay on it."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML

from siaga_classifier.core.words.rulebook import RulePack, compile_pack


def national_rules() -> Mapping[str, Any]:
    """The pack that all tenants share, as written."""
    text = files("siaga_classifier").joinpath("data/rules.yaml").read_text("utf-8")
    document: Mapping[str, Any] = YAML(typ="safe", pure=True).load(text)
    return document


def load_pack(overlays: Sequence[Mapping[str, Any]] = ()) -> RulePack:
    """The national pack with a tenant's rules over it; RuleError says what is wrong with them."""
    return compile_pack((national_rules(), *overlays))
