"""Called off: free at once, asked until the crew says that it knows; and what it may say instead."""

from dataclasses import replace

import pytest
from dispatcher_samples import CENTRE, RULES, call, unit
from dispatcher_watched import Watched, followed
from siaga_dispatcher.core.commands import Action, CommandRefused
from siaga_dispatcher.core.values import IncidentStatus, OrderKind, Place, Priority, Rules, UnitStatus

S, U = IncidentStatus, UnitStatus
P1 = call(type="medical_cardiac", priority=Priority.P1)


def cancelled(*others: str) -> Watched:
    """An ambulance on its way is called off, for the incident is cancelled."""
    world = Watched(*(unit(one, "puskesmas", away_m=1000 * (at + 1)) for at, one in enumerate(("p1", *others))))
    world.assess(P1)
    world.units["p1"] = replace(world.units["p1"], task_code="114")
    world.says("p1", U.EN_ROUTE)
    world.now += 1000
    world.commanded(Action.CANCEL, reason="palsu")
    return world


def stand_down_of(world: Watched, unit_id: str) -> str:
    return next(o.order_id for o in world.said if (o.kind, o.unit.unit_id) == (OrderKind.STAND_DOWN, unit_id))


def test_the_unit_is_free_at_once_and_the_crew_is_asked_until_it_says_that_it_knows() -> None:
    world = cancelled()
    assert world.units["p1"].free
    (gone,) = world.incident.assignments
    assert (gone.ended_by, gone.stood_down_at_ms, gone.task_code) == ("stood_down", world.now, "114")
    assert world.after(30) == ["stand_down_remind"]
    again = world.said[-1]
    assert (again.kind, again.unit.task_code) == (OrderKind.STAND_DOWN, "114")
    assert again.about_order_id == stand_down_of(world, "p1") != again.order_id
    assert world.after(30) == ["stand_down_alert"]
    assert world.alerted() == {("stand_down_unconfirmed", "p1")}
    world.says("p1", U.ACKNOWLEDGED, order_id=again.order_id)
    assert world.alerted() == set()
    assert world.kinds() == set()
    assert world.incident.assignments[0].stand_down_confirmed_at_ms == world.now
    assert world.incident.status is S.CANCELLED
    assert world.units["p1"].stood_down_from == ()


@pytest.mark.parametrize(
    ("status", "named"),
    [
        (U.ACKNOWLEDGED, "stand_down"),
        (U.ACKNOWLEDGED, "code"),
        (U.ACKNOWLEDGED, ""),
        (U.AVAILABLE_MOBILE, ""),
        (U.OFF_DUTY, ""),
        (U.CLEAR, "task"),
        (U.DECLINED, "stand_down"),
    ],
)
def test_what_counts_as_knowing(status: UnitStatus, named: str) -> None:
    world = cancelled()
    order_id = {
        "stand_down": stand_down_of(world, "p1"), "code": "114", "task": world.incident.assignments[0].order_id, "": "",
    }[named]  # fmt: skip
    world.says("p1", status, order_id=order_id)
    assert not world.incident.assignments[0].unconfirmed
    assert world.after(600) == []
    assert world.status("p1") is (status if status in (U.AVAILABLE_MOBILE, U.OFF_DUTY) else U.AVAILABLE)


@pytest.mark.parametrize(
    ("status", "named"), [(U.EN_ROUTE, "stand_down"), (U.ON_SCENE, "task"), (U.ACKNOWLEDGED, "task")]
)
def test_a_crew_that_goes_all_the_same_is_told_again_at_once(status: UnitStatus, named: str) -> None:
    world = cancelled()
    order_id = stand_down_of(world, "p1") if named == "stand_down" else world.incident.assignments[0].order_id
    world.says("p1", status, order_id=order_id)
    assert world.timeline[-1] == "late_word"
    assert world.said[-1].about_order_id == stand_down_of(world, "p1")
    assert world.incident.assignments[0].unconfirmed


def test_a_crew_sent_elsewhere_meanwhile_knows_as_soon_as_it_speaks_of_that() -> None:
    world = cancelled()
    world.assess(replace(P1, call_id="call-2", assessment_id="a-2", place=Place(CENTRE, "Jl. B")))
    assert world.status("p1") is U.DISPATCHED
    world.says("p1", U.EN_ROUTE)
    assert not any(a.unconfirmed for incident in world.incidents.values() for a in incident.assignments)
    assert world.units["p1"].stood_down_from == ()


def silent_then_late(status: UnitStatus, *, second_declines: bool) -> Watched:
    world = Watched(unit("p1", "puskesmas"), unit("p2", "puskesmas", away_m=2000))
    world.assess(P1)
    first = world.incident.assignments[0]
    world.after(61)
    if second_declines:
        world.says("p2", U.DECLINED)
    world.says("p1", status, order_id=first.order_id)
    return world


@pytest.mark.parametrize("status", [U.ACKNOWLEDGED, U.EN_ROUTE])
def test_a_late_answer_is_noted_and_the_crew_turned_back(status: UnitStatus) -> None:
    world = silent_then_late(status, second_declines=False)
    assert [a.unit_id for a in world.incident.active_assignments] == ["p2"]
    assert world.incident.assignments[0].acknowledged_at_ms == world.now
    assert world.said[-1].kind is OrderKind.STAND_DOWN
    assert world.alerted() == set()


def test_a_late_answer_is_taken_where_nobody_else_is_left() -> None:
    world = silent_then_late(U.ACKNOWLEDGED, second_declines=True)
    (back,) = world.incident.active_assignments
    assert (back.unit_id, back.fence) == ("p1", 2)
    assert world.orders[-1] == (OrderKind.DISPATCH, "p1")
    assert world.incident.shortfalls == ()
    assert world.timeline[-3:] == ["late_acknowledgement", "units_assigned", "sent"]


def fire(rules: Rules = RULES) -> Watched:
    world = Watched(
        unit("d1"), unit("d2", away_m=2000), unit("p1", "puskesmas"), unit("s1", "satgas"), rules=rules
    )  # fmt: skip
    world.assess(call(priority=Priority.P1))
    return world


def test_one_unit_is_called_off_and_the_others_go_on() -> None:
    world = fire()
    world.commanded(Action.STAND_DOWN, unit_id="d2", reason="cukup satu")
    assert world.units["d2"].free
    assert {a.unit_id for a in world.incident.active_assignments} == {"d1", "p1", "s1"}
    # A person thought it was not needed: nobody is sent in its place.
    assert world.after(20) == []
    with pytest.raises(CommandRefused, match=r"not_assigned: d2 .*units that do: d1, p1, s1"):
        world.commanded(Action.STAND_DOWN, unit_id="d2")


def test_the_last_unit_is_not_called_off_from_an_incident_that_goes_on() -> None:
    world = Watched(unit("p1", "puskesmas"))
    world.assess(P1)
    with pytest.raises(CommandRefused, match="last_unit"):
        world.commanded(Action.STAND_DOWN, unit_id="p1")


@pytest.mark.parametrize("allowed", [False, True])
def test_a_lowered_priority_calls_units_off_only_by_policy(allowed: bool) -> None:
    world = fire(followed(lowered_stands_down=allowed))
    world.says("d2", U.ON_SCENE)
    world.commanded(Action.SET_PRIORITY, priority=Priority.P3, reason="kecil")
    left = {a.unit_id for a in world.incident.active_assignments}
    # The one that has arrived stays; the ambulance and the patrol are of roles that P3 does not name.
    assert left == ({"d2"} if allowed else {"d1", "d2", "p1", "s1"})
