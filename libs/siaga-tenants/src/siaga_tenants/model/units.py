"""Units as the tenant lists them, and how their crews are reached."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contact:
    """One way to reach a crew: `sms` with an E.164 number, `mqtt` with a topic; the others in CONTACT_CHANNELS."""

    channel: str
    address: str


@dataclass(frozen=True, slots=True)
class UnitSpec:
    """A unit as the tenant lists it. `radius_m` says how far its true position may be from lat/lon."""

    unit_id: str
    kind: str
    name: str
    lat: float
    lon: float
    radius_m: float
    coord_source: str
    capabilities: tuple[str, ...]
    contacts: tuple[Contact, ...]
    # An invented post that the centre replaces with its own.
    example: bool = False
    address: str = ""
