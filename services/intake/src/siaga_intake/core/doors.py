"""The doors of intake: for each kind of source, how its payloads are read; and `take`, which never raises on a payload."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from siaga_intake.core.belonging import on_its_own
from siaga_intake.core.canonical import Origin, canonical, digest
from siaga_intake.core.centre import SWITCHES
from siaga_intake.core.channels import app, cloudevents, form, lapor, sms, streamed, whatsapp
from siaga_intake.core.events import Accepted, Ignored, Refusal
from siaga_intake.core.fields import OBJECT, Payload, Refused
from siaga_intake.core.happening import Desk, Read, Reading
from siaga_intake.core.position import aml, pidf_lo, pidf_lo_door
from siaga_intake.core.switches import (
    asterisk_ami,
    asterisk_ari,
    asterisk_cdr,
    freeswitch_cdr,
    freeswitch_esl,
    kamailio,
    queue_log,
    sip,
    sip_capture,
)

Taken = Accepted | Ignored | Refusal


def _whole(payload: Payload) -> Sequence[object]:
    return (payload,)


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
    # The payloads in one that carries many, each of which is read, answered for and kept by itself.
    split: Callable[[Payload], Sequence[object]] = _whole
    # Whether it takes posts of forms by their fields.
    takes_forms: bool = False
    # Whether it takes requests that carry their fields in the address, which ends up in many a log on its way.
    takes_addresses: bool = False
    # The field that a body of plain text or XML becomes, beside those of its address; empty = JSON only.
    written: str = ""
    # Where the sender may put more into one body than is taken elsewhere.
    max_body_bytes: int | None = None
    # Whether somebody stands behind the sender who can mend what is refused. A platform that only sends the same again,
    # and shuts the way when that fails for long, is thanked for everything; what was refused waits in quarantine.
    sender_mends: bool = True


def _asterisk(payload: Payload, desk: Desk) -> Read:
    if queue_log.FIELD in payload:
        return queue_log.read(payload, desk)
    if asterisk_cdr.FIELD in payload:
        return asterisk_cdr.read(payload, desk)
    if "type" in payload and "Event" not in payload:
        return asterisk_ari.read(payload, desk)
    return asterisk_ami.read(payload, desk)


def _freeswitch(payload: Payload, desk: Desk) -> Read:
    of_socket = "Event-Name" in payload or "Content-Type" in payload
    return freeswitch_esl.read(payload, desk) if of_socket else freeswitch_cdr.read(payload, desk)


SWITCH_DOORS: Final[Mapping[str, Door]] = {
    "asterisk": Door("asterisk", "/v1/switch/asterisk", _asterisk, frozenset({"asterisk"})),
    "freeswitch": Door("freeswitch", "/v1/switch/freeswitch", _freeswitch, frozenset({"freeswitch"})),
    "kamailio": Door("kamailio", "/v1/switch/kamailio", kamailio.read, frozenset({"kamailio"}), split=kamailio.split),
    "sip": Door("sip", "/v1/switch/sip", sip.read, frozenset({"sip"}), split=sip_capture.split, written="message"),
}
CALL_EVENTS: Final = Door(
    "events", "/v1/call-events", cloudevents.read, frozenset({"events", *SWITCHES}), instance_by_header=False
)
FORM: Final = Door("form", "/v1/calls/form", form.read, frozenset({"form"}), instance_by_header=False)
APP: Final = Door("app", "/v1/channels/app", app.read, frozenset({"app"}))
WHATSAPP: Final = Door(
    "whatsapp",
    "/v1/channels/whatsapp",
    whatsapp.read,
    frozenset({"whatsapp"}),
    split=whatsapp.split,
    max_body_bytes=whatsapp.MAX_BODY_BYTES,
    sender_mends=False,
)
SMS: Final = Door("sms", "/v1/channels/sms", sms.read, frozenset({"sms"}), takes_forms=True, takes_addresses=True)
LAPOR: Final = Door("lapor", "/v1/channels/lapor", lapor.read, frozenset({"lapor"}))
PIDF_LO: Final = Door(
    "pidf_lo",
    "/v1/positions/pidf-lo",
    pidf_lo_door.read,
    frozenset({"kamailio", "sip", "events"}),
    instance_by_header=False,
    written=pidf_lo.FIELD,
)
# Phones send it, which have nobody to read an answer: what is refused waits in quarantine.
AML: Final = Door(
    "aml", "/v1/positions/aml", aml.read, frozenset({"aml"}), takes_forms=True, written=aml.TEXT, sender_mends=False
)
# Canonical events of the gRPC stream, which has no path on the HTTP side.
STREAMED: Final = Door("events", "", streamed.read, CALL_EVENTS.open_for, instance_by_header=False)
# All of the HTTP side, in the order of the documentation.
DOORS: Final = (*SWITCH_DOORS.values(), CALL_EVENTS, FORM, APP, WHATSAPP, SMS, LAPOR, PIDF_LO, AML)


def pieces(door: Door, payloads: Sequence[object]) -> Sequence[object]:
    """The payloads as the door reads them, those that carry many taken apart."""
    if door.split is _whole:
        return payloads
    return [piece for each in payloads for piece in (door.split(each) if isinstance(each, Mapping) else (each,))]


def take(door: Door, payload: object, origin: Origin) -> Taken:
    """What one payload comes to by itself: events, nothing, or the field to mend."""
    return settle(door, payload, read(door, payload, origin), origin)


def read(door: Door, payload: object, origin: Origin) -> Read | Refusal:
    """The first step: what a payload says."""
    if not isinstance(payload, OBJECT):
        return Refusal("", "must be an object")
    try:
        centre = origin.centre
        return door.read(payload, Desk(origin.arrived_at_ms, centre.operators, centre.zone_hours, origin.area))
    except Refused as refused:
        return Refusal(refused.field, refused.reason, refused.found)


def settle(door: Door, payload: object, said: Read | Refusal, origin: Origin) -> Taken:
    """The second step, in between which its call may have been found: ids, caller, events."""
    if not isinstance(said, Reading):
        return said
    assert isinstance(payload, OBJECT)
    if said.belongs is not None:
        said = on_its_own(said, digest(payload))
    return canonical(said, door.kind, payload, origin)
