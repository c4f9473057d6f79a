"""Fields by any of their usual names: every gateway and every office calls the same thing otherwise."""

from collections.abc import Mapping
from typing import Final

from siaga_intake.core.centre import plain
from siaga_intake.core.fields import Payload

# Ours: theirs as `plain` leaves them, the first that is there and filled holds.
Aliases = Mapping[str, tuple[str, ...]]
# Longer ones are no names of fields, and need not be looked through.
_LONGEST_NAME: Final = 64


def own_names(payload: Payload, aliases: Aliases) -> dict[str, str]:
    """By each of our names the payload's own name of that field, so that a complaint names what the sender wrote.

    Of a field that is nowhere filled it is the one that stands empty, else the first of its aliases.
    """
    there: dict[str, str] = {}
    # Filled ones last, so that they hold.
    for name in sorted(
        (name for name in payload if len(name) <= _LONGEST_NAME), key=lambda name: _filled(payload[name])
    ):
        there[plain(name)] = name
    found: dict[str, str] = {}
    for ours, theirs in aliases.items():
        names = [there[alias] for alias in theirs if alias in there]
        found[ours] = next((name for name in names if _filled(payload[name])), next(iter(names), theirs[0]))
    return found


def _filled(value: object) -> bool:
    return value not in (None, "", [])
