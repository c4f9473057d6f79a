"""News of messages: how far the crew was told, when its time begins, and when nobody waits for it any longer."""

from dataclasses import replace
from typing import Any

import pytest
from dispatcher_samples import NOON_MS, call, unit
from dispatcher_watched import Watched
from hypothesis import given
from hypothesis import strategies as st
from siaga_dispatcher.adapters.codec import incident_message, incident_of
from siaga_dispatcher.adapters.codec.assignments import assignment_message, assignment_of
from siaga_dispatcher.core.decide import on_not_delivered, on_unacknowledged, with_timers
from siaga_dispatcher.core.decision import Decision, Timeline
from siaga_dispatcher.core.values import (
    MessageState,
    NotDelivered,
    Order,
    OrderKind,
    Priority,
    Told,
    Unacknowledged,
    UnitStatus,
)

U, S = UnitStatus, MessageState
REMIND, NEXT, UNTOLD = "acknowledge_remind", "acknowledge_next", "untold"
P1: dict[str, Any] = {"type": "medical_cardiac", "priority": Priority.P1}


def ordered(*units: str, **fields: Any) -> Watched:
    """An ambulance is ordered to a P1, the nearest of these; nothing is heard yet of its message."""
    made = (unit(one, "puskesmas", away_m=1000 * (at + 1)) for at, one in enumerate(units))
    world = Watched(*made, notifier=False)
    world.assess(call(**(P1 | fields)))
    return world


def order(world: Watched) -> Order:
    return next(one for one in world.said if one.kind is OrderKind.DISPATCH)


def sent_to(world: Watched) -> list[str]:
    return [one.unit_id for one in world.incident.active_assignments]


def fails(world: Watched, channel: str = "sms", about: Order | None = None) -> str:
    told = about or order(world)
    failed = NotDelivered(f"e-{channel}", "36.73", told.unit.unit_id, told.order_id, f"a-{channel}", channel)
    unit_ = world.units[told.unit.unit_id]
    incident = world.incidents.get(unit_.incident_id)
    return world.apply(on_not_delivered(failed, unit_, incident, world.situation)).ignored


def gives_up(world: Watched, about: Order | None = None) -> str:
    """The notifier has tried every step of its plan."""
    told = about or order(world)
    news = Unacknowledged(f"e-{world.now}", "36.73", told.unit.unit_id, told.order_id)
    unit_ = world.units[told.unit.unit_id]
    incident = world.incidents.get(unit_.incident_id)
    return world.apply(on_unacknowledged(news, unit_, incident, world.situation)).ignored


# How far it got


@pytest.mark.parametrize(
    ("news", "kept"),
    [
        ([S.SENT], [S.SENT]),
        ([S.SENT, S.DELIVERED, S.READ], [S.SENT, S.DELIVERED, S.READ]),
        # Receipts overtake each other, and several ways tell the same.
        ([S.DELIVERED, S.SENT], [S.DELIVERED]),
        ([S.READ, S.DELIVERED, S.SENT], [S.READ]),
        ([S.SENT, S.SENT, S.DELIVERED, S.DELIVERED], [S.SENT, S.DELIVERED]),
    ],
)
def test_each_rank_is_one_version_the_first_time_it_is_reached(news: list[S], kept: list[S]) -> None:
    world = ordered("p1")
    before = world.incident.version
    for at, state in enumerate(news):
        world.now += 100
        world.gets(order(world), state, f"way{at}")
    told = world.incident.assignments[0].told
    assert [one.state for one in told] == kept
    assert told[0] == Told(news[0], "way0", NOON_MS + 100)
    assert world.incident.version == before + len(kept)
    assert world.timeline[-len(kept) :] == [state.value for state in kept]
    assert "way0" in world.reasons[-len(kept)]


def test_receipts_do_not_come_between_a_person_and_what_they_decide() -> None:
    world = ordered("p1", "p2")
    seen = world.incident.version
    world.gets(order(world))
    world.gets(order(world), S.DELIVERED)
    assert world.incident.version == seen + 2
    assert [world.incident.unchanged_since(seen + more) for more in (-1, 0, 1, 2, 3)] == [
        False,
        True,
        True,
        True,
        False,
    ]
    world.after(61)
    assert not world.incident.unchanged_since(seen + 2)
    kept = incident_of(incident_message(world.incident))
    assert kept.acted_version == world.incident.acted_version == world.incident.version
    older = replace(world.incident, acted_version=0)
    assert [older.unchanged_since(older.version - less) for less in (1, 0)] == [False, True]


def test_once_the_crew_has_spoken_its_word_says_all() -> None:
    world = ordered("p1")
    world.gets(order(world))
    world.says("p1", U.ACKNOWLEDGED)
    assert world.gets(order(world), S.READ).ignored == "not_waiting"
    assert [one.state for one in world.incident.assignments[0].told] == [S.SENT]


def test_a_reminder_that_arrives_tells_of_the_task_it_reminds_of() -> None:
    world = ordered("p1")
    world.gets(order(world))
    world.after(31)
    reminder = world.said[-1]
    assert reminder.kind is OrderKind.REMIND
    world.gets(reminder, S.DELIVERED, "whatsapp")
    assert [(one.state, one.channel) for one in world.incident.assignments[0].told] == [
        (S.SENT, "sms"),
        (S.DELIVERED, "whatsapp"),
    ]


def test_what_was_told_is_kept_with_the_assignment() -> None:
    world = ordered("p1")
    world.gets(order(world))
    world.gets(order(world), S.DELIVERED)
    kept = replace(world.incident.assignments[0], nobody_left=2)
    assert assignment_of(assignment_message(kept)) == kept


def test_of_a_month_replayed_nothing_is_told() -> None:
    world = Watched(unit("p1", "puskesmas"), notifier=False)
    world.now = NOON_MS + 2 * 24 * 3600 * 1000
    world.assess(call(**P1))
    assert world.gets(order(world)).ignored == "not_waiting"
    assert world.kinds() == set()


# When its time begins


def test_the_crews_time_begins_when_its_message_leaves() -> None:
    """With the notifier or the SMS centre away for long, the nearest crew keeps its task, and a supervisor knows."""
    world = ordered("p1", "p2")
    assert world.kinds() == {UNTOLD}
    assert world.after(29) == []
    assert world.after(600) == [UNTOLD]
    assert world.alerted() == {("untold", "p1")}
    assert sent_to(world) == ["p1"]
    world.gets(order(world))
    assert world.alerted() == set()
    assert world.after(29) == []
    assert world.after(2) == [REMIND]
    assert world.after(30) == [NEXT]
    assert sent_to(world) == ["p2"]


@pytest.mark.parametrize("away_s", [0, 10, 29])
def test_a_notifier_that_restarts_takes_nothing_from_a_crew(away_s: int) -> None:
    world = ordered("p1", "p2")
    assert world.after(away_s) == []
    world.gets(order(world))
    assert world.after(59) == [REMIND]
    assert sent_to(world) == ["p1"]
    assert world.alerted() == set()


def test_a_crew_that_was_told_under_another_ticket_has_its_time_from_when_it_comes() -> None:
    world = ordered("p1")
    world.gets(order(world))
    came = replace(world.incident, timers=())
    timed = with_timers(Decision(None, (Timeline(None, (came,)),)), world.situation)
    assert {timer.kind for timer in timed.timelines[0].after.timers} == {REMIND, NEXT}


def test_a_later_message_does_not_give_it_more_time() -> None:
    world = ordered("p1", "p2")
    world.gets(order(world))
    world.after(50)
    world.gets(order(world), S.DELIVERED)
    assert world.after(11) == [NEXT]


def test_a_crew_that_answers_before_its_message_is_known_to_have_left_has_answered() -> None:
    world = ordered("p1", "p2")
    world.after(61)
    world.says("p1", U.ACKNOWLEDGED)
    assert (world.alerted(), world.kinds()) == (set(), set())


def test_an_urgent_case_is_heard_of_sooner_when_it_becomes_one() -> None:
    world = ordered("p1", "p2", priority=Priority.P3)
    assert world.after(100) == []
    world.assess(call(**(P1 | {"revision": 2})), world.incident)
    assert world.after(31) == [UNTOLD]


# When nobody waits for it any longer


def test_a_crew_without_any_way_is_replaced_at_once() -> None:
    world = ordered("p1", "p2")
    assert not fails(world, "none")
    assert sent_to(world) == ["p2"]
    assert world.alerted() == {("unacknowledged", "p1")}
    assert fails(world, "none") == "not_waiting"


@pytest.mark.parametrize("contacts", [1, 2, 4])
def test_one_way_that_fails_takes_the_task_from_nobody_but_the_next_has_not_for_ever(contacts: int) -> None:
    """However many contacts it has: which of them can be tried at all, the notifier alone knows."""
    world = ordered("p1", "p2")
    world.units["p1"] = replace(world.units["p1"], contacts=world.units["p1"].contacts * contacts)
    assert not fails(world)
    assert fails(world) == "already_known"
    assert world.timeline[-1] == "not_delivered"
    assert sent_to(world) == ["p1"]
    # The next way has as long as a first reminder would.
    assert world.after(29) == []
    assert world.after(2) == [NEXT]
    assert sent_to(world) == ["p2"]


def test_another_way_that_works_gives_the_crew_its_whole_time() -> None:
    world = ordered("p1", "p2")
    fails(world)
    world.after(20)
    world.gets(order(world), channel="whatsapp")
    assert world.after(59) == [REMIND]
    assert world.after(2) == [NEXT]


def test_a_way_that_fails_beside_one_that_worked_is_noted_only() -> None:
    world = ordered("p1", "p2")
    world.gets(order(world), channel="mqtt")
    assert not fails(world)
    assert world.kinds() == {REMIND, NEXT}
    # Neither does it matter that a reminder had no way of its own.
    world.after(31)
    fails(world, "none", world.said[-1])
    assert sent_to(world) == ["p1"]


def test_a_message_given_up_after_hours_sends_the_next_unit() -> None:
    world = ordered("p1", "p2")
    world.after(12 * 3600)
    fails(world)
    assert world.after(31) == [NEXT]
    assert sent_to(world) == ["p2"]


def test_a_crew_that_has_answered_is_not_taken_off_for_a_late_receipt() -> None:
    world = ordered("p1", "p2")
    world.says("p1", U.EN_ROUTE)
    assert fails(world) == gives_up(world) == "not_waiting"


def test_when_every_way_was_tried_the_next_unit_goes_at_once_and_once() -> None:
    world = ordered("p1", "p2", "p3")
    world.gets(order(world))
    world.after(20)
    assert not gives_up(world)
    assert sent_to(world) == ["p2"]
    assert world.alerted() == {("unacknowledged", "p1")}
    assert gives_up(world) == "not_waiting"
    assert sent_to(world) == ["p2"]


def test_the_timer_may_be_faster_than_the_notifier() -> None:
    world = ordered("p1", "p2", "p3")
    world.gets(order(world))
    world.after(61)
    assert gives_up(world) == "not_waiting"
    assert sent_to(world) == ["p2"]


def test_every_way_tried_and_one_failed_for_good_is_a_crew_that_cannot_be_told() -> None:
    world = ordered("p1", "p2")
    fails(world)
    gives_up(world)
    assert sent_to(world) == ["p2"]


def test_a_unit_without_contacts_is_passed_over_when_every_way_was_tried() -> None:
    world = ordered("p1", "p2")
    world.units["p1"] = replace(world.units["p1"], contacts=())
    gives_up(world)
    assert sent_to(world) == ["p2"]


def test_with_all_ways_down_a_person_calls_and_the_task_stays() -> None:
    """Nothing left and nothing failed for good: of the others none could be told either."""
    world = ordered("p1", "p2")
    world.after(20)
    gives_up(world)
    assert sent_to(world) == ["p1"]
    assert world.alerted() == {("untold", "p1")}
    assert world.after(3600) == []
    assert gives_up(world) == "nothing_new"
    world.gets(order(world))
    assert world.alerted() == set()
    assert world.after(61) == [REMIND, NEXT]
    assert sent_to(world) == ["p2"]


def test_with_nobody_left_the_notifiers_end_asks_no_sooner_again() -> None:
    world = ordered("p1")
    world.gets(order(world))
    gives_up(world)
    assert world.alerted() == {("nobody_left", "p1")}
    reminders = [one for one in world.said if one.kind is OrderKind.REMIND]
    assert len(reminders) == 1
    # Its plan for the reminder ends, too.
    world.now += 1000
    assert gives_up(world, reminders[0]) == "nothing_new"
    assert world.kinds() == {NEXT}
    assert world.after(118) == []
    assert world.after(2) == [NEXT]


def test_a_unit_that_cannot_be_told_and_that_nobody_can_replace_is_asked_once_for_each_time_it_is_due() -> None:
    world = ordered("p1")
    fails(world, "none")
    reminders = [one for one in world.said if one.kind is OrderKind.REMIND]
    world.now += 1000
    fails(world, "sms", reminders[0])
    failed = NotDelivered("e-2", "36.73", "p1", reminders[0].order_id, "a-2", "none")
    world.apply(on_not_delivered(failed, world.units["p1"], world.incident, world.situation))
    assert [one for one in world.said if one.kind is OrderKind.REMIND] == reminders
    assert world.incident.assignments[0].nobody_left == 1


NEWS = st.sampled_from(["sent", "delivered", "read", "fails", "none", "ends", "word", "wait"])


@given(st.lists(st.tuples(st.integers(0, 40), NEWS), max_size=14))
def test_whatever_is_heard_in_whatever_order_somebody_has_the_task(news: list[tuple[int, str]]) -> None:
    """Never nobody, never two; never silent without a timer, an alert or a search that goes on; told in rising rank."""
    world = ordered("p1", "p2", "p3")
    answered = False
    for at, (seconds, what) in enumerate(news):
        world.after(seconds)
        (latest, *_) = [one for one in reversed(world.said) if one.kind in (OrderKind.DISPATCH, OrderKind.REMIND)]
        if what in ("sent", "delivered", "read"):
            world.gets(latest, S(what))
        elif what == "word":
            world.says(world.incident.active_assignments[0].unit_id, U.EN_ROUTE)
            answered = True
        elif what == "ends":
            gives_up(world, latest)
        elif what != "wait":
            fails(world, "none" if what == "none" else f"way{at}", latest)
        (bound,) = world.incident.active_assignments
        ranks = [list(S).index(one.state) for one in bound.told]
        assert ranks == sorted(set(ranks))
        assert bound.silent is not answered
        followed = {timer.kind for timer in world.incident.timers if timer.subject == bound.order_id}
        if answered:
            assert not followed
        else:
            assert followed or {kind for kind, _ in world.alerted()} & {"untold", "nobody_left"}
