"""What a road network answers, and what is made of it: a driving time, or a guess that says why it is one."""

import math
from dataclasses import dataclass
from typing import Final

from siaga_tenants.model import DispatchPolicy

from siaga_dispatcher.core import geo
from siaga_dispatcher.core.eta import Eta
from siaga_dispatcher.core.roads.speeds import TOP_KMH
from siaga_dispatcher.core.values import Position, Unit

# Beyond any street: a yard, a lane too small for the map.
OFF_ROAD_KMH: Final = 10.0
# A point farther from every street is not on this map: believing its nearest street would put a unit of the next
# island beside the bridge.
OFF_MAP_M: Final = 2_000.0
# A unit that no road is known from may stand across a strait: it goes only where others are twice as far.
NO_ROAD_FACTOR: Final = 2.0

NO_ANSWER: Final = "peta jalan tidak menjawab; perkiraan garis lurus"
NOT_ASKED: Final = "terlalu banyak calon untuk peta jalan; perkiraan garis lurus"
NO_ROAD: Final = "tidak ada jalan di peta; perkiraan garis lurus dikali dua"


@dataclass(frozen=True, slots=True)
class Drive:
    """A drive over the roads, the rests off them included."""

    seconds: float
    length_m: float


def with_rests(seconds: float, length_m: float, begin_m: float, end_m: float) -> Drive | None:
    """A drive from and to points so far beside its road; None when that is off the map, or no sane time."""
    sane = math.isfinite(seconds) and seconds >= 0 and math.isfinite(length_m)
    if not sane or begin_m > OFF_MAP_M or end_m > OFF_MAP_M:
        return None
    rests_m = begin_m + end_m
    return Drive(seconds + rests_m / (OFF_ROAD_KMH / 3.6), length_m + rests_m)


def by_road(drive: Drive | None, unit: Unit, destination: Position, policy: DispatchPolicy, source: str) -> Eta:
    """What was answered for a unit; None = no road leads from it to there.

    Never less than the straight line takes at top speed, whatever a server says: the search for units relies on it.
    """
    if drive is None:
        guess = by_great_circle(unit, destination, policy, NO_ROAD)
        return Eta(guess.seconds * NO_ROAD_FACTOR, guess.length_m, guess.source, guess.note)
    soonest_s = geo.eta_s(geo.distance_m(unit.position, destination), 1, TOP_KMH)
    return Eta(max(drive.seconds, soonest_s), drive.length_m, source)


def by_great_circle(unit: Unit, destination: Position, policy: DispatchPolicy, why: str) -> Eta:
    """The time where no road network answers, and why it does not."""
    away_m = geo.distance_m(unit.position, destination)
    speed_kmh = policy.speed_kmh.get(unit.kind, geo.DEFAULT_SPEED_KMH)
    return Eta(geo.eta_s(away_m, policy.detour_factor, speed_kmh), away_m * policy.detour_factor, note=why)
