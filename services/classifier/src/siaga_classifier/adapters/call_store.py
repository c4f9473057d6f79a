"""Calls and the first call of each caller, in Redis. No phone number is in any key."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

from redis.asyncio import Redis

from siaga_classifier.adapters.call_timers import CallTimers
from siaga_classifier.adapters.state_codec import SavedCall, decode, encode
from siaga_classifier.core.outcome import CallerHistory

# Longer than the topic keeps events (30 days): a replay of all of it must find the calls it tells of.
CALL_TTL: Final = timedelta(days=35)
# Past this a number counts as new again, which only ever makes its call worth a look.
FIRST_CALL_TTL: Final = timedelta(days=180)

# The first call of a number is a minimum. Two processes may hold calls of one number, so the server takes it.
_LOWER: Final = """
local held = redis.call('GET', KEYS[1])
if not held or ARGV[1] < held then redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) end
"""
# A displaced call may belong to another process: what that one has written since must stay.
_REPLACE: Final = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) end
"""


@dataclass(frozen=True, slots=True)
class CallKey:
    """A call of a tenant."""

    tenant: str
    call_id: str

    def __str__(self) -> str:
        return f"{{{self.tenant}}}:call:{self.call_id}"


@dataclass(frozen=True, slots=True)
class CallerKey:
    """A number of a tenant, by its keyed hash."""

    tenant: str
    caller_key: str

    def __str__(self) -> str:
        return f"{{{self.tenant}}}:caller:{self.caller_key}:first"


@dataclass(frozen=True, slots=True)
class Held:
    """A saved call, and its bytes as they were read."""

    call: SavedCall
    raw: bytes


@dataclass(frozen=True, slots=True)
class Changes:
    """What a batch leaves behind."""

    calls: Sequence[tuple[CallKey, SavedCall]] = ()
    first_calls: Sequence[tuple[CallerKey, CallerHistory]] = ()
    # Calls that had no event in the batch, with the bytes they were decided on.
    displaced: Sequence[tuple[CallKey, SavedCall, bytes]] = ()


Key = TypeVar("Key", CallKey, CallerKey)


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


class CallStore:
    """Batches in, batches out: one round trip each."""

    def __init__(self, redis: Redis, now_ms: Callable[[], int] = _wall_ms) -> None:
        self._redis = redis
        self._now_ms = now_ms

    async def load(self, keys: Iterable[CallKey]) -> dict[CallKey, Held]:
        """The saved calls among these."""
        found = await self._get(list(keys))
        return {key: Held(decode(raw), raw) for key, raw in found.items()}

    async def first_calls(self, keys: Iterable[CallerKey]) -> dict[CallerKey, CallerHistory]:
        """The first calls of these numbers, as far as known."""
        found = await self._get(list(keys))
        return {key: _history(raw) for key, raw in found.items()}

    async def save(self, changes: Changes) -> None:
        """Write all of a batch in one round trip; doing it again writes the same."""
        pipeline = self._redis.pipeline(transaction=False)
        for key, call in changes.calls:
            pipeline.set(str(key), encode(call), ex=CALL_TTL)
        CallTimers.set(pipeline, ((key.tenant, key.call_id, call.state) for key, call in changes.calls), self._now_ms())
        for caller, history in changes.first_calls:
            pipeline.eval(_LOWER, 1, str(caller), _first_call(history), str(int(FIRST_CALL_TTL.total_seconds())))
        for key, call, raw in changes.displaced:
            pipeline.eval(_REPLACE, 1, str(key), raw, encode(call), str(int(CALL_TTL.total_seconds())))
        await pipeline.execute()

    async def _get(self, keys: Sequence[Key]) -> Mapping[Key, bytes]:
        # One MGET per tenant, whose keys share a slot: that keeps a cluster possible.
        by_tenant: dict[str, list[Key]] = {}
        for key in keys:
            by_tenant.setdefault(key.tenant, []).append(key)
        if not by_tenant:
            return {}
        pipeline = self._redis.pipeline(transaction=False)
        for ours in by_tenant.values():
            pipeline.mget([str(key) for key in ours])
        answers = await pipeline.execute()
        return {
            key: raw
            for ours, values in zip(by_tenant.values(), answers, strict=True)
            for key, raw in zip(ours, values, strict=True)
            if raw is not None
        }


def _first_call(history: CallerHistory) -> str:
    """As text whose order is the order of histories: fixed-width time, then the call."""
    return f"{history.first_ring_ms:016d}|{history.first_call_id}"


def _history(raw: bytes) -> CallerHistory:
    ring_ms, _, call_id = raw.decode().partition("|")
    return CallerHistory(int(ring_ms), call_id)
