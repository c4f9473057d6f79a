"""The batch processor on a store in memory: what is published, when, and that a crash anywhere changes nothing."""

import asyncio
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga.v1 import assessment_pb2, call_pb2
from siaga_classifier.adapters.call_store import CallerKey, CallKey, Changes, Held
from siaga_classifier.adapters.rule_files import load_pack
from siaga_classifier.adapters.state_codec import decode, encode
from siaga_classifier.assembly import CALLS_AT_A_STRETCH, CallAssembly
from siaga_classifier.core.advice import Policy
from siaga_classifier.core.assessment import TenantView
from siaga_classifier.core.outcome import CallerHistory
from siaga_classifier.core.words.rules import read
from siaga_contracts import catalogue
from siaga_kit.records import Outgoing, Record
from siaga_kit.stage import Item

PACK = load_pack()
VIEW = TenantView(lambda text: read(text, PACK), PACK.base_priority, Policy(lambda *_: True), None)
K = call_pb2.CallEventKind


class MemoryStore:
    """The twin of the call store: the same promises, in a dict."""

    def __init__(self) -> None:
        self.calls: dict[CallKey, bytes] = {}
        self.firsts: dict[CallerKey, CallerHistory] = {}

    async def load(self, keys: Iterable[CallKey]) -> dict[CallKey, Held]:
        return {key: Held(decode(self.calls[key]), self.calls[key]) for key in keys if key in self.calls}

    async def first_calls(self, keys: Iterable[CallerKey]) -> dict[CallerKey, CallerHistory]:
        return {key: self.firsts[key] for key in keys if key in self.firsts}

    async def save(self, changes: Changes) -> None:
        for key, call in changes.calls:
            self.calls[key] = encode(call)
        for caller, first in changes.first_calls:
            held = self.firsts.get(caller, first)
            self.firsts[caller] = min(first, held, key=lambda one: (one.first_ring_ms, one.first_call_id))
        for key, call, raw in changes.displaced:
            if self.calls.get(key) == raw:
                self.calls[key] = encode(call)


def event(number: int, call: str, kind: int, at_ms: int, **more: Any) -> call_pb2.CallEvent:
    return call_pb2.CallEvent(
        event_id=f"e{number}", call_id=call, tenant="36.73", source="asterisk/pbx1", kind=kind,  # type: ignore[arg-type]
        event_at_ms=at_ms, caller=call_pb2.Caller(key=more.pop("caller", "k1")), channel=call_pb2.CHANNEL_VOICE, **more,
    )  # fmt: skip


class World:
    """A processor, its store, and everything it published."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.assembly = CallAssembly(self.store, lambda _: VIEW)  # type: ignore[arg-type]
        self.published: list[Outgoing] = []
        self._offset = 0

    async def feed(
        self, events: Sequence[call_pb2.CallEvent], *, killed: bool = False, at: int | None = None
    ) -> list[Outgoing]:
        """One batch; `killed`: published, but dead before saving. `at`: the offset to start from, as after a restart."""
        offset = self._offset if at is None else at
        items = [
            Item(Record("t", 0, offset + index, 0, b"", b"", (), f"trace-{index}"), message)
            for index, message in enumerate(events)
        ]
        self._offset = max(self._offset, offset + len(events))
        result = await self.assembly.process(items)
        self.published += result.outgoing
        if not killed and result.save is not None:
            await result.save()
        return list(result.outgoing)

    def final(self, topic: catalogue.Topic) -> dict[str, Any]:
        """Per call what holds in the end: the record of the highest revision, as consumers see it."""
        last: dict[str, Any] = {}
        for outgoing in self.published:
            message: Any = outgoing.message
            if outgoing.topic is topic and message.revision >= getattr(last.get(message.call_id), "revision", 0):
                last[message.call_id] = message
        return last


def menu_call(number: int, call: str, ring_ms: int, caller: str = "k1") -> list[call_pb2.CallEvent]:
    """Rings, hears the menu, hangs up."""
    return [
        event(number, call, K.CALL_EVENT_KIND_RINGING, ring_ms, caller=caller),
        event(number + 1, call, K.CALL_EVENT_KIND_IVR_ENTERED, ring_ms + 1, caller=caller),
        event(number + 2, call, K.CALL_EVENT_KIND_ENDED, ring_ms + 9, caller=caller, hangup=call_pb2.Hangup(by=1)),
    ]


async def test_one_publication_per_call_and_batch_then_only_changes() -> None:
    world = World()
    call = menu_call(1, "c1", 1_000)
    told = await world.feed(call)
    assert [(one.topic.name, one.key) for one in told] == [
        (catalogue.CALL_ASSESSMENTS.name, "c1"), (catalogue.CALLER_OUTCOMES.name, "k1"),
    ]  # fmt: skip
    assert told[0].event_at_ms == 1_009
    assert told[0].traceparent == "trace-2"
    assert await world.feed(call) == []
    form = call_pb2.OperatorForm(disposition=call_pb2.DISPOSITION_EMERGENCY, text="kebakaran")
    changed = await world.feed([event(9, "c1", K.CALL_EVENT_KIND_FORM, 2_000, form=form)])
    assert [one.message.revision > told[0].message.revision for one in changed] == [True, True]  # type: ignore[union-attr]


async def test_a_call_under_way_is_no_business_of_the_ledger() -> None:
    world = World()
    told = await world.feed([event(1, "c1", K.CALL_EVENT_KIND_RINGING, 1_000)])
    assert [one.topic for one in told] == [catalogue.CALL_ASSESSMENTS]


async def test_a_call_without_a_number_is_no_business_of_the_ledger() -> None:
    world = World()
    await world.feed(menu_call(1, "c1", 1_000, caller=""))
    assert world.final(catalogue.CALLER_OUTCOMES) == {}
    assert world.final(catalogue.CALL_ASSESSMENTS)["c1"].outcome == assessment_pb2.OUTCOME_IVR_PRANK


@pytest.mark.parametrize("order", [("early", "late"), ("late", "early")])
async def test_only_the_first_call_of_a_number_is_an_abandon(order: tuple[str, str]) -> None:
    world = World()
    calls = {"early": menu_call(1, "c-early", 1_000), "late": menu_call(11, "c-late", 9_000)}
    for name in order:
        await world.feed(calls[name])
    outcomes = {call: message.outcome for call, message in world.final(catalogue.CALLER_OUTCOMES).items()}
    assert outcomes == {"c-early": assessment_pb2.OUTCOME_ABANDON, "c-late": assessment_pb2.OUTCOME_IVR_PRANK}
    assert {call: m.outcome for call, m in world.final(catalogue.CALL_ASSESSMENTS).items()} == outcomes


async def test_a_form_alone_does_not_make_a_call_the_first() -> None:
    world = World()
    await world.feed([event(20, "c-form", K.CALL_EVENT_KIND_FORM, 500, form=call_pb2.OperatorForm(text="x"))])
    await world.feed(menu_call(1, "c1", 1_000))
    assert world.final(catalogue.CALL_ASSESSMENTS)["c1"].outcome == assessment_pb2.OUTCOME_ABANDON


async def test_a_position_alone_does_not_make_a_call_the_first() -> None:
    world = World()
    await world.feed([event(20, "c-fix", K.CALL_EVENT_KIND_POSITION, 500)])
    await world.feed(menu_call(1, "c1", 1_000))
    assert world.final(catalogue.CALL_ASSESSMENTS)["c1"].outcome == assessment_pb2.OUTCOME_ABANDON


async def test_a_drill_is_nobodys_first_call() -> None:
    world = World()
    drill = [replaced(message, test=True) for message in menu_call(11, "c-drill", 500)]
    await world.feed(drill)
    await world.feed(menu_call(1, "c1", 1_000))
    outcomes = {call: message.outcome for call, message in world.final(catalogue.CALL_ASSESSMENTS).items()}
    assert outcomes == {"c-drill": assessment_pb2.OUTCOME_TEST, "c1": assessment_pb2.OUTCOME_ABANDON}


def replaced(message: call_pb2.CallEvent, **fields: bool) -> call_pb2.CallEvent:
    made = call_pb2.CallEvent(**fields)
    made.MergeFrom(message)
    return made


async def test_the_same_content_is_the_same_assessment() -> None:
    one, other = World(), World()
    await one.feed(menu_call(1, "c1", 1_000))
    for message in reversed(menu_call(1, "c1", 1_000)):
        await other.feed([message])
    ids = {world.final(catalogue.CALL_ASSESSMENTS)["c1"].assessment_id for world in (one, other)}
    assert len(ids) == 1


async def test_what_a_killed_process_published_is_overtaken_however_the_batch_is_cut_again() -> None:
    world = World()
    call = menu_call(1, "c1", 1_000)
    await world.feed(call[:1], killed=True)
    await world.feed(call, at=0)
    assert world.final(catalogue.CALL_ASSESSMENTS)["c1"].outcome == assessment_pb2.OUTCOME_ABANDON
    # The other way round: the longer batch was out, the shorter one comes again and must not hold.
    world = World()
    await world.feed(call, killed=True)
    await world.feed(call[:1], at=0)
    assert world.final(catalogue.CALL_ASSESSMENTS)["c1"].outcome == assessment_pb2.OUTCOME_ABANDON
    await world.feed(call[1:], at=1)
    assert world.final(catalogue.CALL_ASSESSMENTS)["c1"].outcome == assessment_pb2.OUTCOME_ABANDON


async def test_an_event_without_its_names_is_refused() -> None:
    with pytest.raises(ValueError, match="needs event_id"):
        await World().feed([call_pb2.CallEvent(call_id="c1", tenant="36.73", event_at_ms=1)])


FORM = call_pb2.OperatorForm(disposition=call_pb2.DISPOSITION_PRANK, text="tertawa", operator="op-03")
STREAM = [
    *menu_call(1, "c1", 1_000),
    *menu_call(11, "c2", 2_000),
    *menu_call(21, "c3", 1_500, caller="k2"),
    event(31, "c4", K.CALL_EVENT_KIND_RINGING, 3_000),
    event(32, "c4", K.CALL_EVENT_KIND_ANSWERED, 4_000, operator="op-03"),
    event(33, "c4", K.CALL_EVENT_KIND_ENDED, 9_000),
    event(34, "c4", K.CALL_EVENT_KIND_FORM, 9_500, form=FORM),
]


def settled(world: World) -> dict[str, Any]:
    found = {}
    for topic in (catalogue.CALL_ASSESSMENTS, catalogue.CALLER_OUTCOMES):
        for call, message in world.final(topic).items():
            plain = type(message)()
            plain.CopyFrom(message)
            plain.revision = 0
            if topic is catalogue.CALL_ASSESSMENTS:
                plain.event_at_ms = 0
            found[f"{topic.name}/{call}"] = plain
    return found


@given(
    st.permutations(STREAM),
    st.lists(st.sampled_from(STREAM), max_size=5),
    st.lists(st.integers(1, 14), max_size=4),
    st.booleans(),
)
async def test_any_order_duplication_cut_and_kill_ends_in_the_same_assessments(
    stream: list[call_pb2.CallEvent], again: list[call_pb2.CallEvent], cuts: list[int], killed: bool
) -> None:
    expected = World()
    await expected.feed(STREAM)
    world = World()
    records = [*stream, *again]
    bounds = [0, *sorted(cuts), len(records)]
    for start, end in pairwise(bounds):
        if records[start:end]:
            if killed:
                await world.feed(records[start:end], killed=True, at=start)
            await world.feed(records[start:end], at=start)
    assert settled(world) == settled(expected)


async def test_a_large_batch_lets_others_in() -> None:
    """A switch that asks for advice is answered by the same process."""
    turns = 0
    done = asyncio.Event()

    async def other() -> None:
        nonlocal turns
        while not done.is_set():
            turns += 1
            await asyncio.sleep(0)

    waiting = asyncio.create_task(other())
    calls = 10 * CALLS_AT_A_STRETCH
    await World().feed([each for call in range(calls) for each in menu_call(call * 3, f"c{call}", 1_000, f"k{call}")])
    done.set()
    await waiting
    assert turns >= 2 * calls / CALLS_AT_A_STRETCH
