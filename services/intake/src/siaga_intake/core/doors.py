"""The doors of intake: for each kind of source, how its payloads are read; and `take`, which never raises on a payload."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from siaga_intake.core.canonical import Origin, canonical
from siaga_intake.core.centre import SWITCHES
from siaga_intake.core.channels import app, cloudevents, form
from siaga_intake.core.events import Accepted, Ignored, Refusal
from siaga_intake.core.fields import Payload, Refused
from siaga_intake.core.happening import Desk, Read
from siaga_intake.core.switches import asterisk_ami, asterisk_ari, freeswitch_cdr, freeswitch_esl, kamailio

Taken = Accepted | Ignored | Refusal


@dataclass(frozen=True, slots=True)
class Door:
    """One kind of source: how to read it, and whose credentials open it."""

    kind: str
    # Where it stands on the HTTP side.
    path: str
    read: Callable[[Payload, Desk], Read]
    # Kinds of sources that may use it; an adapter of a switch may send canonical events of that switch.
    open_for: frozenset[str]
    # Whether a header may say which instance speaks; elsewhere the payload names the call's source.
    instance_by_header: bool = True


def _asterisk(payload: Payload, desk: Desk) -> Read:
    if "type" in payload and "Event" not in payload:
        return asterisk_ari.read(payload, desk)
    return asterisk_ami.read(payload, desk)


def _freeswitch(payload: Payload, desk: Desk) -> Read:
    of_socket = "Event-Name" in payload or "Content-Type" in payload
    return freeswitch_esl.read(payload, desk) if of_socket else freeswitch_cdr.read(payload, desk)


SWITCH_DOORS: Final[Mapping[str, Door]] = {
    "asterisk": Door("asterisk", "/v1/switch/asterisk", _asterisk, frozenset({"asterisk"})),
    "freeswitch": Door("freeswitch", "/v1/switch/freeswitch", _freeswitch, frozenset({"freeswitch"})),
    "kamailio": Door("kamailio", "/v1/switch/kamailio", kamailio.read, frozenset({"kamailio"})),
}
CALL_EVENTS: Final = Door(
    "events", "/v1/call-events", cloudevents.read, frozenset({"events", *SWITCHES}), instance_by_header=False
)
FORM: Final = Door("form", "/v1/calls/form", form.read, frozenset({"form"}), instance_by_header=False)
APP: Final = Door("app", "/v1/channels/app", app.read, frozenset({"app"}))
# All of them, in the order of the documentation.
DOORS: Final = (*SWITCH_DOORS.values(), CALL_EVENTS, FORM, APP)


def take(door: Door, payload: object, origin: Origin) -> Taken:
    """What one payload comes to: events, nothing, or the field to mend."""
    if not isinstance(payload, Mapping):
        return Refusal("", "must be an object")
    try:
        reading = door.read(payload, Desk(origin.arrived_at_ms, origin.centre.operators))
    except Refused as refused:
        return Refusal(refused.field, refused.reason)
    if isinstance(reading, Ignored):
        return reading
    return canonical(reading, door.kind, payload, origin)
