"""Times as people and offices write them, in the centre's own zone: `11-03-2024 09:15`, `11 Maret 2024 09.15 WIB`."""

import re
from datetime import datetime, timedelta, timezone
from typing import Final

from siaga_intake.core.events import Defect
from siaga_intake.core.fields import Payload, Refused, text
from siaga_intake.core.happening import Desk
from siaga_intake.core.times import moment

_MONTHS: Final = {
    "jan": 1, "feb": 2, "peb": 2, "mar": 3, "apr": 4, "mei": 5, "may": 5, "jun": 6, "jul": 7, "agu": 8, "ags": 8, "aug": 8,
    "sep": 9, "okt": 10, "oct": 10, "nov": 11, "nop": 11, "des": 12, "dec": 12,
}  # fmt: skip
# The zones by name, hours ahead of UTC; Indonesia has no summer time.
_ZONES: Final = {"WIB": 7, "WITA": 8, "WIT": 9}
_CLOCK: Final = r"(?:[T ,]+(?:pukul |jam )?(?P<hour>\d{1,2})[:.](?P<minute>\d\d)(?:[:.](?P<second>\d\d)(?:\.\d+)?)?)?"
_ZONE: Final = r"(?: *(?P<zone>WIB|WITA|WIT))?"
_WEEKDAY: Final = r"(?:[a-z']+, *)?"
_WRITTEN: Final = tuple(
    re.compile(_WEEKDAY + date + _CLOCK + _ZONE, re.ASCII | re.IGNORECASE)
    for date in (
        r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})",
        r"(?P<day>\d{1,2})[-/.](?P<month>\d{1,2})[-/.](?P<year>\d{4})",
        r"(?P<day>\d{1,2})[- ](?P<month>[a-z]{3,9})[- ](?P<year>\d{4})",
    )
)


def local_moment(payload: Payload, name: str, latest_ms: int, zone_hours: int, path: str = "") -> int | None:
    """As `moment`, and also without an offset: then in the zone it names, else the centre's. The day comes first."""
    at = _written(text(payload, name, "time", path), zone_hours)
    return moment(payload if at is None else {name: at.isoformat()}, name, latest_ms, path)


def _written(told: str, zone_hours: int) -> datetime | None:
    for form in _WRITTEN:
        found = form.fullmatch(told)
        if found is None:
            continue
        month = found["month"]
        number = int(month) if month.isdigit() else _MONTHS.get(month[:3].lower(), 0)
        clock = (int(found["hour"] or 0), int(found["minute"] or 0), int(found["second"] or 0))
        hours = _ZONES[found["zone"].upper()] if found["zone"] else zone_hours
        zone = timezone(timedelta(hours=hours))
        try:
            return datetime(int(found["year"]), number, int(found["day"]), *clock, tzinfo=zone)
        except ValueError:
            return None
    return None


def sent_at(payload: Payload, name: str, desk: Desk) -> tuple[int, tuple[Defect, ...]]:
    """The time in a field, else the arrival: a wrong time is no reason to turn a cry for help away."""
    try:
        told = local_moment(payload, name, desk.arrived_at_ms, desk.zone_hours)
    except Refused as refused:
        return desk.arrived_at_ms, (Defect(refused.field, refused.reason),)
    return desk.arrived_at_ms if told is None else told, ()
