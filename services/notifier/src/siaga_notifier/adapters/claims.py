"""What may be done once only, however often it is asked for: a claim is taken before the deed, by whoever is first."""

from datetime import timedelta
from typing import Final

from redis.asyncio import Redis

# A claim outlives every reason to do the deed again; whoever asks a day later asks for something else.
KEPT_S: Final = int(timedelta(days=3).total_seconds())


class RedisClaims:
    """Claims on messages to callers. With Redis away nothing is claimed, for twice is worse than late here."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def claim(self, subject: str, kind: str) -> bool:
        """Whether nobody had it; raises the client's error when that cannot be known."""
        return bool(await self._redis.set(_key(subject, kind), b"1", nx=True, ex=KEPT_S))

    async def give_back(self, subject: str, kind: str) -> None:
        """Nothing was done: it may be claimed again."""
        await self._redis.delete(_key(subject, kind))


def _key(subject: str, kind: str) -> str:
    return f"siaga:ntf:claim:{subject}:{kind}"
