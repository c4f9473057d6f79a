"""Texts with places to fill: `{to}`, `{text}`, `{params.user}`."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ruamel.yaml.nodes import MappingNode, SequenceNode

from siaga_tenants.document import Value, suggest

# {key} is the same for each try of one order at one phone, {id} of one try only. The last two say how long the message
# is worth anything.
PLACES: Final = ("to", "text", "sender", "key", "id", "callback_url", "validity_s", "validity_min")
OWN: Final = ("params", "secrets")
_PLACE: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_-]+)?)\}")


def places(template: Any) -> Iterator[str]:
    """The names of the places in a text, or in all texts of a JSON value."""
    if isinstance(template, str):
        yield from _PLACE.findall(template)
    elif isinstance(template, Mapping):
        for part in template.values():
            yield from places(part)
    elif isinstance(template, list | tuple):
        for part in template:
            yield from places(part)


def fill(template: str, values: Mapping[str, str]) -> str:
    """The text with its places filled; KeyError for a place that has no value."""
    return _PLACE.sub(lambda found: values[found[1]], template)


def is_left_out(template: str, values: Mapping[str, str]) -> bool:
    """Whether the text is one place that is empty: a field that says nothing is not sent."""
    alone = _PLACE.fullmatch(template)
    return alone is not None and not values[alone[1]]


def check_places(value: Value) -> None:
    """Complain about each place that nothing fills, where it stands."""
    if isinstance(value.node, MappingNode):
        for part in value.entries().values():
            check_places(part)
    elif isinstance(value.node, SequenceNode):
        for part in value.items():
            check_places(part)
    else:
        for name in _PLACE.findall(str(value.node.value)):
            kind, _, own = name.partition(".")
            if not (name in PLACES or (kind in OWN and own)):
                value.wrong(f"{{{name}}} is not known; {suggest(name, (*PLACES, 'params.NAME', 'secrets.NAME'))}")


def own_names(kind: str, *templates: Any) -> tuple[str, ...]:
    """The names that stand behind `params.` or `secrets.` in the templates, each once, sorted."""
    prefix = f"{kind}."
    return tuple(
        sorted({name.removeprefix(prefix) for each in templates for name in places(each) if name.startswith(prefix)})
    )
