from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from dispatcher_samples import CENTRE, NOON_MS, POLICY, RULES, World, call, north, report, seen, unit
from siaga_contracts import ids
from siaga_dispatcher.core.commands import Action, CommandRefused
from siaga_dispatcher.core.decide import on_unit_free, on_unit_report
from siaga_dispatcher.core.lifecycle import IllegalTransition
from siaga_dispatcher.core.values import IncidentStatus, OrderKind, Place, Priority, Reason, UnitStatus

S, U = IncidentStatus, UnitStatus


def town() -> World:
    return World(
        unit("d1"), unit("d2", away_m=2000), unit("d3", away_m=3000), unit("p1", "puskesmas"), unit("s1", "satgas")
    )


def test_a_real_call_opens_an_incident_and_sends_the_nearest() -> None:
    world = town()
    world.assess(call())
    incident = world.incident
    assert incident.incident_id == ids.incident_id("36.73", "call-1")
    assert incident.status is S.DISPATCHED
    assert [(a.unit_id, a.role) for a in incident.assignments] == [("d1", "damkar")]
    assert incident.assignments[0].order_id == ids.order_id(incident.incident_id, "d1", 1, "dispatch")
    assert world.orders == [(OrderKind.DISPATCH, "d1")]
    assert world.status("d1") is U.DISPATCHED
    assert world.units["d1"].incident_id == incident.incident_id
    assert world.timeline == ["opened", "units_assigned"]


@pytest.mark.parametrize(
    "told",
    [
        {"advice": "record", "outcome": "answered_prank"},
        {"advice": "review", "outcome": "real"},
        {"test": True},
    ],
)
def test_nothing_else_moves_anybody(told: dict[str, Any]) -> None:
    world = town()
    assert world.assess(call(**told)).empty
    assert not world.orders


def test_a_report_that_policy_lets_go_by_itself_is_sent_without_an_operators_word() -> None:
    world = town()
    world.assess(call(outcome="unresolved"))
    assert world.orders == [(OrderKind.DISPATCH, "d1")]


def test_the_same_assessment_again_changes_nothing() -> None:
    world = town()
    world.assess(call())
    assert world.assess(call(), world.incident).ignored == "already_taken_in"
    assert world.assess(call(revision=2), world.incident).ignored == "nothing_new"


def test_priority_rises_adds_units_and_tells_the_crew() -> None:
    world = town()
    world.assess(call())
    world.assess(call(revision=2, priority=Priority.P1, text="ada korban"), world.incident)
    assert world.incident.priority is Priority.P1
    assert {a.unit_id for a in world.incident.assignments} == {"d1", "d2", "p1", "s1"}
    assert (OrderKind.UPDATE, "d1") in world.orders
    assert (OrderKind.UPDATE, "d2") not in world.orders
    assert {"priority_raised", "details_updated", "units_assigned"} <= set(world.timeline)


def test_priority_never_falls_by_itself() -> None:
    world = town()
    world.assess(call(priority=Priority.P1))
    world.assess(call(revision=2, priority=Priority.P3), world.incident)
    assert world.incident.priority is Priority.P1


def test_p0_is_not_taken_for_unstated() -> None:
    world = town()
    world.assess(call(priority=Priority.P0))
    assert world.incident.priority is Priority.P0
    other = town()
    other.assess(call(priority=None))
    assert other.incident.priority is Priority.P2


def test_changed_type_brings_what_the_new_one_needs() -> None:
    world = town()
    world.assess(call())
    world.assess(call(revision=2, type="medical_cardiac"), world.incident)
    assert world.incident.type == "medical_cardiac"
    assert {a.unit_id for a in world.incident.assignments} == {"d1", "p1"}
    world.assess(call(revision=3, type="unclear"), world.incident)
    assert world.incident.type == "medical_cardiac"


def test_another_callers_different_story_adds_its_needs() -> None:
    world = town()
    world.assess(call())
    world.assess(call("call-2"))
    assert world.incident.call_ids == ("call-1", "call-2")
    world.assess(call("call-2", revision=2, type="medical_unconscious"), world.incident)
    assert world.incident.type == "fire_building"
    assert world.incident.further_types == ("medical_unconscious",)
    assert {a.unit_id for a in world.incident.assignments} == {"d1", "p1"}


@pytest.mark.parametrize("outcome", ["answered_prank", "non_emergency"])
def test_a_call_withdrawn_is_flagged_once_and_nothing_is_cancelled(outcome: str) -> None:
    world = town()
    world.assess(call())
    world.assess(call(revision=2, advice="record", outcome=outcome), world.incident)
    assert world.timeline[-1] == "review_flagged"
    assert world.incident.status is S.DISPATCHED
    assert world.status("d1") is U.DISPATCHED
    assert world.assess(call(revision=3, advice="record", outcome=outcome), world.incident).empty
    assert (OrderKind.STAND_DOWN, "d1") not in world.orders


def test_a_place_that_comes_later_sends_somebody() -> None:
    world = town()
    world.assess(call(place=Place()))
    assert world.incident.status is S.QUEUED
    assert [gap.code for gap in world.incident.shortfalls] == ["place_unknown"]
    world.assess(call(revision=2, place=Place(CENTRE, "Jl. Veteran 1")), world.incident)
    assert world.incident.status is S.DISPATCHED
    assert not world.incident.shortfalls


def test_an_address_no_map_knows_still_sends_somebody_and_draws_no_false_point() -> None:
    world = town()
    world.assess(call(place=Place(None, "Gg. Buntu 3")))
    assert world.incident.status is S.DISPATCHED
    assert world.incident.place.position is None
    assert "belum terpetakan" in world.incident.assignments[0].selection_reason


def test_a_vaguer_position_never_replaces_a_finer_one() -> None:
    world = town()
    world.assess(call(place=Place(replace(CENTRE, radius_m=20), "Jl. Veteran 1")))
    vague = Place(replace(north(800), radius_m=900), "Jl. Veteran No. 1")
    world.assess(call(revision=2, place=vague), world.incident)
    assert world.incident.place == Place(replace(CENTRE, radius_m=20), "Jl. Veteran No. 1")


def test_no_unit_for_a_type_that_needs_none() -> None:
    world = town()
    world.assess(call(type="non_emergency"))
    assert world.incident.status is S.VERIFIED
    assert not world.orders


def test_confidential_from_the_first_word() -> None:
    world = town()
    world.assess(call(type="kdrt", priority=Priority.P4, reasons=(Reason("kdrt", "dipukul suami"),)))
    incident = world.incident
    assert incident.confidential
    assert incident.priority is Priority.P2
    assert not incident.text
    assert not incident.callback_number
    assert incident.reasons == (Reason("kdrt"),)


def test_becoming_confidential_takes_the_words_out() -> None:
    world = town()
    world.assess(call(type="public_order", reasons=(Reason("r", "teriakan"),)))
    world.assess(call(revision=2, type="kdrt", text="suami memukul"), world.incident)
    incident = world.incident
    assert incident.confidential
    assert not incident.text
    assert not incident.callback_number
    assert incident.reasons == (Reason("r"),)


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
    assert [gap.code for gap in world.incident.shortfalls] == ["all_busy"]
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
        (U.AVAILABLE, {}, "illegal"),
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


def test_cancel_stands_units_down_and_frees_them() -> None:
    world = town()
    world.assess(call())
    world.command(Action.CANCEL, reason="laporan ganda")
    assert world.incident.status is S.CANCELLED
    assert world.orders[-1] == (OrderKind.STAND_DOWN, "d1")
    assert world.units["d1"].free
    assert not world.incident.active_assignments


def test_reopened_keeps_history_and_never_closes_itself() -> None:
    world = town()
    world.assess(call())
    world.report("d1", U.CLEAR)
    world.command(Action.REOPEN, reason="api menyala lagi")
    assert world.incident.status is S.REOPENED
    world.command(Action.ASSIGN, unit_id="d2")
    world.report("d2", U.CLEAR)
    assert world.incident.status is S.RESOLVED
    world.command(Action.CLOSE, disposition="handled")
    assert world.incident.status is S.CLOSED
    assert [a.unit_id for a in world.incident.assignments] == ["d1", "d2"]


def test_a_person_may_lower_the_priority() -> None:
    world = town()
    world.assess(call(priority=Priority.P1))
    world.command(Action.SET_PRIORITY, priority=Priority.P3, reason="api kecil")
    assert world.incident.priority is Priority.P3
    assert world.timeline[-1] == "priority_lowered"
    assert (OrderKind.UPDATE, "d1") in world.orders


def test_assign_another_by_name_and_nearest() -> None:
    world = town()
    world.assess(call())
    world.command(Action.ASSIGN)
    assert [a.unit_id for a in world.incident.active_assignments] == ["d1", "d2"]
    world.command(Action.ASSIGN, unit_id="p1", reason="korban luka")
    assert world.incident.assignments[-1].unit_id == "p1"
    assert "operator op-03" in world.incident.assignments[-1].selection_reason
    with pytest.raises(CommandRefused, match="unit_busy: p1 works on incident"):
        world.command(Action.ASSIGN, unit_id="p1")
    with pytest.raises(CommandRefused, match="no_candidate"):
        world.command(Action.ASSIGN, unit_id="nobody")
    world.report("s1", U.OFF_DUTY)
    with pytest.raises(CommandRefused, match="off_duty"):
        world.command(Action.ASSIGN, unit_id="s1")


ILLEGAL: Sequence[tuple[Action, dict[str, Any], str]] = [
    (
        Action.CLOSE,
        {"disposition": "handled"},
        "close is not possible; legal now: assign, cancel, resolve, set_priority$",
    ),
    (Action.UNDER_CONTROL, {}, "legal now: assign, cancel, resolve, set_priority$"),
    (Action.REOPEN, {"reason": "x"}, "legal now: assign, cancel, resolve, set_priority$"),
]


@pytest.mark.parametrize(("action", "fields", "says"), ILLEGAL)
def test_illegal_commands_say_what_is_legal_and_change_nothing(
    action: Action, fields: dict[str, Any], says: str
) -> None:
    world = town()
    world.assess(call())
    before = world.incident
    with pytest.raises(IllegalTransition, match=says):
        world.command(action, **fields)
    assert world.incident == before


def test_a_call_found_to_be_a_test_once_units_are_under_way_is_for_a_person_to_look_at() -> None:
    world = town()
    world.assess(call())
    world.assess(call(revision=2, test=True, outcome="test", advice="record"), world.incident)
    assert "review_flagged" in world.timeline
    assert world.orders == [(OrderKind.DISPATCH, "d1")]
