"""Sanctions as the advice service reads them: one small value per caller, written by a stage over the sanctions topic."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec
from redis.asyncio import Redis
from siaga.v1 import sanction_pb2
from siaga_kit.stage import Item, Result

from siaga_classifier.core.caller_advice import Sanction, kept_for_ms

_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(tuple[int, int, int, int])


def advice_key(tenant: str, caller_key: str) -> str:
    """Where a caller's sanction is kept; the caller is a keyed hash."""
    return f"{{{tenant}}}:advice:{caller_key}"


class AdviceStore:
    """Sanctions by caller in Redis."""

    def __init__(self, redis: Redis, now_ms: Callable[[], int]) -> None:
        self._redis = redis
        self._now_ms = now_ms

    async def get(self, tenant: str, caller_key: str) -> Sanction | None:
        """The caller's sanction; None when there is none. ValueError when the value cannot be read."""
        value: bytes | None = await self._redis.get(advice_key(tenant, caller_key))  # type: ignore[assignment]  # no decoding
        return None if value is None else Sanction(*_decoder.decode(value))

    async def put(self, sanctions: Mapping[tuple[str, str], Sanction]) -> None:
        """Write the sanctions of these (tenant, caller_key) in one round trip."""
        now_ms = self._now_ms()
        pipeline = self._redis.pipeline(transaction=False)
        for (tenant, caller_key), sanction in sanctions.items():
            value = _encoder.encode((sanction.routing, sanction.state, sanction.until_ms, sanction.revision))
            pipeline.set(advice_key(tenant, caller_key), value, px=kept_for_ms(sanction, now_ms))
        await pipeline.execute()


class SanctionReader:
    """The processor of the stage over sanctions: the latest of each caller, by the ledger's revision."""

    def __init__(self, store: AdviceStore) -> None:
        self._store = store

    async def process(self, batch: Sequence[Item[sanction_pb2.CallerSanction]]) -> Result:
        """Write what the batch says; nothing is published, so it is written here and now."""
        latest: dict[tuple[str, str], Sanction] = {}
        for item in batch:
            message = item.message
            who = (message.tenant, message.caller_key)
            if who not in latest or latest[who].revision <= message.revision:
                latest[who] = Sanction(
                    int(message.routing_advice), int(message.state), message.until_ms, message.revision
                )
        await self._store.put(latest)
        return Result()
