"""Who must be called back: one task per caller, however many of the caller's calls were missed.

A caller's tasks are a value of what is known of the caller's calls, made anew with everything that is told; so order,
repetition and batches of what is told cannot matter. What happened is walked through in the order of time: a missed call
opens a task, attempts count, and what closes it closes all that was missed before.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, IntEnum
from typing import Final

from siaga_contracts import ids

from siaga_classifier.core.callback_calls import ROLE_OF, Calls, KnownCall, Role
from siaga_classifier.core.state import Callback
from siaga_classifier.core.vocabulary import CallbackResult, Outcome


class State(IntEnum):
    """As in the contract; NONE = there is no task yet."""

    NONE = 0
    OPEN = 1
    CLOSED = 2


class Closing(IntEnum):
    """What closed a task, as in the contract."""

    UNSPECIFIED = 0
    ANSWERED = 1
    LATER_CALL = 2
    OPERATOR = 3
    WITHDRAWN = 4


class Step(Enum):
    """What can happen to a task. Of what happens at the same moment, the earlier one here comes first."""

    MISSED = 1
    TRIED = 2
    SPOKEN = 3
    REACHED = 4
    WAIVED = 5


# An attempt or a conversation with nobody waiting changes nothing.
TRANSITIONS: Final[Mapping[tuple[State, Step], State]] = {
    (State.NONE, Step.MISSED): State.OPEN,
    (State.NONE, Step.TRIED): State.NONE,
    (State.NONE, Step.SPOKEN): State.NONE,
    (State.NONE, Step.REACHED): State.NONE,
    (State.NONE, Step.WAIVED): State.NONE,
    (State.OPEN, Step.MISSED): State.OPEN,
    (State.OPEN, Step.TRIED): State.OPEN,
    (State.OPEN, Step.SPOKEN): State.CLOSED,
    (State.OPEN, Step.REACHED): State.CLOSED,
    (State.OPEN, Step.WAIVED): State.CLOSED,
    # A new task.
    (State.CLOSED, Step.MISSED): State.OPEN,
    (State.CLOSED, Step.TRIED): State.CLOSED,
    (State.CLOSED, Step.SPOKEN): State.CLOSED,
    (State.CLOSED, Step.REACHED): State.CLOSED,
    (State.CLOSED, Step.WAIVED): State.CLOSED,
}
_CLOSING: Final = {
    Step.SPOKEN: Closing.LATER_CALL,
    Step.REACHED: Closing.ANSWERED,
    Step.WAIVED: Closing.OPERATOR,
}
_STEP_OF: Final = {
    CallbackResult.ANSWERED: Step.REACHED,
    CallbackResult.NO_ANSWER: Step.TRIED,
    CallbackResult.NOT_NEEDED: Step.WAIVED,
}


@dataclass(frozen=True, slots=True)
class Missed:
    """A call that nobody spoke on."""

    call_id: str
    outcome: Outcome
    ended_at_ms: int
    silent_confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """A caller who must be called back, or was."""

    task_id: str
    state: State
    calls: tuple[Missed, ...]
    attempts: int = 0
    attempted_at_ms: int = 0
    closing: Closing = Closing.UNSPECIFIED
    closed_at_ms: int = 0
    closed_by: str = ""
    reason: str = ""
    # There is a confidential case of the caller: the wrong person may pick up (K3).
    only_if_safe: bool = False

    @property
    def opened_at_ms(self) -> int:
        return self.calls[0].ended_at_ms

    @property
    def latest_at_ms(self) -> int:
        return self.calls[-1].ended_at_ms

    @property
    def changed_at_ms(self) -> int:
        """Event time of the latest that happened to it."""
        return max(self.latest_at_ms, self.attempted_at_ms, self.closed_at_ms)


@dataclass(frozen=True, slots=True)
class _Moment:
    """One thing that happened, as it is ordered."""

    at_ms: int
    step: Step
    call: KnownCall
    by: str = ""
    reason: str = ""

    @property
    def order(self) -> tuple[int, int, str, str, str]:
        return (self.at_ms, self.step.value, self.call.call_id, self.by, self.reason)


def tasks_of(tenant: str, caller_key: str, calls: Calls) -> tuple[Task, ...]:
    """The caller's tasks in the order of time; only the last one can be open."""
    tasks: list[Task] = []
    for moment in sorted(_moments(calls), key=lambda each: each.order):
        state = tasks[-1].state if tasks else State.NONE
        then = TRANSITIONS[state, moment.step]
        if then is State.OPEN and state is not State.OPEN:
            task_id = ids.derived("callback-task", tenant, caller_key, moment.call.call_id)
            tasks.append(Task(task_id, State.OPEN, (_missed(moment.call),)))
        elif state is State.OPEN:
            tasks[-1] = _after(tasks[-1], moment)
    if tasks and any(call.unsafe for call in calls.values()):
        tasks[-1] = replace(tasks[-1], only_if_safe=True)
    return tuple(tasks)


def changes(before: Sequence[Task], after: Sequence[Task], calls: Calls) -> tuple[Task, ...]:
    """What is to be told of the caller's tasks: the last is the one that holds, for readers keep the last per caller."""
    known = {task.task_id: task for task in before}
    left = {task.task_id for task in after}
    told = [_withdrawn(task, calls) for task in before if task.task_id not in left and task.state is State.OPEN]
    told += [task for task in after if known.get(task.task_id) != task]
    # A closed task that is none any more is not told of, but it stood last.
    was_last = before[-1].task_id if before else ""
    if after and (told or was_last != after[-1].task_id) and (not told or told[-1] is not after[-1]):
        told.append(after[-1])
    return tuple(told)


def _moments(calls: Calls) -> Iterator[_Moment]:
    for call in calls.values():
        if call.is_missed:
            yield _Moment(call.ended_at_ms, Step.MISSED, call)
        if spoken_at_ms := call.spoken_at_ms:
            yield _Moment(spoken_at_ms, Step.SPOKEN, call, call.operator)
        for report in call.reports:
            yield _reported(call, report)


def _reported(call: KnownCall, report: Callback) -> _Moment:
    return _Moment(call.reported_at_ms(report), _STEP_OF[report.result], call, report.operator, report.reason)


def _after(task: Task, moment: _Moment) -> Task:
    match moment.step:
        case Step.MISSED:
            return replace(task, calls=(*task.calls, _missed(moment.call)))
        case Step.TRIED:
            return replace(task, attempts=task.attempts + 1, attempted_at_ms=moment.at_ms)
        case _:
            return _closed(task, moment)


def _closed(task: Task, moment: _Moment) -> Task:
    return replace(
        task, state=State.CLOSED, closing=_CLOSING[moment.step], closed_at_ms=moment.at_ms, closed_by=moment.by,
        reason=moment.reason,
    )  # fmt: skip


def _withdrawn(task: Task, calls: Calls) -> Task:
    """A task that was told and is none any more: its calls were judged otherwise, or an earlier task carries them."""
    own = [calls[missed.call_id] for missed in task.calls if missed.call_id in calls]
    said = [
        *(
            _reported(call, report)
            for call in own
            for report in call.reports
            if report.result != CallbackResult.NO_ANSWER
        ),
        # Somebody knows what it was without having answered: the caller was reached on another way.
        *(
            _Moment(call.ended_at_ms, Step.WAIVED, call, call.operator, call.outcome.name.lower())
            for call in own
            if ROLE_OF[call.outcome] is Role.SPOKEN
        ),
    ]
    if said:
        return _closed(task, max(said, key=lambda each: each.order))
    reason = own[-1].outcome.name.lower() if own and not own[-1].is_missed else "earlier_task"
    return replace(task, state=State.CLOSED, closing=Closing.WITHDRAWN, closed_at_ms=task.latest_at_ms, reason=reason)


def _missed(call: KnownCall) -> Missed:
    return Missed(call.call_id, call.outcome, call.ended_at_ms, call.silent_confirmed)
