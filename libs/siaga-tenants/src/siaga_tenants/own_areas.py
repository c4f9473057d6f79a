"""Reading `own_areas` of `dispatch.yaml`: which units have which areas for their own, and go first there."""

from collections.abc import Sequence
from typing import Final

from siaga_tenants.document import Value
from siaga_tenants.gazetteer import Gazetteer
from siaga_tenants.model import NO_OWN_AREAS, OwnAreas

# Longer, and a border on paper would keep somebody waiting while a crew next door stands by.
LONGEST_HOLD_S: Final = 180


def read_own_areas(document: Value, unit_ids: Sequence[str], gazetteer: Gazetteer) -> OwnAreas:
    """What may be left out: then the soonest goes, wherever its own area is."""
    place = document.child("own_areas")
    if place is document:
        return NO_OWN_AREAS
    table = place.table(("held_back_s", "units"))
    units = table.values.get("units")
    found: dict[str, tuple[str, ...]] = {}
    for code, listed in (units.entries() if units is not None else {}).items():
        if gazetteer.by_code(code) is None:
            listed.wrong(f"{code!r} is in no row of gazetteer.csv; write the code of a kecamatan or desa in quotes")
        found[code] = tuple(item.choice(unit_ids) for item in listed.items())
    return OwnAreas(table.number("held_back_s", 0, LONGEST_HOLD_S), found)
