"""Why nobody fills a need."""

from collections.abc import Sequence
from typing import Final

from siaga_dispatcher.core.choosing.matching import Wanted, obstacle
from siaga_dispatcher.core.choosing.options import Option
from siaga_dispatcher.core.values import Shortfall

# The last hurdle that any unit came to, by the code it gives. Empty: free and suitable, but another need of this same
# incident has it.
_HURDLES: Final = (
    ("all_busy", ("", "busy")),
    ("declined", ("declined",)),
    ("position_too_old", ("position_too_old",)),
    ("off_duty", ("off_duty",)),
    ("out_of_service", ("out_of_service",)),
    ("outside_radius", ("outside_radius",)),
    ("capability_missing", ("capability_missing",)),
)


def shortfall(wanted: Wanted, options: Sequence[Option]) -> Shortfall:
    """What keeps the need open, with how many of the units looked at it is so for."""
    need = wanted.need
    kinds = "/".join(need.kinds)
    met = [obstacle(wanted, option) for option in options if option.unit.kind in need.kinds]
    for code, hurdles in _HURDLES:
        count = sum(hurdle in hurdles for hurdle in met)
        if count:
            return Shortfall(need.role, code, f"{count} dari {len(met)} unit {kinds} yang dilihat")
    return Shortfall(need.role, "no_candidate", f"tidak ada unit {kinds}")
