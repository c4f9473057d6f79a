"""Reading `landmarks.csv`: what people name instead of an address. A tenant may leave it out."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from siaga_tenants.borders import Borders, BordersError
from siaga_tenants.document import Problems

FILE: Final = "landmarks.csv"
COLUMNS: Final = ("name", "aliases", "lat", "lon", "radius_m", "source")
# A landmark beyond this is a region; a fix so wide sends nobody anywhere.
MAX_RADIUS_M: Final = 20_000.0
# What people here call a town over the border is no landmark of theirs.
FARTHEST_FROM_BORDER_M: Final = 1_000.0


@dataclass(frozen=True, slots=True)
class Landmark:
    """Something everybody knows the place of; `source` says how the position is known, `radius_m` how far off it may be."""

    name: str
    aliases: tuple[str, ...]
    lat: float
    lon: float
    radius_m: float
    source: str


def read_landmarks(folder: Path, borders: Borders, problems: Problems) -> tuple[Landmark, ...]:
    """The landmarks of a tenant; each bad row is a problem, and the good ones beside it are kept."""
    file = folder / FILE
    if not file.exists():
        return ()
    try:
        rows = list(csv.reader(file.read_text("utf-8").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        problems.add(file, 1, "", f"cannot be read: {error}; write it as UTF-8 CSV, or take it away")
        return ()
    if not rows or tuple(rows[0]) != COLUMNS:
        problems.add(file, 1, "header", f"must be exactly {','.join(COLUMNS)}")
        return ()
    found: dict[str, Landmark] = {}
    for line, row in enumerate(rows[1:], start=2):
        landmark = _landmark(row)
        wrong = landmark if isinstance(landmark, str) else _misplaced(landmark, borders)
        if isinstance(landmark, str) or wrong:
            problems.add(file, line, "row", wrong)
            continue
        for name in (landmark.name, *landmark.aliases):
            if name.casefold() in found:
                problems.add(file, line, "name", f"{name!r} stands twice; remove one of them")
            found[name.casefold()] = landmark
    return tuple(dict.fromkeys(found.values()))


def _landmark(row: list[str]) -> Landmark | str:
    """The landmark of a row, or what is wrong with it."""
    if len(row) != len(COLUMNS):
        return f"has {len(row)} columns, must have {len(COLUMNS)}; quote names that hold a comma, part aliases by |"
    name, aliases, *numbers, source = (field.strip() for field in row)
    if not name or not source:
        return "name and source must not be empty; the source says how the position is known"
    try:
        lat, lon, radius_m = map(float, numbers)
    except ValueError:
        return "lat, lon and radius_m must be numbers with a decimal point"
    if not (-90 <= lat <= 90 and -180 <= lon <= 180 and 0 < radius_m <= MAX_RADIUS_M):
        return f"lat, lon or radius_m is out of range; lat comes before lon, the radius is above 0 and at most {MAX_RADIUS_M:g}"
    return Landmark(
        name, tuple(alias.strip() for alias in aliases.split("|") if alias.strip()), lat, lon, radius_m, source
    )


def _misplaced(landmark: Landmark, borders: Borders) -> str:
    if not borders.outline_file.is_file():
        return ""
    try:
        outside_m = borders.distance_m(landmark.lat, landmark.lon)
    except BordersError:
        # Told once, by the check of the units' positions.
        return ""
    if outside_m <= FARTHEST_FROM_BORDER_M:
        return ""
    return f"{landmark.name} lies {outside_m / 1000:.0f} km outside the tenant; correct lat and lon, or remove the row"
