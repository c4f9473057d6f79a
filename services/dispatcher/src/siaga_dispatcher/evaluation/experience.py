"""Whose area a place is, learnt from whom the centre sent to its neighbourhood before."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from siaga_dispatcher.core.geo import EARTH_RADIUS_M
from siaga_dispatcher.core.values import Position

# How far an earlier call speaks for a place: a block. With half of it most places have no neighbour, with four times
# of it an area's border is blurred.
NEIGHBOUR_M: Final = 70.0
# Beyond this many of them a call weighs under a hundredth and is left out.
REACH: Final = 4.6
# What the area on the map counts for, in earlier calls: one. It loses against two that went otherwise.
MAP_WEIGHT: Final = 1.0
# Where no map of areas is known, the nearest station by air stands in; it is right in four of five.
GUESS_WEIGHT: Final = 0.5


@dataclass(frozen=True, slots=True)
class Sighting:
    """One call as it went: which engine was sent first, and which could have been."""

    place: Position
    first: str
    free: frozenset[str]


class Experience:
    """Sightings, added as time goes on. Holds `capacity` of them at most; raise IndexError beyond."""

    def __init__(self, engines: Sequence[str], capacity: int) -> None:
        self._column = {engine: index for index, engine in enumerate(engines)}
        self._lat = np.zeros(capacity)
        self._lon = np.zeros(capacity)
        self._first = np.zeros((capacity, len(engines)))
        self._free = np.zeros((capacity, len(engines)))
        self._count = 0

    def add(self, seen: Sighting) -> None:
        """Remember a call."""
        row = self._count
        self._lat[row], self._lon[row] = math.radians(seen.place.lat), math.radians(seen.place.lon)
        # An engine that came although the log has it busy was free after all.
        for engine in {*seen.free, seen.first} & self._column.keys():
            self._free[row, self._column[engine]] = 1
        if seen.first in self._column:
            self._first[row, self._column[seen.first]] = 1
        self._count += 1

    def shares(self, place: Position, home: str, weight: float) -> Mapping[str, float]:
        """For each engine, of the times that it could have been sent to the neighbourhood, the share that it was: 0 to 1.

        `home` is whose area it is believed to be, which counts as `weight` calls.
        """
        near = self._weights(place)
        sent = near @ self._first[: self._count]
        could = near @ self._free[: self._count] + weight
        if home in self._column:
            sent[self._column[home]] += weight
        return {engine: float(sent[index] / could[index]) for engine, index in self._column.items()}

    def _weights(self, place: Position) -> NDArray[np.float64]:
        north = self._lat[: self._count] - math.radians(place.lat)
        east = (self._lon[: self._count] - math.radians(place.lon)) * math.cos(math.radians(place.lat))
        away = np.hypot(north, east) * (EARTH_RADIUS_M / NEIGHBOUR_M)
        weights: NDArray[np.float64] = np.where(away < REACH, np.exp(-away), 0.0)
        return weights
