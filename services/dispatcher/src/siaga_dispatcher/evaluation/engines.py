"""Engines in the order in which the dispatcher's own choice would send them."""

from collections.abc import Collection, Mapping
from typing import Final

from siaga_tenants.model import DispatchPolicy, Need

from siaga_dispatcher.core import geo
from siaga_dispatcher.core.choose import ranked
from siaga_dispatcher.core.eta import Eta
from siaga_dispatcher.core.values import Position, Unit, UnitStatus

KIND: Final = "damkar"
# A city's engines are all candidates: how far the ladder reaches decides nothing here.
POLICY: Final = DispatchPolicy(radius_ladder_m=(200_000.0,), speed_kmh={KIND: 35.0})
_NEED: Final = Need("engine", (KIND,))
# Where a driving time has something added that is none.
HELD_BACK: Final = "held_back"


def travel_s(station: Position, place: Position) -> float:
    """Driving time as the product takes it where no road network is known."""
    return geo.eta_s(geo.distance_m(station, place), POLICY.detour_factor, POLICY.speed_kmh[KIND])


def order_of(
    stations: Mapping[str, Position], free: Collection[str], place: Position, held_back_s: Mapping[str, float], now: int
) -> tuple[str, ...]:  # fmt: skip
    """Who would be sent first, second and so on: the product's own order over all engines, of which some are free.

    `held_back_s` is added to an engine's driving time; an engine that is not in it drives as the product reckons.
    """
    units = [_unit(engine, station, free=engine in free) for engine, station in stations.items()]
    etas = {
        engine: Eta(travel_s(stations[engine], place) + wait_s, geo.distance_m(stations[engine], place), HELD_BACK)
        for engine, wait_s in held_back_s.items()
    }
    return tuple(choice.unit.unit_id for choice in ranked(_NEED, units, place, POLICY, now, etas=etas))


def _unit(engine: str, station: Position, *, free: bool) -> Unit:
    status = UnitStatus.AVAILABLE if free else UnitStatus.ON_SCENE
    return Unit(engine, "", KIND, engine, (), station, station, status)
