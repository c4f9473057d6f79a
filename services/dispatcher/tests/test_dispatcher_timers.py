"""A crew that says nothing: reminded, replaced, and never left without anybody."""

from dataclasses import replace
from typing import Any

import pytest
from dispatcher_samples import NOON_MS, call, seen, unit
from dispatcher_watched import Watched, followed
from hypothesis import given
from hypothesis import strategies as st
from siaga_dispatcher.core.decide import on_timer, on_unit_free
from siaga_dispatcher.core.values import OrderKind, Priority, Timer, UnitStatus
from siaga_tenants.crews import Acknowledge

U = UnitStatus
REMIND, NEXT = "acknowledge_remind", "acknowledge_next"
P1: dict[str, Any] = {"type": "medical_cardiac", "priority": Priority.P1}


def sent(*units: str, **fields: Any) -> Watched:
    """An ambulance is sent to a P1, the nearest of these."""
    world = Watched(*(unit(one, "puskesmas", away_m=1000 * (at + 1)) for at, one in enumerate(units)))
    world.assess(call(**(P1 | fields)))
    return world


def test_a_silent_crew_is_reminded_then_the_next_one_goes_and_a_supervisor_knows() -> None:
    world = sent("p1", "p2")
    first = world.incident.assignments[0]
    assert world.after(29) == []
    assert world.after(2) == [REMIND]
    reminder = world.said[-1]
    assert (reminder.kind, reminder.about_order_id) == (OrderKind.REMIND, first.order_id)
    assert world.after(30) == [NEXT]
    gone, fresh = world.incident.assignments
    assert (gone.status, gone.ended_by, fresh.unit_id) == (U.DECLINED, "unacknowledged", "p2")
    assert world.orders[-2:] == [(OrderKind.STAND_DOWN, "p1"), (OrderKind.DISPATCH, "p2")]
    assert world.status("p1") is U.AVAILABLE
    assert world.alerted() == {("unacknowledged", "p1")}
    assert world.kinds() == {REMIND, NEXT}


@pytest.mark.parametrize("word", [U.ACKNOWLEDGED, U.EN_ROUTE, U.ON_SCENE, U.DELAYED, U.CLEAR])
def test_any_word_about_the_task_stops_its_timers(word: UnitStatus) -> None:
    world = sent("p1", "p2")
    world.says("p1", word)
    assert world.after(3600) == []
    assert [a.unit_id for a in world.incident.assignments] == ["p1"]


def test_with_nobody_left_the_task_stays_with_the_crew_which_is_reminded_ever_less_often() -> None:
    world = sent("p1")
    asked_at_s = []
    for second in range(0, 24 * 3600, 30):
        asked_at_s += [second + 30] * world.after(30).count(NEXT)
    # A minute, then two more, four, eight, sixteen; with the reminder before the first that is six messages in all.
    assert asked_at_s == [60, 180, 420, 900, 1860]
    assert sum(kind is OrderKind.REMIND for kind, _ in world.orders) == 6
    assert world.incident.assignments[0].active
    assert world.alerted() == {("nobody_left", "p1")}
    assert world.kinds() == set()


@pytest.mark.parametrize("seconds", [61, 200, 6 * 3600])
def test_whoever_becomes_free_goes_in_place_of_a_crew_that_was_asked_again_and_again(seconds: int) -> None:
    world = sent("p1")
    world.after(seconds)
    world.units["p2"] = unit("p2", "puskesmas")
    world.apply(on_unit_free(world.incident, world.situation, "free", world.now))
    assert [a.unit_id for a in world.incident.active_assignments] == ["p2"]
    assert world.orders[-2:] == [(OrderKind.STAND_DOWN, "p1"), (OrderKind.DISPATCH, "p2")]
    assert world.alerted() == {("unacknowledged", "p1")}


def test_nobody_takes_the_task_of_a_crew_that_still_has_time_to_answer() -> None:
    world = sent("p1")
    world.after(31)
    world.units["p2"] = unit("p2", "puskesmas")
    assert on_unit_free(world.incident, world.situation, "free", world.now).ignored == "not_waiting"


def test_a_relief_and_what_is_missing_besides_are_searched_for_at_once() -> None:
    world = sent("p1", type="fire_building")
    assert world.incident.shortfalls
    world.after(200)
    decision = on_unit_free(world.incident, world.situation, "free", world.now)
    assert decision.search is not None
    assert {"puskesmas", "damkar"} <= decision.search.kinds


def test_nobody_takes_the_task_of_a_crew_that_has_answered_at_last() -> None:
    world = sent("p1")
    world.after(200)
    world.says("p1", U.EN_ROUTE)
    world.units["p2"] = unit("p2", "puskesmas")
    assert on_unit_free(world.incident, world.situation, "free", world.now).ignored == "not_waiting"


def test_a_relief_is_searched_for_as_widely_as_for_any_need_and_found_only_where_it_is() -> None:
    world = sent("p1")
    world.after(200)
    decision = on_unit_free(world.incident, world.situation, "free", world.now)
    assert decision.empty
    assert decision.search is not None
    assert "puskesmas" in decision.search.kinds
    day_old = replace(world.situation, now=world.now + 24 * 3600 * 1000)
    assert on_unit_free(world.incident, day_old, "free", world.now).search is None


def test_the_next_timer_finds_a_unit_too() -> None:
    world = sent("p1")
    world.after(61)
    world.units["p2"] = unit("p2", "puskesmas")
    world.after(120)
    assert [a.unit_id for a in world.incident.active_assignments] == ["p2"]
    assert world.alerted() == {("unacknowledged", "p1")}


def test_the_crews_word_ends_what_was_raised_about_it() -> None:
    world = sent("p1")
    world.after(61)
    world.says("p1", U.ACKNOWLEDGED)
    assert world.alerted() == set()
    assert world.kinds() == set()


def test_less_urgent_crews_have_longer_and_a_raised_priority_shortens_it() -> None:
    world = sent("p1", "p2", priority=Priority.P3)
    assert world.after(100) == []
    world.assess(call(**(P1 | {"revision": 2})), world.incident)
    assert world.after(29) == [REMIND]
    assert world.after(31) == [NEXT]


def test_each_centre_has_its_own_spans() -> None:
    world = Watched(unit("p1", "puskesmas"), rules=followed(acknowledge={"P1": Acknowledge(2, 5)}))
    world.assess(call(**P1))
    assert world.after(4.9) == [REMIND]


def test_a_month_replayed_starts_no_timers() -> None:
    world = Watched(unit("p1", "puskesmas"))
    world.now = NOON_MS + 2 * 24 * 3600 * 1000
    world.assess(call(**P1))
    assert world.kinds() == set()


def test_a_timer_that_was_stopped_or_moved_does_nothing() -> None:
    world = sent("p1")
    timer = world.incident.timers[0]
    moved = replace(timer, due_ms=timer.due_ms + 1)
    assert on_timer(world.incident, moved, seen()).ignored == "timer_gone"
    lost = replace(world.incident, timers=(Timer("no_such", "o-1", 0),))
    assert on_timer(lost, lost.timers[0], seen()).incident.timers == ()  # type: ignore[union-attr]


@given(pauses=st.lists(st.integers(0, 45_000), max_size=12), word_after=st.integers(0, 12))
def test_each_timer_fires_once_however_often_and_late_it_is_looked_at(pauses: list[int], word_after: int) -> None:
    """A loop that is down for any time, and is asked about stale timers as a second process would: no reminder twice."""
    world = sent("p1", "p2", "p3")
    fired: set[tuple[str, str, int]] = set()
    seen_timers: list[tuple[str, Timer]] = []
    for step, pause_ms in enumerate(pauses):
        world.now += pause_ms
        if step == word_after:
            unit_id = world.incident.active_assignments[0].unit_id
            world.says(unit_id, U.EN_ROUTE)
        for incident, timer in [*world.due(), *((world.incident, old) for _, old in seen_timers)]:
            decision = on_timer(world.incidents[incident.incident_id], timer, world.situation)
            if decision.empty:
                continue
            name = (incident.incident_id, timer.key, timer.due_ms)
            assert name not in fired
            fired.add(name)
            world.apply(decision)
            seen_timers.append((incident.incident_id, timer))
        assert len(world.incident.active_assignments) == 1
    reminded = [(order.unit.unit_id, order.order_id) for order in world.said if order.kind is OrderKind.REMIND]
    assert len(reminded) == len(set(reminded))
    # No reminder of a task that has been answered, or taken away.
    for order in (order for order in world.said if order.kind is OrderKind.REMIND):
        asked = order.incident.assignment_of(order.about_order_id)
        assert asked is not None
        assert asked.active
        assert asked.silent
    if word_after < len(pauses):
        assert world.kinds() == set()
