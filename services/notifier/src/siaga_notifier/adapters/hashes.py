"""Redis hashes that also live in memory: with Redis away, the notifier still knows what this process has done."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from siaga_kit.errors import is_transient
from siaga_kit.pipe import Argument, Pipe, Script

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
_Changes = dict[str, bytes | None]


def client(url: str) -> Redis:
    """A client that gives up at once: the library's own retries would hold each order for four seconds.

    The one it keeps is for a connection that went stale while Redis was restarted.
    """
    retry = Retry(NoBackoff(), 1)
    return Redis.from_url(url, socket_timeout=ANSWER_S, socket_connect_timeout=ANSWER_S, retry=retry)


class Hashes:
    """Hashes by key. Redis says what they hold, for other processes write them too; memory where it cannot be asked.

    Writing never fails: what Redis has not got yet is in memory, and goes there when it answers again.
    """

    def __init__(self, redis: Redis) -> None:
        self._pipe = Pipe(redis)
        self._memory: OrderedDict[str, _Changes] = OrderedDict()
        self._unsaved: OrderedDict[str, _Changes] = OrderedDict()
        # On their way to Redis: an answer that was read meanwhile may not have them yet.
        self._saving: OrderedDict[str, _Changes] = OrderedDict()
        self._next: asyncio.Task[None] | None = None
        self._line = asyncio.Lock()
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
        """Return when Redis has all that was put so far; when it is away, that stays for a later flush.

        What is put while one load is on its way goes together in the next: hundreds of orders are a few writes.
        """
        if self.degraded or not (self._unsaved or self._saving):
            return
        if self._next is None:
            self._next = asyncio.create_task(self._save())
        # Shielded: what one caller has begun to save is others' too.
        await asyncio.shield(self._next)

    async def _save(self) -> None:
        async with self._line:
            writing, self._unsaved = self._unsaved, OrderedDict()
            self._next, self._saving = None, writing
            try:
                if await self.ask_all(_commands(writing)) is None:
                    for key, fields in writing.items():
                        self._unsaved[key] = fields | self._unsaved.get(key, {})
            finally:
                self._saving = OrderedDict()

    async def read(self, keys: Sequence[str]) -> list[Fields]:
        """The hash of each key, empty when there is none."""
        pending = [self._pending(key) for key in keys]
        answers = await self.ask_all([("HGETALL", key) for key in keys])
        found: list[Fields] = []
        for number, key in enumerate(keys):
            answer = answers[number] if answers is not None else None
            found.append(self._merged(key, answer, pending[number]))
        return found

    def _pending(self, key: str) -> _Changes:
        return self._saving.get(key, {}) | self._unsaved.get(key, {})

    def _merged(self, key: str, answer: Any, pending: _Changes) -> Fields:
        remembered = self._memory.get(key)
        if answer:
            # Redis' old protocol has no word for pairs.
            pairs = answer.items() if isinstance(answer, dict) else zip(answer[::2], answer[1::2], strict=True)
            held: _Changes = {name.decode(): value for name, value in pairs}
            if remembered is not None:
                # As others left it, should Redis go away later.
                self._memory[key] = held | pending | self._pending(key)
        else:
            # Also a Redis that has lost everything: this process knows what it did.
            held = dict(remembered or {})
        held |= pending | self._pending(key)
        return {name: value for name, value in held.items() if value is not None}

    def remembered(self, key: str) -> Fields:
        """What memory alone holds of a hash: enough for one that is written whole and never changed."""
        return {name: value for name, value in self._memory.get(key, {}).items() if value is not None}

    async def ask_all(self, commands: Sequence[tuple[Argument, ...]]) -> list[Any] | None:
        """The answers of Redis; None when it is away."""
        if self.degraded:
            return None
        try:
            return await self._pipe.ask_all(commands)
        except Exception as error:
            if not is_transient(error):
                raise
            self._rest(error)
            return None

    def script(self, text: str) -> Script:
        """A script of this Redis."""
        return Script(self._pipe, text)

    async def run(self, script: Script, keys: Sequence[str], arguments: Sequence[Argument]) -> tuple[Any] | None:
        """What a script answers, alone in a tuple; None when Redis is away."""
        if self.degraded:
            return None
        try:
            return (await script(keys, arguments),)
        except Exception as error:
            if not is_transient(error):
                raise
            self._rest(error)
            return None

    def _rest(self, error: Exception) -> None:
        if not self.degraded:
            log.warning("Redis away, going on with what this process knows", error=type(error).__name__)
        self._rest_until = time.monotonic() + REST_AFTER_FAILURE_S


def _commands(writing: Mapping[str, _Changes]) -> list[tuple[Argument, ...]]:
    commands: list[tuple[Argument, ...]] = []
    for key, fields in writing.items():
        kept = [word for name, value in fields.items() if value is not None for word in (name, value)]
        gone = [name for name, value in fields.items() if value is None]
        if kept:
            commands += [("HSET", key, *kept), ("EXPIRE", key, TTL_S)]
        if gone:
            commands.append(("HDEL", key, *gone))
    return commands
