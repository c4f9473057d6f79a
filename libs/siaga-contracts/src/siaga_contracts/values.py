"""What values that are made by the thousand are made with: frozen for the type checker and the reader, not at run time.

Python freezes a dataclass by a call for every field of every object made: with two dozen fields an event that is three
quarters of the time its making takes, and several such values are made for each (docs/decisions/009).
"""

from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

__all__ = ["changed", "value"]

V = TypeVar("V")

if TYPE_CHECKING:
    from dataclasses import dataclass as value
else:
    from dataclasses import dataclass

    def value(*, frozen, slots):  # noqa: ANN001, ANN201  (the type checker sees dataclass itself)
        """As dataclass: a frozen one has a hash, as frozen ones have."""
        return dataclass(slots=slots, unsafe_hash=frozen)


def changed(one: V, /, **fresh: Any) -> V:
    """A value with other fields, as `dataclasses.replace` makes it, in a third of its time.

    For values of two fields or more, all of them in the constructor. Raises KeyError for a field that it does not have.
    """
    kind: type[Any] = type(one)
    read, places = _LAYOUTS.get(kind) or _laid_out(kind)
    row = list(read(one))
    for name, content in fresh.items():
        row[places[name]] = content
    made: V = kind(*row)
    return made


# How all fields of a kind of value are read at once, and which stands where.
_Layout = tuple[Callable[[Any], tuple[Any, ...]], dict[str, int]]
_LAYOUTS: dict[type[Any], _Layout] = {}


def _laid_out(kind: type[Any]) -> _Layout:
    names = [field.name for field in fields(kind)]
    _LAYOUTS[kind] = attrgetter(*names), {name: place for place, name in enumerate(names)}
    return _LAYOUTS[kind]
