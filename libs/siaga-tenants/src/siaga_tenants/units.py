"""Reading `units.yaml` and `plan.yaml`."""

from collections.abc import Mapping, Sequence
from typing import Final

from siaga_tenants.document import Value
from siaga_tenants.model import ANY_PRIORITY, DEFAULT_TYPE, Contact, Need, ResponsePlan, UnitSpec, family_of
from siaga_tenants.policies import E164
from siaga_tenants.vocabulary import (
    CAPABILITIES,
    CONTACT_CHANNELS,
    COORD_SOURCES,
    PRIORITIES,
    TYPES,
    TYPES_WITHOUT_UNIT,
    UNIT_KINDS,
)

UNIT_ID: Final = r"\d{4}-[A-Z]{3}-\d{2,4}"
# `+` and `#` are wildcards: an order published there would be refused by the broker.
MQTT_TOPIC: Final = r"[^+#\s]{1,256}"
PHONE: Final = "a number like +6281103673201"
DEVICE: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
# How the address of each channel looks, and what people call that.
ADDRESSES: Final[Mapping[str, tuple[str, str]]] = {
    "sms": (E164, PHONE),
    "whatsapp": (E164, PHONE),
    "mqtt": (MQTT_TOPIC, "a topic without + or #"),
    "webpush": (DEVICE, "a device's name like tablet-dmk-01"),
    "fcm": (DEVICE, "a device's name like tablet-dmk-01"),
    "other": (DEVICE, "the name of an entry of an apprise provider in notify.yaml"),
}
# A position less certain than this says nothing about which unit is near.
WIDEST_ESTIMATE_M: Final = 20_000
MOST_UNITS_OF_A_NEED: Final = 20

FAMILIES: Final = tuple(sorted({family_of(name) for name in TYPES if "_" in name}))


def read_units(document: Value, capabilities: Sequence[str] = CAPABILITIES) -> tuple[tuple[UnitSpec, Value], ...]:
    """`units.yaml`: each unit with its place in the file, for the checks that need other files."""
    table = document.table(("units",))
    units = tuple((_unit(item, capabilities), item) for item in table.items("units"))
    if "units" in table and not units:
        table.values["units"].wrong("is empty; a centre without units can send nobody, list them")
    return units


def _unit(item: Value, capabilities: Sequence[str]) -> UnitSpec:
    entry = item.table(
        ("unit_id", "kind", "name", "lat", "lon", "radius_m", "coord_source", "capabilities", "contacts"),
        ("example", "address"),
    )
    contacts = tuple(read_contact(contact) for contact in entry.items("contacts"))
    if "contacts" in entry and not contacts:
        entry.values["contacts"].wrong("is empty; a unit nobody can reach cannot be sent, give it an sms contact")
    return UnitSpec(
        unit_id=entry.text("unit_id", UNIT_ID, "a unit id like 3673-DMK-01"),
        kind=entry.choice("kind", UNIT_KINDS),
        name=entry.text("name"),
        lat=entry.number("lat", -90, 90),
        lon=entry.number("lon", -180, 180),
        radius_m=entry.number("radius_m", 0, WIDEST_ESTIMATE_M),
        coord_source=entry.choice("coord_source", COORD_SOURCES),
        capabilities=entry.choices("capabilities", capabilities),
        contacts=contacts,
        example=entry.flag("example"),
        address=entry.text("address"),
    )


def read_contact(item: Value) -> Contact:
    """One way to reach a crew."""
    entry = item.table(("channel", "address"))
    channel = entry.choice("channel", CONTACT_CHANNELS)
    return Contact(channel, entry.text("address", *ADDRESSES.get(channel, (E164, PHONE))))


def read_plan(
    document: Value, capabilities: Sequence[str] = CAPABILITIES
) -> tuple[ResponsePlan, tuple[tuple[Need, Value], ...]]:
    """`plan.yaml`: the plan, and each need with its place in the file."""
    entries: dict[tuple[str, str], tuple[Need, ...]] = {}
    needs: list[tuple[Need, Value]] = []
    plan = document.table(("plan",)).table("plan", (DEFAULT_TYPE,), (*TYPES, *FAMILIES))
    for pattern, by_priority in plan.values.items():
        for priority, value in by_priority.table((), (*PRIORITIES, ANY_PRIORITY)).values.items():
            read = tuple((_need(item, capabilities), item) for item in value.items())
            if not read and pattern not in TYPES_WITHOUT_UNIT:
                value.wrong(f"sends nobody, which only {' and '.join(TYPES_WITHOUT_UNIT)} may; name the units")
            entries[pattern, priority] = tuple(need for need, _ in read)
            needs.extend(read)
        if (pattern, ANY_PRIORITY) not in entries:
            by_priority.wrong(f"has no {ANY_PRIORITY!r}; add '{ANY_PRIORITY}: …' for the priorities not named")
    return ResponsePlan(entries), tuple(needs)


def _need(item: Value, capabilities: Sequence[str]) -> Need:
    entry = item.table(("role", "kinds"), ("capabilities", "count", "optional"))
    kinds = entry.choices("kinds", UNIT_KINDS)
    if "kinds" in entry and not kinds:
        entry.values["kinds"].wrong(f"is empty; name at least one of: {', '.join(UNIT_KINDS)}")
    return Need(
        role=entry.text("role"),
        kinds=kinds,
        capabilities=entry.choices("capabilities", capabilities),
        count=entry.integer("count", 1, MOST_UNITS_OF_A_NEED, absent=1),
        optional=entry.flag("optional"),
    )
