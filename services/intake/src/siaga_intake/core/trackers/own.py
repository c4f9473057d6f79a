"""Our own JSON: a crew's app, or a gateway that speaks for many vehicles."""

import re
from typing import Final

from siaga_intake.core.fields import Payload, Refused, choice, text
from siaga_intake.core.times import moment_or
from siaga_intake.core.trackers.fixes import FixFields, fix
from siaga_intake.core.trackers.words import Heard, Said, UnitStatus

VIA: Final = "app"
# As the codes in `vocabulary.yaml` are written; what they mean the dispatcher knows.
OWN_CODE: Final = re.compile(r"[a-z][a-z0-9_]{1,31}")
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
    code = text(payload, "status_code", "code")
    if code and (status is not None or not OWN_CODE.fullmatch(code)):
        raise Refused(
            "status_code", "must be a code of the centre's vocabulary, in small letters, and in place of a status"
        )
    if position is None and status is None and not code:
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
        status_code=code,
    )
