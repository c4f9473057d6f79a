"""How long a unit drives, and by what that is known."""

from typing import Final

from siaga_contracts.values import value

# Straight distance made longer by the tenant's factor, at the kind's usual speed.
GREAT_CIRCLE: Final = "great_circle"


@value(frozen=True, slots=True)
class Eta:
    """A driving time; `source` is great_circle, valhalla, osrm or graph, `note` says why it is not the one wished for."""

    seconds: float
    length_m: float
    source: str = GREAT_CIRCLE
    note: str = ""
