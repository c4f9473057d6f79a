"""Streets from an extract of OpenStreetMap (`.osm.pbf`, `.osm`, `.osm.gz`)."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import osmium

from siaga_dispatcher.core.geo import distance_m
from siaga_dispatcher.core.roads.network import Street
from siaga_dispatcher.core.roads.speeds import speed_kmh
from siaga_dispatcher.core.values import Position

# Who may drive, the more particular tag first. A crew passes a gate that keeps others out (`private`), not a `no`.
ACCESS: Final = ("emergency", "motorcar", "motor_vehicle", "vehicle", "access")
FORWARD: Final = frozenset({"yes", "true", "1"})
BACKWARD: Final = frozenset({"-1", "reverse"})


class _Way(NamedTuple):
    nodes: list[int]
    course: list[tuple[float, float]]
    speed_kmh: float
    both_ways: bool


def read_openstreetmap(file: Path) -> Iterator[Street]:
    """Every stretch of drivable road between two junctions.

    A way that leaves the extract counts as far as its nodes are in it. Raises RuntimeError (osmium's) for what is no
    such file.
    """
    ways = list(_ways(file))
    uses = Counter(node for way in ways for node in way.nodes)
    for way in ways:
        yield from _split(way, uses)


def _ways(file: Path) -> Iterator[_Way]:
    for way in osmium.FileProcessor(str(file)).with_locations().with_filter(osmium.filter.KeyFilter("highway")):
        if not isinstance(way, osmium.osm.Way):
            continue
        tags = {tag.k: tag.v for tag in way.tags}
        speed = speed_kmh(tags["highway"], tags.get("maxspeed", ""))
        nodes = [node for node in way.nodes if node.location.valid()]
        if speed is None or not _open(tags) or len(nodes) < 2:
            continue
        one_way = _one_way(tags)
        if one_way in BACKWARD:
            nodes.reverse()
        yield _Way([n.ref for n in nodes], [(n.lon, n.lat) for n in nodes], speed, one_way == "no")


def _open(tags: Mapping[str, str]) -> bool:
    if tags.get("area") == "yes":
        return False
    return next((tags[key] for key in ACCESS if key in tags), "yes") != "no"


def _one_way(tags: Mapping[str, str]) -> str:
    told = tags.get("oneway", "")
    if told in FORWARD or told in BACKWARD:
        return told
    implied = tags.get("junction") in ("roundabout", "circular") or tags["highway"] == "motorway"
    return "yes" if implied and told != "no" else "no"


def _split(way: _Way, uses: Mapping[int, int]) -> Iterator[Street]:
    begin = 0
    for index in range(1, len(way.nodes)):
        if uses[way.nodes[index]] > 1 or index == len(way.nodes) - 1:
            course = way.course[begin : index + 1]
            yield Street(
                way.nodes[begin], way.nodes[index], course, _length_m(course), way.speed_kmh, way.both_ways
            )  # fmt: skip
            begin = index


def _length_m(course: list[tuple[float, float]]) -> float:
    places = [Position(lat, lon) for lon, lat in course]
    return sum(distance_m(here, there) for here, there in pairwise(places))
