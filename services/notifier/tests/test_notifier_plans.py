"""A notification's way through its plan: by tables, and in whatever order things happen."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from siaga_notifier.core.model import Contact, OrderKind
from siaga_notifier.core.outcomes import Accepted, Outcome, Permanent, Temporary, Unknown
from siaga_notifier.core.plans import asked, moves
from siaga_notifier.core.plans.moves import GIVE_UP_AFTER_MS, look
from siaga_notifier.core.plans.telling import told
from siaga_notifier.core.plans.values import NEXT, Notification, Phase, PlannedStep, Sight
from siaga_notifier.core.states import State
from siaga_notifier.core.tries import MOST_TRIES, Stage, pause_ms
from siaga_tenants.model import USUAL_NOTIFY, NotifyPlan, PlanStep

NOW = 1_000_000
STEPS = (
    PlannedStep(("mqtt:0",), 10_000),
    PlannedStep(("sms:0", "sms:1"), 60_000),
    PlannedStep(("operator:0",), 20_000),
)
ALL = frozenset({"mqtt:0", "sms:0", "sms:1", "operator:0"})
TAKEN = Accepted("p")
THROTTLED = Temporary("throttled", 1.0)
AWAY = Temporary("away", 1.0, down=True)


def fresh(kind: OrderKind = OrderKind.DISPATCH, steps: tuple[PlannedStep, ...] = STEPS) -> Notification:
    return Notification("o", "i", kind, NOW, steps)


def sent(known: Notification, now: int, answers: dict[str, Outcome], sight: Sight | None = None) -> Notification:
    """Look and let all that is sent be answered, until nothing more is to be sent now."""
    for _ in range(20):
        decision = look(known, sight or Sight(ALL), now)
        known = decision.after
        if not decision.sendings:
            return known
        for sending in decision.sendings:
            answer = answers.get(sending.route, TAKEN)
            confirms = not sending.route.startswith("mqtt")
            known = moves.on_outcome(known, sending.route, answer, now, 0.5, confirms=confirms)
    raise AssertionError("it sends without end")


@pytest.mark.parametrize(
    ("answers", "sight", "steps_at_once"),
    [
        ({}, Sight(ALL), 1),
        ({"mqtt:0": Permanent("no")}, Sight(ALL), 2),
        ({"mqtt:0": AWAY}, Sight(ALL), 2),
        ({"mqtt:0": THROTTLED}, Sight(ALL), 1),
        ({"mqtt:0": Unknown("cut")}, Sight(ALL), 1),
        # No tablet of the crew is on duty; no provider; all providers away.
        ({}, Sight(ALL - {"mqtt:0"}), 2),
        ({}, Sight(ALL, down=frozenset({"mqtt:0"})), 2),
        # One phone of two is enough to wait for an answer.
        ({"mqtt:0": Permanent("no"), "sms:0": Permanent("no")}, Sight(ALL), 2),
        ({"mqtt:0": Permanent("no"), "sms:0": Permanent("no"), "sms:1": AWAY}, Sight(ALL), 3),
    ],
)
def test_which_step_is_taken_at_once(answers: dict[str, Outcome], sight: Sight, steps_at_once: int) -> None:
    assert sent(fresh(), NOW, answers, sight).step == steps_at_once


@pytest.mark.parametrize(
    ("after_s", "step", "phase"),
    [
        (9.9, 1, Phase.OPEN),
        (10, 2, Phase.OPEN),
        (69.9, 2, Phase.OPEN),
        (70, 3, Phase.OPEN),
        (90, 3, Phase.UNACKNOWLEDGED),
    ],
)
def test_silence_leads_on(after_s: float, step: int, phase: Phase) -> None:
    known = fresh()
    for now in (NOW, NOW + 10_000, NOW + 70_000, NOW + 90_000):
        if now <= NOW + after_s * 1000:
            known = sent(known, now, {})
    known = sent(known, NOW + int(after_s * 1000), {})
    assert (known.step, known.phase) == (step, phase)


def test_an_undelivered_message_counts_as_failed_unless_it_is_of_an_earlier_try() -> None:
    only = fresh(steps=(PlannedStep(("sms:0",), 60_000), PlannedStep(("operator:0",), 1)))
    known = sent(only, NOW, {})
    assert moves.on_undelivered(known, "sms:0", 2, "undelivered", NOW) == known
    failed = moves.on_undelivered(known, "sms:0", 1, "undelivered", NOW)
    assert look(failed, Sight(ALL), NOW).after.step == 2


def test_one_that_nobody_confirms_does_not_hold_the_step_when_the_other_has_failed() -> None:
    both = fresh(steps=(PlannedStep(("mqtt:0", "sms:0"), 60_000), PlannedStep(("operator:0",), 60_000)))
    known = sent(both, NOW, {})
    assert known.step == 1
    known = moves.on_undelivered(known, "sms:0", 1, "undelivered", NOW)
    assert sent(known, NOW, {}).step == 2


@pytest.mark.parametrize("phase", list(Phase))
@pytest.mark.parametrize("after", list(Phase))
def test_phases(phase: Phase, after: Phase) -> None:
    assert moves.moved(replace(fresh(), phase=phase), after).phase is (after if after in NEXT[phase] else phase)


def test_nobody_is_silent_who_was_never_told() -> None:
    known = sent(fresh(), NOW, {"mqtt:0": AWAY, "sms:0": AWAY, "sms:1": AWAY}, Sight(ALL, down=frozenset({"sms:0"})))
    assert (known.step, known.phase) == (3, Phase.OPEN)
    away = {"mqtt:0": AWAY, "sms:0": AWAY, "sms:1": AWAY}
    assert sent(known, NOW + 3_600_000, away).phase is Phase.OPEN
    back = sent(known, NOW + 3_700_000, {})
    assert back.phase is Phase.OPEN
    assert moves.due_ms(back) == NOW + 3_700_000 + 20_000
    assert sent(back, NOW + 3_720_000, {}).phase is Phase.UNACKNOWLEDGED


def test_a_task_taken_back_still_says_in_turn_what_came_before() -> None:
    busy = look(
        fresh(OrderKind.UPDATE, (PlannedStep(("sms:0",), 1),)), Sight(ALL, busy=frozenset({"sms:0"})), NOW
    ).after
    refused = sent(fresh(OrderKind.UPDATE, (PlannedStep(("sms:0",), 1),)), NOW, {"sms:0": THROTTLED})
    assert [one.route for one in look(moves.on_stood_down(busy), Sight(ALL), NOW).sendings] == ["sms:0"]
    assert moves.on_stood_down(refused).closed


@pytest.mark.parametrize("kind", [OrderKind.STAND_DOWN, OrderKind.UPDATE, OrderKind.REMIND])
@pytest.mark.parametrize(
    ("answers", "phase"),
    [({}, Phase.TOLD), ({"sms:0": Permanent("no")}, Phase.TOLD), ({"sms:0": Permanent("no"), "mqtt:0": Permanent("no")}, Phase.FAILED)],
)  # fmt: skip
def test_what_needs_no_answer_is_told_once(kind: OrderKind, answers: dict[str, Outcome], phase: Phase) -> None:
    steps = (PlannedStep(("sms:0",), 1), PlannedStep(("mqtt:0",), 1))
    known = sent(fresh(kind, steps), NOW, answers)
    assert known.phase is phase
    assert known.closed
    assert sent(known, NOW + 10**9, {}) == known


def test_silence_for_half_a_day_is_forgotten() -> None:
    known = fresh()
    for after_s in (0, 10, 70, 90):
        known = sent(known, NOW + after_s * 1000, {})
    assert moves.due_ms(known) == NOW + GIVE_UP_AFTER_MS
    assert moves.on_acknowledged(known).phase is Phase.ACKNOWLEDGED
    assert sent(known, NOW + GIVE_UP_AFTER_MS, {}).closed


NAMED = {
    "sms:0": Contact("sms", "+62811"), "mqtt:0": Contact("mqtt", "t"), "whatsapp:0": Contact("whatsapp", "+62811"),
    "operator:0": Contact("operator", "u"),
}  # fmt: skip
CREW = {route: contact for route, contact in NAMED.items() if route != "operator:0"}


@pytest.mark.parametrize(
    ("priority", "routes"),
    [
        ("P1", [("mqtt:0", "sms:0"), ("whatsapp:0",), ("operator:0",)]),
        ("P3", [("mqtt:0",), (), ("whatsapp:0",), ("sms:0",), ("operator:0",)]),
    ],
)
def test_steps_of_an_alarm(priority: str, routes: list[tuple[str, ...]]) -> None:
    steps = asked.alarm(USUAL_NOTIFY.plan("damkar", priority), NAMED)
    assert [step.routes for step in steps] == routes
    assert asked.alarm(NotifyPlan((PlanStep(("sms",), 1.5),)), NAMED) == (PlannedStep(("sms:0",), 1_500),)


def test_a_stand_down_goes_where_the_crew_heard_of_it_and_by_sms() -> None:
    told_by_tablet = sent(fresh(steps=(PlannedStep(("mqtt:0",), 60_000),)), NOW, {})
    steps = asked.news(CREW, [told_by_tablet])
    assert [set(step.routes) for step in steps] == [{"mqtt:0", "sms:0"}, {"whatsapp:0"}]
    assert [set(step.routes) for step in asked.news(CREW, [])] == [set(CREW)]
    assert asked.news({}, []) == ()


def test_a_reminder_is_the_next_step_or_else_the_phones_once_more() -> None:
    two = fresh(steps=(PlannedStep(("mqtt:0",), 60_000), PlannedStep(("sms:0",), 60_000)))
    first = sent(two, NOW, {})
    assert asked.reminder(CREW, first) == ()
    hurried = sent(moves.on_hurried(first), NOW + 1, {})
    assert hurried.step == 2
    assert [step.routes for step in asked.reminder(CREW, hurried)] == [("whatsapp:0",)]
    phones = {"sms:0": CREW["sms:0"], "mqtt:0": CREW["mqtt:0"]}
    assert [step.routes for step in asked.reminder(phones, hurried)] == [("sms:0",)]


def test_what_is_told() -> None:
    known = sent(fresh(), NOW, {"mqtt:0": Permanent("no"), "sms:0": THROTTLED})
    states = [(one.route, one.state) for one in told(None, known, NOW)]
    assert states == [
        ("mqtt:0", State.QUEUED), ("mqtt:0", State.FAILED_PERMANENT),
        ("sms:0", State.QUEUED), ("sms:0", State.FAILED_TEMPORARY),
        ("sms:1", State.QUEUED), ("sms:1", State.SUBMITTED),
    ]  # fmt: skip
    again = sent(known, NOW + 5_000, {"sms:0": THROTTLED})
    assert list(told(known, again, NOW)) == []


@pytest.mark.parametrize(
    ("refusals", "retry_after_s", "luck", "expected"),
    [(0, 0, 0, 250), (0, 0, 1, 750), (3, 0, 1, 4_250), (50, 0, 1, 8_250), (0, 30, 0.5, 30_250)],
)
def test_pauses(refusals: int, retry_after_s: float, luck: float, expected: int) -> None:
    assert pause_ms(refusals, retry_after_s, luck) == expected


@dataclass
class Life:
    """A notification to whom things happen, and what its crew has seen."""

    known: Notification
    now: int = NOW
    flying: dict[str, bool] = field(default_factory=dict)
    unmarked: dict[str, int] = field(default_factory=dict)
    unacknowledged: int = 0

    def become(self, after: Notification) -> None:
        if after.phase is Phase.UNACKNOWLEDGED is not self.known.phase:
            self.unacknowledged += 1
        self.known = after

    def look(self, usable: frozenset[str], down: frozenset[str]) -> None:
        before = self.known
        decision = look(before, Sight(usable, frozenset(self.flying), down), self.now)
        for sending in decision.sendings:
            assert before.phase in (Phase.OPEN, Phase.UNACKNOWLEDGED)
            assert sending.route in usable - down
            assert sending.route not in self.flying
            assert sending.number <= MOST_TRIES
            self.flying[sending.route] = sending.repeat
        self.become(decision.after)

    def answer(self, route: str, outcome: Outcome) -> None:
        repeat = self.flying.pop(route)
        if isinstance(outcome, Accepted | Unknown) and not repeat:
            self.unmarked[route] = self.unmarked.get(route, 0) + 1
        self.become(moves.on_outcome(self.known, route, outcome, self.now, 0.5, confirms=route != "mqtt:0"))

    def crash(self) -> None:
        """What was under way may have arrived."""
        for route, repeat in self.flying.items():
            if not repeat:
                self.unmarked[route] = self.unmarked.get(route, 0) + 1
        self.flying.clear()

    def check(self) -> None:
        assert all(count <= 1 for count in self.unmarked.values()), "two alarms that look like two"
        assert self.unacknowledged <= 1
        if not self.known.closed and not self.flying:
            assert moves.due_ms(self.known) is not None, "open, and nothing will ever happen"


routes_of = st.frozensets(st.sampled_from(sorted(ALL)))
outcomes = st.sampled_from([TAKEN, THROTTLED, AWAY, Permanent("no"), Unknown("cut")])
things = st.one_of(
    st.tuples(st.just("look"), routes_of, routes_of),
    st.tuples(st.just("wait"), st.integers(1, 100_000)),
    st.tuples(st.just("answer"), outcomes),
    st.tuples(st.just("crash")),
    st.tuples(st.just("undelivered"), st.sampled_from(sorted(ALL)), st.integers(1, MOST_TRIES)),
    st.tuples(st.just("hurry")),
    st.tuples(st.just("ack")),
    st.tuples(st.just("stand_down")),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(things, max_size=40), st.sampled_from([OrderKind.DISPATCH, OrderKind.UPDATE]))
def test_whatever_happens(happened: list[tuple[object, ...]], kind: OrderKind) -> None:
    life = Life(fresh(kind))
    for thing in happened:
        match thing:
            case ("look", frozenset() as off_duty, frozenset() as down):
                life.look(ALL - off_duty, down)
            case ("wait", int(ms)):
                life.now += ms
            case ("answer", outcome) if life.flying:
                life.answer(next(iter(life.flying)), outcome)  # type: ignore[arg-type]
            case ("crash",):
                life.crash()
            case ("undelivered", str(route), int(number)):
                life.become(moves.on_undelivered(life.known, route, number, "no", life.now))
            case ("hurry",):
                life.become(moves.on_hurried(life.known))
            case ("ack",):
                life.become(moves.on_acknowledged(life.known))
            case ("stand_down",):
                life.become(moves.on_stood_down(life.known))
            case _:
                pass
        life.check()
    # In the end, with everybody there, it ends: with an answer, or with one word that there was none.
    life.crash()
    for _ in range(200):
        if life.known.phase is not Phase.OPEN:
            break
        life.look(ALL, frozenset())
        for route in list(life.flying):
            life.answer(route, TAKEN)
        life.check()
        life.now = max(life.now, moves.due_ms(life.known) or 0)
    assert life.known.phase is not Phase.OPEN
    assert all(one.stage is not Stage.SUBMITTING for one in life.known.tries.values()) or life.known.closed
