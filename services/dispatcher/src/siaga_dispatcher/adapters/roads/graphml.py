"""Streets from a GraphML file as OSMnx writes it (`ox.save_graphml`), gzipped or not."""

import gzip
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import shapely
from defusedxml import ElementTree

from siaga_dispatcher.core.roads.network import Street
from siaga_dispatcher.core.roads.speeds import speed_kmh

_SPACE: Final = "{http://graphml.graphdrawing.org/xmlns}"


class _Edge(NamedTuple):
    start: int
    end: int
    data: Mapping[str, str]

    @property
    def length_m(self) -> float:
        return float(self.data["length"])


def read_graphml(file: Path) -> Iterator[Street]:
    """Every edge; the two directions of one road are one street.

    Raises ValueError for what is no such file: no XML, an edge without length or class, a node without x and y.
    """
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as source:
            root = ElementTree.fromstring(source.read())
    except ElementTree.ParseError as error:
        raise ValueError(f"{file}: is no XML: {error}; save the graph with OSMnx's save_graphml") from None
    names = {key.attrib["id"]: key.attrib["attr.name"] for key in root.iter(f"{_SPACE}key")}
    try:
        where = {int(node.attrib["id"]): _data(node, names) for node in root.iter(f"{_SPACE}node")}
        edges = [
            _Edge(int(edge.attrib["source"]), int(edge.attrib["target"]), _data(edge, names))
            for edge in root.iter(f"{_SPACE}edge")
        ]
        yield from _streets(edges, {node: (float(data["x"]), float(data["y"])) for node, data in where.items()})
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"{file}: a node or an edge has no {error}; save the graph with OSMnx's save_graphml"
        ) from None


def _streets(edges: list[_Edge], where: Mapping[int, tuple[float, float]]) -> Iterator[Street]:
    there = {(edge.start, edge.end, round(edge.length_m, 2)) for edge in edges}
    for edge in edges:
        speed = speed_kmh(_first(edge.data["highway"]), _first(edge.data.get("maxspeed", "")))
        if speed is None:
            continue
        back = (edge.end, edge.start, round(edge.length_m, 2)) in there and edge.data.get("oneway") != "True"
        if back and edge.start > edge.end:
            continue
        geometry = edge.data.get("geometry")
        course = shapely.from_wkt(geometry).coords[:] if geometry else [where[edge.start], where[edge.end]]
        yield Street(edge.start, edge.end, course, edge.length_m, speed, back)


def _data(element: Any, names: Mapping[str, str]) -> dict[str, str]:
    return {names[data.attrib["key"]]: data.text or "" for data in element.iter(f"{_SPACE}data")}


def _first(value: str) -> str:
    """OSMnx joins edges, and then writes the values of each like `['residential', 'tertiary']`."""
    return value.strip("[]").split(",")[0].strip(" '\"")
