"""Redis hashes that also live in memory: with Redis away, the notifier still knows what this process has done."""

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from siaga_kit.errors import is_transient

log = structlog.get_logger()

# Receipts may come days late; after that nobody waits for them.
TTL_S: Final = int(timedelta(days=3).total_seconds())
# Orders of a whole day of a large regency; more would be memory for nothing.
KEPT_IN_MEMORY: Final = 20_000
# With Redis hanging, each call waits for a timeout: without a pause every order would wait that long.
REST_AFTER_FAILURE_S: Final = 2.0

# An answer takes well under a millisecond; by then Redis is away.
ANSWER_S: Final = 1.0

Fields = dict[str, bytes]


def client(url: str) -> Redis:
    """A client that gives up at once: the library's own retries would hold each order for four seconds.

    The one it keeps is for a connection that went stale while Redis was restarted.
    """
    retry = Retry(NoBackoff(), 1)
    return Redis.from_url(url, socket_timeout=ANSWER_S, socket_connect_timeout=ANSWER_S, retry=retry)


class Hashes:
    """Hashes by key. What this process wrote comes from memory, the rest from Redis; writing never fails."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._memory: OrderedDict[str, dict[str, bytes | None]] = OrderedDict()
        self._unsaved: OrderedDict[str, dict[str, bytes | None]] = OrderedDict()
        self._rest_until = 0.0

    @property
    def degraded(self) -> bool:
        """Whether Redis failed a moment ago."""
        return time.monotonic() < self._rest_until

    def put(self, key: str, fields: Mapping[str, bytes | None]) -> None:
        """Write to memory at once and to Redis at the next `flush`; None removes the field."""
        for held in (self._memory, self._unsaved):
            held.setdefault(key, {}).update(fields)
            held.move_to_end(key)
            while len(held) > KEPT_IN_MEMORY:
                held.popitem(last=False)

    async def flush(self) -> None:
        """Bring to Redis what it has not got; when Redis is away that stays for a later flush."""
        if not self._unsaved or self.degraded:
            return
        writing, self._unsaved = self._unsaved, OrderedDict()
        pipeline = self._redis.pipeline(transaction=False)
        for key, fields in writing.items():
            kept = {name: value for name, value in fields.items() if value is not None}
            gone = [name for name, value in fields.items() if value is None]
            if kept:
                pipeline.hset(key, mapping=kept)  # type: ignore[arg-type]
                pipeline.expire(key, TTL_S)
            if gone:
                pipeline.hdel(key, *gone)
        try:
            await pipeline.execute()
        except Exception as error:
            for key, fields in writing.items():
                self._unsaved[key] = fields | self._unsaved.get(key, {})
            if not is_transient(error):
                raise
            self._rest(error)

    async def read(self, keys: Sequence[str]) -> list[Fields]:
        """The hash of each key, empty when there is none."""
        stored = await self._stored(keys)
        found: list[Fields] = []
        for key, fields in zip(keys, stored, strict=True):
            merged: dict[str, bytes | None] = {**fields, **self._memory.get(key, {})}
            found.append({name: value for name, value in merged.items() if value is not None})
        return found

    def remembered(self, key: str) -> Fields:
        """What memory alone holds of a hash: enough for one that is written whole and never changed."""
        return {name: value for name, value in self._memory.get(key, {}).items() if value is not None}

    async def _stored(self, keys: Sequence[str]) -> list[Fields]:
        empty: list[Fields] = [{} for _ in keys]
        if not keys or self.degraded:
            return empty
        pipeline = self._redis.pipeline(transaction=False)
        for key in keys:
            pipeline.hgetall(key)
        try:
            answers = await pipeline.execute()
        except Exception as error:
            if not is_transient(error):
                raise
            self._rest(error)
            return empty
        return [{name.decode(): value for name, value in answer.items()} for answer in answers]

    def _rest(self, error: Exception) -> None:
        if not self.degraded:
            log.warning("Redis away, going on with what this process knows", error=type(error).__name__)
        self._rest_until = time.monotonic() + REST_AFTER_FAILURE_S
