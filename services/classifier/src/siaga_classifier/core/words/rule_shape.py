"""The shape of a rule document, as written by a person: only known names, and lists where lists belong. Pure."""

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final


class RuleError(ValueError):
    """A rule pack that cannot be used: says where and how to mend it."""


WEIGHTS: Final = {"strong": 3.0, "usual": 2.0, "weak": 1.0}
PHRASES: Final = ("ignore", "present", "turns")
# Named in this order when several hold: a film about an old fire is a film. One of another name would never hold.
GUARDS: Final = ("confessed", "fiction", "drill", "news", "question", "old", "over")
NEGATIONS: Final = ("next", "near", "bound")
RAISER: Final = ("name", "priority", "any")
SECTIONS: Final = ("version", "slang", "negation", "guards", "raisers", "types", "classes", *PHRASES)


def check_shape(document: Mapping[str, Any], types: Collection[str]) -> None:
    """Raise RuleError for the first name nobody knows, and for the first value that is not what belongs there.

    A name that is misspelt would otherwise be passed over, and its words would never be found.
    """
    _known(document, SECTIONS, "", "section")
    for section in PHRASES:
        _texts(document.get(section, ()), section)
    for section, names in (("guards", GUARDS), ("negation", NEGATIONS), ("slang", None), ("classes", None)):
        for name, texts in _mapping(document.get(section, {}), section, names).items():
            _texts(texts, f"{section}.{name}")
    for index, raiser in enumerate(_list(document.get("raisers", ()), "raisers")):
        where = f"raisers[{index}]"
        _texts(_mapping(raiser, where, RAISER).get("any", ()), f"{where}.any")
    for name, body in _mapping(document.get("types", {}), "types").items():
        where = f"types.{name}"
        if name not in types:
            raise RuleError(f"{where}: no such type; {_suggestion(name, types)}")
        for key, value in _mapping(body, where, ("priority", *WEIGHTS)).items():
            if key in WEIGHTS:
                _texts(value, f"{where}.{key}")


def _mapping(value: Any, where: str, names: Collection[str] | None = None) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise RuleError(f"{where}: must be a mapping; write 'name: …' lines below it")
    if names is not None:
        _known(value, names, f"{where}.", "name")
    return value


def _known(value: Mapping[str, Any], names: Collection[str], path: str, what: str) -> None:
    for name in value:
        if name not in names:
            raise RuleError(f"{path}{name}: no such {what}; {_suggestion(name, names)}")


def _list(value: Any, where: str) -> Sequence[Any]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise RuleError(f"{where}: must be a list; write it in brackets")
    return value


def _texts(value: Any, where: str) -> None:
    for index, text in enumerate(_list(value, where)):
        if not isinstance(text, str):
            raise RuleError(f"{where}[{index}]: must be a text; put it in quotes")


def _suggestion(name: object, names: Collection[str]) -> str:
    near = get_close_matches(str(name), names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names)}"
