"""Whether the working state is as new as the topics, after Redis has started anew.

Redis writes its log to disk once a second: a machine that loses power may come back with units and incidents of a second
before, while the topics have told of later versions. Deciding on those would give later versions a second meaning.
"""

from collections.abc import Sequence

from redis.asyncio import Redis
from siaga_kit.pipe import Pipe
from siaga_kit.settings import KafkaSettings

from siaga_dispatcher.adapters.events import Topics
from siaga_dispatcher.adapters.keys import Keys
from siaga_dispatcher.adapters.remembered import Remembered, remembered


class Freshness:
    """Looks once in each run of the Redis server."""

    def __init__(self, redis: Redis, kafka: KafkaSettings, topics: Topics) -> None:
        self._redis = redis
        self._pipe = Pipe(redis)
        self._kafka = kafka
        self._topics = topics
        self._run = ""

    async def older(self, tenants: Sequence[str], now_ms: int) -> list[str]:
        """The tenants whose state is older than what the topics say; asks the topics only when Redis has started anew."""
        run = await self._server_run()
        if run == self._run:
            return []
        marks = await self._pipe.ask_all([("GET", Keys(tenant).server) for tenant in tenants])
        unsure = [tenant for tenant, mark in zip(tenants, marks, strict=True) if mark != run.encode()]
        if not unsure:
            self._run = run
            return []
        # What the topics know first, then Redis: a commit meanwhile makes Redis newer, never older.
        read = (self._topics.units, self._topics.incidents)
        memory = await remembered(self._kafka, unsure, read, self._topics, now_ms)
        older = [tenant for tenant in unsure if await self._is_older(tenant, memory.of[tenant])]
        await self._pipe.ask_all([("SET", Keys(tenant).server, run) for tenant in unsure if tenant not in older])
        # With older ones the next look asks the topics again, by then about these alone.
        self._run = "" if older else run
        return older

    async def _server_run(self) -> str:
        return str((await self._redis.info("server"))["run_id"])

    async def _is_older(self, tenant: str, known: Remembered) -> bool:
        keys = Keys(tenant)
        names = [keys.unit(name) for name in known.units] + [keys.incident(name) for name in known.incidents]
        told = [known.versions[name] for name in (*known.units, *known.incidents)]
        stored = await self._pipe.ask_all([("HGET", name, "v") for name in names])
        return any(int(version or 0) < latest for version, latest in zip(stored, told, strict=True))
