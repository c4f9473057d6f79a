"""Sanctions as the classifier's doors read them: by caller in Redis, written by a stage over the sanctions topic."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import msgspec
from redis.asyncio import Redis
from siaga.v1 import sanction_pb2
from siaga_kit.stage import Item, Result

from siaga_classifier.core.caller_advice import Kept, Sanction, kept_for_ms
from siaga_classifier.core.posture.standing import REST_MS

_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(tuple[int, int, int, int])
SUSPENDED: Final = b"suspended"

Who = tuple[str, str]


def advice_key(tenant: str, caller_key: str) -> str:
    """Where a caller's sanction is kept, in the few bytes that advice needs; the caller is a keyed hash."""
    return f"{{{tenant}}}:advice:{caller_key}"


def standing_key(tenant: str, caller_key: str) -> str:
    """Where all is kept that the ledger last said of a caller, for people who look into it."""
    return f"{{{tenant}}}:standing:{caller_key}"


def posture_key(tenant: str) -> str:
    """Where it is kept that a centre's sanctions are suspended."""
    return f"{{{tenant}}}:posture"


class AdviceStore:
    """Sanctions by caller in Redis, and the centres in which they are suspended."""

    def __init__(self, redis: Redis, now_ms: Callable[[], int]) -> None:
        self._redis = redis
        self._now_ms = now_ms

    async def get(self, tenant: str, caller_key: str) -> Kept:
        """What advice needs, in one round trip. ValueError when the value cannot be read."""
        keys = (advice_key(tenant, caller_key), posture_key(tenant))
        found: list[bytes | None] = await self._redis.mget(*keys)  # type: ignore[assignment]  # no decoding
        value, posture = found
        return Kept(None if value is None else Sanction(*_decoder.decode(value)), posture == SUSPENDED)

    async def standing(self, tenant: str, caller_key: str) -> sanction_pb2.CallerSanction | None:
        """All that the ledger last said of the caller; None when nothing is remembered."""
        value: bytes | None = await self._redis.get(standing_key(tenant, caller_key))  # type: ignore[assignment]  # no decoding
        return None if value is None else sanction_pb2.CallerSanction.FromString(value)

    async def suspend(self, tenant: str, *, suspended: bool) -> None:
        """From now on the centre's sanctions have no consequence, or have one again; to be said again within `REST_MS`."""
        if suspended:
            await self._redis.set(posture_key(tenant), SUSPENDED, px=REST_MS)
        else:
            await self._redis.delete(posture_key(tenant))

    async def put(self, sanctions: Mapping[Who, Sanction], standings: Mapping[Who, bytes] | None = None) -> None:
        """Write what is said of these (tenant, caller_key) in one round trip."""
        now_ms = self._now_ms()
        pipeline = self._redis.pipeline(transaction=False)
        for who, sanction in sanctions.items():
            value = _encoder.encode((sanction.routing, sanction.state, sanction.until_ms, sanction.revision))
            kept_ms = kept_for_ms(sanction, now_ms)
            pipeline.set(advice_key(*who), value, px=kept_ms)
            if standings is not None and who in standings:
                pipeline.set(standing_key(*who), standings[who], px=kept_ms)
        await pipeline.execute()

    async def forget(self, callers: Iterable[Who]) -> None:
        """Keep nothing more of these (tenant, caller_key)."""
        pipeline = self._redis.pipeline(transaction=False)
        for who in callers:
            pipeline.delete(advice_key(*who), standing_key(*who))
        await pipeline.execute()


class SanctionReader:
    """The processor of the stage over sanctions: the latest of each caller, by the ledger's revision.

    A tombstone names the caller but not the centre. The key is made of both, so it is taken off wherever it may be.
    """

    def __init__(self, store: AdviceStore, tenants: Iterable[str]) -> None:
        self._store = store
        self._tenants = tuple(tenants)

    async def process(self, batch: Sequence[Item[sanction_pb2.CallerSanction]]) -> Result:
        """Write what the batch says; nothing is published, so it is written here and now."""
        latest: dict[Who, sanction_pb2.CallerSanction] = {}
        forgotten: set[str] = set()
        for item in batch:
            message, key = item.message, (item.record.key or b"").decode("utf-8", "replace")
            if item.record.value is None:
                forgotten.add(key)
                latest = {who: kept for who, kept in latest.items() if who[1] != key}
                continue
            who = (message.tenant, message.caller_key)
            forgotten.discard(message.caller_key)
            if who not in latest or latest[who].revision <= message.revision:
                latest[who] = message
        if forgotten:
            await self._store.forget((tenant, key) for key in forgotten for tenant in self._tenants)
        if latest:
            sanctions = {
                who: Sanction(int(kept.routing_advice), int(kept.state), kept.until_ms, kept.revision)
                for who, kept in latest.items()
            }
            await self._store.put(sanctions, {who: kept.SerializeToString() for who, kept in latest.items()})
        return Result()
