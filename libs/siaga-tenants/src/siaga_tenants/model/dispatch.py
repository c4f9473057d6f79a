"""How calls join incidents and how units are searched."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from siaga_tenants.crews import USUAL_CREWS, CrewPolicy
from siaga_tenants.routing import Routing


@dataclass(frozen=True, slots=True)
class OwnAreas:
    """Units by the code of the area that is their own; any other unit of their kinds is held back by so long there."""

    held_back_s: float = 0.0
    units: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


NO_OWN_AREAS: Final = OwnAreas()


@dataclass(frozen=True, slots=True)
class DispatchPolicy:
    """How calls join incidents and how units are searched."""

    join_minutes: int = 15
    join_distance_m: float = 300
    # Further away than that and up to here, a merge is suggested to people.
    suggest_distance_m: float = 1_000
    radius_ladder_m: tuple[float, ...] = (2_000, 5_000, 15_000, 40_000)
    # Great-circle distance times this is the length of the road.
    detour_factor: float = 1.4
    # By unit kind; has every kind the tenant has units of.
    speed_kmh: Mapping[str, float] = field(default_factory=dict)
    auto_close: bool = True
    automatic_channels: tuple[str, ...] = ()
    automatic_types: tuple[str, ...] = ()
    crews: CrewPolicy = USUAL_CREWS
    # By priority: so many seconds later a unit may come that has rested longer or whose post can spare it. A priority
    # that is not named, and P0 and P1 always: the soonest goes. A call of unknown urgency counts as P2, so P2 is not.
    tie_band_s: Mapping[str, float] = field(default_factory=lambda: {"P3": 60.0, "P4": 60.0})
    own_areas: OwnAreas = NO_OWN_AREAS
    # None = driving times by great circle.
    routing: Routing | None = None
