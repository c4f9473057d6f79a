"""AML: where the phone itself says it is, sent by SMS or HTTPS beside an emergency call (ETSI TS 103 625).

The call is found by the caller's number. The numbers of SIM and device come along and are dropped here: they name a
person for ever, and a crew needs neither.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from siaga_intake.core import rules
from siaga_intake.core.events import Defect, Ignored, Kind, Position
from siaga_intake.core.fields import Payload, Refused, check_range, needed, number, text
from siaga_intake.core.happening import Desk, Happening, Identity, OfCaller, Read, Reading
from siaga_intake.core.position import aml_sms
from siaga_intake.core.position.aml_sms import VERSION, Attributes, is_aml
from siaga_intake.core.position.pidf_lo import MAX_AHEAD_MS
from siaga_intake.core.times import moment

__all__ = ["is_aml", "read", "read_sms"]

SOURCE: Final = "aml"
_INDONESIA: Final = "510"
# RFC 4119's words for how a phone finds itself; a phone that does not say has mixed several.
_METHODS: Final[Mapping[str, str]] = {
    "g": "GNSS", "gps": "GNSS", "gnss": "GNSS", "w": "Wifi", "wifi": "Wifi", "c": "Cell", "cell": "Cell",
    "f": "Fused", "fused": "Fused",
}  # fmt: skip
_NO_FIX: Final = "N"
# The names by which gateways call an SMS's text and its sender.
TEXT: Final = "text"
_TEXTS: Final = (TEXT, "message", "sms")
_SENDERS: Final = ("from", "sender", "number", "device_number")


@dataclass(frozen=True, slots=True)
class _Names:
    """What the parts of a fix are called."""

    lat: str
    lon: str
    radius: str
    confidence: str
    method: str
    country: str
    floor: str = "location_floor"


_SMS: Final = _Names("lt", "lg", "rd", "lc", "pm", "mcc")
_HTTPS: Final = _Names(
    "location_latitude", "location_longitude", "location_accuracy", "location_certainty", "location_source",
    "cell_network_mcc",
)  # fmt: skip


def read(payload: Payload, desk: Desk) -> Read:
    """One message at the door: an SMS with its sender, or the fields of AML over HTTPS."""
    for name in _TEXTS:
        if name in payload:
            sender = next((each for each in _SENDERS if each in payload), _SENDERS[0])
            return read_sms(needed(payload, name, "text"), text(payload, sender, "number"), desk)
    return _https(payload, desk)


def read_sms(message: str, sender: str, desk: Desk) -> Read:
    """One SMS that `is_aml`. Raises Refused when it is damaged; `sender` is its number as the network told it."""
    if not sender:
        raise Refused("from", "missing: whose position is it?")
    at_ms = desk.arrived_at_ms
    found, defects = aml_sms.attributes(message)
    match found[VERSION]:
        case "1":
            fixed_at_ms, more = _written_time(found.get("top", ""), at_ms)
        case "2":
            found, fixed_at_ms, more = _second(found, at_ms)
        case _:
            raise Refused(VERSION, "is no version of AML that is known (1 or 2)")
    return _reading(found, _SMS, fixed_at_ms, (*defects, *more), Identity(sender), desk)


def _written_time(written: str, at_ms: int) -> tuple[int, tuple[Defect, ...]]:
    """`20240311021530`, always UTC."""
    if not written:
        return 0, ()
    try:
        told = datetime.strptime(written, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return 0, (Defect("top", "is no time (yyyymmddhhmmss, UTC)", written),)
    return _time({"top": str(int(told.timestamp()))}, "top", at_ms)


def _time(payload: Payload, name: str, at_ms: int) -> tuple[int, tuple[Defect, ...]]:
    """A fix's time, or 0 and why it tells none: the place is as good without it."""
    try:
        fixed_at_ms = moment(payload, name, at_ms) or 0
    except Refused as refused:
        return 0, (Defect(name, refused.reason, refused.found),)
    if fixed_at_ms > at_ms + MAX_AHEAD_MS:
        return 0, (Defect(name, "is in the future"),)
    return fixed_at_ms, ()


def _second(found: Attributes, at_ms: int) -> tuple[Attributes, int, tuple[Defect, ...]]:
    """Android's version 2 in the names of version 1: `lo` is a whole place, `lt` seconds since the call's beginning `et`."""
    lat, lon, radius, *_ = [*found.get("lo", "").split(","), "", "", ""]
    named = {"lt": lat, "lg": lon, "rd": radius, "lc": found.get("lc", ""), "pm": found.get("ls", "")}
    began_ms, defects = _time(found, "et", at_ms)
    after = found.get("lt", "0")
    fixed_at_ms = began_ms + int(after) * 1000 if began_ms and after.lstrip("-").isdecimal() and len(after) < 8 else 0
    return {**named, "mcc": found.get("nc", "")[:3]}, fixed_at_ms, defects


def _https(payload: Payload, desk: Desk) -> Read:
    identity = Identity(needed(payload, "device_number", "number"), self_declared=True)
    fixed_at_ms, defects = _time(payload, "location_time", desk.arrived_at_ms)
    return _reading(payload, _HTTPS, fixed_at_ms, defects, identity, desk)


def _reading(
    payload: Payload, names: _Names, fixed_at_ms: int, defects: tuple[Defect, ...], identity: Identity, desk: Desk
) -> Read:
    lat, lon = _degrees(payload, names.lat), _degrees(payload, names.lon)
    if (lat is None and lon is None) or lat == lon == 0:
        return Ignored("no_position")
    if lat is None or lon is None:
        raise Refused(names.lat if lat is None else names.lon, "missing beside the other coordinate")
    try:
        check_range(lat, lon, area=desk.area)
    except Refused as refused:
        raise Refused(names.lat if refused.field == "lat" else names.lon, refused.reason, refused.found) from None
    confidence, doubts = _confidence(payload, names)
    fix = Position(
        lat, lon, SOURCE, _radius(payload, names.radius), fixed_at_ms,
        _METHODS.get(text(payload, names.method, "code").lower(), ""), confidence, floor=text(payload, names.floor),
    )  # fmt: skip
    happening = Happening(Kind.POSITION, "", desk.arrived_at_ms, identity, position=fix)
    country = text(payload, names.country, "code")
    if country not in ("", _INDONESIA):
        doubts = (*doubts, Defect(names.country, "is another country's network: the position is taken all the same"))
    return Reading((happening,), defects=(*defects, *doubts), belongs=OfCaller(identity.number))


def _degrees(payload: Payload, name: str) -> float | None:
    return None if payload.get(name) == _NO_FIX else number(payload, name)


def _radius(payload: Payload, name: str) -> float:
    radius_m = _degrees(payload, name) or 0.0
    if not 0 <= radius_m <= rules.MAX_RADIUS_M:
        raise Refused(name, f"must be from 0 to {rules.MAX_RADIUS_M:.0f}")
    return radius_m


def _confidence(payload: Payload, names: _Names) -> tuple[float, tuple[Defect, ...]]:
    """In percent. Android says `location_confidence` too, from 0 to 1."""
    try:
        told = number(payload, names.confidence)
        if told is None:
            told = (number(payload, "location_confidence") or 0.0) * 100
    except Refused as refused:
        return 0.0, (Defect(refused.field, refused.reason, refused.found),)
    if not 0 <= told <= 100:
        return 0.0, (Defect(names.confidence, "must be a percentage"),)
    return told, ()
