"""Reading `roster.yaml`: when which units are on duty, and which numbers are called in which shift."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from siaga_tenants.document import Table, Value
from siaga_tenants.model import NO_ROSTER, Contact, Duty, Roster, Shift
from siaga_tenants.units import UNIT_ID, read_contact
from siaga_tenants.vocabulary import DAYS, UNIT_KINDS

DAY_MINUTES: Final = 24 * 60
EVERY_DAY: Final = frozenset(range(7))
CLOCK: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
DATE: Final = r"\d{4}-\d\d-\d\d"


@dataclass(frozen=True, slots=True)
class ReadRoster:
    """The roster, with the places in the file that later complaints point at."""

    roster: Roster = NO_ROSTER
    units: tuple[tuple[str, Value], ...] = ()
    # Number, whose it is, where it stands.
    contacts: tuple[tuple[str, str, Value], ...] = ()


def read_roster(document: Value) -> ReadRoster:
    """`roster.yaml`."""
    by_unit: dict[str, Duty] = {}
    by_kind: dict[str, Duty] = {}
    named: list[tuple[str, Value]] = []
    contacts: list[tuple[str, str, Value]] = []
    for item in document.table(("roster",)).items("roster"):
        entry = item.table(("shifts",), ("units", "kinds", "exceptions"))
        units = [(place.text(UNIT_ID, "a unit id like 3673-DMK-01"), place) for place in entry.items("units")]
        kinds = [(place.choice(UNIT_KINDS), place) for place in entry.items("kinds")]
        if bool(units) == bool(kinds):
            item.wrong("must name either units or kinds; write 'units: [3673-DMK-01]' or 'kinds: [satgas]'")
        found: list[tuple[Contact, Value]] = []
        duty = _duty(entry, found)
        if found and (kinds or len(units) != 1):
            found[0][1].wrong("belongs to one crew, but the entry names several; give that unit an entry of its own")
        contacts += [(contact.address, units[0][0] if units else "", place) for contact, place in found]
        named += units
        for names, table in ((units, by_unit), (kinds, by_kind)):
            for name, place in names:
                if name in table:
                    place.wrong(f"{name!r} stands twice; one entry says all of it")
                table[name] = duty
    return ReadRoster(Roster(by_unit, by_kind), tuple(named), tuple(contacts))


def _duty(entry: Table, contacts: list[tuple[Contact, Value]]) -> Duty:
    shifts = tuple(_shift(item, contacts, days=True) for item in entry.items("shifts"))
    exceptions: dict[date, tuple[Shift, ...]] = {}
    for item in entry.items("exceptions"):
        table = item.table(("dates", "shifts"))
        instead = tuple(_shift(each, contacts, days=False) for each in table.items("shifts"))
        for place in table.items("dates"):
            day = _date(place)
            if day is not None and day in exceptions:
                place.wrong(f"{day} stands twice; remove one of them")
            if day is not None:
                exceptions[day] = instead
    return Duty(shifts, exceptions)


def _shift(item: Value, found: list[tuple[Contact, Value]], *, days: bool) -> Shift:
    """A shift; one on a date has no days of the week."""
    entry = item.table(("name", "from", "to"), ("days", "contacts") if days else ("contacts",))
    begin, end = _minute(entry, "from"), _minute(entry, "to")
    contacts = [(read_contact(place), place.child("address")) for place in entry.items("contacts")]
    found += contacts
    on = frozenset(DAYS[word] for word in entry.choices("days", DAYS) if word in DAYS)
    return Shift(
        entry.text("name"),
        on or EVERY_DAY,
        begin,
        # Until the same minute or an earlier one: of the next day.
        end if end > begin else end + DAY_MINUTES,
        tuple(contact for contact, _ in contacts),
    )


def _minute(entry: Table, key: str) -> int:
    match = CLOCK.fullmatch(entry.text(key, CLOCK.pattern, 'a time like "07:00" in quotes'))
    return int(match[1]) * 60 + int(match[2]) if match else 0


def _date(place: Value) -> date | None:
    written = place.text(DATE, 'a day like "2026-12-25" in quotes')
    try:
        return date.fromisoformat(written) if re.fullmatch(DATE, written) else None
    except ValueError:
        place.wrong(f"{written!r} is no day of the calendar")
        return None
