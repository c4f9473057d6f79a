"""A centre's counts by minute, hot callers and posture in Redis, shared by all processes that count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib import resources
from typing import Any, Final

from redis.asyncio import Redis

from siaga_classifier.core.posture.pressure import Minute
from siaga_classifier.core.posture.progress import Mark
from siaga_classifier.core.posture.standing import Declared, HotCaller

# By the wall clock: a backlog is read, and the minutes of its calls are over, well within it. Longer would keep all minutes
# of a replayed month at once.
COUNTS_TTL: Final = timedelta(hours=2)
# One process looks at a centre at a time; should it die, another does from then on.
LEASE_MS: Final = 3_000
# Calls without a number stand as one caller, their source.
NO_NUMBER: Final = "~"
_MINUTES: Final = 60

_SCRIPT: Final = resources.files("siaga_classifier.adapters").joinpath("posture_count.lua")
# Only on what it was decided on: whoever was slower decides again.
_SAVE: Final = """
local held = redis.call('GET', KEYS[1])
if (held or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
"""
_LEASE: Final = """
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
# What is declared later holds, whatever comes first.
_DECLARE: Final = """
local held = redis.call('HGET', KEYS[1], 'at_ms')
if held and tonumber(held) > tonumber(ARGV[1]) then return end
redis.call('HSET', KEYS[1], 'at_ms', ARGV[1], 'until_ms', ARGV[2], 'by', ARGV[3], 'reason', ARGV[4], 'id', ARGV[5])
"""


@dataclass(frozen=True, slots=True)
class Tick:
    """What a call says for the counts: that it began and, once `attended`, that it was answered or ended."""

    call_id: str
    caller: str
    began_at_ms: int
    attended: bool = False
    attended_at_ms: int = 0
    unserved: bool = False
    wait_ms: int = 0


@dataclass(frozen=True, slots=True)
class Counted:
    """Ticks of one centre from one partition, the latest event among them, and the calls that make a caller hot."""

    tenant: str
    partition: int
    latest_ms: int
    ticks: Sequence[Tick]
    hot_per_minute: int
    hot_per_hour: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that is known of a centre but its minutes; `state` as it was saved, empty = never."""

    state: bytes
    marks: Mapping[int, Mark]
    hot: Sequence[HotCaller]
    declared: Declared | None
    first_minute: int


class PostureStore:
    """Counts in, posture out; every key carries the tenant as its hash tag."""

    def __init__(self, redis: Redis, owner: str) -> None:
        self._redis = redis
        self._owner = owner
        self._count = redis.register_script(_SCRIPT.read_text())

    async def count(self, counted: Sequence[Counted], now_ms: int) -> None:
        """Count all in, one script a centre and partition, one round trip; again changes nothing."""
        if not counted:
            return
        pipeline = self._redis.pipeline(transaction=False)
        for one in counted:
            arguments: list[Any] = [
                int(COUNTS_TTL.total_seconds()), one.hot_per_minute, one.hot_per_hour, one.partition, one.latest_ms, now_ms,
            ]  # fmt: skip
            for tick in one.ticks:
                arguments += (
                    tick.call_id, tick.caller, tick.began_at_ms, 2 if tick.attended else 1, tick.attended_at_ms,
                    int(tick.unserved), tick.wait_ms,
                )  # fmt: skip
            await self._count([_key(one.tenant, "")], arguments, client=pipeline)
        await pipeline.execute()

    async def declare(self, tenant: str, declared: Declared) -> None:
        """Keep what a person declared; of two, the later."""
        arguments = (declared.at_ms, declared.until_ms, declared.by, declared.reason, declared.decision_id)
        await self._redis.eval(_DECLARE, 1, _key(tenant, "declared"), *map(str, arguments))

    async def look(self, tenant: str) -> Snapshot | None:
        """What is known of a centre; None while another process looks after it."""
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.eval(_LEASE, 1, _key(tenant, "lease"), self._owner, str(LEASE_MS))
        pipeline.get(_key(tenant, "state"))
        pipeline.hgetall(_key(tenant, "marks"))
        pipeline.hgetall(_key(tenant, "hot"))
        pipeline.hgetall(_key(tenant, "declared"))
        pipeline.get(_key(tenant, "first"))
        ours, state, marks, hot, declared, first = await pipeline.execute()
        if not ours:
            return None
        return Snapshot(
            state or b"",
            {int(partition): _mark(value) for partition, value in marks.items()},
            [_hot(who.decode(), value.decode()) for who, value in hot.items()],
            _declared(declared),
            int(first or 0),
        )

    async def minutes(self, tenant: str, first: int, last: int) -> dict[int, Minute]:
        """The counts of these minutes, both included; those without calls are left out."""
        hours = range(first // _MINUTES, last // _MINUTES + 1)
        pipeline = self._redis.pipeline(transaction=False)
        for hour in hours:
            pipeline.hgetall(_key(tenant, f"hour:{hour}"))
        found: dict[int, Minute] = {}
        for hour, fields in zip(hours, await pipeline.execute(), strict=True):
            found.update(_minutes(hour * _MINUTES, fields))
        return found

    async def save(self, tenant: str, before: bytes, state: bytes) -> bool:
        """Write the state decided on the one before; False when somebody was faster."""
        return bool(await self._redis.eval(_SAVE, 1, _key(tenant, "state"), before, state))

    async def cool(self, tenant: str, callers: Sequence[HotCaller]) -> None:
        """Forget callers who are hot no more."""
        await self._redis.hdel(_key(tenant, "hot"), *[_who(caller) for caller in callers])


def caller_of(caller_key: str, source: str) -> str:
    """How a caller stands in the counts: by key, without a number by its source."""
    return caller_key or f"{NO_NUMBER}{source}"


def _key(tenant: str, part: str) -> str:
    return f"{{{tenant}}}:posture:{part}"


def _mark(value: bytes) -> Mark:
    event_at_ms, _, heard_at_ms = value.partition(b"|")
    return Mark(int(event_at_ms), int(heard_at_ms))


def _hot(who: str, value: str) -> HotCaller:
    since_ms, calls, last_at_ms = value.split("|")
    is_source = who.startswith(NO_NUMBER)
    return HotCaller(
        "" if is_source else who, who[len(NO_NUMBER) :] if is_source else "", int(calls), int(since_ms), int(last_at_ms)
    )


def _who(caller: HotCaller) -> str:
    return caller_of(caller.caller_key, caller.source)


def _declared(fields: Mapping[bytes, bytes]) -> Declared | None:
    if not fields:
        return None
    told = {name.decode(): value.decode() for name, value in fields.items()}
    return Declared(told["by"], told["reason"], int(told["at_ms"]), int(told["until_ms"]), told["id"])


def _minutes(first: int, fields: Mapping[bytes, bytes]) -> dict[int, Minute]:
    by_minute: dict[int, dict[str, int]] = {}
    for name, value in fields.items():
        by_minute.setdefault(first + int(name[:-1]), {})[name[-1:].decode()] = int(value)
    return {
        minute: Minute(
            counts.get("c", 0), counts.get("k", 0), counts.get("e", 0), counts.get("u", 0), counts.get("w", 0)
        )
        for minute, counts in by_minute.items()
    }
