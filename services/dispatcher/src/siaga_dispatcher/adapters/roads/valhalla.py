"""Valhalla: `/sources_to_targets`, a few origins in a request (valhalla.github.io, Time-Distance Matrix)."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from siaga_dispatcher.adapters.roads.answers import Answers, RoadsUnusableError
from siaga_dispatcher.adapters.roads.http import Http
from siaga_dispatcher.core.geo import distance_m
from siaga_dispatcher.core.roads.drives import OFF_MAP_M, Drive, with_rests
from siaga_dispatcher.core.roads.speeds import TOP_KMH
from siaga_dispatcher.core.values import Position

SOURCE: Final = "valhalla"
# Errors by which one place that cannot be reached fails the whole matrix: too far, unconnected, no street near, no way.
ONE_OF_THEM: Final = frozenset({154, 170, 171, 442})
# How much road must lead on from a street that is believed to be near. The server's own 50 takes 3 ms a place to look for,
# and lanes within a housing complex have fewer.
REACHABILITY: Final = 5
# Origins in one request. As it comes, Valhalla takes some milliseconds for each; in portions, the nearest have their answer
# when the time is up for the others.
PORTION: Final = 8


class Valhalla(Http):
    """A running `valhalla_service`."""

    source = SOURCE

    async def ask(self, origins: Sequence[Position], destination: Position, answers: Answers) -> None:
        """Fill in the drives portion by portion, and by halves where one origin spoils it for its portion.

        Raises RoadsUnusableError.
        """
        numbered = list(enumerate(origins))
        portions = [numbered[begin : begin + PORTION] for begin in range(0, len(numbered), PORTION)]
        await asyncio.gather(*(self._ask_portion(portion, destination, answers) for portion in portions))

    async def _ask_portion(
        self, origins: Sequence[tuple[int, Position]], destination: Position, answers: Answers
    ) -> None:
        places = [origin for _, origin in origins]
        status, matrix = await self.post("/sources_to_targets", _question(places, destination))
        answers.heard = True
        code = matrix.get("error_code") if isinstance(matrix, dict) else None
        if code in ONE_OF_THEM:
            if len(origins) == 1:
                answers.drives[origins[0][0]] = None
                return
            middle = len(origins) // 2
            halves = (origins[:middle], origins[middle:])
            await asyncio.gather(*(self._ask_portion(half, destination, answers) for half in halves))
            return
        try:
            drives = _read(matrix, places, destination)
        except (KeyError, IndexError, TypeError, ValueError):
            raise RoadsUnusableError(f"status {status} error {code}") from None
        answers.drives.update(zip((number for number, _ in origins), drives, strict=True))


def _question(origins: Sequence[Position], destination: Position) -> dict[str, Any]:
    return {
        "sources": [_location(origin) for origin in origins],
        "targets": [_location(destination)],
        "costing": "auto",
        "costing_options": {"auto": {"top_speed": TOP_KMH}},
        "units": "kilometers",
    }


def _location(point: Position) -> dict[str, float]:
    return {
        "lat": round(point.lat, 6),
        "lon": round(point.lon, 6),
        "search_cutoff": OFF_MAP_M,
        "minimum_reachability": REACHABILITY,
    }


def _read(matrix: Any, origins: Sequence[Position], destination: Position) -> list[Drive | None]:
    return [
        _drive(row[0], origin, destination)
        for row, origin in zip(matrix["sources_to_targets"], origins, strict=True)
    ]  # fmt: skip


def _drive(cell: Any, origin: Position, destination: Position) -> Drive | None:
    if cell["time"] is None:
        return None
    # A server older than 3.5 does not say where on the road it began and ended.
    begin_m = _beside_m(origin, cell.get("begin_lat"), cell.get("begin_lon"))
    end_m = _beside_m(destination, cell.get("end_lat"), cell.get("end_lon"))
    return with_rests(float(cell["time"]), float(cell["distance"]) * 1_000, begin_m, end_m)


def _beside_m(point: Position, lat: float | None, lon: float | None) -> float:
    return distance_m(point, Position(lat, lon)) if lat is not None and lon is not None else 0.0
