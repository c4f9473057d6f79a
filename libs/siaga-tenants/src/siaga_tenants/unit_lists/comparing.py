"""What a list would change: new and changed units, what is missing from it, and which rows cannot be taken."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from siaga_tenants.borders import BordersError
from siaga_tenants.checks import FARTHEST_FROM_BORDER_M
from siaga_tenants.gazetteer import normalise_name
from siaga_tenants.model import Tenant, Tenants, UnitSpec
from siaga_tenants.unit_lists.merging import merged, moved_m
from siaga_tenants.unit_lists.reading import Finding, UnitFile
from siaga_tenants.unit_lists.rows import Told, told

# Letters of the ids that new units are given.
LETTERS: Final = {
    "puskesmas": "PKM", "damkar": "DMK", "satgas": "STG", "polisi": "POL", "pmi": "PMI", "pln": "PLN", "sar": "SAR",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """A unit as it would become; `before` None = it is new."""

    line: int
    unit: UnitSpec
    before: UnitSpec | None

    @property
    def fields(self) -> Mapping[str, tuple[Any, Any]]:
        """What differs: before and after, by field."""
        if self.before is None:
            return {}
        pairs = (
            (each.name, getattr(self.before, each.name), getattr(self.unit, each.name)) for each in fields(self.unit)
        )
        return {name: (before, after) for name, before, after in pairs if before != after}

    @property
    def moved_m(self) -> float:
        """How far its station would move, in metres."""
        return 0.0 if self.before is None else moved_m(self.before, self.unit)


@dataclass(frozen=True, slots=True)
class Import:
    """All that a list would do. Rows in `rejected` are left out; `remarks` are of rows that are taken."""

    changes: tuple[Change, ...]
    unchanged: int
    missing: tuple[UnitSpec, ...]
    rejected: tuple[Finding, ...]
    remarks: tuple[Finding, ...]

    @property
    def new(self) -> tuple[Change, ...]:
        """Units that were not there."""
        return tuple(change for change in self.changes if change.before is None)

    @property
    def changed(self) -> tuple[Change, ...]:
        """Units that are there, and would be different."""
        return tuple(change for change in self.changes if change.before is not None)


def compared(file: UnitFile, tenant: Tenant, tenants: Tenants) -> Import:
    """What the file would change in the tenant's units; `tenants` are all, for a number stands once over all of them."""
    comparing = _Comparing(file, tenant)
    taken = [change for row in file.rows if (change := comparing.change(told(row, file.headings, tenant.terms)))]
    elsewhere = {
        contact.address: unit.unit_id
        for other in tenants.values()
        if other is not tenant
        for unit in other.units
        for contact in unit.contacts
    }
    # A row that is left out leaves its unit as it was, whose number another row may have wanted: look again.
    while clashing := dict(_clashes(taken, tenant.units, elsewhere)):
        comparing.rejected += [
            Finding(change.line, file.headings.get("phone", "phone"), what) for change, what in clashing.items()
        ]
        taken = [change for change in taken if change not in clashing]
    return Import(
        changes=tuple(change for change in taken if change.unit != change.before),
        unchanged=sum(change.unit == change.before for change in taken),
        missing=tuple(unit for unit in tenant.units if unit.unit_id not in comparing.lines),
        rejected=tuple(sorted((*file.unreadable, *comparing.rejected), key=lambda finding: finding.line)),
        remarks=tuple(remark for remark in comparing.remarks if remark.line in {change.line for change in taken}),
    )


class _Comparing:
    """Goes through the rows, and remembers which units they were about."""

    def __init__(self, file: UnitFile, tenant: Tenant) -> None:
        self._headings = file.headings
        self._tenant = tenant
        self._digits = tenant.code.replace(".", "")
        self._known = {unit.unit_id: unit for unit in tenant.units}
        self._named: dict[tuple[str, str], list[str]] = {}
        for unit in tenant.units:
            self._named.setdefault((unit.kind, normalise_name(unit.name)), []).append(unit.unit_id)
        # Units that rows were about, those included that could not be taken.
        self.lines: dict[str, int] = {}
        self._new_names: dict[tuple[str, str], int] = {}
        self.rejected: list[Finding] = []
        self.remarks: list[Finding] = []

    def change(self, row: Told | list[Finding]) -> Change | None:
        """What the row does; None = it cannot be taken, which is told in `rejected`."""
        if isinstance(row, list):
            self.rejected += row
            return None
        unit_id = self._unit_id(row)
        if unit_id is None:
            return None
        if unit_id in self.lines:
            self._reject(row, "unit_id", f"{unit_id} stands already in line {self.lines[unit_id]}; remove one")
            return None
        self.lines[unit_id] = row.line
        known = self._known.get(unit_id)
        unit = merged(row, unit_id, known)
        if not isinstance(unit, UnitSpec):
            self._reject(row, *unit)
            return None
        fault = next(self._faults(unit), None)
        if fault is not None:
            self._reject(row, *fault)
            return None
        self._remark(row, unit, known)
        return Change(row.line, unit, known)

    def _reject(self, row: Told, field: str, what: str) -> None:
        self.rejected.append(Finding(row.line, self._headings.get(field, field), what))

    def _unit_id(self, row: Told) -> str | None:
        """The unit that the row is about: by its id, else by kind and name; a new one is given an id."""
        if row.unit_id is not None:
            if row.unit_id.startswith(f"{self._digits}-"):
                return row.unit_id
            self._reject(
                row, "unit_id", f"{row.unit_id} is none of {self._tenant.code}; import it with its own --tenant"
            )
            return None
        if row.kind is None or row.name is None:
            self._reject(row, "unit_id", "is missing; without an id a row needs kind and name")
            return None
        name = (row.kind, normalise_name(row.name))
        named = self._named.get(name, [])
        if len(named) > 1:
            self._reject(row, "name", f"{row.name!r} is the name of {', '.join(named)}; add a column unit_id")
            return None
        if named:
            return named[0]
        first = self._new_names.setdefault(name, row.line)
        if first != row.line:
            self._reject(
                row, "name", f"{row.name!r} stands already in line {first}; give one another name, or each a unit_id"
            )
            return None
        return self._next_id(row.kind)

    def _next_id(self, kind: str) -> str:
        prefix = f"{self._digits}-{LETTERS[kind]}-"
        numbers = (
            int(unit_id.removeprefix(prefix)) for unit_id in (*self._known, *self.lines) if unit_id.startswith(prefix)
        )
        return f"{prefix}{max(numbers, default=0) + 1:02d}"

    def _faults(self, unit: UnitSpec) -> Iterator[tuple[str, str]]:
        """What the tenants' own check would refuse, and with it all other rows."""
        if unit.kind not in self._tenant.dispatch.speed_kmh:
            yield "kind", f"{unit.kind!r} has no speed; add it to speed_kmh in dispatch.yaml"
        for capability in unit.capabilities:
            kinds = self._tenant.terms.kinds_of(capability)
            if unit.kind not in kinds:
                yield (
                    "capabilities",
                    f"{unit.kind!r} cannot have {capability}, only {', '.join(kinds)}; correct one of them",
                )
        outside_m = self._outside_m(unit)
        if outside_m > FARTHEST_FROM_BORDER_M:
            yield "lat", f"lies {outside_m / 1000:.0f} km outside {self._tenant.name}; correct the position"

    def _remark(self, row: Told, unit: UnitSpec, known: UnitSpec | None) -> None:
        outside_m = self._outside_m(unit)
        if outside_m > 0 and (known is None or row.place is not None):
            what = f"lies {outside_m:.0f} m outside {self._tenant.name}; taken, look whether that is right"
            self.remarks.append(Finding(row.line, self._headings.get("lat", "lat"), what))
        if known is None and not unit.capabilities:
            what = "has no capabilities, so that only needs without any can be filled by it; add a column kemampuan"
            self.remarks.append(Finding(row.line, self._headings.get("capabilities", "capabilities"), what))

    def _outside_m(self, unit: UnitSpec) -> float:
        try:
            return self._tenant.gazetteer.borders.distance_m(unit.lat, unit.lon)
        except BordersError:
            # Told by the check of the tenant itself.
            return 0.0


def _clashes(
    taken: Iterable[Change], units: Iterable[UnitSpec], elsewhere: Mapping[str, str]
) -> Iterator[tuple[Change, str]]:
    """Changes whose number belongs to another crew, and whose."""
    taken = tuple(taken)
    told_of = {change.unit.unit_id for change in taken}
    owners = dict(elsewhere)
    owners.update(
        (contact.address, unit.unit_id) for unit in units if unit.unit_id not in told_of for contact in unit.contacts
    )
    for change in taken:
        for contact in change.unit.contacts:
            owner = owners.setdefault(contact.address, change.unit.unit_id)
            if owner != change.unit.unit_id:
                yield change, f"the number belongs to {owner}; every crew has its own"
                break
