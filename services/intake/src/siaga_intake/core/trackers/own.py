"""Our own JSON: a crew's app, or a gateway that speaks for many vehicles."""

from typing import Final

from siaga_intake.core.fields import Payload, Refused, choice, text
from siaga_intake.core.times import moment_or
from siaga_intake.core.trackers.fixes import FixFields, fix
from siaga_intake.core.trackers.words import Heard, Said, UnitStatus

VIA: Final = "app"
_FIELDS: Final = FixFields()


def read(payload: Payload, arrived_at_ms: int) -> Said:
    """A position, a status of the crew, or both, of the unit or device that it names. Raises Refused."""
    named = tuple(filter(None, (text(payload, "unit_id"), text(payload, "device"))))
    if not named:
        raise Refused("unit_id", "missing: name the unit, or its device in `device`")
    at_ms = moment_or(payload, "at", arrived_at_ms)
    position = fix(payload, _FIELDS, at_ms)
    status = choice(payload, "status", UnitStatus)
    if status is UnitStatus.DISPATCHED:
        raise Refused("status", "is given by the dispatcher; a crew answers with acknowledged, en_route or declined")
    if position is None and status is None:
        raise Refused("lat", "missing: a word of a unit has a position (lat, lon), a status, or both")
    return Heard(
        named[:1],
        at_ms,
        VIA,
        position,
        status,
        order_id=text(payload, "order_id", "code").removeprefix("#"),
        text=text(payload, "text", "text"),
        native_id=text(payload, "id", "call_ref"),
    )
