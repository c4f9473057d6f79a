"""Reading `gazetteer.csv` and finding the border files beside it."""

import csv
from pathlib import Path
from typing import Final

from siaga_tenants.borders import Borders
from siaga_tenants.document import Problems
from siaga_tenants.gazetteer import LEVELS, Area, Gazetteer

COLUMNS: Final = ("code", "level", "name", "parent_code", "lat", "lon", "area_km2")
DESA_BORDERS: Final = "borders/desa.geojson.gz"
OUTLINE: Final = "borders/kabupaten.geojson.gz"


def read_gazetteer(folder: Path, code: str, problems: Problems) -> Gazetteer:
    """The areas of a tenant; rows of the CSV are checked now, polygons when they are first asked for."""
    borders = Borders(folder / DESA_BORDERS, folder / OUTLINE)
    for file in (borders.desa_file, borders.outline_file):
        if not file.is_file():
            problems.add(file, 1, "", "cannot be read: no such file; put the borders there as gzipped GeoJSON")
    return Gazetteer.of(_areas(folder / "gazetteer.csv", code, problems), borders)


def _areas(file: Path, tenant_code: str, problems: Problems) -> list[Area]:
    try:
        rows = list(csv.reader(file.read_text("utf-8").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        problems.add(file, 1, "", f"cannot be read: {error}; every tenant needs this file, as UTF-8 CSV")
        return []
    if not rows or tuple(rows[0]) != COLUMNS:
        problems.add(file, 1, "header", f"must be exactly {','.join(COLUMNS)}")
        return []
    areas: dict[str, Area] = {}
    for line, row in enumerate(rows[1:], start=2):
        area = _area(row)
        if isinstance(area, str):
            problems.add(file, line, "row", area)
        elif not f"{area.code}.".startswith(f"{tenant_code}."):
            problems.add(file, line, "code", f"{area.code!r} is no area of {tenant_code}; remove the row")
        elif area.code in areas:
            problems.add(file, line, "code", f"{area.code!r} stands twice; remove one of them")
        else:
            areas[area.code] = area
    if tenant_code not in areas:
        problems.add(file, 1, "code", f"has no row of the kabupaten {tenant_code!r}; add it")
    return list(areas.values())


def _area(row: list[str]) -> Area | str:
    """The area of a row, or what is wrong with it."""
    if len(row) != len(COLUMNS):
        return f"has {len(row)} columns, must have {len(COLUMNS)}; quote names that hold a comma"
    code, level, name, parent_code, *numbers = row
    known = next((one for one in LEVELS if one == level), None)
    if known is None or not name:
        return f"level {level!r} must be one of {', '.join(LEVELS)}, and the name not empty"
    try:
        lat, lon, area_km2 = map(float, numbers)
    except ValueError:
        return "lat, lon and area_km2 must be numbers with a decimal point"
    if not (-90 <= lat <= 90 and -180 <= lon <= 180 and 0 < area_km2 < 1_000_000):
        return "lat, lon or area_km2 is out of range; lat comes before lon"
    return Area(code, known, name, parent_code, lat, lon, area_km2)
