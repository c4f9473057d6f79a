"""Traccar's position forwarding: JSON (`forward.type` json), or its older form with everything in the address."""

from typing import Final

from siaga_intake.core.channels.aliases import own_names
from siaga_intake.core.events import Ignored
from siaga_intake.core.fields import Payload, Refused, part, text
from siaga_intake.core.times import moment_or
from siaga_intake.core.trackers.fixes import FixFields, fix
from siaga_intake.core.trackers.words import Heard, Said, UnitStatus

VIA: Final = "traccar"
_FIELDS: Final = FixFields("latitude", "longitude", "accuracy")
# The template of an address is the centre's to write; these are the names in Traccar's own examples and phone app.
_ALIASES: Final = {
    "id": ("id", "uniqueid", "deviceid"),
    "lat": ("lat", "latitude"),
    "lon": ("lon", "longitude"),
    "at": ("timestamp", "fixtime", "time"),
    "accuracy": ("accuracy", "acc"),
    "valid": ("valid",),
}
# What Traccar calls the panic button; several alarms of one position stand in one text.
_PANIC: Final = "sos"


def read(payload: Payload, arrived_at_ms: int) -> Said:
    """One forwarded position. Raises Refused.

    One without a fix of its own (`valid` false, or `outdated`, the last one said again) is ignored: it would make an old
    place look fresh. A panic button is the crew's own tap, and becomes a mayday.
    """
    if "position" not in payload:
        return _of_address(payload, arrived_at_ms)
    position, device = part(payload, "position"), part(payload, "device")
    alarms = text(part(position, "attributes", "position."), "alarm", path="position.attributes.")
    panic = UnitStatus.MAYDAY if _PANIC in alarms.split(",") else None
    if panic is None and (position.get("valid") is False or position.get("outdated") is True):
        return Ignored("no_fix")
    fixed_at_ms = moment_or(position, "fixTime", arrived_at_ms, "position.")
    found = fix(position, _FIELDS, fixed_at_ms, "position.")
    if found is None and panic is None:
        return Ignored("no_fix")
    names = (text(device, "uniqueId", path="device."), text(device, "name", path="device."))
    if not any(names):
        raise Refused("device.uniqueId", "missing: the tracker's own id")
    return Heard(tuple(filter(None, names)), fixed_at_ms, VIA, found, panic)


def _of_address(payload: Payload, arrived_at_ms: int) -> Said:
    named = own_names(payload, _ALIASES)
    device = text(payload, named["id"])
    if not device:
        raise Refused(named["id"], "missing: the tracker's own id, {uniqueId} in Traccar's template")
    if text(payload, named["valid"], "code").lower() in ("false", "0"):
        return Ignored("no_fix")
    fixed_at_ms = moment_or(payload, named["at"], arrived_at_ms)
    found = fix(payload, FixFields(named["lat"], named["lon"], named["accuracy"]), fixed_at_ms)
    return Ignored("no_fix") if found is None else Heard((device,), fixed_at_ms, VIA, found)
