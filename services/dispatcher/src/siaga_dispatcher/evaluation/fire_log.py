"""San Francisco's log of fire calls: which engine was sent where, and when it was free again. One row for each unit sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from siaga_dispatcher.core.values import Position
from siaga_dispatcher.evaluation.tables import Fault, FieldError, LogError, Row, read_table, sift

ENGINE: Final = "ENGINE"
COLUMNS: Final = (
    "Call Number", "Unit ID", "Unit Type", "Dispatch DtTm", "Available DtTm", "Unit sequence in call dispatch", "lat", "lon",
)  # fmt: skip
STATION_COLUMNS: Final = ("station", "lat", "lon")
LIFE_AT_RISK: Final = "Potentially Life-Threatening"
_PARAMEDIC: Final = {"true": True, "false": False}
# What groups days that were exported together; a log without it is one group.
GROUP: Final = "batch"


@dataclass(frozen=True, slots=True)
class Sent:
    """One engine sent on one call; a time None = not written. `home` is the engine whose area the log says it is, or empty."""

    line: int
    call: str
    engine: str
    sequence: int
    place: Position
    dispatched_ms: int
    available_ms: int | None
    received_ms: int | None = None
    responded_ms: int | None = None
    on_scene_ms: int | None = None
    home: str = ""
    group: str = ""
    # Whether a paramedic is aboard; None = not written.
    paramedic: bool | None = None
    # Whether the call was taken for one that may cost a life.
    life_at_risk: bool = False


@dataclass(frozen=True, slots=True)
class FireLog:
    """What a file tells of engines, in its order, and the lines that tell nothing."""

    sent: tuple[Sent, ...]
    faults: tuple[Fault, ...]


def read_fire_log(path: Path) -> FireLog:
    """Raise LogError when the file cannot be read, lacks a column, or tells of no engine at all."""
    seen: dict[tuple[str, str], int] = {}

    def read(row: Row) -> Sent | None:
        # Ambulances, trucks and chiefs are no engines; where they stand, the log does not say.
        if row.text("Unit Type").upper() != ENGINE:
            return None
        sent = _sent(row)
        first = seen.setdefault((sent.call, sent.engine), row.line)
        if first != row.line:
            raise FieldError("Unit ID", f"{sent.engine} is on this call already on line {first}")
        return sent

    sent, faults = sift(read_table(path, COLUMNS), read)
    if not sent:
        raise LogError(f"{path}: no row with 'Unit Type' {ENGINE} could be read" + (f"; {faults[0]}" if faults else ""))
    return FireLog(tuple(sent), tuple(faults))


def _sent(row: Row) -> Sent:
    dispatched_ms = row.time_ms("Dispatch DtTm")
    if dispatched_ms is None:
        raise FieldError("Dispatch DtTm", "is empty")
    available_ms = row.time_ms("Available DtTm")
    if available_ms is not None and available_ms < dispatched_ms:
        raise FieldError("Available DtTm", "lies before 'Dispatch DtTm'")
    return Sent(
        row.line,
        row.needed("Call Number"),
        row.needed("Unit ID"),
        row.whole("Unit sequence in call dispatch"),
        row.position("lat", "lon"),
        dispatched_ms,
        available_ms,
        row.time_ms("Received DtTm"),
        row.time_ms("Response DtTm"),
        row.time_ms("On Scene DtTm"),
        engine_of(row.text("Station Area")),
        row.text(GROUP),
        _PARAMEDIC.get(row.text("ALS Unit").lower()),
        row.text("Call Type Group") == LIFE_AT_RISK,
    )


def engine_of(station: str) -> str:
    """The engine that stands at a station: E07 at 7. That the number is the home is the log's custom, not its word."""
    return f"E{int(station):02d}" if station.isascii() and station.isdigit() else ""


def read_stations(path: Path) -> tuple[Mapping[str, Position], tuple[Fault, ...]]:
    """Where the engines stand, by engine. Raise LogError when the file cannot be read or holds no station."""

    def read(row: Row) -> tuple[str, Position]:
        engine = engine_of(row.needed("station"))
        if not engine:
            raise FieldError("station", f"{row.text('station')[:40]!r} is no number of a station")
        return engine, row.position("lat", "lon")

    found, faults = sift(read_table(path, STATION_COLUMNS), read)
    if not found:
        raise LogError(f"{path}: no station could be read" + (f"; {faults[0]}" if faults else ""))
    return dict(found), tuple(faults)
