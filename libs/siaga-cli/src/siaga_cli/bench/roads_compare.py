"""What choosing by straight line costs where the roads are known."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean, median

import numpy as np
from siaga_dispatcher.core.geo import distance_m
from siaga_dispatcher.core.roads.drives import Drive
from siaga_dispatcher.core.roads.network import Network
from siaga_dispatcher.core.roads.search import RoadSearch
from siaga_dispatcher.core.values import Position

from siaga_cli.bench import percentile


@dataclass(frozen=True, slots=True)
class Case:
    """An incident and its units: each with the straight distance, and the drive where there is one."""

    straight_m: tuple[float, ...]
    drives: tuple[Drive, ...]

    @property
    def lost_s(self) -> float:
        """How much later the nearest by straight line is there than the soonest."""
        nearest = min(range(len(self.straight_m)), key=self.straight_m.__getitem__)
        return self.drives[nearest].seconds - min(drive.seconds for drive in self.drives)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the straight line costs over many incidents. Minutes are of those where it chose another unit."""

    cases: int
    differs: float
    lost_mean_min: float
    lost_p90_min: float
    lost_max_min: float
    lost_over_all_s: float
    detour_median: float
    detour_p90: float
    straight_kmh: float


def places(network: Network, count: int, chance: Random) -> list[Position]:
    """Points on the roads, as likely on each metre of them."""
    streets = chance.choices(range(len(network.start)), weights=network.length_m.tolist(), k=count)
    found = []
    for street in streets:
        course = network.course[network.first[street] : network.first[street + 1]]
        leg = chance.randrange(len(course) - 1)
        lon, lat = course[leg] + chance.random() * (course[leg + 1] - course[leg])
        found.append(Position(float(lat), float(lon)))
    return found


def cases_of(search: RoadSearch, posts: Sequence[Position], incidents: Sequence[Position]) -> list[Case]:
    """Each incident with the posts that a road leads from."""
    found = []
    for incident in incidents:
        drives = search.drives(posts, incident)
        known = [(distance_m(post, incident), drive) for post, drive in zip(posts, drives, strict=True) if drive]
        if known:
            straight_m, driven = zip(*known, strict=True)
            found.append(Case(straight_m, driven))
    return found


def compare(cases: Sequence[Case]) -> Comparison:
    """The cost of the straight line, and the detour factor that the roads have."""
    lost_min = [case.lost_s / 60 for case in cases if case.lost_s > 0]
    pairs = [pair for case in cases for pair in zip(case.straight_m, case.drives, strict=True)]
    # Nearer than that, a detour is a matter of which side of the street.
    far = [(straight_m, drive) for straight_m, drive in pairs if straight_m > 300]
    detours = [drive.length_m / straight_m for straight_m, drive in far]
    return Comparison(
        cases=len(cases),
        differs=len(lost_min) / len(cases),
        lost_mean_min=fmean(lost_min) if lost_min else 0.0,
        lost_p90_min=percentile(lost_min, 0.9) if lost_min else 0.0,
        lost_max_min=max(lost_min, default=0.0),
        lost_over_all_s=float(np.sum(lost_min)) * 60 / len(cases),
        detour_median=median(detours),
        detour_p90=percentile(detours, 0.9),
        straight_kmh=median(straight_m / drive.seconds * 3.6 for straight_m, drive in far),
    )
