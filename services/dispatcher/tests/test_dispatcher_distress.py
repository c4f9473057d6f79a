"""Crews' own safety: no word from the scene, and a crew in distress."""

from dataclasses import replace

import pytest
from dispatcher_samples import call, unit
from dispatcher_watched import Watched, followed
from siaga_dispatcher.core.values import OrderKind, Position, Priority, UnitStatus

U = UnitStatus
WATCHED = followed(safety_min={"damkar": 20})


def at_the_scene() -> Watched:
    world = Watched(unit("d1"), rules=WATCHED)
    world.assess(call())
    world.says("d1", U.EN_ROUTE)
    assert "crew_safety" not in world.kinds()
    world.now += 1000
    world.says("d1", U.ON_SCENE)
    return world


def test_a_crew_at_the_scene_without_a_word_is_asked_after_again_and_again() -> None:
    world = at_the_scene()
    assert world.after(19 * 60) == []
    assert world.after(60) == ["crew_safety"]
    assert world.alerted() == {("crew_overdue", "d1")}
    assert world.after(40 * 60) == ["crew_safety"] * 2
    (alert,) = world.alerts.values()
    assert alert.version == 3


@pytest.mark.parametrize("word", [U.ON_SCENE, U.ACKNOWLEDGED, U.PATIENT_CONTACT])
def test_any_word_is_a_sign_of_life(word: UnitStatus) -> None:
    world = at_the_scene()
    world.after(20 * 60)
    world.says("d1", word)
    assert world.alerted() == set()
    assert world.after(19 * 60) == []
    assert world.after(2 * 60) == ["crew_safety"]


def test_a_trackers_position_is_no_word_of_the_crew() -> None:
    world = at_the_scene()
    world.now += 19 * 60_000
    world.says("d1", None, position=Position(-6.12, 106.15, 10, world.now, "gps"))
    assert world.after(2 * 60) == ["crew_safety"]


def test_whoever_is_clear_is_not_asked_after() -> None:
    world = at_the_scene()
    world.says("d1", U.CLEAR)
    assert world.kinds() == set()
    other = Watched(unit("d1"))
    other.assess(call())
    other.says("d1", U.ON_SCENE)
    assert other.kinds() == set()


def test_distress_on_a_task_makes_it_the_most_urgent_and_sends_another_in_its_place() -> None:
    world = Watched(unit("d1"), unit("d2", away_m=2000), unit("p1", "puskesmas"), rules=WATCHED)
    world.assess(call())
    world.says("d1", U.ON_SCENE)
    world.says("d1", U.MAYDAY, order_id="an order of long ago")
    incident = world.incident
    assert incident.priority is Priority.P0
    assert "rescue" in incident.further_types
    assert {a.unit_id for a in incident.active_assignments} == {"d1", "d2", "p1"}
    assert world.alerted() == {("mayday", "d1")}
    world.says("d1", U.ON_SCENE)
    assert world.alerted() == set()


def test_distress_without_a_task_is_an_incident_of_its_own() -> None:
    world = Watched(unit("d1", status=U.OFF_DUTY), unit("p1", "puskesmas"), rules=WATCHED)
    where = Position(-6.1, 106.1, 10, 5, "gps")
    world.units["d1"] = replace(world.units["d1"], position=where)
    world.says("d1", U.MAYDAY)
    incident = world.incident
    assert (incident.type, incident.priority, incident.place.position) == ("rescue", Priority.P0, where)
    assert "Pos d1" in incident.place.address
    assert world.orders == [(OrderKind.DISPATCH, "p1")]
    assert world.alerted() == {("mayday", "d1")}
    assert not world.units["d1"].free
    # Cried out again by another way, it is the same distress.
    assert world.says("d1", U.MAYDAY).ignored
    world.says("d1", U.AVAILABLE)
    assert world.units["d1"].free
    world.says("p1", U.CLEAR)
    assert world.alerted() == set()


def test_a_call_joins_the_distress_it_is_about() -> None:
    world = Watched(unit("d1"), unit("p1", "puskesmas"), rules=WATCHED)
    world.says("d1", U.MAYDAY)
    opened = world.incident
    at = opened.place.position
    assert at is not None
    world.assess(call(type="rescue", priority=Priority.P1, place=opened.place, event_at_ms=world.now))
    assert world.incident.call_ids == ("call-1",)
    assert world.incident.priority is Priority.P0
