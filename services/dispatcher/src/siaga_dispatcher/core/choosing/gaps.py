"""Why nobody fills a need."""

from collections.abc import Sequence
from typing import Final

from siaga_dispatcher.core.choosing.matching import Wanted, obstacle
from siaga_dispatcher.core.choosing.options import Option
from siaga_dispatcher.core.values import Shortfall

# The last hurdle that any unit came to, by the code it gives.
_HURDLES: Final = (
    ("all_busy", "busy"),
    ("declined", "declined"),
    ("position_too_old", "position_too_old"),
    ("off_duty", "off_duty"),
    ("out_of_service", "out_of_service"),
    ("outside_radius", "outside_radius"),
    ("capability_missing", "capability_missing"),
)


def shortfall(wanted: Wanted, options: Sequence[Option]) -> Shortfall:
    """What keeps the need open, with how many of the units looked at it is so for."""
    need = wanted.need
    kinds = "/".join(need.kinds)
    asked = [option for option in options if option.unit.kind in need.kinds]
    # Empty for those that could fill it: as it is open, this same incident has them for another need, or for this one.
    met = [obstacle(wanted, option) for option in asked]
    for code, hurdle in _HURDLES:
        count = met.count(hurdle)
        if count:
            return Shortfall(need.role, code, f"{count} dari {len(asked)} unit {kinds} yang dilihat")
    if asked:
        return Shortfall(need.role, "all_busy", f"semua {len(asked)} unit {kinds} dikirim ke kejadian ini")
    return Shortfall(need.role, "no_candidate", f"tidak ada unit {kinds}")
