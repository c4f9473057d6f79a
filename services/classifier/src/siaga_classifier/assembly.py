"""Call events in, assessments out: folds what happened on each call and publishes what it is now, when that changed.

Idempotent under a kill at any point: what is published is a function of the state, the state is saved only after the
broker has acknowledged, and doing a batch again, cut the same or differently, folds to the same state.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from typing import Final

from siaga.v1 import call_pb2
from siaga_contracts import catalogue, ids
from siaga_contracts.catalogue import Topic
from siaga_kit.records import Outgoing, Record
from siaga_kit.stage import Item, Result

from siaga_classifier.adapters.call_store import CallerKey, CallKey, CallStore, Changes, Held
from siaga_classifier.adapters.codec import assessment_message, event_of, outcome_message
from siaga_classifier.adapters.state_codec import Published, SavedCall
from siaga_classifier.core.assess import assess
from siaga_classifier.core.assessment import Assessment, TenantView
from siaga_classifier.core.events import CallEvent
from siaga_classifier.core.fold import fold
from siaga_classifier.core.outcome import CallerHistory
from siaga_classifier.core.state import CallState

# In one process with the advice that switches wait for: so many calls are some milliseconds, a whole batch is half a second.
CALLS_AT_A_STRETCH: Final = 8
# 96 bits: contents of one call are compared with one another only.
DIGEST_BYTES: Final = 12


@dataclass(slots=True)
class _Touched:
    """The events of one call in a batch, and the last record that brought one."""

    record: Record
    events: list[CallEvent] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Told:
    """What is to be published of a call, and what is remembered of having done so."""

    outgoing: Sequence[Outgoing]
    saved: SavedCall


@dataclass(frozen=True, slots=True)
class Cause:
    """What brings a publication about: its revision, and the trace it belongs to."""

    revision: int
    traceparent: str | None = None


class CallAssembly:
    """The processor of the classifier's stage over call events."""

    def __init__(
        self,
        store: CallStore,
        view_of: Callable[[str], TenantView],
        assessments: Topic = catalogue.CALL_ASSESSMENTS,
        outcomes: Topic = catalogue.CALLER_OUTCOMES,
    ) -> None:
        self._store = store
        self._view_of = view_of
        self._teller = Teller(assessments, outcomes)

    async def process(self, batch: Sequence[Item[call_pb2.CallEvent]]) -> Result:
        """Fold the batch, one publication per call whose assessment changed."""
        touched = _by_call(batch)
        held = await self._store.load(touched)
        states: dict[CallKey, CallState] = {}
        for number, (key, call) in enumerate(touched.items()):
            states[key] = fold(_state(held.get(key)), call.events)
            await _let_others_in(number)
        known = await self._store.first_calls({caller for key in states if (caller := _caller(key, states[key]))})
        firsts = _firsts(known, states)
        moved = {caller: first for caller, first in firsts.items() if known.get(caller) != first}
        displaced = await self._displaced(known, moved, states)

        outgoing: list[Outgoing] = []
        calls: list[tuple[CallKey, SavedCall]] = []
        for number, (key, state) in enumerate(states.items()):
            await _let_others_in(number)
            record = touched[key].record
            before = held[key].call.published if key in held else Published()
            cause = Cause(revision_of(record, before), record.traceparent)
            told = self._teller.tell(self._assess(key, state, firsts), before, cause)
            outgoing += told.outgoing
            calls.append((key, told.saved))
        replaced: list[tuple[CallKey, SavedCall, bytes]] = []
        for key, other in displaced.items():
            before = other.call.published
            told = self._teller.tell(self._assess(key, other.call.state, firsts), before, Cause(before.revision + 1))
            outgoing += told.outgoing
            replaced.append((key, told.saved, other.raw))
        changes = Changes(calls, list(moved.items()), replaced)
        return Result(outgoing, partial(self._store.save, changes))

    async def _displaced(
        self,
        known: Mapping[CallerKey, CallerHistory],
        moved: Mapping[CallerKey, CallerHistory],
        states: Mapping[CallKey, CallState],
    ) -> dict[CallKey, Held]:
        """Calls that were the first of their number until this batch, and have no event in it themselves."""
        keys = {
            CallKey(caller.tenant, known[caller].first_call_id)
            for caller, first in moved.items()
            if caller in known and known[caller].first_call_id != first.first_call_id
        }
        return await self._store.load(keys - states.keys())

    def _assess(self, key: CallKey, state: CallState, firsts: Mapping[CallerKey, CallerHistory]) -> Assessment:
        caller = _caller(key, state)
        history = firsts.get(caller) if caller else None
        return assess(key.call_id, state, history, self._view_of(key.tenant))


async def _let_others_in(number: int) -> None:
    if number % CALLS_AT_A_STRETCH == CALLS_AT_A_STRETCH - 1:
        await asyncio.sleep(0)


class Teller:
    """Makes the records of an assessment, only for what changed since it was last told."""

    def __init__(self, assessments: Topic, outcomes: Topic) -> None:
        self._assessments = assessments
        self._outcomes = outcomes

    def tell(self, assessment: Assessment, before: Published, cause: Cause) -> Told:
        """The records, and the call as it is to be saved once they are acknowledged."""
        message = assessment_message(assessment)
        digest = _digest(message.SerializeToString(deterministic=True))
        ledger = outcome_message(assessment) if assessment.is_over and assessment.state.caller_key else None
        counted = _digest(ledger.SerializeToString(deterministic=True)) if ledger else before.outcome
        if digest == before.assessment and counted == before.outcome:
            return Told((), SavedCall(assessment.state, before))

        outgoing: list[Outgoing] = []
        at_ms = assessment.state.latest_at_ms
        if digest != before.assessment:
            message.assessment_id = ids.derived("assessment", assessment.call_id, digest.hex())
            message.revision = cause.revision
            message.event_at_ms = at_ms
            outgoing.append(
                Outgoing(
                    self._assessments, assessment.call_id, message, message.assessment_id, at_ms, cause.traceparent
                )
            )
        if ledger is not None and counted != before.outcome:
            ledger.revision = cause.revision
            event_id = ids.derived("caller-outcome", assessment.call_id, counted.hex())
            outgoing.append(Outgoing(self._outcomes, ledger.caller_key, ledger, event_id, at_ms, cause.traceparent))
        return Told(outgoing, SavedCall(assessment.state, Published(cause.revision, digest, counted)))


def revision_of(record: Record, before: Published) -> int:
    """The revision of what this record leads to: its place in the call's partition.

    A counter would not do. After a crash between publishing and saving, the same events come again, perhaps cut into
    other batches: the counter would give another content the number that consumers have seen, and they would pass over
    it. Offsets only grow; every second number is left for changes that no event of the call itself brings about.
    """
    return max(before.revision + 1, 2 * (record.offset + 1))


def _by_call(batch: Sequence[Item[call_pb2.CallEvent]]) -> dict[CallKey, _Touched]:
    touched: dict[CallKey, _Touched] = {}
    for item in batch:
        event = event_of(item.message)
        if not (event.event_id and event.call_id and event.tenant and event.event_at_ms > 0):
            raise ValueError("a call event needs event_id, call_id, tenant and event_at_ms")
        key = CallKey(event.tenant, event.call_id)
        call = touched.get(key)
        if call is None:
            call = touched[key] = _Touched(item.record)
        call.record = item.record
        call.events.append(event)
    return touched


def _state(held: Held | None) -> CallState | None:
    return held.call.state if held else None


def _caller(key: CallKey, state: CallState) -> CallerKey | None:
    return CallerKey(key.tenant, state.caller_key) if state.caller_key else None


def _firsts(
    known: Mapping[CallerKey, CallerHistory], states: Mapping[CallKey, CallState]
) -> dict[CallerKey, CallerHistory]:
    """The first call of each number, these calls counted in; one known only by its form or by a position has not begun."""
    firsts = dict(known)
    for key, state in states.items():
        caller = _caller(key, state)
        if caller is None or not state.began_at_ms or state.is_drill or state.is_position_only:
            continue
        own = CallerHistory(state.began_at_ms, key.call_id)
        held = firsts.get(caller)
        if held is None or (own.first_ring_ms, own.first_call_id) < (held.first_ring_ms, held.first_call_id):
            firsts[caller] = own
    return firsts


def _digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=DIGEST_BYTES).digest()
