"""Reading fields of a JSON payload: a wrong one raises Refused with the field's name, never anything else."""

import re
from collections.abc import Mapping
from enum import IntEnum
from typing import Final, TypeVar

from siaga_intake.core import rules
from siaga_intake.core.events import Defect, Position
from siaga_intake.core.rules import MAX_LENGTH

Payload = Mapping[str, object]
# What a payload is asked for. JSON's own objects come first: asking for a Mapping only takes ten times as long.
OBJECT: Final = (dict, Mapping)
E = TypeVar("E", bound=IntEnum)
# A truth as switches write it.
_TRUE: Final = frozenset({"true", "1", "yes", "on"})
EMPTY: Final[Payload] = {}
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CODE: Final = re.compile(r"[a-z][a-z0-9_]*")


class Refused(Exception):  # noqa: N818  (it carries an answer to the sender, it is no fault of ours)
    """A field that cannot be taken; `take` turns it into a Refusal. `found` is what stood there, where it was readable."""

    def __init__(self, field: str, reason: str, found: str = "") -> None:
        super().__init__(field, reason)
        self.field = field
        self.reason = reason
        self.found = found


def text(payload: Payload, name: str, rule: str = "name", path: str = "") -> str:
    """A text or number as text, trimmed; empty when absent. `rule` names its length limit."""
    value = payload.get(name)
    if value is None:
        return ""
    if isinstance(value, str):
        value = value.strip()
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        value = _written(path + name, value)
    else:
        raise Refused(path + name, "must be a text")
    if len(value) > MAX_LENGTH[rule]:
        raise Refused(path + name, f"longer than {MAX_LENGTH[rule]} characters")
    return value


def _written(name: str, value: float) -> str:
    try:
        return str(value)
    except ValueError:
        # Python writes no integer of more than 4,300 digits.
        raise Refused(name, "too large a number") from None


def cut(payload: Payload, name: str, rule: str = "text", path: str = "") -> tuple[str, tuple[Defect, ...]]:
    """As `text`, for what citizens write: too much of it is cut, and what is no text left out, each as a defect."""
    value = payload.get(name)
    most = rules.MAX_LENGTH[rule]
    if isinstance(value, str) and len(value.strip()) > most:
        return value.strip()[:most], (Defect(path + name, f"cut after {most} characters"),)
    try:
        return text(payload, name, rule, path), ()
    except Refused as refused:
        return "", (Defect(refused.field, refused.reason),)


def needed(payload: Payload, name: str, rule: str = "name", path: str = "") -> str:
    """A text that must be there."""
    value = text(payload, name, rule, path)
    if not value:
        raise Refused(path + name, "missing")
    return value


def number(payload: Payload, name: str, path: str = "") -> float | None:
    """A finite number, also written as text; None when absent or empty."""
    value = payload.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise Refused(path + name, "must be a number")
    try:
        found = float(value)
    except (ValueError, OverflowError):
        raise Refused(path + name, "must be a number") from None
    if not abs(found) < float("inf"):
        raise Refused(path + name, "must be a finite number")
    return found


def whole(payload: Payload, name: str, most: int, path: str = "") -> int:
    """A number from 0 to `most` without its fraction; 0 when absent."""
    value = number(payload, name, path)
    if value is None:
        return 0
    if not 0 <= value <= most:
        raise Refused(path + name, f"must be from 0 to {most}")
    return int(value)


def flag(payload: Payload, name: str) -> bool:
    """A truth value in any of the writings of switches; false when absent or anything else."""
    value = payload.get(name)
    return value is True or (isinstance(value, (str, int)) and str(value)[:8].strip().lower() in _TRUE)


def part(payload: Payload, name: str, path: str = "") -> Payload:
    """An object within the payload; empty when absent."""
    value = payload.get(name)
    if value is None:
        return EMPTY
    if not isinstance(value, OBJECT):
        raise Refused(path + name, "must be an object")
    return value


def parts(payload: Payload, name: str) -> tuple[Payload, ...]:
    """The objects of a list within the payload; whatever else stands there is passed over."""
    value = payload.get(name)
    return tuple(each for each in value if isinstance(each, Mapping)) if isinstance(value, list) else ()


def choice(payload: Payload, name: str, options: type[E], path: str = "") -> E | None:
    """One of an enumeration, by its name in any case; None when absent."""
    value = text(payload, name, "code", path)
    if not value:
        return None
    found = options.__members__.get(value.upper())
    if found is None or found.value == 0:
        known = ", ".join(member.name.lower() for member in options if member.value)
        raise Refused(path + name, f"must be one of {known}")
    return found


def choices(payload: Payload, name: str, options: type[E], path: str = "") -> tuple[E, ...]:
    """Several of an enumeration, each once, in the order told; empty when absent."""
    value = payload.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > len(options):
        raise Refused(path + name, "must be a list of names, each at most once")
    found = (choice({name: each}, name, options, path) for each in value)
    return tuple(dict.fromkeys(each for each in found if each is not None))


def located(
    payload: Payload, source: str, fixed_at_ms: int = 0, path: str = ""
) -> tuple[Position | None, tuple[Defect, ...]]:
    """As `position`; but one that cannot be used is a defect of the payload, never a reason to refuse its call."""
    try:
        return position(payload, source, fixed_at_ms, path), ()
    except Refused as refused:
        return None, (Defect(refused.field, refused.reason, refused.found),)


def is_uuid(value: str) -> bool:
    """Whether it has the shape of an id that Siaga112 makes."""
    return _UUID.fullmatch(value) is not None


def type_code(payload: Payload, path: str = "") -> str:
    """`type`, in small letters; empty when absent.

    Only its shape is looked at: a centre may have types of its own, and the rules know what to do with one they do not know.
    """
    code = text(payload, "type", "code", path).lower()
    if code and not _CODE.fullmatch(code):
        raise Refused(path + "type", "must be a type code like fire_building")
    return code


def position(payload: Payload, source: str, fixed_at_ms: int = 0, path: str = "") -> Position | None:
    """`lat`, `lon` and perhaps `radius_m`; None when absent or at 0,0, which is what devices send before a fix."""
    lat, lon = number(payload, "lat", path), number(payload, "lon", path)
    if lat is None and lon is None:
        return None
    if lat is None or lon is None:
        raise Refused(path + ("lat" if lat is None else "lon"), "missing beside the other coordinate")
    if lat == 0 and lon == 0:
        return None
    check_range(lat, lon, path)
    radius = number(payload, "radius_m", path) or 0.0
    if not 0 <= radius <= rules.MAX_RADIUS_M:
        raise Refused(path + "radius_m", f"must be from 0 to {rules.MAX_RADIUS_M:.0f}")
    return Position(lat, lon, source, radius, fixed_at_ms)


def check_range(lat: float, lon: float, path: str = "", area: rules.Area = rules.INDONESIA) -> None:
    """Refuse a point outside the area."""
    for name, value, (least, most) in (("lat", lat, area.lat), ("lon", lon, area.lon)):
        if not least <= value <= most:
            raise Refused(path + name, f"outside {area.name} ({least} to {most})", f"{lat}, {lon}")
