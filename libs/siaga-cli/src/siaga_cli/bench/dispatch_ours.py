"""Our dispatcher in this process, as its own process wires it: store, decisions, the stage's batches; without broker and relay."""

import asyncio
import gc
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from siaga.v1 import assessment_pb2
from siaga_dispatcher.adapters import codec, directory
from siaga_dispatcher.app import App
from siaga_dispatcher.consuming import Assessments
from siaga_dispatcher.core.values import Incident, Rules
from siaga_dispatcher.dispatching import Dispatcher
from siaga_kit import collector
from siaga_kit.records import Record
from siaga_kit.service import Runtime
from siaga_kit.settings import RedisSettings, Settings
from siaga_kit.stage import Item
from siaga_tenants import Tenants

from siaga_cli.bench.dispatch_nation import BEGIN_MS

# What a stage takes at most in one go.
BATCH: Final = 1_000
Call = assessment_pb2.CallAssessment


class Ours:
    """The dispatcher of all tenants on that Redis."""

    def __init__(self, redis_url: str, tenants: Tenants) -> None:
        self._runtime = Runtime("dispatcher", Settings(redis=RedisSettings(url=redis_url)))
        self._tenants = tenants
        app = App(self._runtime, tenants)
        self.store = app.store
        self._places = app.places
        self.all_rules = app.rules
        self.dispatcher = Dispatcher(self.store, app.rules, lambda: BEGIN_MS, lambda _: None)
        self._stage = Assessments(self.dispatcher, self.store, self._places, frozenset(tenants))

    @property
    def rules(self) -> Rules:
        """What every tenant's decisions hang on: all have the same."""
        return next(iter(self.all_rules.values()))

    async def fill(self) -> None:
        """All units free, no incidents."""
        await self._runtime.redis().flushdb()
        for tenant in self._tenants.values():
            await directory.load(self.store, tenant, BEGIN_MS)

    async def dispatch_all(self, values: Sequence[bytes]) -> float:
        """Calls per second that wait already, decided and committed."""
        begin_s = time.perf_counter()
        for start in range(0, len(values), BATCH):
            await self._batch(values[start : start + BATCH])
        return len(values) / (time.perf_counter() - begin_s)

    async def arriving(self, values: Sequence[bytes], per_s: float) -> list[float]:
        """Milliseconds from each call's arrival to the end of the batch it was taken in; they come whether we keep up or not."""
        begin_s = time.perf_counter()
        due_s = [begin_s + number / per_s for number in range(len(values))]
        taken, waited_ms = 0, []
        while taken < len(values):
            now_s = time.perf_counter()
            if due_s[taken] > now_s:
                await asyncio.sleep(due_s[taken] - now_s)
                continue
            arrived = taken
            while arrived < len(values) and due_s[arrived] <= now_s and arrived - taken < BATCH:
                arrived += 1
            await self._batch(values[taken:arrived])
            done_s = time.perf_counter()
            waited_ms += [(done_s - at_s) * 1000 for at_s in due_s[taken:arrived]]
            taken = arrived
        return waited_ms

    async def decide(self, call: Call) -> Incident | None:
        """The incident that a call leads to."""
        assessment = self._places.completed(codec.assessment_of(call))
        return (await self.dispatcher.take_assessment(assessment)).incident

    async def close(self) -> None:
        """Close the connections."""
        await self._runtime.redis().aclose()

    async def _batch(self, values: Sequence[bytes]) -> None:
        await self._stage.process([_item(number, value) for number, value in enumerate(values)])


def _item(number: int, value: bytes) -> Item[Call]:
    record = Record("siaga.call-assessments.v1", 0, number, 0, None, value, ())
    return Item(record, Call.FromString(value))


@contextmanager
def collector_as_in_service() -> Iterator[None]:
    """Python's collector as the dispatcher's process sets it."""
    before = gc.get_threshold()
    collector.calm()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
