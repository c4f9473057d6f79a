"""The dispatcher's working state in Redis, with the one atomic commit that changes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import cast
from zoneinfo import ZoneInfo

from redis.asyncio import Redis
from siaga_kit import telemetry
from siaga_kit.pipe import Script

from siaga_dispatcher.adapters.events import Topics, records_of
from siaga_dispatcher.adapters.keys import Keys
from siaga_dispatcher.adapters.places import Places
from siaga_dispatcher.adapters.reading import Reader, StateLost
from siaga_dispatcher.adapters.request import Absent, Guard, Request, request_of
from siaga_dispatcher.core.decision import Decision
from siaga_dispatcher.core.values import Alert, Unit


class Stale(Exception):  # noqa: N818  (a condition to decide again in, not a fault)
    """Somebody else changed what the decision was made on."""


@dataclass(frozen=True, slots=True)
class Committed:
    """`again` = this cause had been committed before, and nothing was written now."""

    again: bool


class Store(Reader):
    """Reads values with their versions, and commits decisions made on them."""

    def __init__(self, redis: Redis, timezones: Mapping[str, str], places: Places, topics: Topics) -> None:
        super().__init__(redis)
        self._script = Script(self._pipe, resources.files(__package__).joinpath("commit.lua").read_text())
        self._zones = {tenant: ZoneInfo(name) for tenant, name in timezones.items()}
        self._places = places
        self._topics = topics

    async def commit(
        self,
        tenant: str,
        cause: str | None,
        decision: Decision,
        *,
        guards: Sequence[Guard | Absent] = (),
        traceparent: str | None = None,
    ) -> Committed:
        """Write all of a decision with its outbox records, or nothing.

        The same cause again writes nothing. Raises Stale when a version has moved on, StateLost when the working state
        is gone.
        """
        request = self._request(tenant, cause, decision, traceparent)
        for guard in guards:
            request.check(guard)
        return await self._run(request, init=False)

    async def commit_coverage(self, tenant: str, alerts: Sequence[Alert], versions: Mapping[str, int]) -> None:
        """Write what posts' alerts have become, or nothing; raises Stale when somebody else has meanwhile, StateLost."""
        request = self._request(tenant, None, Decision(alerts=tuple(alerts)), None)
        key = Keys(tenant).coverage
        for alert in alerts:
            version = versions.get(alert.post_id, 0)
            request.check(Guard(key, alert.post_id, version))
            request.op("HSET", key, alert.post_id, str(version + 1))
        await self._run(request, init=False)

    async def put_units(self, tenant: str, units: Sequence[Unit], moved: Sequence[tuple[str, str]] = ()) -> None:
        """Write directory entries, epoch or not; `moved` are (unit, former kind) that leave their former kind's sets."""
        request = self._request(tenant, None, Decision(units=tuple(units)), None)
        for unit_id, former_kind in moved:
            for former in (Keys(tenant).free(former_kind), Keys(tenant).unfree(former_kind)):
                request.op("ZREM", former, unit_id)
        await self._run(request, init=True)

    async def initialise(self, tenant: str, now_ms: int) -> None:
        """Mark the tenant's working state as existing."""
        await self._redis.set(Keys(tenant).epoch, str(now_ms), nx=True)

    def _request(self, tenant: str, cause: str | None, decision: Decision, traceparent: str | None) -> Request:
        records = records_of(decision, self._topics, self._places)
        return request_of(Request(Keys(tenant), cause), decision, records, traceparent, self._zones[tenant])

    async def _run(self, request: Request, *, init: bool) -> Committed:
        answer = cast("list[bytes]", await self._script(*request.arguments(init=init)))
        result = answer[0].decode()
        telemetry.counter("siaga.dispatch.commits").add(1, {"result": result})
        match result:
            case "ok":
                return Committed(again=False)
            case "done":
                return Committed(again=True)
            case "lost":
                raise StateLost(f"the working state of {request.keys.tenant} is gone; restart the dispatcher")
            case _:
                raise Stale(answer[1].decode())
