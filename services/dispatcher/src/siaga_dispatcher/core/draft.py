"""A decision in the making: the incident's successive versions, the units it touches, the orders it gives."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from siaga_contracts import ids

from siaga_dispatcher.core.lifecycle import Trigger, next_incident
from siaga_dispatcher.core.values import Change, Incident, Order, OrderKind, Position, Unit, UnitStatus


@dataclass(frozen=True, slots=True)
class Search:
    """The decision would like to know the units of these kinds around this point, out to `enough_m`."""

    kinds: frozenset[str]
    around: Position
    enough_m: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What to write, all or nothing, and what becomes known by it.

    `snapshots` are the incident's new versions in order: all are published, the last is kept. Each touched unit and
    the incident must still be at the version before. Nothing to write = `ignored` says why.
    """

    before: Incident | None = None
    snapshots: tuple[Incident, ...] = ()
    units: tuple[Unit, ...] = ()
    released: tuple[Unit, ...] = ()
    orders: tuple[Order, ...] = ()
    search: Search | None = None
    ignored: str = ""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write."""
        return not self.snapshots and not self.units

    @property
    def incident(self) -> Incident | None:
        """The incident as it is after the decision."""
        return self.snapshots[-1] if self.snapshots else self.before


def ignore(why: str) -> Decision:
    """Nothing happens, for this reason."""
    return Decision(ignored=why)


@dataclass(slots=True)
class Draft:
    """Collects changes of one incident; every `change` is a version of its own in the timeline."""

    before: Incident | None
    incident: Incident
    cause_id: str
    event_at_ms: int
    actor: str
    search: Search | None = None
    _snapshots: list[Incident] = field(default_factory=list)
    _loaded: dict[str, Unit] = field(default_factory=dict)
    _touched: dict[str, Unit] = field(default_factory=dict)
    _released: list[Unit] = field(default_factory=list)
    _orders: list[Order] = field(default_factory=list)

    def know(self, units: Iterable[Unit]) -> None:
        """Units as loaded; only known units can be changed."""
        self._loaded.update((unit.unit_id, unit) for unit in units)

    def unit(self, unit_id: str) -> Unit | None:
        """The unit as it is in this draft."""
        return self._touched.get(unit_id) or self._loaded.get(unit_id)

    def change(self, kind: str, reason: str, trigger: Trigger | None = None, **fields: Any) -> None:
        """A new version; with a trigger the status moves by the table (IllegalTransition when it cannot)."""
        status = next_incident(self.incident.status, trigger) if trigger else self.incident.status
        self.incident = replace(
            self.incident,
            version=self.incident.version + 1,
            status=status,
            event_at_ms=max(self.incident.event_at_ms, self.event_at_ms),
            change=Change(kind, self.actor, reason, self.event_at_ms, self.cause_id),
            **fields,
        )
        self._snapshots.append(self.incident)

    def put(self, unit: Unit) -> Unit:
        """The unit's new state: one version later than loaded, however often it is put."""
        stored = replace(
            unit, version=self._loaded[unit.unit_id].version + 1, event_at_ms=max(unit.event_at_ms, self.event_at_ms)
        )
        self._touched[unit.unit_id] = stored
        return stored

    def release(self, unit: Unit, status: UnitStatus = UnitStatus.AVAILABLE) -> None:
        """The unit leaves the incident; it counts as standing at its station until it reports where it is."""
        self._released.append(unit)
        self.put(replace(unit, status=status, incident_id="", order_id="", task_code="", position=unit.station))

    def order(self, kind: OrderKind, unit: Unit) -> None:
        """A word to the unit, saying what the incident is by the end of this draft."""
        self._orders.append(Order(order_id_of(kind, self.incident, unit), kind, unit, self.incident, self.event_at_ms))

    def decision(self) -> Decision:
        """The finished decision."""
        orders = tuple(replace(order, incident=self.incident) for order in self._orders)
        return Decision(
            self.before,
            tuple(self._snapshots),
            tuple(self._touched.values()),
            tuple(self._released),
            orders,
            self.search,
            "" if self._snapshots or self._touched else "nothing_new",
        )


def order_id_of(kind: OrderKind, incident: Incident, unit: Unit) -> str:
    """An order's id: one dispatch and one stand-down per assignment, one update per version of the incident."""
    told = f"{kind.value}.{incident.version}" if kind is OrderKind.UPDATE else kind.value
    return ids.order_id(incident.incident_id, unit.unit_id, unit.fence, told)


def answers(order_id: str, incident: Incident, unit: Unit) -> bool:
    """Whether a crew that names this order (its dispatch, or an update of it) speaks of the unit's present task."""
    if order_id in (unit.order_id, unit.task_code):
        return True
    updates = (replace(incident, version=version) for version in range(1, incident.version + 1))
    return any(order_id == order_id_of(OrderKind.UPDATE, told, unit) for told in updates)
