"""What crews' words lead to."""

from dataclasses import replace
from typing import Any

import pytest
from dispatcher_samples import NOON_MS, POLICY, RULES, World, call, north, report, seen, town, unit
from siaga_contracts import ids
from siaga_dispatcher.core.decide import on_unit_free, on_unit_report
from siaga_dispatcher.core.values import IncidentStatus, Place, Priority, UnitStatus

S, U = IncidentStatus, UnitStatus


def test_from_order_to_closed() -> None:
    world = town()
    world.assess(call())
    for status, after in (
        (U.ACKNOWLEDGED, S.DISPATCHED),
        (U.EN_ROUTE, S.EN_ROUTE),
        (U.ON_SCENE, S.ON_SCENE),
        (U.CLEAR, S.CLOSED),
    ):
        world.report("d1", status)
        assert world.incident.status is after
    assert world.incident.disposition == "handled"
    assert world.timeline[-3:] == ["unit_status", "resolved", "closed"]
    done = world.incident.assignments[0]
    assert 0 not in (done.acknowledged_at_ms, done.en_route_at_ms, done.on_scene_at_ms, done.clear_at_ms)
    freed = world.units["d1"]
    assert freed.free
    assert (freed.order_id, freed.task_code, freed.fence) == ("", "", 1)


def test_skipped_words_set_the_acknowledgement() -> None:
    world = town()
    world.assess(call())
    world.report("d1", U.ON_SCENE)
    assignment = world.incident.assignments[0]
    assert assignment.acknowledged_at_ms == assignment.on_scene_at_ms > 0
    assert assignment.en_route_at_ms == 0


def test_closes_only_when_the_last_unit_is_clear() -> None:
    world = town()
    world.assess(call(priority=Priority.P1))
    for unit_id in ("d1", "d2", "p1"):
        world.report(unit_id, U.CLEAR)
        assert world.incident.status is not S.CLOSED
    world.report("s1", U.CLEAR)
    assert world.incident.status is S.CLOSED


def test_never_closes_itself_with_a_need_unfilled_or_when_the_tenant_says_no() -> None:
    world = World(unit("d1"))
    world.assess(call(priority=Priority.P1))
    assert world.incident.shortfalls
    world.report("d1", U.CLEAR)
    assert world.incident.status is S.RESOLVED
    patient = town()
    patient.assess(call())
    rules = replace(RULES, policy=replace(POLICY, auto_close=False))
    d1 = patient.units["d1"]
    patient.apply(on_unit_report(report("d1", U.CLEAR), d1, patient.incident, seen(rules=rules)))
    assert patient.incident.status is S.RESOLVED


def test_declined_goes_to_the_next_unit_and_not_back() -> None:
    world = town()
    world.assess(call())
    world.report("d1", U.DECLINED)
    assert world.units["d1"].free
    assert [a.unit_id for a in world.incident.active_assignments] == ["d2"]
    world.report("d2", U.DECLINED)
    world.report("d3", U.DECLINED)
    assert world.incident.status is S.QUEUED
    assert [gap.code for gap in world.incident.shortfalls] == ["declined"]
    assert on_unit_free(world.incident, seen(*world.units.values()), "cause", NOON_MS).empty


def test_a_broken_unit_is_replaced_and_not_available() -> None:
    world = town()
    world.assess(call())
    world.report("d1", U.EN_ROUTE)
    world.report("d1", U.OUT_OF_SERVICE)
    assert world.status("d1") is U.OUT_OF_SERVICE
    assert not world.units["d1"].incident_id
    assert [a.unit_id for a in world.incident.active_assignments] == ["d2"]


def test_waiting_incident_gets_the_unit_that_becomes_free() -> None:
    world = World(unit("d1"))
    world.assess(call())
    world.assess(call("call-2", place=Place(north(5000))))
    second = world.incidents[ids.incident_id("36.73", "call-2")]
    assert second.status is S.QUEUED
    assert [gap.code for gap in second.shortfalls] == ["all_busy"]
    world.report("d1", U.CLEAR)
    world.apply(on_unit_free(second, seen(*world.units.values()), "cause", NOON_MS))
    second = world.incidents[second.incident_id]
    assert second.status is S.DISPATCHED
    assert second.assignments[0].fence == 2


@pytest.mark.parametrize(
    ("status", "fields", "why"),
    [
        (U.CLEAR, {"order_id": "of-yesterday"}, "other_order"),
        (U.DISPATCHED, {}, "already_so"),
        (None, {}, "no_status"),
    ],
)
def test_words_that_change_no_task(status: U | None, fields: dict[str, Any], why: str) -> None:
    world = town()
    world.assess(call())
    decision = world.report("d1", status, **fields)
    assert decision.ignored.startswith(why)
    assert decision.empty


def test_order_task_code_and_update_all_name_the_present_task() -> None:
    world = town()
    world.assess(call())
    world.units["d1"] = replace(world.units["d1"], task_code="114")
    world.assess(call(revision=2, text="api membesar"), world.incident)
    update = ids.order_id(world.incident.incident_id, "d1", 1, f"update.{world.incident.version}")
    world.report("d1", U.ACKNOWLEDGED, order_id=update)
    world.report("d1", U.EN_ROUTE, order_id="114")
    world.report("d1", U.ON_SCENE, order_id=world.units["d1"].order_id)
    assert world.incident.status is S.ON_SCENE


def test_off_task_words_change_the_unit_only() -> None:
    world = town()
    world.report("d1", U.OFF_DUTY)
    assert world.status("d1") is U.OFF_DUTY
    assert world.report("d1", U.ON_SCENE).ignored == "no_open_order"
    world.report("d1", U.AVAILABLE)
    assert world.units["d1"].free


def test_an_older_fix_is_dropped() -> None:
    world = town()
    world.report("d1", None, position=replace(north(50), fixed_at_ms=NOON_MS, source="gps"))
    assert world.units["d1"].position.source == "gps"
    assert world.report("d1", None, position=replace(north(90), fixed_at_ms=NOON_MS - 1, source="gps")).empty


def test_mayday_makes_it_p0() -> None:
    world = town()
    world.assess(call())
    world.report("d1", U.ON_SCENE)
    world.report("d1", U.MAYDAY)
    assert world.incident.priority is Priority.P0
    world.report("d1", U.ON_SCENE)
    assert world.incident.status is S.ON_SCENE


@pytest.mark.parametrize(
    ("stages", "word", "after"),
    [
        ((U.ON_SCENE,), U.EN_ROUTE, U.EN_ROUTE),
        ((U.ON_SCENE, U.TRANSPORTING), U.PATIENT_CONTACT, U.PATIENT_CONTACT),
        ((U.AT_HOSPITAL,), U.TRANSPORTING, U.TRANSPORTING),
        ((U.ON_SCENE,), U.DECLINED, U.ON_SCENE),
        ((U.EN_ROUTE,), U.AVAILABLE, U.EN_ROUTE),
        ((U.EN_ROUTE,), U.OFF_DUTY, U.EN_ROUTE),
    ],
)
def test_an_unusual_word_warns_once_and_never_takes_a_unit_off(stages: tuple[U, ...], word: U, after: U) -> None:
    world = town()
    world.assess(call())
    for stage in stages:
        world.report("d1", stage)
    arrived_at_ms = world.incident.assignments[0].on_scene_at_ms
    world.report("d1", word)
    assert world.timeline[-1] == "unit_warning"
    assert world.incident.change.reason.endswith("dicatat" if after is word else "ditolak")
    assert world.status("d1") is world.incident.assignments[0].status is after
    assert world.incident.assignments[0].on_scene_at_ms == arrived_at_ms
    assert world.units["d1"].incident_id == world.incident.incident_id
    told = len(world.timeline)
    world.report("d1", word)
    assert len(world.timeline) == told


def test_a_word_overtaken_by_a_later_one_is_no_step_back() -> None:
    world = town()
    world.assess(call())
    world.report("d1", U.ON_SCENE)
    assert world.report("d1", U.EN_ROUTE, event_at_ms=NOON_MS + 1).ignored.startswith("illegal")
    assert world.report("d1", U.ACKNOWLEDGED).ignored.startswith("illegal")
    assert world.status("d1") is U.ON_SCENE
