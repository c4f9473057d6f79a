"""How far out a choice has to look before it is sure."""

import math
from collections.abc import Sequence

from siaga_tenants.model import DispatchPolicy

from siaga_dispatcher.core import geo
from siaga_dispatcher.core.choosing.matching import Wanted
from siaga_dispatcher.core.choosing.options import Option, speed_kmh
from siaga_dispatcher.core.roads.speeds import TOP_KMH


def enough_m(
    wanted: Sequence[Wanted],
    able: Sequence[Sequence[Option]],
    filled: Sequence[Sequence[Option]],
    policy: DispatchPolicy,
    band_s: float,
    *,
    by_road: bool,
) -> float:
    """How far out a unit could still be chosen instead; by road, one with the straightest and fastest road."""
    enough = 0.0
    for (need, limit_m), fitting, taken in zip(wanted, able, filled, strict=True):
        if len(taken) < need.count:
            enough = max(enough, limit_m if need.optional else math.inf)
            continue
        # Within the band a later one may be preferred: only beyond its end nobody can.
        latest_s = max(
            min(option.eta_s + option.held_s for option in fitting) + band_s,
            *(option.eta_s + option.held_s for option in taken),
        )
        fastest = max(speed_kmh(kind, policy) for kind in need.kinds)
        enough = max(enough, geo.reach_m(latest_s, policy.detour_factor, fastest))
        if by_road:
            # No road is shorter than the straight line, and no time by road is taken for less than it needs at top
            # speed: beyond this distance nobody comes sooner, whatever the roads are.
            enough = max(enough, geo.reach_m(latest_s, 1, TOP_KMH))
    return enough
