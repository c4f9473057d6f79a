"""Which units are near: whom a choice could send, with the age of their positions and times as the choice has them."""

from dataclasses import replace
from typing import Any

import pytest
from dispatcher_bench import Bench
from dispatcher_river import River
from dispatcher_samples import CENTRE, NOON_MS, north, unit
from siaga.v1 import unit_directory_service_pb2 as api
from siaga_dispatcher.adapters.feed import Feed
from siaga_dispatcher.adapters.roads.roads import Roads
from siaga_dispatcher.adapters.unit_directory import UnitDirectory
from siaga_dispatcher.core.positions import STALE_MS, TOO_OLD_MS
from siaga_dispatcher.core.values import Unit, UnitStatus
from siaga_kit.settings import KafkaSettings

pytestmark = pytest.mark.stack


async def near(bench: Bench, roads: Roads | None = None, **fields: Any) -> list[api.NearestUnit]:
    roads = roads or Roads({}, lambda: NOON_MS)
    feed = Feed(KafkaSettings(), bench.topics.units)
    directory = UnitDirectory(bench.store, bench.dispatcher._rules, feed, roads, lambda: NOON_MS)
    request = api.NearestRequest(tenant=bench.code, lat=CENTRE.lat, lon=CENTRE.lon, **fields)
    return list((await directory.Nearest(request, None)).units)


def tracked(unit_id: str, away_m: float, age_ms: int) -> Unit:
    """A unit whose tracker told that long ago, 5 km from its station."""
    fix = replace(north(away_m), source="gps", fixed_at_ms=NOON_MS - age_ms)
    return unit(unit_id, away_m=away_m + 5_000, position=fix)


async def test_it_is_whom_a_choice_could_send(bench: Bench) -> None:
    await bench.put(
        unit("home", away_m=2_000),
        tracked("too-old", 300, TOO_OLD_MS + 1),
        tracked("stale", 400, TOO_OLD_MS),
        tracked("fresh", 500, STALE_MS // 2),
        unit("off-shift", away_m=600, off_shift=True),
        unit("off-duty", away_m=600, status=UnitStatus.OFF_DUTY),
        unit("retired", away_m=600, retired=True),
        unit("broken", away_m=600, status=UnitStatus.OUT_OF_SERVICE),
        unit("on-a-task", away_m=600, incident_id="incident-1", status=UnitStatus.EN_ROUTE),
    )
    told = [
        (one.unit.unit_id, one.position_age_s if one.HasField("position_age_s") else None) for one in await near(bench)
    ]
    assert told == [("stale", 1_800.0), ("fresh", 60.0), ("home", None)]
    assert {one.eta_source for one in await near(bench)} == {"great_circle"}


async def test_the_road_tells_the_time_where_the_centre_has_one(bench: Bench) -> None:
    await bench.put(unit("over-the-river", away_m=500), unit("far", away_m=4_000), unit("farther", away_m=12_000))
    river = River()
    roads = Roads({bench.code: river}, lambda: NOON_MS)
    told = [(one.unit.unit_id, one.eta_s, one.eta_source) for one in await near(bench, roads, limit=2)]
    assert told == [
        ("over-the-river", 3_600, "valhalla"),
        ("far", pytest.approx(240, rel=0.001), "valhalla"),
    ]
    # The road is asked for what is answered, not for the fleet.
    assert river.asked == [2]


async def test_a_road_that_does_not_answer_leaves_the_straight_line(bench: Bench) -> None:
    await bench.put(unit("d1"))
    (one,) = await near(bench, Roads({bench.code: River(down=True)}, lambda: NOON_MS))
    assert (one.eta_source, one.eta_s) == ("great_circle", pytest.approx(1_000 * 1.4 / (40 / 3.6), rel=0.001))
