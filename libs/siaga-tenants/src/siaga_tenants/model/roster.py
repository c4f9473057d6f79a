"""When units are on duty."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
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

    def shifts_at(self, zone: tzinfo, at_ms: int) -> tuple[Shift, ...]:
        """The shifts that last at this time; none = off duty."""
        return tuple(shift for shift, begin_ms, end_ms in self.spans(zone, at_ms, 1) if begin_ms <= at_ms < end_ms)

    def spans(self, zone: tzinfo, at_ms: int, days: int) -> Iterator[tuple[Shift, int, int]]:
        """The shifts that begin within so many days of this time, with their beginning and end (epoch milliseconds)."""
        today = datetime.fromtimestamp(at_ms / 1000, zone).replace(hour=0, minute=0, second=0, microsecond=0)
        for offset in range(-days, days + 1):
            midnight = today + timedelta(days=offset)
            midnight_ms = int(midnight.timestamp() * 1000)
            for shift in self.beginning_on(midnight.date()):
                yield shift, midnight_ms + shift.from_minute * 60_000, midnight_ms + shift.until_minute * 60_000

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
