"""The doors for trackers: how each kind's payloads are read, and whose word that is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from siaga_contracts.ids import derived

from siaga_intake.core.events import Ignored, Refusal
from siaga_intake.core.fields import OBJECT, Payload, Refused
from siaga_intake.core.trackers import own, owntracks, traccar
from siaga_intake.core.trackers.words import Heard, Said, Taken, UnitWord, Unknown

# Kinds of sources that may speak for units.
OPEN_FOR: Final = frozenset({"tracker"})


@dataclass(frozen=True, slots=True)
class TrackerDoor:
    """One way to speak for units."""

    name: str
    path: str
    # A payload and its arrival, to what it says; raises Refused.
    read: Callable[[Payload, int], Said]
    # Whether it takes forms, and requests that carry their fields in the address.
    takes_forms: bool = False
    # Whether it answers with a list of what the phone is to do, which is empty; and takes a body of nothing.
    answers_orders: bool = False


OWN: Final = TrackerDoor("position", "/v1/units/position", own.read)
OWNTRACKS: Final = TrackerDoor("owntracks", "/v1/units/owntracks", owntracks.read, answers_orders=True)
TRACCAR: Final = TrackerDoor("traccar", "/v1/units/traccar", traccar.read, takes_forms=True)
DOORS: Final = (OWN, OWNTRACKS, TRACCAR)


@dataclass(frozen=True, slots=True)
class Fleet:
    """Whom the sender may speak for: a tenant's units by the names of their devices."""

    tenant: str
    units: Mapping[str, str]
    # What it sends is an exercise, and moves nobody.
    test: bool = False


def take(
    door: TrackerDoor, payload: object, fleet: Fleet, arrived_at_ms: int, vouched: tuple[str, ...] = ()
) -> Taken:  # fmt: skip
    """What one payload comes to. Never raises.

    `vouched` are names that the way it came by guarantees (a topic that only this phone may publish to); with them the
    payload's own say nothing.
    """
    if not isinstance(payload, OBJECT):
        return Refusal("", "must be an object")
    try:
        said = door.read(payload, arrived_at_ms)
    except Refused as refused:
        return Refusal(refused.field, refused.reason, refused.found)
    if isinstance(said, Ignored):
        return said
    if fleet.test:
        return Ignored("test")
    if vouched:
        said = replace(said, devices=vouched)
    unit_id = next((fleet.units[name] for name in said.devices if name in fleet.units), None)
    if unit_id is None:
        return Unknown(said.devices[0] if said.devices else "")
    return _word(said, fleet.tenant, unit_id, arrived_at_ms)


def _word(said: Heard, tenant: str, unit_id: str, arrived_at_ms: int) -> UnitWord:
    named = said.native_id or repr(
        (said.at_ms, said.position, said.status, said.order_id, said.text, said.status_code)
    )  # fmt: skip
    return UnitWord(
        derived("unit_report", tenant, unit_id, said.via, named),
        tenant,
        unit_id,
        # A device whose clock is ahead tells of no future; its own time stays on the fix, for whoever judges that.
        min(said.at_ms, arrived_at_ms),
        said.via,
        said.position,
        said.status,
        said.order_id,
        said.text,
        said.status_code,
    )
