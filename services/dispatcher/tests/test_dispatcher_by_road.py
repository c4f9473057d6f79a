"""A call is decided on driving times by road, on the real Redis."""

import pytest
from dispatcher_bench import Bench
from dispatcher_river import River
from dispatcher_samples import CENTRE, NOON_MS, unit
from siaga_dispatcher.adapters.roads.roads import Roads
from siaga_dispatcher.core.geo import distance_m
from siaga_dispatcher.core.roads.drives import NO_ANSWER
from siaga_dispatcher.core.values import Assignment
from siaga_dispatcher.dispatching import Dispatcher
from siaga_kit.breaker import PATIENCE

pytestmark = pytest.mark.stack


def by_road(bench: Bench, river: River) -> Dispatcher:
    roads = Roads({bench.code: river}, lambda: NOON_MS)
    return Dispatcher(bench.store, bench.dispatcher._rules, lambda: NOON_MS, lambda _: None, roads)


async def sent(bench: Bench, dispatcher: Dispatcher) -> Assignment:
    decision = await dispatcher.take_assessment(bench.call(type="fire_land"))
    assert decision.incident is not None
    (assignment,) = decision.incident.assignments
    return assignment


async def test_the_sooner_one_goes_from_beyond_the_first_circle(bench: Bench) -> None:
    await bench.put(unit("over-the-river", away_m=500), unit("far", away_m=4_000), unit("farther", away_m=12_000))
    river = River()
    assignment = await sent(bench, by_road(bench, river))
    assert (assignment.unit_id, assignment.eta_source) == ("far", "valhalla")
    assert assignment.eta_s == pytest.approx(240, rel=0.01)
    assert "4.8 km lewat jalan" in assignment.selection_reason
    # Nobody is asked about twice.
    assert sum(river.asked) <= 3


async def test_a_network_that_is_down_costs_the_reason_and_not_the_crew(bench: Bench) -> None:
    await bench.put(unit("near", away_m=500), unit("far", away_m=4_000))
    river = River(down=True)
    assignment = await sent(bench, by_road(bench, river))
    assert (assignment.unit_id, assignment.eta_source) == ("near", "great_circle")
    assert NO_ANSWER in assignment.selection_reason
    assert len(river.asked) <= PATIENCE


async def test_a_tenant_without_a_network_is_decided_as_ever(bench: Bench) -> None:
    await bench.put(unit("near", away_m=500), unit("far", away_m=4_000))
    assignment = await sent(bench, bench.dispatcher)
    assert (assignment.unit_id, assignment.eta_source) == ("near", "great_circle")
    assert assignment.distance_m == pytest.approx(distance_m(unit("near", away_m=500).position, CENTRE))
