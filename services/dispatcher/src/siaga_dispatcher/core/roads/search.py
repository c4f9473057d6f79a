"""Driving times over a road network: one search backwards from the incident tells them for all units."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from siaga_dispatcher.core.geo import EARTH_RADIUS_M, distance_m
from siaga_dispatcher.core.roads.drives import OFF_MAP_M, Drive, with_rests
from siaga_dispatcher.core.roads.network import Floats, Network, Numbers
from siaga_dispatcher.core.values import Position

# The search goes out as far as one drives at this speed over the straight line to the farthest unit, and a little more:
# its cost follows the neighbourhood, not the map. Where that was too little it is made again, over all of the map.
NEAR_KMH: Final = 10.0
NEAR_S: Final = 300.0


@dataclass(frozen=True, slots=True)
class _Spots:
    """Points on the network: the nearest street of each, how far along it, and how far beside."""

    street: npt.NDArray[np.intp]
    share: Floats
    beside_m: Floats


class RoadSearch:
    """A network made ready to be asked; never changes, so threads may share it."""

    def __init__(self, network: Network) -> None:
        self._network = network
        # Metres on a plane that touches the earth in the middle of the area: near enough to find the nearest street.
        self._scale = _metres_a_degree(float(np.median(network.course[:, 1])))
        numbers = np.repeat(np.arange(len(network.start)), np.diff(network.first))
        self._courses = shapely.linestrings(network.course * self._scale, indices=numbers)
        self._tree = shapely.STRtree(self._courses)
        self._arcs, self._hop_keys, self._hop_m = _backwards(network)

    def drives(self, origins: Sequence[Position], destination: Position) -> list[Drive | None]:
        """The quickest drive from each origin to the destination; None = one of the two is off the map."""
        spots = self._spots([*origins, destination])
        goal, starts = _picked(spots, slice(-1, None)), _picked(spots, slice(None, -1))
        if goal.beside_m[0] > OFF_MAP_M:
            return [None] * len(origins)
        away_m = max((distance_m(origin, destination) for origin in origins), default=0.0)
        times, lengths = self._driven(starts, goal, NEAR_S + away_m / (NEAR_KMH / 3.6))
        return [
            with_rests(float(time), float(length), float(beside_m), float(goal.beside_m[0]))
            for time, length, beside_m in zip(times, lengths, starts.beside_m, strict=True)
        ]

    def _spots(self, points: Sequence[Position]) -> _Spots:
        placed = shapely.points(np.array([(point.lon, point.lat) for point in points]) * self._scale)
        street = self._tree.nearest(placed)
        courses = self._courses[street]
        share = shapely.line_locate_point(courses, placed, normalized=True)
        return _Spots(street, share, shapely.distance(courses, placed))

    def _driven(self, starts: _Spots, goal: _Spots, within_s: float) -> tuple[Floats, Floats]:
        """Time and length from each start, looked for within that time first: what is longer may have a shorter way."""
        times, lengths = self._from(starts, goal, *self._search(goal, within_s))
        if (times[starts.beside_m <= OFF_MAP_M] > within_s).any():
            return self._from(starts, goal, *self._search(goal, np.inf))
        return times, lengths

    def _search(self, goal: _Spots, within_s: float) -> tuple[Floats, Numbers, int]:
        """Seconds from each junction to the goal, and the next junction on that way; the goal is junction n."""
        network, here, n = self._network, goal.street[0], self._network.junctions
        ahead = float(goal.share[0] * network.seconds[here])
        doors = [(int(network.start[here]), ahead)]
        if network.both_ways[here]:
            doors.append((int(network.end[here]), float(network.seconds[here]) - ahead))
        # A street that ends where it begins has both doors at one junction; the nearer counts.
        nearest = {junction: min(time for where, time in doors if where == junction) for junction, _ in doors}
        arcs = csr_array(
            (
                np.append(self._arcs.data, list(nearest.values())),
                np.append(self._arcs.indices, list(nearest)),
                np.append(self._arcs.indptr, len(self._arcs.data) + len(nearest)),
            ),
            shape=(n + 1, n + 1),
        )
        seconds, onward = dijkstra(arcs, indices=n, return_predecessors=True, limit=within_s)
        return seconds, onward, n

    def _from(
        self, starts: _Spots, goal: _Spots, seconds: Floats, onward: Numbers, n: int
    ) -> tuple[Floats, Floats]:  # fmt: skip
        """Time and length from each start: out by either end of its street, or along it when the goal is on it."""
        network, street = self._network, starts.street
        lasts, long = network.seconds[street], network.length_m[street]
        two_way = network.both_ways[street]
        by_end = (1 - starts.share) * lasts + seconds[network.end[street]]
        by_start = np.where(two_way, starts.share * lasts + seconds[network.start[street]], np.inf)
        gap = goal.share[0] - starts.share
        along = np.where((street == goal.street[0]) & (two_way | (gap >= 0)), np.abs(gap) * lasts, np.inf)
        ways = np.stack([by_end, by_start, along])
        which = ways.argmin(axis=0)
        leaves = np.where(which == 0, network.end[street], network.start[street])
        rest = np.where(which == 0, 1 - starts.share, starts.share) * long
        driven = rest + self._length(leaves, onward, goal, n)
        return ways.min(axis=0), np.where(which == 2, np.abs(gap) * long, driven)

    def _length(self, junctions: Numbers, onward: Numbers, goal: _Spots, n: int) -> Floats:
        """Metres from each junction to the goal on its quickest way, all followed together, hop by hop."""
        total = np.zeros(len(junctions))
        here = junctions.astype(np.int64)
        under_way = onward[here] >= 0
        while under_way.any():
            ahead = onward[here[under_way]].astype(np.int64)
            total[under_way] += self._hops(here[under_way], ahead, goal, n)
            here[under_way] = ahead
            under_way = (here != n) & (onward[here] >= 0)
        return total

    def _hops(self, here: npt.NDArray[np.int64], ahead: npt.NDArray[np.int64], goal: _Spots, n: int) -> Floats:
        known = np.minimum(np.searchsorted(self._hop_keys, ahead * n + here), len(self._hop_keys) - 1)
        network, street, share = self._network, goal.street[0], float(goal.share[0])
        last = np.where(here == network.start[street], share, 1 - share) * network.length_m[street]
        return np.where(ahead == n, last, self._hop_m[known])


def _metres_a_degree(lat: float) -> Floats:
    a_degree = EARTH_RADIUS_M * np.pi / 180
    return np.array([a_degree * np.cos(np.radians(lat)), a_degree])


def _picked(spots: _Spots, which: slice) -> _Spots:
    return _Spots(spots.street[which], spots.share[which], spots.beside_m[which])


def _backwards(network: Network) -> tuple[Any, npt.NDArray[np.int64], Floats]:
    """The network's arcs turned round, the quickest of those that join the same two junctions; and their lengths.

    The keys of the lengths are `head * junctions + tail` of the road as it is driven, rising.
    """
    n, two_way = network.junctions, network.both_ways
    heads = np.concatenate([network.end, network.start[two_way]]).astype(np.int64)
    tails = np.concatenate([network.start, network.end[two_way]]).astype(np.int64)
    seconds = np.concatenate([network.seconds, network.seconds[two_way]])
    length_m = np.concatenate([network.length_m, network.length_m[two_way]])
    keys = heads * n + tails
    order = np.lexsort((seconds, keys))
    keys, quickest = np.unique(keys[order], return_index=True)
    taken = order[quickest]
    arcs = csr_array((seconds[taken], (heads[taken], tails[taken])), shape=(n, n))
    arcs.sort_indices()
    return arcs, keys, length_m[taken]
