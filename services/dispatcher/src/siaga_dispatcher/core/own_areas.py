"""Whose area a place is: who has it for its own goes first, all others are held back by some seconds."""

from collections.abc import Iterable, Mapping
from typing import Final

from siaga_tenants.model import OwnAreas

from siaga_dispatcher.core.values import Unit

NOBODY_HELD: Final[Mapping[str, float]] = {}


def held_back(area_code: str, units: Iterable[Unit], areas: OwnAreas) -> Mapping[str, float]:
    """Seconds by unit; the narrowest area that the tenant names holds.

    Kinds of which none has the area for its own are held back too, all alike: that changes no order, and the search
    then reaches far enough for a unit at home there that is not loaded yet.
    """
    own = _own(area_code, areas)
    if not own or not areas.held_back_s:
        return NOBODY_HELD
    return {unit.unit_id: areas.held_back_s for unit in units if unit.unit_id not in own}


def _own(area_code: str, areas: OwnAreas) -> tuple[str, ...]:
    code = area_code
    while code:
        if code in areas.units:
            return areas.units[code]
        code = code.rpartition(".")[0]
    return ()
