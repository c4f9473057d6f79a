"""What the dispatcher's working state in Redis holds: units, incidents and their indexes, as values with their versions."""

from collections.abc import Iterable, Sequence
from importlib import resources
from typing import Final, cast

from redis.asyncio import Redis
from siaga.v1 import alert_pb2
from siaga_kit.errors import Transient
from siaga_kit.pipe import Pipe, Script

from siaga_dispatcher.adapters import codec, snapshots
from siaga_dispatcher.adapters.contexts import RADIUS_MARGIN, CallContext, Contexts, Searched
from siaga_dispatcher.adapters.keys import Keys
from siaga_dispatcher.core.foresight import Foresight
from siaga_dispatcher.core.likeness import families_alike
from siaga_dispatcher.core.values import Alert, Assessment, Incident, Position, Unit

# More than half round the earth.
ANYWHERE_M: Final = 21_000_000.0
# The wait of a queue in one go; more waiting incidents than this have their turn with the next free unit or search.
WAITING_AT_ONCE: Final = 50


class StateLost(Transient):
    """The working state is gone: deciding on an empty one would send nobody."""


class Reader:
    """Reads; whoever decides on what it read commits with the versions it had."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._pipe = Pipe(redis)
        self._free = Script(self._pipe, resources.files(__package__).joinpath("free.lua").read_text())
        self._contexts = Contexts(self._pipe)

    async def units(self, tenant: str, unit_ids: Iterable[str]) -> list[Unit]:
        """The units of these ids that exist."""
        keys = Keys(tenant)
        rows = await self._snapshots([keys.unit(unit_id) for unit_id in unit_ids])
        return [snapshots.unit(row) for row in rows if row]

    async def unit(self, tenant: str, unit_id: str) -> Unit | None:
        """One unit."""
        found = await self.units(tenant, (unit_id,))
        return found[0] if found else None

    async def own_units(self, *incidents: Incident) -> tuple[Unit, ...]:
        """The units bound to the incidents of one tenant."""
        bound = [a.unit_id for incident in incidents for a in incident.active_assignments]
        return tuple(await self.units(incidents[0].tenant, bound)) if bound else ()

    async def fleet(self, tenant: str) -> list[Unit]:
        """All units of a tenant, free or not, by id."""
        listed = cast("list[bytes]", await self._redis.hkeys(Keys(tenant).units))
        return await self.units(tenant, sorted(key.decode() for key in listed))

    async def free_units(self, tenant: str, kinds: Iterable[str], around: Position, radius_m: float) -> list[Unit]:
        """Units of these kinds that can be sent now, within the radius."""
        keys = Keys(tenant)
        return await self._around(tenant, [keys.free(kind) for kind in sorted(kinds)], around, radius_m, 0)

    async def nearest_units(self, tenant: str, kinds: Iterable[str], around: Position, most: int) -> list[Unit]:
        """Units of these kinds however far away: of each kind so many that can be sent now, and as many that cannot."""
        keys = Keys(tenant)
        sets = [key for kind in sorted(kinds) for key in (keys.free(kind), keys.unfree(kind))]
        return await self._around(tenant, sets, around, ANYWHERE_M, most)

    async def first_units(self, tenant: str, kinds: Iterable[str], most: int) -> list[Unit]:
        """Of each of these kinds the first by id: so many that can be sent now, and as many that cannot."""
        keys = Keys(tenant)
        sets = [key for kind in kinds for key in (keys.free(kind), keys.unfree(kind))]
        listed = [cast("list[bytes]", await self._redis.zrange(key, 0, -1)) for key in sets]
        return await self.units(tenant, [unit_id.decode() for ids in listed for unit_id in sorted(ids)[:most]])

    async def nearest_free(self, tenant: str, kinds: Iterable[str], around: Position, most: int) -> list[Unit]:
        """Of each of these kinds so many that can be sent now, the nearest, however far away."""
        keys = Keys(tenant)
        return await self._around(tenant, [keys.free(kind) for kind in kinds], around, ANYWHERE_M, most)

    async def _around(self, tenant: str, sets: list[str], around: Position, radius_m: float, most: int) -> list[Unit]:
        answer = await self._free(
            sets,
            [
                repr(around.lon),
                repr(around.lat),
                repr(radius_m * RADIUS_MARGIN),
                Keys(tenant).unit(""),
                str(most),
            ],
        )
        return [snapshots.unit(row) for row in cast("list[bytes | None]", answer) if row]

    async def incidents(self, tenant: str, incident_ids: Iterable[str]) -> list[Incident]:
        """The incidents of these ids that exist."""
        keys = Keys(tenant)
        rows = await self._snapshots([keys.incident(incident_id) for incident_id in incident_ids])
        return [snapshots.incident(row) for row in rows if row]

    async def incident(self, tenant: str, incident_id: str) -> Incident | None:
        """One incident."""
        found = await self.incidents(tenant, (incident_id,))
        return found[0] if found else None

    async def linked(self, tenant: str, call_ids: Sequence[str]) -> set[str]:
        """Which of these calls belong to an incident."""
        # Tens of thousands a minute come by here: the key is made by one concatenation each.
        prefix = Keys(tenant).call("")
        found = await self._redis.mget([prefix + call_id for call_id in call_ids])
        return {call_id for call_id, incident_id in zip(call_ids, found, strict=True) if incident_id is not None}

    async def context_of_call(
        self, assessment: Assessment, window: tuple[int, int], foresight: Foresight, ladder_m: Sequence[float]
    ) -> CallContext:  # fmt: skip
        """Everything stored that bears on a call: its own incident, or else those of types like its own it might join.

        `window` bounds the time of the latest call of those. With the latter come the free units that are foreseen.
        """
        return await self._contexts.of_call(assessment, window[0], foresight, ladder_m)

    async def foreseen(
        self, tenant: str, foresight: Foresight, ladder_m: Sequence[float]
    ) -> tuple[tuple[Unit, ...], Searched | None]:  # fmt: skip
        """The free units that are foreseen, out to the first circle of the ladder that holds enough of them."""
        return await self._contexts.foreseen(tenant, foresight, ladder_m)

    async def incident_of_call(self, tenant: str, call_id: str) -> Incident | None:
        """The incident that a call belongs to."""
        found = cast("bytes | None", await self._redis.get(Keys(tenant).call(call_id)))
        return await self.incident(tenant, found.decode()) if found is not None else None

    async def open_like(self, tenant: str, kind: str, since_ms: int) -> list[Incident]:
        """Open incidents of types like this one whose latest call came since then."""
        keys = Keys(tenant)
        pipeline = self._redis.pipeline(transaction=False)
        for family in families_alike(kind):
            pipeline.zrangebyscore(keys.open(family), since_ms, "+inf")
        found = await pipeline.execute()
        return await self.incidents(tenant, [one.decode() for family in found for one in family])

    async def waiting(self, tenant: str, skip: int = 0) -> list[str]:
        """Incidents that lack a unit, the most urgent and oldest first, without the first so many."""
        found = cast("list[bytes]", await self._redis.zrange(Keys(tenant).waiting, skip, skip + WAITING_AT_ONCE - 1))
        return [incident_id.decode() for incident_id in found]

    async def waiting_counts(self, tenants: Iterable[str]) -> dict[str, int]:
        """How many incidents lack a unit, for those of these tenants that have any."""
        asked = tuple(tenants)
        counts = await self._pipe.ask_all([("ZCARD", Keys(tenant).waiting) for tenant in asked])
        return {tenant: count for tenant, count in zip(asked, counts, strict=True) if count}

    async def listed(self, tenant: str, *, open_only: bool, limit: int) -> list[Incident]:
        """A tenant's incidents, newest first."""
        keys = Keys(tenant)
        index = keys.active if open_only else keys.incidents
        found = cast("list[bytes]", await self._redis.zrevrange(index, 0, limit - 1))
        return await self.incidents(tenant, [incident_id.decode() for incident_id in found])

    async def alerts(self, tenant: str) -> list[Alert]:
        """The alerts that hold."""
        found = cast("list[bytes]", await self._pipe.ask("HVALS", Keys(tenant).alerts))
        return [codec.alert_of(alert_pb2.Alert.FromString(row)) for row in found]

    async def coverage_versions(self, tenant: str) -> dict[str, int]:
        """By post, how often its alert has changed: what is decided about it holds while this stays so."""
        found = cast("dict[bytes, bytes]", await self._redis.hgetall(Keys(tenant).coverage))
        return {post_id.decode(): int(version) for post_id, version in found.items()}

    async def committed(self, tenant: str, cause: str) -> bool:
        """Whether this cause has been committed."""
        return bool(await self._redis.exists(Keys(tenant).done(cause)))

    async def initialised(self, tenant: str) -> bool:
        """Whether the tenant's working state exists."""
        return bool(await self._redis.exists(Keys(tenant).epoch))

    async def must_exist(self, tenant: str) -> None:
        """Raises StateLost while the working state is gone: what is not found now may be there, once it is made again."""
        if not await self.initialised(tenant):
            raise StateLost(f"the working state of {tenant} is gone, and is being made again")

    async def _snapshots(self, keys: Sequence[str]) -> list[bytes | None]:
        if not keys:
            return []
        return await self._pipe.ask_all([("HGET", key, "pb") for key in keys])
