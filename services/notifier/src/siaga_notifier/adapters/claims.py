"""What may be done once only, however often it is asked for: a claim is taken before the deed, by whoever is first."""

from datetime import timedelta
from typing import Final

from redis.asyncio import Redis

# A call's news are news for minutes; what is told again days later is another call's.
FEEDBACK_KEPT_S: Final = int(timedelta(days=3).total_seconds())
# The same text may be right again when the water comes back in the evening.
MASS_KEPT_S: Final = int(timedelta(hours=6).total_seconds())


class RedisClaims:
    """Claims on messages to callers. With Redis away nothing is claimed, for twice is worse than late here."""

    def __init__(self, redis: Redis, kept_s: int) -> None:
        self._redis = redis
        self._kept_s = kept_s

    async def claim(self, subject: str, kind: str) -> bool:
        """Whether nobody had it; raises the client's error when that cannot be known."""
        return bool(await self._redis.set(_key(subject, kind), b"1", nx=True, ex=self._kept_s))

    async def give_back(self, subject: str, kind: str) -> None:
        """Nothing was done: it may be claimed again."""
        await self._redis.delete(_key(subject, kind))


def _key(subject: str, kind: str) -> str:
    return f"siaga:ntf:claim:{subject}:{kind}"
