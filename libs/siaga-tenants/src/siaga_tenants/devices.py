"""Reading `devices.csv`: which unit a tracker or phone is in. A tenant without any leaves it out."""

import csv
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from siaga_tenants.document import Problems

FILE: Final = "devices.csv"
COLUMNS: Final = ("device", "unit_id")
# An IMEI has 15 characters, a topic of OwnTracks rarely 50; what is longer is another column's text.
LONGEST_NAME: Final = 128


def read_devices(folder: Path, units: Collection[str], problems: Problems) -> Mapping[str, str]:
    """The unit of each device; several devices may be in one unit. Each bad row is a problem, the good ones stay."""
    file = folder / FILE
    if not file.exists():
        return {}
    try:
        rows = list(csv.reader(file.read_text("utf-8").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        problems.add(file, 1, "", f"cannot be read: {error}; write it as UTF-8 CSV, or take it away")
        return {}
    if not rows or tuple(rows[0]) != COLUMNS:
        problems.add(file, 1, "header", f"must be exactly {','.join(COLUMNS)}")
        return {}
    found: dict[str, str] = {}
    for line, row in enumerate(rows[1:], start=2):
        if not row:
            continue
        device, unit_id, wrong = _device(row, units)
        if not wrong and device in found:
            wrong = f"{device!r} stands twice; a device is in one unit, remove one of the rows"
        if wrong:
            problems.add(file, line, "row", wrong)
        else:
            found[device] = unit_id
    return found


def speakers(units: Collection[str], devices: Mapping[str, str]) -> Mapping[str, str]:
    """The unit that a name speaks for: a device's, or the unit's own id."""
    return {**devices, **{unit_id: unit_id for unit_id in units}}


def _device(row: list[str], units: Collection[str]) -> tuple[str, str, str]:
    """The device and unit of a row, and what is wrong with it."""
    if len(row) != len(COLUMNS):
        return "", "", f"has {len(row)} columns, must have {len(COLUMNS)}: {','.join(COLUMNS)}"
    device, unit_id = (each.strip() for each in row)
    if not 0 < len(device) <= LONGEST_NAME:
        return device, unit_id, f"the device must have 1 to {LONGEST_NAME} characters: what the tracker calls itself"
    if unit_id not in units:
        return device, unit_id, f"units.yaml has no unit {unit_id!r}; add it there, or correct the id"
    return device, unit_id, ""
