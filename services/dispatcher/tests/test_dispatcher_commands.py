"""What people's commands lead to."""

from typing import Any

import pytest
from dispatcher_samples import call, town
from siaga_dispatcher.core.commands import Action, CommandRefused, legal_actions
from siaga_dispatcher.core.lifecycle import IllegalTransition
from siaga_dispatcher.core.values import IncidentStatus, OrderKind, Priority, UnitStatus

S, U = IncidentStatus, UnitStatus


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


def test_one_more_of_a_kind_that_the_plan_does_not_ask_for() -> None:
    world = town()
    world.assess(call())
    assert [one.unit_id for one in world.incident.assignments] == ["d1"]
    world.command(Action.ASSIGN, unit_kind="puskesmas")
    assert [(one.unit_id, one.role) for one in world.incident.assignments] == [("d1", "damkar"), ("p1", "puskesmas")]
    assert not world.incident.shortfalls


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


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        (Action.CLOSE, {"disposition": "handled"}),
        (Action.UNDER_CONTROL, {}),
        (Action.REOPEN, {"reason": "x"}),
        (Action.UNMERGE, {}),
    ],
)
def test_illegal_commands_say_what_is_legal_and_change_nothing(action: Action, fields: dict[str, Any]) -> None:
    world = town()
    world.assess(call())
    before = world.incident
    with pytest.raises(
        IllegalTransition, match=f"{action} is not possible; legal now: assign, cancel, classify,"
    ) as no:
        world.command(action, **fields)
    assert no.value.legal == legal_actions(before)
    assert world.incident == before


def test_classified_anew_by_a_person() -> None:
    world = town()
    world.assess(call(type="unclear"))
    world.command(Action.CLASSIFY, type="fire_building", reason="terlihat api")
    assert world.incident.type == "fire_building"
    assert "classified" in world.timeline
    assert {a.unit_id for a in world.incident.active_assignments} == {"p1", "d1"}
    assert (OrderKind.UPDATE, "p1") in world.orders
    world.command(Action.CLASSIFY, type="kdrt")
    assert world.incident.confidential
    assert not world.incident.text


def test_handed_over_to_another_centre() -> None:
    world = town()
    world.assess(call())
    world.command(Action.HAND_OVER, reason="112 Kabupaten Serang")
    assert world.incident.status is S.HANDED_OVER
    assert world.units["d1"].free
    assert world.orders[-1] == (OrderKind.STAND_DOWN, "d1")
    world.command(Action.CLOSE, disposition="referred")
    assert world.incident.status is S.CLOSED
