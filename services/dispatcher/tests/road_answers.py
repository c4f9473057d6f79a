"""Answers of real servers (valhalla_service 3.9.1, osrm-routed 26.10.0) on the extract of Liechtenstein in data/roads."""

from typing import Any, Final

from siaga_dispatcher.core.values import Position

VADUZ: Final = Position(47.141, 9.521)
SCHAAN: Final = Position(47.165, 9.509)
BALZERS: Final = Position(47.066, 9.503)
# Near Domodossola: on no street of the extract.
ITALY: Final = Position(46.1, 8.5)

VALHALLA_CELLS: Final[dict[Position, dict[str, Any]]] = {
    SCHAAN: {
        "from_index": 0, "to_index": 0, "time": 220, "distance": 2.985, "cost": 220.202, "begin_heading": 188.7,
        "end_heading": 45.7, "begin_lat": 47.165017, "begin_lon": 9.508837, "end_lat": 47.140981, "end_lon": 9.52103,
    },
    BALZERS: {
        "from_index": 1, "to_index": 0, "time": 579, "distance": 9.1, "cost": 617.012, "begin_heading": 344.5,
        "end_heading": 45.7, "begin_lat": 47.06615, "begin_lon": 9.502661, "end_lat": 47.140981, "end_lon": 9.52103,
    },
}  # fmt: skip
VALHALLA_UNCONNECTED: Final = {
    "error_code": 170,
    "error": "Locations are in unconnected regions. Go check/edit the map at osm.org",
    "status_code": 400,
    "status": "Bad Request",
}
OSRM_TABLE: Final[dict[str, Any]] = {
    "code": "Ok",
    "distances": [[2982], [9096.6], [12790.3]],
    "destinations": [{"distance": 3.088279524, "name": "Adlerkreisel", "location": [9.521031, 47.140982]}],
    "durations": [[270.7], [694.3], [1514.1]],
    "sources": [
        {"distance": 12.50029224, "name": "Landstrasse", "location": [9.508837, 47.165017]},
        {"distance": 30.73606846, "name": "", "location": [9.502661, 47.066151]},
        # Italy, taken to the nearest street 130 km away.
        {"distance": 129791.4197, "name": "Rheindamm", "location": [9.475706, 47.054219]},
    ],
}


def valhalla_matrix(origins: list[Position]) -> dict[str, Any]:
    """What `/sources_to_targets` answers; None in a cell's place where a test asks for no way."""
    cells = [[VALHALLA_CELLS[origin]] for origin in origins]
    return {"sources_to_targets": cells, "units": "kilometers", "algorithm": "costmatrix"}
