"""When units are on duty."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from siaga_tenants.model.units import Contact


@dataclass(frozen=True, slots=True)
class Shift:
    """Hours of duty on days of the week (0 = Monday). Minutes after the midnight it begins on; `until` may lie in the next day."""

    name: str
    days: frozenset[int]
    from_minute: int
    until_minute: int
    # Called only while it lasts, beside the unit's own.
    contacts: tuple[Contact, ...] = ()


@dataclass(frozen=True, slots=True)
class Duty:
    """When a unit is on duty. On a date in `exceptions` those shifts begin instead, none = off."""

    shifts: tuple[Shift, ...]
    exceptions: Mapping[date, tuple[Shift, ...]] = field(default_factory=dict)

    def beginning_on(self, day: date) -> tuple[Shift, ...]:
        """The shifts that begin on this day."""
        instead = self.exceptions.get(day)
        return tuple(shift for shift in self.shifts if day.weekday() in shift.days) if instead is None else instead

    def all_contacts(self) -> Iterator[Contact]:
        """The numbers of all its shifts."""
        for shift in (*self.shifts, *(each for shifts in self.exceptions.values() for each in shifts)):
            yield from shift.contacts


@dataclass(frozen=True, slots=True)
class Roster:
    """A centre's roster. Whom it does not name is on duty round the clock."""

    by_unit: Mapping[str, Duty] = field(default_factory=dict)
    by_kind: Mapping[str, Duty] = field(default_factory=dict)

    def of(self, unit_id: str, kind: str) -> Duty | None:
        """When the unit is on duty: by its own entry, else that of its kind; None = always."""
        return self.by_unit.get(unit_id) or self.by_kind.get(kind)


NO_ROSTER: Final = Roster()
