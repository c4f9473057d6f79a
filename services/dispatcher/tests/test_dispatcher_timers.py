"""A crew that says nothing: reminded, replaced, and never left without anybody."""

from dataclasses import replace
from typing import Any

import pytest
from dispatcher_samples import NOON_MS, call, seen, unit
from dispatcher_watched import Watched, followed
from hypothesis import given
from hypothesis import strategies as st
from siaga_dispatcher.core.decide import on_not_delivered, on_submission, on_timer
from siaga_dispatcher.core.values import NotDelivered, OrderKind, Priority, Submission, Timer, UnitStatus
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


def test_with_nobody_left_the_task_stays_with_the_crew_which_is_reminded_on_and_on() -> None:
    world = sent("p1")
    assert world.after(181) == [REMIND, NEXT, REMIND, NEXT, REMIND, NEXT]
    assert world.incident.assignments[0].active
    assert world.alerted() == {("nobody_left", "p1")}
    assert sum(kind is OrderKind.REMIND for kind, _ in world.orders) == 6
    world.units["p2"] = unit("p2", "puskesmas")
    world.after(60)
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
    (timer, _) = world.incident.timers
    moved = replace(timer, due_ms=timer.due_ms + 1)
    assert on_timer(world.incident, moved, seen()).ignored == "timer_gone"
    lost = replace(world.incident, timers=(Timer("no_such", "o-1", 0),))
    assert on_timer(lost, lost.timers[0], seen()).incident.timers == ()  # type: ignore[union-attr]


def failed(world: Watched, channel: str = "sms", attempt: str = "a-1") -> NotDelivered:
    order = world.incident.assignments[0]
    return NotDelivered(f"e-{attempt}", "36.73", order.unit_id, order.order_id, attempt, channel)


@pytest.mark.parametrize("channel", ["sms", "none"])
def test_a_crew_that_cannot_be_told_is_replaced_at_once(channel: str) -> None:
    world = sent("p1", "p2")
    told = failed(world, channel)
    world.apply(on_not_delivered(told, world.units["p1"], world.incident, world.situation))
    assert [a.unit_id for a in world.incident.active_assignments] == ["p2"]
    assert world.alerted() == {("unacknowledged", "p1")}
    again = on_not_delivered(told, world.units["p1"], world.incident, world.situation)
    assert again.ignored == "not_waiting"


def test_one_way_of_two_that_fails_is_noted_only() -> None:
    world = sent("p1", "p2")
    world.units["p1"] = replace(world.units["p1"], contacts=world.units["p1"].contacts * 2)
    world.apply(on_not_delivered(failed(world), world.units["p1"], world.incident, world.situation))
    assert world.timeline[-1] == "not_delivered"
    assert [a.unit_id for a in world.incident.active_assignments] == ["p1"]
    same = on_not_delivered(failed(world), world.units["p1"], world.incident, world.situation)
    assert same.ignored == "already_known"
    world.apply(on_not_delivered(failed(world, "mqtt", "a-2"), world.units["p1"], world.incident, world.situation))
    assert [a.unit_id for a in world.incident.active_assignments] == ["p2"]


def test_a_crew_that_has_answered_is_not_taken_off_for_a_late_receipt() -> None:
    world = sent("p1", "p2")
    world.says("p1", U.EN_ROUTE)
    decision = on_not_delivered(failed(world), world.units["p1"], world.incident, world.situation)
    assert decision.ignored == "not_waiting"


def news(world: Watched, *, sent: bool) -> str:
    """What became of it that the first order's message left, or could not yet."""
    order = world.incident.assignments[0]
    told = Submission(f"e-{sent}-{world.now}", "36.73", order.unit_id, order.order_id, "sms", sent)
    return world.apply(on_submission(told, world.units[order.unit_id], world.incident, world.situation)).ignored


def test_a_crew_that_could_not_be_told_yet_is_not_silent() -> None:
    """With the SMS centre away the nearest crew keeps its task, and has its time to answer from when it is told."""
    world = sent("p1", "p2")
    world.now += 1000
    assert not news(world, sent=False)
    assert news(world, sent=False) == "nothing_new"
    assert world.kinds() == {"untold"}
    assert world.after(600) == ["untold"]
    assert world.alerted() == {("untold", "p1")}
    assert [a.unit_id for a in world.incident.active_assignments] == ["p1"]
    assert news(world, sent=False) == "nothing_new"
    assert not news(world, sent=True)
    assert world.alerted() == set()
    assert world.after(31) == [REMIND]
    assert world.after(30) == [NEXT]
    assert [a.unit_id for a in world.incident.active_assignments] == ["p2"]


def test_that_a_message_left_as_it_should_is_no_news() -> None:
    world = sent("p1")
    before = world.incident
    assert news(world, sent=True) == "nothing_new"
    world.says("p1", U.EN_ROUTE)
    assert news(world, sent=False) == "not_waiting"
    assert world.incident.timers != before.timers
    replayed = Watched(unit("p1", "puskesmas"))
    replayed.now = NOON_MS + 2 * 24 * 3600 * 1000
    replayed.assess(call(**P1))
    assert news(replayed, sent=False) == news(replayed, sent=True) == "nothing_new"


def test_a_crew_that_answers_before_its_message_is_known_to_have_left_has_answered() -> None:
    world = sent("p1", "p2")
    news(world, sent=False)
    world.after(61)
    world.says("p1", U.ACKNOWLEDGED)
    assert (world.alerted(), world.kinds()) == (set(), set())


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
    if word_after < len(pauses):
        assert world.kinds() == set()
