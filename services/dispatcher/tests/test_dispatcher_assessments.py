"""What calls lead to."""

from dataclasses import replace
from typing import Any

import pytest
from dispatcher_samples import CENTRE, call, north, town
from siaga_contracts import ids
from siaga_dispatcher.core.values import IncidentStatus, OrderKind, Place, Priority, Reason, UnitStatus

S, U = IncidentStatus, UnitStatus


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


def test_a_call_found_to_be_a_test_once_units_are_under_way_is_for_a_person_to_look_at() -> None:
    world = town()
    world.assess(call())
    world.assess(call(revision=2, test=True, outcome="test", advice="record"), world.incident)
    assert "review_flagged" in world.timeline
    assert world.orders == [(OrderKind.DISPATCH, "d1")]
