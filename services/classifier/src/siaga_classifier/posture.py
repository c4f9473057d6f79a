"""Calls are counted as they come: the processor of the posture's stage. What the counts amount to, `posture_watch` decides.

It reads assessments, which say of a call all that is counted, and people's decisions, by which a major incident is declared.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from siaga.v1 import assessment_pb2, decision_pb2
from siaga_kit.stage import Item, Result
from siaga_tenants import PosturePolicy

from siaga_classifier.adapters.posture_codec import declared_of, is_attended, tick_of
from siaga_classifier.adapters.posture_store import Counted, PostureStore, Tick
from siaga_classifier.core.posture.standing import Declared

Message = assessment_pb2.CallAssessment | decision_pb2.CallerDecision

# Calls of which is remembered what was counted: the many assessments of one between its ring and its end cost nothing then.
# It is only a shortcut; that a call counts once, Redis sees to.
REMEMBERED: Final = 100_000
_BEGAN, _ATTENDED = 1, 2
# Small batches are counted at most this often: nobody waits for a count, and a hundred calls cost little more than one.
# Oftener, a flood would take the process's time from assessments.
PACE_S: Final = 0.2
SMALL: Final = 100


class PostureCounter:
    """Counts each call's begin and end into its centre's minutes; centres that nobody configured have no posture."""

    def __init__(self, store: PostureStore, policies: Mapping[str, PosturePolicy]) -> None:
        self._store = store
        self._policies = policies
        self._counted: dict[str, int] = {}
        # Centres of which something was counted since somebody looked.
        self.touched: set[str] = set()
        self.has_heard = False
        self._counted_at_s = 0.0

    async def process(self, batch: Sequence[Item[Message]]) -> Result:
        """Count the batch; nothing is published."""
        ticks: dict[tuple[str, int], list[Tick]] = {}
        latest_ms: dict[tuple[str, int], int] = {}
        counted: dict[str, int] = {}
        declared: list[tuple[str, Declared]] = []
        for item in batch:
            message = item.message
            if message.tenant not in self._policies:
                continue
            if isinstance(message, decision_pb2.CallerDecision):
                word = declared_of(message)
                if word is not None:
                    declared.append((message.tenant, word))
                continue
            if message.test:
                continue
            step = _ATTENDED if is_attended(message) else _BEGAN
            if counted.get(message.call_id, self._counted.get(message.call_id, 0)) >= step:
                continue
            counted[message.call_id] = step
            published_at_ms = item.record.timestamp_ms
            where = (message.tenant, item.record.partition)
            ticks.setdefault(where, []).append(tick_of(message, published_at_ms))
            latest_ms[where] = max(latest_ms.get(where, 0), min(message.event_at_ms, published_at_ms))
        return Result(
            (),
            partial(
                self._save, [self._of(where, ticks[where], latest_ms[where]) for where in ticks], counted, declared
            ),
        )

    def _of(self, where: tuple[str, int], ticks: Sequence[Tick], latest_ms: int) -> Counted:
        tenant, partition = where
        policy = self._policies[tenant]
        return Counted(tenant, partition, latest_ms, ticks, policy.hot_per_minute, policy.hot_per_hour)

    async def _save(
        self, counted: Sequence[Counted], calls: Mapping[str, int], declared: Sequence[tuple[str, Declared]]
    ) -> None:
        if 0 < len(calls) < SMALL:
            await asyncio.sleep(max(0.0, self._counted_at_s + PACE_S - time.monotonic()))
        self._counted_at_s = time.monotonic()
        await self._store.count(counted, time.time_ns() // 1_000_000)
        for tenant, word in declared:
            await self._store.declare(tenant, word)
        self.touched.update([one.tenant for one in counted], [tenant for tenant, _ in declared])
        self.has_heard = True
        self._counted.update(calls)
        while len(self._counted) > REMEMBERED:
            del self._counted[next(iter(self._counted))]
