"""Border polygons of a tenant, read when first asked for."""

import gzip
import math
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import shapely

# Metres of one degree of latitude; good to 1 % in Indonesia, and borders are simplified by more than that.
METRES_PER_DEGREE: Final = 111_320.0


class BordersError(Exception):
    """A border file that cannot be read; the text names the file and what to do."""


class Borders:
    """Polygons by area code. `desa` answers points; `outline` is the coarse border of the whole tenant."""

    __slots__ = ("_codes", "_ground", "_outline", "_tree", "desa_file", "outline_file")

    def __init__(self, desa_file: Path, outline_file: Path) -> None:
        self.desa_file = desa_file
        self.outline_file = outline_file
        self._codes: tuple[str, ...] = ()
        self._tree: shapely.STRtree | None = None
        self._outline: tuple[tuple[str, Any], ...] | None = None
        self._ground: Any = None

    def holding(self, lat: float, lon: float) -> list[str]:
        """Codes of all areas whose polygon holds the point (its edge included).

        The outline counts only where the desas leave a gap between them: along the border it is hundreds of metres off.
        """
        if self._tree is None:
            self._read_all()
        assert self._tree is not None
        point = shapely.Point(lon, lat)
        found = [self._codes[int(index)] for index in self._tree.query(point, predicate="intersects")]
        outlines = {code for code, _ in self._outlines()}
        if outlines.issuperset(found) and not self._encloses(point):
            return []
        return found or sorted(outlines)

    def codes(self) -> tuple[str, ...]:
        """Codes of all areas that have a polygon."""
        if self._tree is None:
            self._read_all()
        return self._codes

    def distance_m(self, lat: float, lon: float) -> float:
        """How far a point lies outside the tenant's outline; 0 inside."""
        # A degree of longitude is shorter than one of latitude: measured in a plane stretched to match.
        stretch = math.cos(math.radians(lat))
        point = shapely.Point(lon * stretch, lat)
        distances = (
            shapely.distance(shapely.transform(polygon, lambda xy: xy * (stretch, 1.0)), point)
            for _, polygon in self._outlines()
        )
        return float(min(distances)) * METRES_PER_DEGREE

    def _encloses(self, point: Any) -> bool:
        """Whether the point lies on the ground of the desas, the gaps between their polygons filled."""
        if self._ground is None:
            assert self._tree is not None
            outlines = {code for code, _ in self._outlines()}
            geometries = self._tree.geometries
            desas = [geometries[index] for index, code in enumerate(self._codes) if code not in outlines]
            parts = shapely.get_parts(shapely.union_all(desas or list(geometries)))
            self._ground = shapely.union_all(shapely.polygons(shapely.get_exterior_ring(parts)))
            shapely.prepare(self._ground)
        return bool(shapely.intersects(self._ground, point))

    def _outlines(self) -> tuple[tuple[str, Any], ...]:
        if self._outline is None:
            self._outline = tuple(_polygons(self.outline_file))
        return self._outline

    def _read_all(self) -> None:
        everything = (*_polygons(self.desa_file), *self._outlines())
        self._codes = tuple(code for code, _ in everything)
        self._tree = shapely.STRtree([polygon for _, polygon in everything])


class _Properties(msgspec.Struct):
    kode: str


class _Feature(msgspec.Struct):
    properties: _Properties
    geometry: msgspec.Raw


class _Collection(msgspec.Struct):
    features: list[_Feature]


def _polygons(file: Path) -> Iterator[tuple[str, Any]]:
    try:
        collection = msgspec.json.decode(gzip.decompress(file.read_bytes()), type=_Collection)
        if not collection.features:
            raise BordersError(f"{file}:1: features: holds no polygon; put the GeoJSON of the borders there")
        for feature in collection.features:
            yield feature.properties.kode, shapely.from_geojson(bytes(feature.geometry))
    except (OSError, EOFError, zlib.error, msgspec.DecodeError, shapely.errors.ShapelyError) as error:
        raise BordersError(
            f"{file}:1: {error}; it must be gzipped GeoJSON polygons, each with properties.kode"
        ) from error
