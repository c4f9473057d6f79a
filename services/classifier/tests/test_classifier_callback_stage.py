"""From a call's events to the task of calling back: what is published, and that a crash anywhere changes nothing."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga.v1 import assessment_pb2, call_pb2, callback_pb2
from siaga_classifier.adapters.call_store import CallerKey
from siaga_classifier.adapters.callback_codec import MAX_SHOWN, decode, encode
from siaga_classifier.adapters.callback_store import Change, HeldCaller
from siaga_classifier.adapters.codec import event_of, outcome_message
from siaga_classifier.adapters.rule_files import load_pack
from siaga_classifier.callbacks import Callbacks
from siaga_classifier.core.advice import Policy
from siaga_classifier.core.assess import assess
from siaga_classifier.core.assessment import TenantView
from siaga_classifier.core.callback_tasks import Closing, State
from siaga_classifier.core.fold import fold
from siaga_classifier.core.outcome import CallerHistory
from siaga_classifier.core.words.rules import read
from siaga_kit.errors import Transient
from siaga_kit.records import Outgoing, Record
from siaga_kit.stage import Item

PACK = load_pack()
VIEW = TenantView(lambda text: read(text, PACK), PACK.base_priority, Policy(lambda *_: True), None)
BEFORE = CallerHistory(1, "an earlier call")
K = call_pb2.CallEventKind


class MemoryStore:
    """The twin of the callback store: the same promises, in a dict."""

    def __init__(self) -> None:
        self.callers: dict[CallerKey, bytes] = {}

    async def load(self, callers: Iterable[CallerKey]) -> Mapping[CallerKey, HeldCaller]:
        return {key: HeldCaller(decode(raw), raw) for key in callers if (raw := self.callers.get(key))}

    async def save(self, changes: Sequence[Change]) -> None:
        for caller, known, raw in changes:
            if self.callers.get(caller, b"") != raw:
                raise Transient("another process wrote of these callers")
            self.callers[caller] = encode(known)


class World:
    """A processor, its store, and what readers of its topic know: per task and per caller the last that was told."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.callbacks = Callbacks(self.store)  # type: ignore[arg-type]
        self.tasks: dict[str, callback_pb2.CallbackTask] = {}
        self.last: dict[str, callback_pb2.CallbackTask] = {}

    async def feed(
        self, outcomes: Sequence[assessment_pb2.CallerOutcome], at: int, *, killed: bool = False
    ) -> Sequence[Outgoing]:
        records = [Record("t", 0, at + index, 0, b"", b"", (), f"trace-{at + index}") for index in range(len(outcomes))]
        result = await self.callbacks.process([Item(*pair) for pair in zip(records, outcomes, strict=True)])
        for one in result.outgoing:
            assert isinstance(one.message, callback_pb2.CallbackTask)
            assert one.message.revision >= getattr(self.last.get(one.key), "revision", 0)
            self.tasks[one.message.task_id] = self.last[one.key] = one.message
        if not killed and result.save is not None:
            await result.save()
        return result.outgoing

    @property
    def open(self) -> dict[str, Any]:
        return {
            f"{task.caller_key}/{task.task_id}": [list(task.calls), task.missed, task.attempts, task.only_if_safe]
            for task in self.tasks.values()
            if task.state == callback_pb2.CALLBACK_STATE_OPEN
        }


def outcome(call: str, what: str, ended_at_ms: int, revision: int = 1, **more: Any) -> assessment_pb2.CallerOutcome:
    return assessment_pb2.CallerOutcome(
        call_id=call, tenant="36.73", caller_key=more.pop("caller", "k1"), revision=revision,
        outcome=assessment_pb2.Outcome.Value(f"OUTCOME_{what}"), event_at_ms=ended_at_ms, **more,
    )  # fmt: skip


def report(what: str, at_ms: int) -> assessment_pb2.CallbackReport:
    result = call_pb2.CallbackResult.Value(f"CALLBACK_RESULT_{what}")
    return assessment_pb2.CallbackReport(result=result, at_ms=at_ms, operator="op-03", reason="sudah ditolong")


def missed_call(number: int) -> list[call_pb2.CallEvent]:
    """One of those that the switch told of only after it was reached again."""
    told: dict[str, Any] = {
        "call_id": f"c{number}", "tenant": "36.73", "source": "asterisk/pbx1", "channel": call_pb2.CHANNEL_VOICE,
        "backfilled": True, "caller": call_pb2.Caller(key=f"k{number}", number=f"+62812000{number:04}"),
    }  # fmt: skip
    at_ms = 1_000 * number + 1
    return [
        call_pb2.CallEvent(event_id=f"r{number}", kind=K.CALL_EVENT_KIND_RINGING, event_at_ms=at_ms, **told),
        call_pb2.CallEvent(event_id=f"q{number}", kind=K.CALL_EVENT_KIND_QUEUE_JOINED, event_at_ms=at_ms + 9, **told),
        call_pb2.CallEvent(event_id=f"e{number}", kind=K.CALL_EVENT_KIND_ENDED, event_at_ms=at_ms + 99, **told),
    ]


async def test_twenty_abandons_of_an_outage_are_twenty_tasks() -> None:
    world = World()
    told = []
    for number in range(20):
        state = fold(None, map(event_of, missed_call(number)))
        told.append(outcome_message(assess(f"c{number}", state, BEFORE, VIEW)))
    published = await world.feed([*told, *told], 0)
    assert len(published) == 20
    assert {task.state for task in world.tasks.values()} == {callback_pb2.CALLBACK_STATE_OPEN}
    assert {task.caller_key for task in world.tasks.values()} == {f"k{number}" for number in range(20)}
    assert not any("62812" in f"{one.key}{one.event_id}{one.message}" for one in published)


async def test_a_sanction_hides_nobody_and_a_drill_calls_nobody_back() -> None:
    world = World()
    await world.feed([outcome("c1", "ABANDON", 100, test=True), outcome("c2", "TEST", 200)], 0)
    assert world.tasks == {}
    for number in range(9):
        await world.feed([outcome(f"p{number}", "ANSWERED_PRANK", 300 + number, answered_at_ms=250)], number + 2)
    await world.feed([outcome("c3", "ABANDON", 900)], 20)
    assert [task.calls[0].call_id for task in world.tasks.values()] == ["c3"]


async def test_one_record_per_change_and_none_for_what_is_known() -> None:
    world = World()
    (first,) = await world.feed([outcome("c1", "ABANDON", 100)], 0)
    assert (first.topic.name, first.key, first.event_at_ms) == ("siaga.callback-tasks.v1", "k1", 100)
    assert first.traceparent == "trace-0"
    assert await world.feed([outcome("c1", "ABANDON", 100)], 1) == []
    assert await world.feed([outcome("c9", "IVR_PRANK", 150)], 2) == []
    (tried,) = await world.feed([outcome("c1", "ABANDON", 100, 2, callbacks=[report("NO_ANSWER", 200)])], 3)
    assert (tried.message.attempts, tried.message.state) == (1, callback_pb2.CALLBACK_STATE_OPEN)  # type: ignore[union-attr]
    both = [report("NO_ANSWER", 200), report("ANSWERED", 300)]
    (closed,) = await world.feed([outcome("c1", "ABANDON", 100, 3, callbacks=both)], 4)
    task: Any = closed.message
    assert (task.state, task.closed_by) == (callback_pb2.CALLBACK_STATE_CLOSED, callback_pb2.CALLBACK_CLOSING_ANSWERED)
    assert (task.closed_at_ms, task.closed_by_operator, task.reason) == (300, "op-03", "sudah ditolong")


async def test_an_outcome_that_carries_only_the_last_report_is_read_too() -> None:
    world = World()
    await world.feed([outcome("c1", "ABANDON", 100, callback=report("ANSWERED", 200))], 0)
    (task,) = world.tasks.values()
    assert task.state == callback_pb2.CALLBACK_STATE_CLOSED


async def test_the_latest_calls_are_shown_and_all_are_counted() -> None:
    world = World()
    await world.feed([outcome(f"c{number}", "ABANDON", 100 + number) for number in range(50)], 0)
    (task,) = world.tasks.values()
    assert (len(task.calls), task.missed, task.calls[-1].call_id) == (MAX_SHOWN, 50, "c49")


async def test_what_was_told_before_a_kill_is_taken_back_when_it_comes_again_in_one_batch() -> None:
    world = World()
    first, second = outcome("c1", "ABANDON", 100), outcome("c1", "IVR_PRANK", 100, 2)
    await world.feed([first], 0, killed=True)
    assert len(world.open) == 1
    await world.feed([first, second], 0)
    assert world.open == {}
    assert world.last["k1"].closed_by == callback_pb2.CALLBACK_CLOSING_WITHDRAWN


async def test_a_process_that_lost_its_partition_writes_nothing_over_its_successor() -> None:
    world = World()
    slow = await world.callbacks.process([Item(Record("t", 0, 0, 0, b"", b"", ()), outcome("c1", "ABANDON", 100))])
    await world.feed([outcome("c1", "ABANDON", 100), outcome("c2", "ABANDON", 200)], 0)
    assert slow.save is not None
    with pytest.raises(Transient):
        await slow.save()


async def test_an_outcome_without_its_names_is_refused() -> None:
    with pytest.raises(ValueError, match="needs call_id"):
        await World().feed([outcome("", "ABANDON", 100)], 0)


def test_our_words_are_the_contracts_words() -> None:
    for ours, contract in ((State, callback_pb2.CallbackState), (Closing, callback_pb2.CallbackClosing)):
        names = {value: name for name, value in contract.items() if value}
        assert {member.value: member.name for member in ours if member} == {  # type: ignore[attr-defined]
            value: name.removeprefix(f"CALLBACK_{ours.__name__.upper()}_") for value, name in names.items()
        }


STREAM = [
    outcome("c1", "ABANDON", 100),
    outcome("c2", "UNSERVED", 200),
    outcome("c1", "ABANDON", 100, 2, callbacks=[report("NO_ANSWER", 250)]),
    outcome("c3", "UNRESOLVED", 350, answered_at_ms=300),
    outcome("c3", "GHOST", 350, 2, answered_at_ms=300),
    outcome("c1", "IVR_PRANK", 100, 3),
    outcome("c4", "REAL", 700, answered_at_ms=600, confidential=True),
    outcome("c5", "ABANDON", 900),
    outcome("c5", "ABANDON", 900, 2, callbacks=[report("NO_ANSWER", 960)]),
    outcome("c6", "UNSERVED", 950),
    outcome("c6", "IVR_PRANK", 950, 2),
    outcome("d1", "ABANDON", 400, caller="k2"),
]


@given(st.permutations(STREAM), st.lists(st.integers(1, 12), max_size=4), st.booleans())
async def test_any_order_cut_and_kill_ends_in_the_same_open_tasks(
    stream: list[assessment_pb2.CallerOutcome], cuts: list[int], killed: bool
) -> None:
    expected = World()
    await expected.feed(STREAM, 0)
    world = World()
    for start, end in pairwise([0, *sorted(cuts), len(stream)]):
        if killed:
            await world.feed(stream[start:end], start, killed=True)
        await world.feed(stream[start:end], start)
    assert len(expected.open) == 2
    assert world.open == expected.open
    for caller in ("k1", "k2"):
        assert world.last[caller].task_id == expected.last[caller].task_id
