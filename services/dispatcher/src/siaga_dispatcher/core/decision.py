"""What a decision comes to: what to write, all or nothing, and what becomes known by it."""

from siaga_contracts.values import value

from siaga_dispatcher.core.values import Alert, Incident, Order, Position, Unit


@value(frozen=True, slots=True)
class Search:
    """The decision would like to know the units of these kinds around this point, out to `enough_m`.

    `around` None = no map knows the place: those that come first in the centre's list.
    """

    kinds: frozenset[str]
    around: Position | None
    enough_m: float


@value(frozen=True, slots=True)
class Timeline:
    """One incident's new versions in order: all are published, the last is kept. `before` None = it is new."""

    before: Incident | None
    snapshots: tuple[Incident, ...]

    @property
    def after(self) -> Incident:
        """The incident as it is then."""
        return self.snapshots[-1]

    @property
    def only_told(self) -> bool:
        """Whether nothing is new but how far crews were told: no matter of anybody outside."""
        return self.before is not None and self.before.acted_version == self.after.acted_version


@value(frozen=True, slots=True)
class Decision:
    """The incident decided about first, then others that the same decision changes (a merge, a diversion).

    Each touched unit and incident must still be at the version before. Nothing to write = `ignored` says why.
    """

    before: Incident | None = None
    timelines: tuple[Timeline, ...] = ()
    units: tuple[Unit, ...] = ()
    released: tuple[Unit, ...] = ()
    orders: tuple[Order, ...] = ()
    alerts: tuple[Alert, ...] = ()
    search: Search | None = None
    ignored: str = ""
    # Open incidents look like the one decided about: people are to be asked, once it has its number.
    alike: bool = False
    # The units have only moved: what everybody may know of them is as it was.
    only_moved: bool = False

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.timelines or self.units or self.alerts)

    @property
    def snapshots(self) -> tuple[Incident, ...]:
        """All new versions of all incidents."""
        return tuple(snapshot for timeline in self.timelines for snapshot in timeline.snapshots)

    @property
    def incident(self) -> Incident | None:
        """The incident decided about, as it is after the decision."""
        first = self.timelines[0] if self.timelines else None
        same = first is not None and (self.before is None or first.after.incident_id == self.before.incident_id)
        return first.after if first is not None and same else self.before


def ignore(why: str) -> Decision:
    """Nothing happens, for this reason."""
    return Decision(ignored=why)
