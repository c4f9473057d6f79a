"""What values that are made by the thousand are made with: frozen for the type checker and the reader, not at run time.

Python freezes a dataclass by a call for every field of every object made: with two dozen fields an event that is three
quarters of the time its making takes, and several such values are made for each (docs/decisions/009).
"""

from typing import TYPE_CHECKING

__all__ = ["value"]

if TYPE_CHECKING:
    from dataclasses import dataclass as value
else:
    from dataclasses import dataclass

    def value(*, frozen, slots):  # noqa: ANN001, ANN201  (the type checker sees dataclass itself)
        """As dataclass: a frozen one has a hash, as frozen ones have."""
        return dataclass(slots=slots, unsafe_hash=frozen)
