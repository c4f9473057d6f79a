"""Who must be called back: rule by rule, and that order, repetition and batches change nothing."""

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_classifier.adapters.callback_codec import KnownCaller, decode, encode
from siaga_classifier.core.callback_calls import MAX_MISSED, ROLE_OF, Calls, KnownCall, Role, learned, remembered
from siaga_classifier.core.callback_tasks import TRANSITIONS, Closing, State, Step, Task, changes, tasks_of
from siaga_classifier.core.state import Callback
from siaga_classifier.core.vocabulary import CallbackResult, Outcome

R = CallbackResult
TENANT, CALLER = "36.73", "k1"


def call(name: str, outcome: Outcome, ended_at_ms: int, revision: int = 1, **more: object) -> KnownCall:
    return KnownCall(name, revision, outcome, ended_at_ms, **more)


def answered(name: str, outcome: Outcome, answered_at_ms: int, **more: object) -> KnownCall:
    return call(name, outcome, answered_at_ms + 60, answered_at_ms=answered_at_ms, operator="op-03", **more)


def reported(missed: KnownCall, *reports: Callback) -> KnownCall:
    return replace(missed, revision=missed.revision + 1, reports=reports)


def tasks(*calls: KnownCall) -> tuple[Task, ...]:
    known: Calls = {}
    for each in calls:
        known = learned(known, each)
    return tasks_of(TENANT, CALLER, known)


def task(*calls: KnownCall) -> Task:
    """The one task of these calls, in whatever order they are told."""
    found = {tasks(*order) for order in permutations(calls)}
    assert len(found) == 1
    (only,) = found.pop()
    return only


A, B = call("a", Outcome.ABANDON, 100), call("b", Outcome.UNSERVED, 200)


@pytest.mark.parametrize("outcome", [Outcome.ABANDON, Outcome.GHOST, Outcome.UNSERVED])
def test_a_missed_call_opens_a_task(outcome: Outcome) -> None:
    found = task(call("a", outcome, 100, silent_confirmed=True))
    assert (found.state, found.opened_at_ms, found.calls[0].outcome) == (State.OPEN, 100, outcome)
    assert found.calls[0].silent_confirmed


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if ROLE_OF[outcome] is not Role.MISSED])
def test_no_other_call_does(outcome: Outcome) -> None:
    assert tasks(call("a", outcome, 100)) == ()


def test_a_caller_has_one_task_however_many_calls_were_missed() -> None:
    found = task(A, B, call("c", Outcome.GHOST, 300, answered_at_ms=250))
    assert [missed.call_id for missed in found.calls] == ["a", "b", "c"]
    assert (found.opened_at_ms, found.latest_at_ms, found.state) == (100, 300, State.OPEN)


def test_a_call_back_that_nobody_answers_counts_and_leaves_it_open() -> None:
    tried = reported(A, Callback(R.NO_ANSWER, 150), Callback(R.NO_ANSWER, 250, "", "op-2"))
    found = task(tried, B)
    assert (found.state, found.attempts, found.attempted_at_ms) == (State.OPEN, 2, 250)


@pytest.mark.parametrize(("result", "closing"), [(R.ANSWERED, Closing.ANSWERED), (R.NOT_NEEDED, Closing.OPERATOR)])
def test_an_operators_report_closes_all_that_was_missed_before(result: CallbackResult, closing: Closing) -> None:
    found = task(reported(A, Callback(R.NO_ANSWER, 210), Callback(result, 300, "sudah ditolong", "op-2")), B)
    assert (found.state, found.closing, found.closed_at_ms, len(found.calls)) == (State.CLOSED, closing, 300, 2)
    assert (found.closed_by, found.reason, found.attempts) == ("op-2", "sudah ditolong", 1)


def test_a_report_closes_its_call_under_whatever_clock_it_was_typed() -> None:
    assert task(reported(A, Callback(R.NOT_NEEDED, 40))).state is State.CLOSED


@pytest.mark.parametrize(
    "outcome", [Outcome.REAL, Outcome.ANSWERED_PRANK, Outcome.NON_EMERGENCY, Outcome.MISDIRECTED, Outcome.UNRESOLVED]
)
def test_a_later_call_that_an_operator_answered_closes(outcome: Outcome) -> None:
    found = task(A, B, answered("c", outcome, 300))
    assert (found.state, found.closing, found.closed_by) == (State.CLOSED, Closing.LATER_CALL, "op-03")


@pytest.mark.parametrize(
    "later",
    [
        answered("c", Outcome.REAL, 99), answered("c", Outcome.GHOST, 300), answered("c", Outcome.TEST, 300), call("c", Outcome.UNRESOLVED, 300),
        call("c", Outcome.IVR_PRANK, 300), call("c", Outcome.IN_PROGRESS, 300),
    ],
)  # fmt: skip
def test_what_does_not_close(later: KnownCall) -> None:
    assert task(A, later).state is State.OPEN


def test_a_written_report_that_an_operator_dealt_with_closes() -> None:
    assert task(A, call("c", Outcome.REAL, 300, operator="op-03")).closing is Closing.LATER_CALL


def test_a_new_missed_call_after_closing_is_a_new_task() -> None:
    first, second = tasks(A, answered("c", Outcome.REAL, 300), call("d", Outcome.ABANDON, 500))
    assert (first.state, second.state) == (State.CLOSED, State.OPEN)
    assert first.task_id != second.task_id
    assert [missed.call_id for missed in second.calls] == ["d"]


def test_a_closing_call_that_was_silence_after_all_opens_the_task_again() -> None:
    closing = answered("c", Outcome.UNRESOLVED, 300)
    known = {"a": A, "c": closing}
    before = tasks_of(TENANT, CALLER, known)
    after = tasks(A, replace(closing, outcome=Outcome.GHOST, revision=2))
    assert (before[0].state, after[0].state, before[0].task_id) == (State.CLOSED, State.OPEN, after[0].task_id)


def told(before: Calls, call: KnownCall) -> tuple[Task, ...]:
    after = learned(before, call)
    return changes(tasks_of(TENANT, CALLER, before), tasks_of(TENANT, CALLER, after), after)


def test_a_call_judged_otherwise_leaves_the_task_and_the_last_one_withdraws_it() -> None:
    both = {"a": A, "b": B}
    (smaller,) = told(both, replace(B, outcome=Outcome.IVR_PRANK, revision=2))
    assert [missed.call_id for missed in smaller.calls] == ["a"]
    (gone,) = told({"a": A}, replace(A, outcome=Outcome.IVR_PRANK, revision=2))
    assert (gone.state, gone.closing, gone.reason) == (State.CLOSED, Closing.WITHDRAWN, "ivr_prank")
    assert gone.task_id == smaller.task_id


def test_an_abandon_of_which_an_operator_found_out_what_it_was_is_closed_by_that_operator() -> None:
    (gone,) = told({"a": A}, replace(A, outcome=Outcome.REAL, revision=2, operator="op-2"))
    assert (gone.closing, gone.closed_by, gone.reason) == (Closing.OPERATOR, "op-2", "real")
    called = replace(A, outcome=Outcome.REAL, revision=2, reports=(Callback(R.ANSWERED, 400, "", "op-4"),))
    (gone,) = told({"a": A}, called)
    assert (gone.closing, gone.closed_by, gone.closed_at_ms) == (Closing.ANSWERED, "op-4", 400)


def test_an_earlier_missed_call_told_late_takes_the_task_over_and_is_told_last() -> None:
    gone, found = told({"b": B}, A)
    assert (gone.state, gone.closing, gone.reason) == (State.CLOSED, Closing.WITHDRAWN, "earlier_task")
    assert (found.state, [missed.call_id for missed in found.calls]) == (State.OPEN, ["a", "b"])


def test_what_holds_is_told_last() -> None:
    before = {each.call_id: each for each in (A, answered("c", Outcome.REAL, 300), call("d", Outcome.ABANDON, 500))}
    changed = told(before, reported(A, Callback(R.NO_ANSWER, 110)))
    assert [each.state for each in changed] == [State.CLOSED, State.OPEN]
    assert told(before, A) == ()


def test_when_the_last_task_is_none_any_more_the_one_before_it_is_told_again() -> None:
    first, last = reported(A, Callback(R.ANSWERED, 150)), reported(B, Callback(R.ANSWERED, 250))
    (again,) = told({"a": first, "b": last}, call("b", Outcome.TEST, 200, revision=9))
    assert ([missed.call_id for missed in again.calls], again.state) == (["a"], State.CLOSED)


@pytest.mark.parametrize("late", [False, True])
def test_a_confidential_case_keeps_the_number_uncalled_until_it_is_safe(late: bool) -> None:
    case = answered("c", Outcome.REAL, 500 if late else 50, unsafe=True)
    assert tasks(A, case)[-1].only_if_safe
    assert not tasks(A, case, replace(case, unsafe=False, revision=2))[-1].only_if_safe
    assert not task(A).only_if_safe


def test_the_table_knows_every_step_in_every_state() -> None:
    assert set(TRANSITIONS) == {(state, step) for state in State for step in Step}


REPORTS = st.builds(Callback, st.sampled_from([R.ANSWERED, R.NO_ANSWER, R.NOT_NEEDED]), st.integers(1, 60))
KNOWN = st.builds(
    KnownCall,
    st.sampled_from("abcdef"),
    st.integers(1, 3),
    st.sampled_from(Outcome),
    st.integers(1, 50),
    st.sampled_from([0, 0, 5, 15, 25, 35]),
    st.sampled_from(["", "op-1"]),
    st.lists(REPORTS, max_size=2).map(tuple),
    st.booleans(),
    st.booleans(),
)
# A revision is one content.
TOLD = st.lists(KNOWN, min_size=1, max_size=10, unique_by=lambda each: (each.call_id, each.revision))


@given(TOLD, st.data())
def test_any_order_and_repetition_gives_the_same_tasks(calls: list[KnownCall], data: st.DataObject) -> None:
    again = calls + data.draw(st.lists(st.sampled_from(calls), max_size=5))
    assert tasks(*data.draw(st.permutations(again))) == tasks(*calls)


@given(TOLD)
def test_every_missed_call_is_in_one_task_and_nothing_else_is(calls: list[KnownCall]) -> None:
    known: Calls = {}
    for each in calls:
        known = learned(known, each)
    found = tasks_of(TENANT, CALLER, known)
    missed = [missed.call_id for each in found for missed in each.calls]
    assert sorted(missed) == sorted(each.call_id for each in known.values() if ROLE_OF[each.outcome] is Role.MISSED)
    assert all(each.state is State.CLOSED for each in found[:-1])
    open_ones = {missed.call_id for each in found if each.state is State.OPEN for missed in each.calls}
    settled_ms = max((each.settled_at_ms for each in known.values()), default=0)
    assert open_ones == {each.call_id for each in known.values() if each.is_missed and each.ended_at_ms > settled_ms}


@given(TOLD)
def test_a_reader_of_single_tasks_and_a_reader_of_the_last_record_see_what_is(calls: list[KnownCall]) -> None:
    known: Calls = {}
    seen: dict[str, Task] = {}
    last: Task | None = None
    for each in calls:
        for changed in told(known, each):
            seen[changed.task_id] = last = changed
        known = learned(known, each)
    found = tasks_of(TENANT, CALLER, known)
    assert [each for each in seen.values() if each.state is State.OPEN] == [
        each for each in found if each.state is State.OPEN
    ]
    assert not found or last == found[-1]


@given(TOLD)
def test_what_is_forgotten_changes_no_open_task_and_comes_back_closed(calls: list[KnownCall]) -> None:
    known: Calls = {}
    for each in calls:
        known = learned(known, each)
    found = tasks_of(TENANT, CALLER, known)
    kept = remembered(known, found[-2].opened_at_ms if len(found) > 1 else 0)
    assert tasks_of(TENANT, CALLER, kept)[-2:] == found[-2:]
    for each in known.values():
        kept = learned(kept, each)
    assert tasks_of(TENANT, CALLER, kept)[-1:] == found[-1:]


def test_an_attempt_told_on_an_earlier_call_is_not_forgotten() -> None:
    closed = reported(A, Callback(R.ANSWERED, 150), Callback(R.NO_ANSWER, 250))
    known = {each.call_id: each for each in (closed, call("z", Outcome.IVR_PRANK, 10), B)}
    known["z"] = reported(known["z"], Callback(R.NO_ANSWER, 260))
    found = tasks_of(TENANT, CALLER, known)
    assert (found[-1].state, found[-1].attempts) == (State.OPEN, 2)
    assert tasks_of(TENANT, CALLER, remembered(known, found[-2].opened_at_ms))[-1] == found[-1]


def test_what_settled_a_task_is_kept_beside_what_settled_the_next_in_its_first_moment() -> None:
    first = reported(A, Callback(R.ANSWERED, 200))
    known = {
        each.call_id: each for each in (first, answered("c", Outcome.REAL, 100), B, call("d", Outcome.ABANDON, 300))
    }
    found = tasks_of(TENANT, CALLER, known)
    assert [len(each.calls) for each in found] == [1, 1, 1]
    assert tasks_of(TENANT, CALLER, remembered(known, found[-2].opened_at_ms))[-2:] == found[-2:]


def test_a_number_that_is_never_called_back_stays_bounded_under_the_same_task() -> None:
    known: Calls = {}
    for number in range(2_000):
        known = remembered(learned(known, call(f"c{number:04}", Outcome.ABANDON, 100 + number)), 0)
    (found,) = tasks_of(TENANT, CALLER, known)
    assert len(found.calls) == MAX_MISSED + 1
    assert (found.calls[0].call_id, found.calls[-1].call_id) == ("c0000", "c1999")


@given(TOLD, st.integers(0, 2**31))
def test_a_kept_caller_reads_back_as_it_was(calls: list[KnownCall], revision: int) -> None:
    known = KnownCaller(tuple(calls), revision)
    assert decode(encode(known)) == known


def test_a_caller_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version 2"):
        decode(encode(KnownCaller()).replace(b"\x93\x01", b"\x93\x02", 1))
