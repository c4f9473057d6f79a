"""Montgomery County's public list of 911 calls: what, where, when. It names no unit."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from siaga_dispatcher.core.values import Position
from siaga_dispatcher.evaluation.county_types import AGENCIES, OTHER, TYPE_OF
from siaga_dispatcher.evaluation.tables import Fault, FieldError, LogError, Row, read_table, sift

COLUMNS: Final = ("lat", "lng", "title", "timeStamp")
# The county with some of its neighbours. Titles with coordinates beyond are of addresses that a map put elsewhere.
COUNTY: Final = (39.90, 40.50, -75.80, -74.95)
# `desc` tells when the call came in; a list published later than this after it tells of another call.
LONGEST_DELAY_MS: Final = 3_600_000
_CAME_IN: Final = re.compile(r"(\d{4}-\d\d-\d\d) @ (\d\d:\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class CountyCall:
    """One call of one agency; `at_ms` is when it came in, as far as the list tells."""

    line: int
    agency: str
    subject: str
    type: str
    place: Position
    address: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class CountyLog:
    """The calls in the order of their times, and the lines that are none."""

    calls: Sequence[CountyCall]
    faults: Sequence[Fault]


def read_county_log(path: Path) -> CountyLog:
    """Raise LogError when the file cannot be read, lacks a column, or holds no call."""
    calls, faults = sift(read_table(path, COLUMNS), _call)
    if not calls:
        raise LogError(f"{path}: no call could be read" + (f"; {faults[0]}" if faults else ""))
    return CountyLog(sorted(calls, key=lambda call: (call.at_ms, call.line)), faults)


def _call(row: Row) -> CountyCall:
    agency, _, subject = row.needed("title").partition(":")
    if agency not in AGENCIES:
        raise FieldError("title", f"{agency[:40]!r} is none of {', '.join(AGENCIES)}")
    place = row.position("lat", "lng")
    south, north, west, east = COUNTY
    if not (south <= place.lat <= north and west <= place.lon <= east):
        column, value = ("lng", place.lon) if south <= place.lat <= north else ("lat", place.lat)
        raise FieldError(column, f"{value} lies outside the county")
    # Traffic's subjects end with a dash.
    named = subject.rstrip(" -").strip()
    return CountyCall(
        row.line, agency, named, TYPE_OF.get(named, OTHER), place, row.text("addr"), _came_in_ms(row)
    )  # fmt: skip


def _came_in_ms(row: Row) -> int:
    listed_ms = row.time_ms("timeStamp")
    if listed_ms is None:
        raise FieldError("timeStamp", "is empty")
    told = _CAME_IN.search(row.text("desc"))
    if told is None:
        return listed_ms
    try:
        delay_s = (
            datetime.fromisoformat(row.text("timeStamp")) - datetime.fromisoformat(f"{told[1]} {told[2]}")
        ).total_seconds()
    except (ValueError, TypeError):
        return listed_ms
    return listed_ms - round(delay_s * 1000) if 0 <= delay_s * 1000 <= LONGEST_DELAY_MS else listed_ms
