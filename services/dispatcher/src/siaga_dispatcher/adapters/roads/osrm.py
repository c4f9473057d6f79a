"""OSRM: `/table/v1`, one request for all origins (project-osrm.org/docs, HTTP API)."""

import math
from collections.abc import Sequence
from typing import Any, Final

from siaga_dispatcher.adapters.roads.answers import Answers, RoadsUnusableError
from siaga_dispatcher.adapters.roads.http import Http
from siaga_dispatcher.core.geo import distance_m
from siaga_dispatcher.core.roads.drives import Drive, with_rests
from siaga_dispatcher.core.values import Position

SOURCE: Final = "osrm"
PROFILE: Final = "driving"


class Osrm(Http):
    """A running `osrm-routed`."""

    source = SOURCE

    async def ask(self, origins: Sequence[Position], destination: Position, answers: Answers) -> None:
        """Fill in all drives at once; raises RoadsUnusableError."""
        points = ";".join(f"{point.lon:.6f},{point.lat:.6f}" for point in (destination, *origins))
        status, table = await self.get(
            f"/table/v1/{PROFILE}/{points}",
            {
                "destinations": "0",
                "sources": ";".join(str(number) for number in range(1, len(origins) + 1)),
                "annotations": "duration,distance",
                "generate_hints": "false",
            },
        )
        answers.heard = True
        try:
            drives = _read(table, origins, destination)
        except (KeyError, IndexError, TypeError, ValueError):
            code = table.get("code", "") if isinstance(table, dict) else ""
            raise RoadsUnusableError(f"status {status} {code}".rstrip()) from None
        answers.drives.update(enumerate(drives))


def _read(table: Any, origins: Sequence[Position], destination: Position) -> list[Drive | None]:
    """OSRM takes the nearest street however far it is; how far is in the answer."""
    end_m = distance_m(destination, _snapped(table["destinations"][0]))
    drives: list[Drive | None] = []
    for number, origin in enumerate(origins):
        seconds, length_m = table["durations"][number][0], table["distances"][number][0]
        begin_m = distance_m(origin, _snapped(table["sources"][number]))
        known = seconds is not None and length_m is not None
        drives.append(with_rests(float(seconds if known else math.nan), float(length_m or 0.0), begin_m, end_m))
    return drives


def _snapped(waypoint: Any) -> Position:
    lon, lat = waypoint["location"]
    return Position(float(lat), float(lon))
