"""The list of real calls that the machine missed, by tenant, in Redis: ids of calls only."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Final

from redis.asyncio import Redis

# So long the alarm stands after a call was missed: a week's report has it in it by then.
ALARM_TTL: Final = timedelta(days=7)


def missed_key(tenant: str) -> str:
    """Where a tenant's list is kept: calls by when they were found to be missed."""
    return f"{{{tenant}}}:missed_real"


class MissedStore:
    """Missed calls of every tenant; noting one again changes nothing, a corrected one leaves the list."""

    def __init__(self, redis: Redis, now_ms: Callable[[], int]) -> None:
        self._redis = redis
        self._now_ms = now_ms

    async def note(self, missed: Iterable[tuple[str, str]], others: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Put the missed (tenant, call_id) on the lists and take the others off; those that are new, back."""
        found = list(missed)
        pipeline = self._redis.pipeline(transaction=False)
        for tenant, call_id in found:
            pipeline.zadd(missed_key(tenant), {call_id: self._now_ms()}, nx=True)
        by_tenant: dict[str, list[str]] = {}
        for tenant, call_id in others:
            by_tenant.setdefault(tenant, []).append(call_id)
        for tenant, call_ids in by_tenant.items():
            pipeline.zrem(missed_key(tenant), *call_ids)
        for tenant in {tenant for tenant, _ in found}:
            pipeline.expire(missed_key(tenant), ALARM_TTL)
        answers = await pipeline.execute()
        return [who for who, added in zip(found, answers, strict=False) if added]

    async def count(self, tenants: Iterable[str]) -> dict[str, int]:
        """How many calls are on each tenant's list."""
        codes = list(tenants)
        oldest = self._now_ms() - int(ALARM_TTL.total_seconds() * 1000)
        pipeline = self._redis.pipeline(transaction=False)
        for tenant in codes:
            pipeline.zcount(missed_key(tenant), oldest, "+inf")
        return dict(zip(codes, await pipeline.execute(), strict=True))
