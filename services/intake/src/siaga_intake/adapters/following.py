"""Follows calls and conversations beyond the one payload: finds what a payload belongs to, and sees who has gone quiet.

Written messages are placed before they are kept, and their conversation waits from before their answer: whoever sends again
for want of an answer sets both right. A telephone call that rings is noted behind the answer, by a task that shares its way to
Redis among all calls of a moment; nothing that is answered for waits for it.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec
import structlog
from siaga_contracts import callers, ids

from siaga_intake.adapters.finder.port import CallFinder, Who, Written
from siaga_intake.adapters.spool import Full
from siaga_intake.core.belonging import Ring, call_at, later, of_call, of_session
from siaga_intake.core.canonical import Origin, digest, is_drill, whose
from siaga_intake.core.centre import Centre
from siaga_intake.core.doors import Door, Taken
from siaga_intake.core.events import Accepted, CallEvent, Channel, Kind, Refusal
from siaga_intake.core.happening import Identity, OfCaller, OfSession, Read, Reading
from siaga_intake.core.identity import caller
from siaga_intake.core.staleness import Waiting, stale, waiting

log = structlog.get_logger()

# Notes that wait for the task; beyond this the oldest are passed over: a position then stays a call of its own.
MOST_NOTES: Final = 50_000
# What Redis answers within a few milliseconds, so that nobody waits behind it.
NOTES_AT_ONCE: Final = 250
# How often is looked who has gone quiet.
LOOK_EVERY_S: Final = 1.0

_DRILL: Final = ":drill"

Said = Read | Refusal
Keep = Callable[[Sequence[CallEvent]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Held:
    """A position that stands as a call of its own, until the call that it belongs to rings."""

    event: CallEvent
    # The source's own name of it.
    native: str
    part: str

    def on(self, call_id: str) -> CallEvent:
        """It as an event of that call: the same event as if the call had been known at once."""
        named = f"{self.native}:{self.event.kind.name}:{self.part}@{call_id}"
        event_id = ids.event_id(self.event.tenant, self.event.source, named)
        return replace(self.event, event_id=event_id, call_id=call_id, call_ref="")

    def gone(self) -> CallEvent:
        """That it stands alone no more."""
        event_id = ids.event_id(self.event.tenant, self.event.source, f"{self.event.event_id}:{Kind.MERGED.name}")
        return replace(self.event, event_id=event_id, kind=Kind.MERGED, position=None)


@dataclass(frozen=True, slots=True)
class _Note:
    """A call that rang, or a position that waits for one."""

    who: Who
    ring: Ring | None = None
    held: Held | None = None


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Held)


class Following:
    """`keep` publishes what follows from other events; `centres` are all that may be written to, `now_ms` the wall clock."""

    def __init__(
        self,
        finder: CallFinder,
        secret: bytes,
        centres: Callable[[], Mapping[str, Centre]],
        keep: Keep,
        now_ms: Callable[[], int],
    ) -> None:
        self._finder = finder
        self._secret = secret
        self._centres = centres
        self._keep = keep
        self._now_ms = now_ms
        self._notes: deque[_Note] = deque(maxlen=MOST_NOTES)
        self._noted = asyncio.Event()
        self._closed = asyncio.Event()

    async def resolve(self, door: Door, said: Sequence[Said], origin: Origin) -> list[Said]:
        """The readings, those that name no call given to the one they belong to; those that stand alone as they are."""
        found = list(said)
        sessions: dict[int, Written] = {}
        numbers: dict[int, Who] = {}
        for place, reading in enumerate(said):
            if not isinstance(reading, Reading) or reading.belongs is None:
                continue
            owner = whose(reading, door.kind, origin)
            if isinstance(owner, Refusal):
                continue
            match reading.belongs:
                case OfSession():
                    sessions[place] = self._written(reading, reading.belongs, *owner)
                case OfCaller(number):
                    drill = is_drill(reading, owner, origin)
                    who = self._of_number(number, owner[0].tenant, drill=drill)
                    # A withheld number could be anybody's.
                    if who is not None:
                        numbers[place] = who
        if sessions:
            placed = await self._finder.place(list(sessions.values()), {})
            for place, session in zip(sessions, placed.sessions, strict=True):
                found[place] = of_session(_reading(said[place]), session)
        if numbers:
            for place, ring in zip(numbers, await self._finder.rings(list(numbers.values())), strict=True):
                reading = _reading(said[place])
                call_id = call_at(ring, reading.happenings[0].at_ms)
                found[place] = reading if call_id is None else of_call(reading, call_id)
        return found

    def _written(self, reading: Reading, message: OfSession, centre: Centre, source: str) -> Written:
        key = callers.caller_key(self._secret, centre.tenant, f"{source}|{message.address}")
        return Written(Who(centre.tenant, key), message, reading.happenings[0].at_ms, centre.session_gap_ms)

    def _of_number(self, number: str, tenant: str, *, drill: bool) -> Who | None:
        key = caller(Identity(number), tenant, self._secret).key
        return _person(tenant, key, drill=drill) if key else None

    async def kept(self, payloads: Sequence[object], said: Sequence[Said], taken: Sequence[Taken]) -> None:
        """These are safe: conversations wait from now on; calls that rang, and positions without one, are noted."""
        waits: list[Waiting] = []
        for payload, reading, each in zip(payloads, said, taken, strict=True):
            if not isinstance(each, Accepted):
                continue
            for event in each.events:
                if event.kind is Kind.RINGING:
                    self._note_ring(event)
                elif event.kind is Kind.MESSAGE:
                    centre = self._centres()[event.tenant]
                    wait = waiting(event, centre.stale_after_ms, self._now_ms())
                    waits += [] if wait is None else [wait]
            if isinstance(reading, Reading) and isinstance(reading.belongs, OfCaller):
                self._note_alone(payload, reading, reading.belongs, each.events)
        if waits:
            await self._finder.wait(waits)

    def _note_ring(self, event: CallEvent) -> None:
        who = event.caller
        if who is None or not who.key or event.backfilled or event.channel is not Channel.VOICE:
            return
        person = _person(event.tenant, who.key, drill=event.test)
        self._notes.append(_Note(person, ring=Ring(event.call_id, event.event_at_ms)))
        self._noted.set()

    def _note_alone(self, payload: object, reading: Reading, of: OfCaller, events: Sequence[CallEvent]) -> None:
        assert isinstance(payload, Mapping)
        native = reading.native_id or digest(payload)
        for happening, event in zip(reading.happenings, events, strict=True):
            who = self._of_number(of.number, event.tenant, drill=event.test)
            if who is not None:
                self._notes.append(_Note(who, held=Held(event, native, happening.part)))
                self._noted.set()

    def close(self) -> None:
        """Note what waits, then let `run` end."""
        self._closed.set()
        self._noted.set()

    async def run(self) -> None:
        """Work through the notes and look who has gone quiet, until closed."""
        async with asyncio.TaskGroup() as parts:
            parts.create_task(self._work())
            parts.create_task(self._watch())

    async def _work(self) -> None:
        while True:
            if not self._notes:
                if self._closed.is_set():
                    return
                self._noted.clear()
                await self._noted.wait()
                continue
            notes = [self._notes.popleft() for _ in range(min(len(self._notes), NOTES_AT_ONCE))]
            await self._published(await self._meet(notes))

    async def _meet(self, notes: Sequence[_Note]) -> list[CallEvent]:
        """Remember calls and positions, and tell of each position on the call that it meets, whichever came first.

        Both are remembered before either looks for the other: of two processes that do so at once, one finds the other's.
        """
        rings: dict[Who, Ring] = {}
        for note in notes:
            if note.ring is not None:
                rings[note.who] = later(rings.get(note.who), note.ring) or note.ring
        alone = [(note.who, note.held) for note in notes if note.held is not None]
        if alone:
            await self._finder.hold([(who, _encoder.encode(held)) for who, held in alone])
        if rings:
            await self._finder.rang(rings)
        others = [who for who in dict.fromkeys(who for who, _ in alone) if who not in rings]
        people = [*rings, *others]
        known = [*rings.values(), *await self._finder.rings(others)]
        held = await self._finder.held(people)
        met = []
        for ring, values in zip(known, held, strict=True):
            for value in values:
                each = _decoder.decode(value)
                call_id = call_at(ring, each.event.event_at_ms)
                if call_id is not None:
                    met += [each.on(call_id), each.gone()]
        return met

    async def _watch(self) -> None:
        while not self._closed.is_set():
            await self._tell_stale()
            try:
                await asyncio.wait_for(self._closed.wait(), LOOK_EVERY_S)
            except TimeoutError:
                continue

    async def _tell_stale(self) -> None:
        now_ms = self._now_ms()
        quiet = await self._finder.due(list(self._centres()), now_ms)
        if quiet and await self._published([stale(each, now_ms) for each in quiet]):
            await self._finder.done(quiet)

    async def _published(self, events: Sequence[CallEvent]) -> bool:
        if not events:
            return True
        try:
            await self._keep(events)
        except Full as full:
            log.warning("what follows from other events is not kept", events=len(events), why=str(full))
            return False
        return True


def _person(tenant: str, key: str, *, drill: bool) -> Who:
    """Whose calls these are; who takes part in a drill is another than who calls for help, though the number is one."""
    return Who(tenant, f"{key}{_DRILL}" if drill else key)


def _reading(said: Said) -> Reading:
    assert isinstance(said, Reading)
    return said
