"""A list of units as files bring it: CSV as spreadsheets write it, or GeoJSON points, each row with its line."""

import codecs
import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from siaga_tenants.unit_lists.columns import COLUMNS, field_of

# The comma of the standard, the semicolon of Indonesian spreadsheets.
_SEPARATORS: Final = ",;\t|"
# No centre has so many; a file that is larger is another one, and would fill the memory.
MOST_BYTES: Final = 50_000_000
_FEATURES: Final = '"features"'


class UnreadableFile(ValueError):  # noqa: N818  (what people are told)
    """The file as a whole is no list of units."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is to be said of a row; `field` is the column as the file calls it, empty = the whole row."""

    line: int
    field: str
    what: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row, its cells by our field; empty ones are left out."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class UnitFile:
    """A list of units as it stands in a file."""

    rows: tuple[Row, ...]
    # Our field, and what the file calls it.
    headings: Mapping[str, str]
    # Columns that say nothing to us.
    unused: tuple[str, ...] = ()
    unreadable: tuple[Finding, ...] = ()


def read_file(file: Path) -> UnitFile:
    """The units of a `.csv`, `.geojson` or `.json` file. Raises UnreadableFile, OSError."""
    if file.stat().st_size > MOST_BYTES:
        raise UnreadableFile(f"is larger than {MOST_BYTES // 1_000_000} MB; is it the list of units?")
    text = _decoded(file.read_bytes())
    match file.suffix.lower():
        case ".csv" | ".txt" | ".tsv":
            return _of_csv(text)
        case ".geojson" | ".json":
            return _of_geojson(text)
        case other:
            raise UnreadableFile(f"files end with .csv or .geojson, not {other or 'without either'}; save it as one")


def _decoded(data: bytes) -> str:
    """As spreadsheets save: UTF-8 with a mark or without, UTF-16 with one, or the old Windows page."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _of_csv(text: str) -> UnitFile:
    first, _, rest = text.partition("\n")
    skipped = 0
    # How a spreadsheet tells itself the separator.
    if first.strip().lower().startswith("sep=") and rest:
        text, first, skipped = rest, rest.partition("\n")[0], 1
    separator = max(_SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    rows: list[Row] = []
    unreadable: list[Finding] = []
    end = 0
    try:
        heading = next(reader, [])
        fields, headings, unused = _fields(heading)
        end = reader.line_num
        for cells in reader:
            line, end = end + 1 + skipped, reader.line_num
            if len(cells) > len(heading) and any(cell.strip() for cell in cells[len(heading) :]):
                what = f"has {len(cells)} fields, but the heading {len(heading)}; quote what holds a {separator!r}"
                unreadable.append(Finding(line, "", what))
                continue
            row = _row(line, fields, cells)
            rows += [row] if row is not None else []
    except csv.Error as error:
        unreadable.append(Finding(end + 1 + skipped, "", f"is no CSV: {error}; the rest of the file is left out"))
    return UnitFile(tuple(rows), headings, unused, tuple(unreadable))


def _fields(heading: list[str]) -> tuple[list[str | None], dict[str, str], tuple[str, ...]]:
    """Our field of each column; what ours are called; what is not ours. Raises UnreadableFile for one that stands twice."""
    fields = [field_of(name) for name in heading]
    headings: dict[str, str] = {}
    for field, name in zip(fields, heading, strict=True):
        if field is not None and field in headings:
            raise UnreadableFile(f"has two columns for {field}: {headings[field]!r} and {name!r}; remove one of them")
        if field is not None:
            headings[field] = name.strip()
    if not {"unit_id", "name"} & set(headings):
        raise UnreadableFile(
            f"has no column {' or '.join(COLUMNS['unit_id'][:2])} or {' or '.join(COLUMNS['name'][:2])}; "
            "the first line names the columns"
        )
    unused = tuple(name.strip() for field, name in zip(fields, heading, strict=True) if field is None and name.strip())
    return fields, headings, unused


def _row(line: int, fields: list[str | None], cells: list[str]) -> Row | None:
    """The row; None when it is empty."""
    told = {
        field: cell.strip() for field, cell in zip(fields, cells, strict=False) if field is not None and cell.strip()
    }
    return Row(line, told) if told else None


def _of_geojson(text: str) -> UnitFile:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(f"is no JSON: {error}") from error
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or document.get("type") != "FeatureCollection":
        raise UnreadableFile("is no GeoJSON FeatureCollection of points")
    lines = list(_lines(text, len(features)))
    names = list(dict.fromkeys(name for feature in features for name in _properties(feature)))
    fields, headings, unused = _fields(names)
    rows: list[Row] = []
    unreadable: list[Finding] = []
    for line, feature in zip(lines, features, strict=True):
        properties = _properties(feature)
        point = _point(feature)
        if point is None:
            unreadable.append(Finding(line, "geometry", "is no Point with longitude and latitude; make it one"))
            continue
        row = _row(line, fields, [_cell(properties.get(name)) for name in names])
        # The geometry is the position, whatever the properties repeat of it.
        cells = {} if row is None else {name: cell for name, cell in row.cells.items() if name != "point"}
        rows.append(Row(line, {**cells, "lon": repr(point[0]), "lat": repr(point[1])}))
    return UnitFile(
        tuple(rows), {**headings, "lat": "coordinates", "lon": "coordinates"}, unused, tuple(unreadable)
    )  # fmt: skip


def _properties(feature: Any) -> dict[str, Any]:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    return properties if isinstance(properties, dict) else {}


def _point(feature: Any) -> tuple[float, float] | None:
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        return None
    match geometry.get("coordinates"):
        case [int() | float() as lon, int() | float() as lat, *_]:
            return float(lon), float(lat)
    return None


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return "|".join(str(each) for each in value)
    return "" if value is None or isinstance(value, dict) else str(value)


def _lines(text: str, count: int) -> Iterator[int]:
    """The line that each feature begins on; where that cannot be told, its number in the list."""
    decoder = json.JSONDecoder()
    at = text.find("[", text.find(_FEATURES) + len(_FEATURES)) + 1
    line, counted = 1, 0
    for number in range(1, count + 1):
        while text[at : at + 1] in {" ", "\n", "\r", "\t", ","}:
            at += 1
        line += text.count("\n", counted, at)
        counted = at
        try:
            _, at = decoder.raw_decode(text, at)
        except ValueError:
            yield from range(number, count + 1)
            return
        yield line
