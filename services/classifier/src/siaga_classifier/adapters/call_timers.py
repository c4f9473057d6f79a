"""When calls under way are overdue if nothing more is heard of them: one sorted set per tenant in Redis."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from siaga_classifier.core.overdue import overdue_after_ms
from siaga_classifier.core.state import CallState

# Found in one go; the rest follows with the next look.
DUE_AT_ONCE: Final = 200


class CallTimers:
    """The timers, set together with the calls they belong to."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    @staticmethod
    def set(pipeline: Pipeline, calls: Iterable[tuple[str, str, CallState]], now_ms: int) -> None:
        """Set or take away the timer of each (tenant, call_id, state), with what else the pipeline writes."""
        later: dict[str, dict[str, int]] = {}
        first: dict[str, dict[str, int]] = {}
        done: dict[str, list[str]] = {}
        for tenant, call_id, state in calls:
            after_ms = overdue_after_ms(state)
            if not after_ms:
                done.setdefault(tenant, []).append(call_id)
            elif state.is_position_only:
                # A phone that goes on telling where it is must not put off that somebody looks.
                first.setdefault(tenant, {})[call_id] = now_ms + after_ms
            else:
                later.setdefault(tenant, {})[call_id] = now_ms + after_ms
        for tenant, ids in done.items():
            pipeline.zrem(_key(tenant), *ids)
        for tenant, due in first.items():
            pipeline.zadd(_key(tenant), due, nx=True)
        for tenant, due in later.items():
            pipeline.zadd(_key(tenant), due)

    async def due(self, tenants: Sequence[str], now_ms: int) -> Mapping[str, Sequence[str]]:
        """Calls whose timer has run out, by tenant."""
        pipeline = self._redis.pipeline(transaction=False)
        for tenant in tenants:
            pipeline.zrangebyscore(_key(tenant), "-inf", now_ms, start=0, num=DUE_AT_ONCE)
        found = dict(zip(tenants, await pipeline.execute(), strict=True))
        return {tenant: [call.decode() for call in calls] for tenant, calls in found.items() if calls}

    async def put_off(self, calls: Iterable[tuple[str, str]], until_ms: int) -> None:
        """Look at these again at that time, unless their timer is gone or set later."""
        pipeline = self._redis.pipeline(transaction=False)
        for tenant, call_id in calls:
            pipeline.zadd(_key(tenant), {call_id: until_ms}, xx=True, gt=True)
        await pipeline.execute()

    async def drop(self, calls: Iterable[tuple[str, str]]) -> None:
        """No timer for these any more."""
        pipeline = self._redis.pipeline(transaction=False)
        for tenant, call_id in calls:
            pipeline.zrem(_key(tenant), call_id)
        await pipeline.execute()


def _key(tenant: str) -> str:
    return f"{{{tenant}}}:calls:due"
