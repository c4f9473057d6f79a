"""Engines in the order in which the dispatcher's own choice would send them."""

from collections.abc import Collection, Mapping
from typing import Final

from siaga_tenants.model import DispatchPolicy, Need

from siaga_dispatcher.core import geo
from siaga_dispatcher.core.choose import ranked
from siaga_dispatcher.core.values import Position, Unit, UnitStatus

KIND: Final = "damkar"
# A city's engines are all candidates: how far the ladder reaches decides nothing here.
POLICY: Final = DispatchPolicy(radius_ladder_m=(200_000.0,), speed_kmh={KIND: 35.0})
_NEED: Final = Need("engine", (KIND,))


def travel_s(station: Position, place: Position) -> float:
    """Driving time as the product takes it where no road network is known."""
    return geo.eta_s(geo.distance_m(station, place), POLICY.detour_factor, POLICY.speed_kmh[KIND])


def order_of(
    stations: Mapping[str, Position], free: Collection[str], place: Position, held_back_s: Mapping[str, float], now: int
) -> tuple[str, ...]:  # fmt: skip
    """Who would be sent first, second and so on: the product's own order over all engines, of which some are free.

    `held_back_s` are seconds that an engine comes later in the order, as outside its own area.
    """
    units = [_unit(engine, station, free=engine in free) for engine, station in stations.items()]
    return tuple(choice.unit.unit_id for choice in ranked(_NEED, units, place, POLICY, now, held=held_back_s))


def _unit(engine: str, station: Position, *, free: bool) -> Unit:
    status = UnitStatus.AVAILABLE if free else UnitStatus.ON_SCENE
    return Unit(engine, "", KIND, engine, (), station, station, status)
