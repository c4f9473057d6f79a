"""What waits for its time in Redis, and what holds about an incident."""

from collections.abc import Sequence
from typing import Final

from redis.asyncio import Redis
from siaga_kit.pipe import Pipe

from siaga_dispatcher.adapters.keys import Keys
from siaga_dispatcher.adapters.reading import Reader
from siaga_dispatcher.adapters.state import timer_member
from siaga_dispatcher.core.divert import may_be_diverted
from siaga_dispatcher.core.values import Alert, Incident, Rules

# Of a centre's newest open incidents; one with more of them under way has other troubles than where to take a unit from.
LOOKED_AT: Final = 200


class Due:
    """The index of timers, of many tenants at a time."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._pipe = Pipe(redis)

    async def timers(self, tenants: Sequence[str], now_ms: int, limit: int) -> dict[str, list[tuple[str, str]]]:
        """Timers whose time has come, the earliest first: (incident id, timer key) by tenant; in one round trip."""
        found = zip(
            tenants,
            await self._pipe.ask_all(
                [("ZRANGEBYSCORE", Keys(tenant).timers, "-inf", now_ms, "LIMIT", 0, limit) for tenant in tenants]
            ),
            strict=True,
        )
        return {tenant: [_timer(member) for member in members] for tenant, members in found if members}

    async def forget(self, tenant: str, incident_id: str, key: str) -> None:
        """Take a timer out of the index whose incident is kept no longer."""
        await self._redis.zrem(Keys(tenant).timers, timer_member(incident_id, key))


def _timer(member: bytes) -> tuple[str, str]:
    incident_id, _, key = member.decode().partition("|")
    return incident_id, key


async def alerts_about(store: Reader, *incidents: Incident | None) -> tuple[Alert, ...]:
    """The alerts that hold about incidents; read after them, so that a change since is refused by their versions."""
    known = {incident.incident_id: incident.tenant for incident in incidents if incident is not None}
    held = [alert for tenant in set(known.values()) for alert in await store.alerts(tenant)]
    return tuple(alert for alert in held if alert.incident_id in known)


async def divertible_incidents(store: Reader, tenant: str, rules: Rules) -> tuple[Incident, ...]:
    """Less urgent incidents that have units under way, where the centre lets them be taken."""
    policy = rules.policy.crews.diversion
    found = await store.listed(tenant, open_only=True, limit=LOOKED_AT)
    return tuple(incident for incident in found if may_be_diverted(incident, policy.from_priorities))
