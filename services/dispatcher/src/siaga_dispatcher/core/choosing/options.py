"""What a candidate is to a choice: how far, how soon, and what keeps it from going."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from siaga_tenants.model import DispatchPolicy, Need

from siaga_dispatcher.core import geo
from siaga_dispatcher.core.eta import Eta
from siaga_dispatcher.core.own_areas import NOBODY_HELD
from siaga_dispatcher.core.positions import PositionState, position_state
from siaga_dispatcher.core.values import Position, Unit, UnitStatus

# The source of a time that is none: nobody knows where the place is, units go in the order of the centre's list.
STATION_LIST: Final = "station_list"
_WAITS: Final = (UnitStatus.AVAILABLE, UnitStatus.AVAILABLE_MOBILE)


class Option(NamedTuple):
    """A candidate, measured; `obstacle` keeps it from every need, empty = nothing does."""

    unit: Unit
    distance_m: float
    eta_s: float
    # None = by great circle; the value is made for those that are told of only.
    by_road: Eta | None
    obstacle: str
    # Added to its time in the order only: the place is in another's own area.
    held_s: float = 0.0

    @property
    def eta(self) -> Eta:
        """The time with its source."""
        return self.by_road or Eta(self.eta_s, self.distance_m)


def options_of(
    candidates: Iterable[Unit],
    place: Position | None,
    policy: DispatchPolicy,
    at_ms: int,
    etas: Mapping[str, Eta],
    excluded: frozenset[str],
    held: Mapping[str, float] = NOBODY_HELD,
) -> list[Option]:
    """The candidates measured, the soonest first; in the order of their ids where no place tells who is sooner."""
    measure = None if place is None else geo.from_point(place)
    pace: dict[str, float] = {}
    options: list[Option] = []
    for unit in candidates:
        obstacle = "declined" if unit.unit_id in excluded else state_of(unit, at_ms)
        if measure is None:
            options.append(Option(unit, 0.0, 0.0, Eta(0.0, 0.0, STATION_LIST), obstacle))
            continue
        away_m = measure(unit.position)
        eta = etas.get(unit.unit_id)
        if eta is not None:
            options.append(Option(unit, away_m, eta.seconds, eta, obstacle))
            continue
        if unit.kind not in pace:
            pace[unit.kind] = geo.eta_s(1.0, policy.detour_factor, speed_kmh(unit.kind, policy))
        options.append(Option(unit, away_m, away_m * pace[unit.kind], None, obstacle))
    if held:
        options = [option._replace(held_s=held.get(option.unit.unit_id, 0.0)) for option in options]
    options.sort(key=_soonest)
    return options


def _soonest(option: Option) -> tuple[float, float, str]:
    return option.eta_s + option.held_s, option.distance_m, option.unit.unit_id


def speed_kmh(kind: str, policy: DispatchPolicy) -> float:
    """How fast units of the kind go."""
    return policy.speed_kmh.get(kind, geo.DEFAULT_SPEED_KMH)


def state_of(unit: Unit, at_ms: int) -> str:
    """What keeps the unit from any task: busy, out_of_service, off_duty, position_too_old; empty = nothing."""
    if unit.incident_id:
        return "busy"
    if unit.retired or unit.status is UnitStatus.OUT_OF_SERVICE:
        return "out_of_service"
    if unit.off_shift or unit.status is UnitStatus.OFF_DUTY:
        return "off_duty"
    if unit.status not in _WAITS:
        return "busy"
    return "position_too_old" if position_state(unit, at_ms) is PositionState.TOO_OLD else ""


def fits(need: Need, unit: Unit) -> bool:
    """Whether the unit has a kind and all capabilities that the need asks for."""
    # Not `Need.fits`: two sets for each pair of need and unit were a third of a choice's time.
    if unit.kind not in need.kinds:
        return False
    for capability in need.capabilities:  # noqa: SIM110  a generator costs more than the whole loop
        if capability not in unit.capabilities:
            return False
    return True
