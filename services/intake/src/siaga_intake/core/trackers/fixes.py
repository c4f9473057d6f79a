"""Reading a fix under whatever names a tracker gives its coordinates."""

from dataclasses import dataclass
from typing import Final

from siaga_intake.core import rules
from siaga_intake.core.events import Position
from siaga_intake.core.fields import Payload, Refused, number

# How trackers' positions are told from stations', operators' and callers'.
SOURCE: Final = "gps"


@dataclass(frozen=True, slots=True)
class FixFields:
    """What a payload calls the three numbers."""

    lat: str = "lat"
    lon: str = "lon"
    radius_m: str = "radius_m"


def fix(payload: Payload, fields: FixFields, fixed_at_ms: int, path: str = "") -> Position | None:
    """The fix; None where there is none, or 0,0, which is what devices send before they have one. Raises Refused.

    An accuracy below nothing is how phones say that they do not know it.
    """
    lat, lon = number(payload, fields.lat, path), number(payload, fields.lon, path)
    if (lat is None and lon is None) or (lat == 0 and lon == 0):
        return None
    for name, value, (least, most) in (
        (fields.lat, lat, rules.LAT_RANGE),
        (fields.lon, lon, rules.LON_RANGE),
    ):
        if value is None:
            raise Refused(path + name, "missing beside the other coordinate")
        if not least <= value <= most:
            raise Refused(path + name, f"outside {rules.INDONESIA.name} ({least} to {most})", f"{lat}, {lon}")
    radius_m = max(number(payload, fields.radius_m, path) or 0.0, 0.0)
    if radius_m > rules.MAX_RADIUS_M:
        raise Refused(path + fields.radius_m, f"must be from 0 to {rules.MAX_RADIUS_M:.0f}")
    assert lat is not None
    assert lon is not None
    return Position(lat, lon, SOURCE, radius_m, fixed_at_ms)
