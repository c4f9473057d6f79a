"""What one row says of a unit, or what is wrong with it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from siaga_contracts.callers import e164

from siaga_tenants.document import suggest
from siaga_tenants.gazetteer import normalise_name
from siaga_tenants.model import Contact
from siaga_tenants.policies import E164
from siaga_tenants.terms import Terms
from siaga_tenants.unit_lists.columns import CAPABILITY_WORDS, KINDS, NO, YES
from siaga_tenants.unit_lists.reading import Finding, Row
from siaga_tenants.units import MQTT_TOPIC, UNIT_ID, WIDEST_ESTIMATE_M
from siaga_tenants.vocabulary import COORD_SOURCES, UNIT_KINDS

# The country with its seas, in degrees.
SOUTH, NORTH, WEST, EAST = -11.5, 6.5, 94.5, 141.5
_NUMBER: Final = re.compile(r"[+-]?\d+([.,]\d+)?")
_SEVERAL: Final = re.compile(r"\s*[|;,/\n]\s*")
# A comma may be the decimal one, so that it parts two coordinates only before a space.
_PAIR: Final = re.compile(r"\s*[;|]\s*|\s*,\s+|\s+")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Told:
    """What a row says; None = nothing, so that what is known stays."""

    line: int
    unit_id: str | None = None
    kind: str | None = None
    name: str | None = None
    address: str | None = None
    place: tuple[float, float] | None = None
    radius_m: float | None = None
    coord_source: str | None = None
    capabilities: tuple[str, ...] | None = None
    phones: tuple[Contact, ...] | None = None
    topics: tuple[Contact, ...] | None = None
    example: bool | None = None


class _Wrong(Exception):  # noqa: N818  (told of one cell; the others are read all the same)
    """What is wrong with a cell, with the remedy."""


@dataclass(slots=True)
class _Reader:
    """Reads the cells of a row, and collects what is wrong with them."""

    row: Row
    headings: Mapping[str, str]
    findings: list[Finding] = field(default_factory=list)

    def read(self, name: str, reading: Callable[[str], T]) -> T | None:
        """The cell's meaning; None when it is empty or wrong."""
        cell = self.row.cells.get(name)
        if cell is None:
            return None
        try:
            return reading(cell)
        except _Wrong as wrong:
            self.wrong(name, str(wrong))
            return None

    def wrong(self, name: str, what: str) -> None:
        """Complain about a column."""
        self.findings.append(Finding(self.row.line, self.headings.get(name, name), what))


def told(row: Row, headings: Mapping[str, str], terms: Terms) -> Told | list[Finding]:
    """The row's meaning, or all that is wrong with it."""
    reader = _Reader(row, headings)
    meaning = Told(
        line=row.line,
        unit_id=reader.read("unit_id", _unit_id),
        kind=reader.read("kind", _kind),
        name=reader.read("name", _one_line),
        address=reader.read("address", _one_line),
        place=_place(reader),
        radius_m=reader.read("radius_m", _radius_m),
        coord_source=reader.read("coord_source", _coord_source),
        capabilities=reader.read("capabilities", lambda cell: _capabilities(cell, terms)),
        phones=reader.read("phone", _phones),
        topics=reader.read("mqtt", _topics),
        example=reader.read("example", _flag),
    )
    return reader.findings or meaning


def _unit_id(cell: str) -> str:
    code = cell.upper()
    if not re.fullmatch(UNIT_ID, code):
        raise _Wrong(f"{cell!r} is no unit id; write it like 3673-DMK-01, or leave it empty for a new unit")
    return code


def _kind(cell: str) -> str:
    kind = KINDS.get(normalise_name(cell))
    if kind is None:
        raise _Wrong(f"{cell!r} is no kind of unit; {suggest(cell.lower(), UNIT_KINDS)}")
    return kind


def _one_line(cell: str) -> str:
    return " ".join(cell.split())


def _coord_source(cell: str) -> str:
    if cell not in COORD_SOURCES:
        raise _Wrong(f"{cell!r} is not known; {suggest(cell, COORD_SOURCES)}")
    return cell


def _number(cell: str) -> float:
    plain = cell.replace("\u2212", "-").strip("° ")
    if not _NUMBER.fullmatch(plain):
        raise _Wrong(f"{cell!r} is no number; write degrees and metres like -6.1754 or -6,1754")
    return float(plain.replace(",", "."))


def _radius_m(cell: str) -> float:
    radius_m = _number(cell)
    if not 0 <= radius_m <= WIDEST_ESTIMATE_M:
        raise _Wrong(f"{cell} is not a number of metres from 0 to {WIDEST_ESTIMATE_M}")
    return radius_m


def _place(reader: _Reader) -> tuple[float, float] | None:
    """Latitude and longitude, from two columns or one."""
    if "point" in reader.row.cells and "lat" not in reader.row.cells:
        return reader.read("point", _point)
    lat, lon = reader.read("lat", _number), reader.read("lon", _number)
    for one, other in (("lat", "lon"), ("lon", "lat")):
        if one in reader.row.cells and other not in reader.row.cells:
            reader.wrong(one, "stands alone; a position needs both latitude and longitude")
    if lat is None or lon is None:
        return None
    try:
        return _located(lat, lon)
    except _Wrong as wrong:
        reader.wrong("lat", str(wrong))
        return None


def _point(cell: str) -> tuple[float, float]:
    parts = _PAIR.split(cell.strip())
    if len(parts) != 2 and cell.count(",") == 1:
        parts = cell.split(",")
    if len(parts) != 2:
        raise _Wrong(f"{cell!r} is no position; write latitude and longitude like -6.1754, 106.1502")
    return _located(_number(parts[0]), _number(parts[1]))


def _located(lat: float, lon: float) -> tuple[float, float]:
    if SOUTH <= lat <= NORTH and WEST <= lon <= EAST:
        return lat, lon
    if SOUTH <= lon <= NORTH and WEST <= lat <= EAST:
        raise _Wrong(f"{lat:g}, {lon:g}: latitude and longitude are swapped; exchange them")
    raise _Wrong(f"{lat:g}, {lon:g} does not lie in Indonesia; write degrees with decimals, latitude like -6.1754")


def _capabilities(cell: str, terms: Terms) -> tuple[str, ...]:
    known = {code.lower(): code for code in terms.capability_codes}
    known |= {normalise_name(own.label): own.code for own in terms.capabilities.values()}
    found: list[str] = []
    for word in (part for part in _SEVERAL.split(cell) if part):
        code = known.get(word.lower()) or known.get(normalise_name(word)) or CAPABILITY_WORDS.get(normalise_name(word))
        if code is None:
            raise _Wrong(f"{word!r} is no capability; {suggest(word, terms.capability_codes)}")
        found.append(code)
    return tuple(dict.fromkeys(found))


def _phones(cell: str) -> tuple[Contact, ...]:
    found: list[Contact] = []
    for word in (part for part in _SEVERAL.split(cell) if part):
        number = e164(word)
        if number is None or not re.fullmatch(E164, number):
            raise _Wrong("holds no telephone number; write it like 081234567890, the column formatted as text")
        found.append(Contact("sms", number))
    return tuple(dict.fromkeys(found))


def _topics(cell: str) -> tuple[Contact, ...]:
    if not re.fullmatch(MQTT_TOPIC, cell):
        raise _Wrong("is no topic; write one without + or #, like siaga/unit/3673-DMK-01/tasks")
    return (Contact("mqtt", cell),)


def _flag(cell: str) -> bool:
    word = cell.lower()
    if word not in YES | NO:
        raise _Wrong(f"{cell!r} is neither yes nor no; write ya or tidak")
    return word in YES
