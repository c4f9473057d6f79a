"""What a unit's position suggests to its crew: raised once, ended by the crew's word or by driving on, never a status."""

from dataclasses import replace
from typing import Any

import pytest
from dispatcher_samples import CENTRE, NOON_MS, call, north, town, unit
from siaga_dispatcher.core.geofence import ARRIVED, LEFT, RETURNED, alerts_of, suggestion
from siaga_dispatcher.core.values import Incident, Place, Unit, UnitStatus

U = UnitStatus


def incident(**place: Any) -> Incident:
    world = town()
    world.assess(call())
    position = replace(CENTRE, **place)
    return replace(world.incident, place=Place(position, "Jl. Rahasia 7"))


def on_task(status: UnitStatus, away_m: float, at_s: int = 0) -> Unit:
    fix = replace(north(away_m), source="gps", fixed_at_ms=NOON_MS + at_s * 1000)
    return unit("d1", away_m=5000, position=fix, status=status, incident_id=incident().incident_id, order_id="o-1")


@pytest.mark.parametrize(
    ("status", "away_m", "expected"),
    [
        (U.EN_ROUTE, 140, ARRIVED),
        (U.ACKNOWLEDGED, 140, ARRIVED),
        (U.EN_ROUTE, 160, ""),
        (U.ON_SCENE, 10, ""),
        (U.ON_SCENE, 440, ""),
        (U.ON_SCENE, 460, LEFT),
        (U.TRANSPORTING, 460, ""),
        (U.ON_SCENE, 4990, RETURNED),
        (U.TRANSPORTING, 4990, RETURNED),
        (U.EN_ROUTE, 4990, ""),
    ],
)
def test_what_a_place_suggests(status: UnitStatus, away_m: float, expected: str) -> None:
    assert suggestion(on_task(status, away_m), incident()) == expected


def test_an_uncertain_place_is_reached_further_out_but_not_from_the_next_desa() -> None:
    assert suggestion(on_task(U.EN_ROUTE, 450), incident(radius_m=480)) == ARRIVED
    assert suggestion(on_task(U.EN_ROUTE, 600), incident(radius_m=2000)) == ""


def test_a_unit_without_a_task_or_a_tracker_gets_no_suggestion() -> None:
    assert suggestion(unit("d1", away_m=0), None) == ""
    untracked = replace(on_task(U.EN_ROUTE, 10), position=replace(north(10), source="station"))
    assert suggestion(untracked, incident()) == ""


def test_it_is_raised_once_and_ended_by_the_crews_word() -> None:
    going = on_task(U.EN_ROUTE, 50)
    (raised,) = alerts_of(going, incident(), (), NOON_MS)
    assert (raised.kind, raised.unit_id, raised.cleared_at_ms) == (ARRIVED, "d1", 0)
    assert alerts_of(on_task(U.EN_ROUTE, 40, 5), incident(), (raised,), NOON_MS) == ()
    (ended,) = alerts_of(on_task(U.ON_SCENE, 40, 5), incident(), (raised,), NOON_MS + 9)
    assert (ended.alert_id, ended.cleared_at_ms, ended.version) == (raised.alert_id, NOON_MS + 9, 2)
    (gone,) = alerts_of(replace(going, incident_id="", order_id="", status=U.AVAILABLE), None, (raised,), NOON_MS)
    assert gone.cleared_at_ms


def test_one_suggestion_follows_another_under_another_id() -> None:
    (arrived,) = alerts_of(on_task(U.EN_ROUTE, 50), incident(), (), NOON_MS)
    ended, left = alerts_of(on_task(U.ON_SCENE, 600, 60), incident(), (arrived,), NOON_MS)
    assert (ended.alert_id, left.kind) == (arrived.alert_id, LEFT)
    assert left.alert_id != arrived.alert_id


def test_it_says_no_place_and_no_word_of_the_call() -> None:
    (raised,) = alerts_of(on_task(U.EN_ROUTE, 50), incident(), (), NOON_MS)
    assert "Rahasia" not in raised.detail
    assert "106." not in raised.detail
