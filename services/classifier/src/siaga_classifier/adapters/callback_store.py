"""What is known of callers' calls, in Redis. No phone number is in any key."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from redis.asyncio import Redis
from siaga_kit.errors import Transient

from siaga_classifier.adapters.call_store import CallerKey
from siaga_classifier.adapters.callback_codec import KnownCaller, decode, encode

# As long as outcomes stay in their topic: a replay of all of it finds the callers it tells of.
CALLER_TTL: Final = timedelta(days=180)

# A process that lost its partitions and does not know it yet must not write over its successor.
_SWAP: Final = """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1
"""


@dataclass(frozen=True, slots=True)
class HeldCaller:
    """A caller, and the bytes as they were read."""

    known: KnownCaller
    raw: bytes


NOBODY: Final = HeldCaller(KnownCaller(), b"")
Change = tuple[CallerKey, KnownCaller, bytes]


class CallbackStore:
    """Batches in, batches out: one round trip each."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def load(self, callers: Iterable[CallerKey]) -> Mapping[CallerKey, HeldCaller]:
        """The callers among these that are known."""
        by_tenant: dict[str, list[CallerKey]] = {}
        for caller in callers:
            by_tenant.setdefault(caller.tenant, []).append(caller)
        pipeline = self._redis.pipeline(transaction=False)
        for ours in by_tenant.values():
            pipeline.mget([_key(caller) for caller in ours])
        answers = await pipeline.execute()
        return {
            caller: HeldCaller(decode(raw), raw)
            for ours, values in zip(by_tenant.values(), answers, strict=True)
            for caller, raw in zip(ours, values, strict=True)
            if raw is not None
        }

    async def save(self, changes: Sequence[Change]) -> None:
        """Write all of a batch, each over the bytes it was decided on. Transient when another process wrote meanwhile."""
        seconds = str(int(CALLER_TTL.total_seconds()))
        pipeline = self._redis.pipeline(transaction=False)
        for caller, known, raw in changes:
            pipeline.eval(_SWAP, 1, _key(caller), raw, encode(known), seconds)
        if not all(await pipeline.execute()):
            raise Transient("another process wrote of these callers")


def _key(caller: CallerKey) -> str:
    return f"{{{caller.tenant}}}:caller:{caller.caller_key}:calls"
