"""Small logs of fire calls, in the columns of San Francisco's."""

from pathlib import Path

HEADING = (
    "Call Number,Unit ID,Unit Type,Dispatch DtTm,Available DtTm,On Scene DtTm,"
    "Unit sequence in call dispatch,Station Area,lat,lon"
)


def line(
    *,
    call: str = "1",
    unit: str = "E01",
    kind: str = "ENGINE",
    dispatch: str = "2020-04-07T10:00:00",
    available: str = "2020-04-07T10:10:00",
    sequence: str = "1",
    area: str = "01",
    lat: str = "37.78",
    lon: str = "-122.41",
) -> str:
    """One unit sent on one call."""
    return f"{call},{unit},{kind},{dispatch},{available},,{sequence},{area},{lat},{lon}"


def write_log(folder: Path, *lines: str) -> Path:
    """A log with these lines below its heading."""
    file = folder / "log.csv"
    file.write_text("\n".join((HEADING, *lines)) + "\n", "utf-8")
    return file
