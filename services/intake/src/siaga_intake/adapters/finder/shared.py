"""The finder that all processes of intake share, in Redis. Raises what Redis raises."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from redis.asyncio import Redis

from siaga_intake.adapters.finder.memory import DUE_AT_ONCE, HELD_PER_CALLER
from siaga_intake.adapters.finder.port import Known, Placed, Who, Written
from siaga_intake.core.belonging import CALL_OF_POSITION_MS, SESSION_KEPT_MS, Ring, Session, merged, place
from siaga_intake.core.staleness import Waiting

# Two processes that place messages of one sender at the same time: the second looks again.
_TRIES: Final = 8
# Keeps what we decided, if what we decided by still stands.
_SWAP: Final = """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""
# Values begin with their time, in digits that sort like it. One command for all calls of a moment, for every call of the
# centre comes this way.
_KEEP_LATER: Final = """
for place, key in ipairs(KEYS) do
    local known = redis.call('GET', key)
    if not known or known < ARGV[place + 1] then redis.call('SET', key, ARGV[place + 1], 'PX', ARGV[1]) end
end
"""
_WAIT: Final = """
local known = redis.call('HGET', KEYS[2], ARGV[1])
if known and string.sub(known, 1, 16) > string.sub(ARGV[3], 1, 16) then return end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
"""
_DONE: Final = """
if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then return end
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[1], ARGV[1])
"""
_STAMP: Final = 16
# A position before or after its call: twice as long as they may be apart.
KEPT_MS: Final = 2 * CALL_OF_POSITION_MS
_sessions: Final = msgspec.msgpack.Decoder(tuple[Session, ...])
_waiting: Final = msgspec.msgpack.Decoder(Waiting)


class RedisFinder:
    """Keys carry the tenant as their hash tag and hashes of citizens, never a number."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def place(self, written: Sequence[Written], known: Known) -> Placed:
        found: dict[Who, tuple[Session, ...]] = {}
        sessions: list[Session | None] = [None] * len(written)
        for _ in range(_TRIES):
            open_ones = [number for number, session in enumerate(sessions) if session is None]
            people = list(dict.fromkeys(written[number].who for number in open_ones))
            if not people:
                break
            answers: list[Any] = await self._redis.mget([_session_key(who) for who in people])
            raw: dict[Who, bytes | None] = dict(zip(people, answers, strict=True))
            for who in people:
                found[who] = merged(_decoded(raw[who]), known.get(who, ()))
            chosen: dict[int, Session] = {}
            for number in open_ones:
                each = written[number]
                chosen[number], found[each.who] = place(found[each.who], each.message, each.at_ms, each.gap_ms)
            swapped = await self._swap(raw, {who: found[who] for who in people})
            for number, session in chosen.items():
                if written[number].who in swapped:
                    sessions[number] = session
            last = chosen
        # After so many tries the last decision is as good as any: the message must not wait.
        return Placed([session or last[number] for number, session in enumerate(sessions)], found)

    async def _swap(self, raw: Mapping[Who, bytes | None], found: Known) -> set[Who]:
        people = list(found)
        pipeline = self._redis.pipeline(transaction=False)
        for who in people:
            made = msgspec.msgpack.encode(found[who])
            pipeline.eval(_SWAP, 1, _session_key(who), raw[who] or b"", made, SESSION_KEPT_MS)
        return {who for who, kept in zip(people, await pipeline.execute(), strict=True) if kept}

    async def rings(self, callers: Sequence[Who]) -> list[Ring | None]:
        if not callers:
            return []
        answers: list[Any] = await self._redis.mget([_ring_key(who) for who in callers])
        return [_ring(raw) for raw in answers]

    async def rang(self, rings: Mapping[Who, Ring]) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        for people in _by_tenant(rings).values():
            keys = [_ring_key(who) for who in people]
            values = [f"{rings[who].at_ms:0{_STAMP}d}{rings[who].call_id}" for who in people]
            pipeline.eval(_KEEP_LATER, len(keys), *keys, KEPT_MS, *values)
        await pipeline.execute()

    async def hold(self, held: Sequence[tuple[Who, bytes]]) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        for who, value in held:
            key, anybody = _held_key(who), _anybody_key(who.tenant)
            # Sent again, it is the same.
            pipeline.execute_command("LREM", key, 0, value)
            pipeline.rpush(key, value)
            pipeline.ltrim(key, -HELD_PER_CALLER, -1)
            pipeline.pexpire(key, KEPT_MS)
            pipeline.sadd(anybody, who.key)
            pipeline.pexpire(anybody, KEPT_MS)
        await pipeline.execute()

    async def held(self, callers: Sequence[Who]) -> list[list[bytes]]:
        # Nearly always nothing is held for anybody: one question tells for all.
        pipeline = self._redis.pipeline(transaction=False)
        by_tenant = _by_tenant(callers)
        for tenant, people in by_tenant.items():
            pipeline.smismember(_anybody_key(tenant), [who.key for who in people])
        answers: list[list[int]] = await pipeline.execute()
        waited_for = [
            who
            for people, flags in zip(by_tenant.values(), answers, strict=True)
            for who, flag in zip(people, flags, strict=True)
            if flag
        ]
        pipeline = self._redis.pipeline(transaction=False)
        for who in waited_for:
            pipeline.lrange(_held_key(who), 0, -1)
        found: dict[Who, list[bytes]] = dict(zip(waited_for, await pipeline.execute(), strict=True))
        return [found.get(who, []) for who in callers]

    async def wait(self, waiting: Sequence[Waiting]) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        for each in waiting:
            pipeline.eval(_WAIT, 2, *_waiting_keys(each.tenant), each.call_id, each.due_ms, _stamped(each))
        await pipeline.execute()

    async def due(self, tenants: Sequence[str], now_ms: int) -> list[Waiting]:
        pipeline = self._redis.pipeline(transaction=False)
        for tenant in tenants:
            pipeline.zrangebyscore(_waiting_keys(tenant)[0], "-inf", now_ms, start=0, num=DUE_AT_ONCE)
        due = dict(zip(tenants, await pipeline.execute(), strict=True))
        pipeline = self._redis.pipeline(transaction=False)
        for tenant, calls in due.items():
            if calls:
                pipeline.hmget(_waiting_keys(tenant)[1], calls)
        answers: list[list[bytes | None]] = await pipeline.execute()
        return [_waiting.decode(raw[_STAMP:]) for values in answers for raw in values if raw is not None]

    async def done(self, waiting: Sequence[Waiting]) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        for each in waiting:
            pipeline.eval(_DONE, 2, *_waiting_keys(each.tenant), each.call_id, _stamped(each))
        await pipeline.execute()


def _stamped(each: Waiting) -> bytes:
    return f"{each.at_ms:0{_STAMP}d}".encode() + msgspec.msgpack.encode(each)


def _decoded(raw: bytes | None) -> tuple[Session, ...]:
    return _sessions.decode(raw) if raw else ()


def _ring(raw: bytes | None) -> Ring | None:
    return Ring(raw[_STAMP:].decode(), int(raw[:_STAMP])) if raw else None


def _session_key(who: Who) -> str:
    return f"{{{who.tenant}}}:intake:session:{who.key}"


def _ring_key(who: Who) -> str:
    return f"{{{who.tenant}}}:intake:ring:{who.key}"


def _held_key(who: Who) -> str:
    return f"{{{who.tenant}}}:intake:held:{who.key}"


def _anybody_key(tenant: str) -> str:
    return f"{{{tenant}}}:intake:held"


def _by_tenant(people: Iterable[Who]) -> dict[str, list[Who]]:
    found: dict[str, list[Who]] = {}
    for who in people:
        found.setdefault(who.tenant, []).append(who)
    return found


def _waiting_keys(tenant: str) -> tuple[str, str]:
    return f"{{{tenant}}}:intake:stale:due", f"{{{tenant}}}:intake:stale:last"
