"""A decision in the making: incidents' successive versions, the units they touch, the orders and alerts they give."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from siaga_contracts import ids
from siaga_contracts.values import changed

from siaga_dispatcher.core.decision import Decision, Search, Timeline
from siaga_dispatcher.core.lifecycle import Trigger, next_incident
from siaga_dispatcher.core.positions import rest_position
from siaga_dispatcher.core.values import (
    Alert,
    Change,
    Incident,
    LinkKind,
    MessageState,
    Order,
    OrderKind,
    Timer,
    Unit,
    UnitStatus,
)

# Units may have come from the incidents of these links with their orders.
_CARRIED: Final = frozenset({LinkKind.MERGED_FROM, LinkKind.DISMISSED})
# Changes that say no more than how far a crew was told: whoever decides on the version before decides on the same.
_ONLY_TOLD: Final = frozenset({*(state.value for state in MessageState), "not_delivered", "reminded"})


@dataclass(slots=True)
class Book:
    """What the incidents of one decision share: units, orders, alerts."""

    loaded: dict[str, Unit] = field(default_factory=dict)
    touched: dict[str, Unit] = field(default_factory=dict)
    released: list[Unit] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    drafts: list["Draft"] = field(default_factory=list)


@dataclass(slots=True)
class Draft:
    """Collects changes of one incident; every `change` is a version of its own in the timeline."""

    before: Incident | None
    incident: Incident
    cause_id: str
    event_at_ms: int
    actor: str
    search: Search | None = None
    book: Book = field(default_factory=Book)
    snapshots: list[Incident] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.book.drafts.append(self)

    def beside(self, incident: Incident, before: Incident | None = None) -> "Draft":
        """A draft of another incident that changes in the same decision; `before` None = it is new."""
        return Draft(before, incident, self.cause_id, self.event_at_ms, self.actor, book=self.book)

    def know(self, units: Iterable[Unit]) -> None:
        """Units as loaded; only known units can be changed."""
        self.book.loaded.update((unit.unit_id, unit) for unit in units)

    def unit(self, unit_id: str) -> Unit | None:
        """The unit as it is in this decision."""
        return self.book.touched.get(unit_id) or self.book.loaded.get(unit_id)

    def change(self, kind: str, reason: str, trigger: Trigger | None = None, **fields: Any) -> None:
        """A new version; with a trigger the status moves by the table (IllegalTransition when it cannot).

        `candidates` among the fields are what a choice of units looked at.
        """
        status = next_incident(self.incident.status, trigger) if trigger else self.incident.status
        candidates = fields.pop("candidates", ())
        version = self.incident.version + 1
        self.incident = changed(
            self.incident,
            version=version,
            acted_version=self.incident.acted_version if kind in _ONLY_TOLD else version,
            status=status,
            event_at_ms=max(self.incident.event_at_ms, self.event_at_ms),
            change=Change(kind, self.actor, reason, self.event_at_ms, self.cause_id, candidates),
            **fields,
        )
        self.snapshots.append(self.incident)

    def set_timers(self, *timers: Timer) -> None:
        """Start timers, or move those of the same key; they are kept with the newest version."""
        fresh = {timer.key for timer in timers}
        self._keep_timers((*(timer for timer in self.incident.timers if timer.key not in fresh), *timers))

    def drop_timers(self, subject: str | None = None, *kinds: str) -> None:
        """Stop the timers of a subject (None = any) and of these kinds (none named = all)."""
        self._keep_timers(
            tuple(
                timer
                for timer in self.incident.timers
                if not (subject in (None, timer.subject) and (not kinds or timer.kind in kinds))
            )
        )

    def _keep_timers(self, timers: tuple[Timer, ...]) -> None:
        if timers == self.incident.timers:
            return
        # Timers alone are no news: they ride on the version that a change of this decision makes.
        self.incident = replace(self.incident, timers=timers)
        if self.snapshots:
            self.snapshots[-1] = self.incident

    def put(self, unit: Unit, **fields: Any) -> Unit:
        """The unit's new state: one version later than loaded, however often it is put."""
        stored = changed(
            unit,
            **fields,
            version=self.book.loaded[unit.unit_id].version + 1,
            event_at_ms=max(unit.event_at_ms, self.event_at_ms),
        )
        self.book.touched[unit.unit_id] = stored
        return stored

    def release(self, unit: Unit, status: UnitStatus = UnitStatus.AVAILABLE) -> None:
        """The unit leaves the incident; without a tracker it counts as standing at its station until it reports where it is."""
        self.book.released.append(unit)
        self.put(
            replace(
                unit,
                status=status,
                incident_id="",
                order_id="",
                task_code="",
                position=rest_position(unit, self.event_at_ms),
                free_since_ms=self.event_at_ms,
            )
        )

    def order(self, kind: OrderKind, unit: Unit, reason: str = "", about_order_id: str = "") -> None:
        """A word to the unit, saying what the incident is by the end of this decision."""
        dispatch = kind is OrderKind.DISPATCH and unit.order_id
        order_id = unit.order_id if dispatch else order_id_of(kind, self.incident, unit, again=bool(about_order_id))
        self.book.orders.append(
            Order(order_id, kind, unit, self.incident, self.event_at_ms, reason, about_order_id)
        )  # fmt: skip

    def alert(self, alert: Alert) -> None:
        """Something for the supervisor's screen, or its end."""
        self.book.alerts.append(alert)

    def decision(self) -> Decision:
        """The finished decision of this draft and all beside it; the one that was drafted first comes first."""
        drafts = self.book.drafts
        after = {draft.incident.incident_id: draft.incident for draft in drafts}
        timelines = tuple(Timeline(draft.before, tuple(draft.snapshots)) for draft in drafts if draft.snapshots)
        orders = tuple(_about(order, after[order.incident.incident_id]) for order in self.book.orders)
        nothing = not (timelines or self.book.touched or self.book.alerts)
        return Decision(
            drafts[0].before,
            timelines,
            tuple(self.book.touched.values()),
            tuple(self.book.released),
            orders,
            tuple(self.book.alerts),
            next((draft.search for draft in drafts if draft.search is not None), None),
            "nothing_new" if nothing else "",
        )


def _about(order: Order, incident: Incident) -> Order:
    return order if order.incident is incident else changed(order, incident=incident)


def order_id_of(kind: OrderKind, incident: Incident, unit: Unit, *, again: bool = False) -> str:
    """An order's id: one dispatch and one stand-down per assignment; of the others, and `again`, one per version."""
    repeats = again or kind in (OrderKind.UPDATE, OrderKind.REMIND)
    told = f"{kind.value}.{incident.version}" if repeats else kind.value
    return ids.order_id(incident.incident_id, unit.unit_id, unit.fence, told)


def answers(order_id: str, incident: Incident, unit: Unit) -> bool:
    """Whether a crew that names this order (its dispatch, or another word about it) speaks of the unit's present task.

    A unit whose incident was merged, or whose merge was undone, may still name a word that came under the other ticket.
    """
    if order_id in (unit.order_id, unit.task_code):
        return True
    others = ((link.incident_id, link.version) for link in incident.links if link.kind in _CARRIED)
    repeats = (OrderKind.UPDATE, OrderKind.REMIND)
    return any(
        order_id == ids.order_id(incident_id, unit.unit_id, unit.fence, f"{kind.value}.{version}")
        for incident_id, newest in ((incident.incident_id, incident.version), *others)
        for version in range(1, newest + 1)
        for kind in repeats
    )
