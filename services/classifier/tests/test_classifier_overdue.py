"""Which calls wait for more, and for how long; on a real Redis and Kafka, that the timer finds them and only them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiokafka import AIOKafkaConsumer
from own_corner import own_corner
from siaga.v1 import call_pb2
from siaga_classifier.adapters.call_store import CallKey, CallStore, Changes
from siaga_classifier.adapters.codec import event_of
from siaga_classifier.adapters.state_codec import SavedCall
from siaga_classifier.core.events import CallEvent, Fix, Form
from siaga_classifier.core.fold import fold
from siaga_classifier.core.overdue import END_LOST_MS, LONE_POSITION_MS, overdue_after_ms
from siaga_classifier.core.state import CallState
from siaga_classifier.core.vocabulary import Channel, Disposition, EventKind
from siaga_classifier.overdue import AGAIN_MS, OverdueCalls
from siaga_contracts import catalogue
from siaga_kit.service import Runtime

E = EventKind
FIX = Fix(-6.1, 106.1, 20.0, 0, "aml")


def event(kind: EventKind, at_ms: int = 1_000, **more: object) -> CallEvent:
    return CallEvent(f"{kind}{at_ms}", "c1", "36.73", kind, at_ms, **more)


POSITION, RING = event(E.POSITION, position=FIX), event(E.RINGING, 2_000)
OVERDUE = event(E.OVERDUE, 1_000)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([POSITION], LONE_POSITION_MS),
        ([POSITION, event(E.POSITION, 9_000, position=FIX)], LONE_POSITION_MS),
        ([POSITION, OVERDUE], 0),
        ([POSITION, event(E.MERGED)], 0),
        ([POSITION, RING], END_LOST_MS),
        ([POSITION, OVERDUE, RING], END_LOST_MS),
        ([RING, event(E.ANSWERED, 3_000)], END_LOST_MS),
        ([RING, event(E.OVERDUE, 2_000)], 0),
        ([RING, event(E.ENDED, 3_000)], 0),
        ([RING, event(E.FORM, 3_000, form=Form(text="x"))], END_LOST_MS),
        ([RING, event(E.FORM, 3_000, form=Form(disposition=Disposition.GHOST))], 0),
        ([event(E.RINGING, test=True)], 0),
        ([event(E.MESSAGE, text="ada ular", channel=Channel.APP)], 0),
    ],
)
def test_what_a_call_waits_for(events: list[CallEvent], expected: int) -> None:
    assert overdue_after_ms(fold(None, events)) == expected


@dataclass
class Clock:
    now_ms: int = 1_000_000

    def __call__(self) -> int:
        return self.now_ms


@dataclass
class Centre:
    """A tenant of its own on the shared servers."""

    tenant: str
    clock: Clock
    store: CallStore
    overdue: OverdueCalls
    reader: AIOKafkaConsumer

    async def keep(self, call: str, state: CallState) -> None:
        await self.store.save(Changes([(CallKey(self.tenant, call), SavedCall(state))]))

    async def told(self, count: int) -> list[call_pb2.CallEvent]:
        return [call_pb2.CallEvent.FromString((await self.reader.getone()).value) for _ in range(count)]


@pytest.fixture
async def centre(kafka_bootstrap: str, redis_url: str) -> AsyncIterator[Centre]:
    async with own_corner(kafka_bootstrap, redis_url, [(catalogue.CALL_EVENTS, 1)]) as corner:
        runtime, clock, (topic,) = Runtime("classifier", corner.settings), Clock(), corner.topics
        overdue = OverdueCalls(runtime, [corner.tenant], clock, topic)
        async with corner.reading(topic) as reader:
            yield Centre(corner.tenant, clock, CallStore(runtime.redis(), clock), overdue, reader)
        await runtime.shut_down()


@pytest.mark.stack
async def test_a_position_that_nobody_called_with_is_told_once_it_is_folded_no_more(centre: Centre) -> None:
    state = fold(None, [POSITION])
    await centre.keep("c1", state)
    centre.clock.now_ms += LONE_POSITION_MS - 1
    # More positions do not put it off.
    await centre.keep("c1", fold(state, [event(E.POSITION, 9_000, position=FIX)]))
    assert await centre.overdue.look() == 0
    centre.clock.now_ms += 1
    assert await centre.overdue.look() == 1
    # Not folded yet: told again a minute later, as after a kill, under the same id.
    assert await centre.overdue.look() == 0
    centre.clock.now_ms += AGAIN_MS
    assert await centre.overdue.look() == 1
    first, again = await centre.told(2)
    assert (first.event_id, first.call_id, first.event_at_ms) == (again.event_id, "c1", 9_000)
    await centre.keep("c1", fold(state, [event_of(first)]))
    centre.clock.now_ms += 10 * END_LOST_MS
    assert await centre.overdue.look() == 0


@pytest.mark.stack
async def test_a_call_is_overdue_only_when_nothing_more_was_heard(centre: Centre) -> None:
    ringing = fold(None, [RING])
    for call in ("lost", "ended", "went-on"):
        await centre.keep(call, ringing)
    centre.clock.now_ms += END_LOST_MS - 1
    await centre.keep("ended", fold(ringing, [event(E.ENDED, 9_000)]))
    await centre.keep("went-on", fold(ringing, [event(E.ANSWERED, 9_000)]))
    centre.clock.now_ms += 1
    assert await centre.overdue.look() == 1
    (found,) = await centre.told(1)
    assert (found.call_id, found.event_at_ms) == ("lost", 2_000)
