"""A road network as arrays: streets between junctions, with their course, and how long each takes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

# 200,000 streets take 145 MB and one and a half seconds to load. A province fits; Java needs a routing server.
MOST_STREETS: Final = 1_000_000


class EmptyNetworkError(ValueError):
    """No street was left that a vehicle can drive."""


@dataclass(frozen=True, slots=True)
class Street:
    """A stretch of road between two junctions, driven from `start` to `end`, or `both_ways`."""

    start: int
    end: int
    # (lon, lat) in degrees, both ends included.
    course: Sequence[tuple[float, float]]
    length_m: float
    speed_kmh: float
    both_ways: bool


@dataclass(frozen=True, slots=True)
class Network:
    """All streets of an area; junctions are numbered from 0. Street i's course is `course[first[i]:first[i + 1]]`."""

    start: Numbers
    end: Numbers
    length_m: Floats
    seconds: Floats
    both_ways: Flags
    first: Numbers
    # Rows of (lon, lat) in degrees.
    course: Floats

    @property
    def junctions(self) -> int:
        """How many junctions there are."""
        return int(max(self.start.max(), self.end.max())) + 1


def network_of(streets: Iterable[Street]) -> Network:
    """The network of all streets from which every junction can be reached, and left again.

    A car park behind a wall or a road cut off by the edge of the extract is left out: it would look unreachable to every
    unit. Raises EmptyNetworkError when nothing remains, ValueError when the streets are too many.
    """
    drivable = [street for street in streets if len(street.course) > 1]
    if len(drivable) > MOST_STREETS:
        raise ValueError(
            f"{len(drivable)} streets are more than {MOST_STREETS}; cut a smaller area, or run a routing server"
        )
    if not drivable:
        raise EmptyNetworkError("there is no street that a vehicle can drive; is this an extract with roads?")
    kept = _largest_connected(drivable)
    numbers: dict[int, int] = {}
    ends = [(numbers.setdefault(s.start, len(numbers)), numbers.setdefault(s.end, len(numbers))) for s in kept]
    return Network(
        start=np.array([start for start, _ in ends], np.int32),
        end=np.array([end for _, end in ends], np.int32),
        length_m=np.array([street.length_m for street in kept], np.float64),
        seconds=np.array([street.length_m / (street.speed_kmh / 3.6) for street in kept], np.float64),
        both_ways=np.array([street.both_ways for street in kept], np.bool_),
        first=np.cumsum([0, *(len(street.course) for street in kept)], dtype=np.int32),
        course=np.array([point for street in kept for point in street.course], np.float64),
    )


def _largest_connected(streets: Sequence[Street]) -> list[Street]:
    numbers: dict[int, int] = {}
    pairs = [(numbers.setdefault(s.start, len(numbers)), numbers.setdefault(s.end, len(numbers))) for s in streets]
    arcs = pairs + [(end, start) for (start, end), s in zip(pairs, streets, strict=True) if s.both_ways]
    tails, heads = np.array(arcs).T
    graph = csr_array((np.ones(len(arcs)), (tails, heads)), shape=(len(numbers), len(numbers)))
    _, part = connected_components(graph, directed=True, connection="strong")
    largest = np.bincount(part).argmax()
    kept = [s for (start, end), s in zip(pairs, streets, strict=True) if part[start] == part[end] == largest]
    if not kept:
        raise EmptyNetworkError("no street leads back to where it begins; is this a cut-out of one-way roads?")
    return kept
