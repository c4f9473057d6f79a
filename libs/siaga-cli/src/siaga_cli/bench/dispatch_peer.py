"""What most dispatch systems do, on the same units and calls: PostgreSQL with PostGIS, the nearest free unit, locked.

One transaction a call: for each need `ORDER BY geom <-> point … FOR UPDATE SKIP LOCKED`, the units marked, the incident, its
assignments and one outbox row for the incident and for each order written. Statements are prepared; the index holds free
units only, by tenant and kind.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from siaga.v1 import assessment_pb2
from siaga_dispatcher.core.values import Rules
from siaga_tenants import Tenants
from siaga_tenants.model import Need

# As many as the machine serves best: found once, on the first calls.
CONNECTIONS: Final = (2, 4, 8, 16)

SCHEMA: Final = """
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE TABLE units (
  unit_id text PRIMARY KEY, tenant text NOT NULL, kind text NOT NULL, name text NOT NULL, capabilities text[] NOT NULL,
  geom geometry(Point, 4326) NOT NULL, status text NOT NULL, incident_id text, fence int NOT NULL DEFAULT 0
) WITH (fillfactor = 70);
CREATE INDEX units_free ON units USING gist (tenant, kind, geom) WHERE status = 'available';
CREATE TABLE incidents (
  incident_id text PRIMARY KEY, tenant text NOT NULL, call_id text NOT NULL UNIQUE, type text NOT NULL, priority int NOT NULL,
  status text NOT NULL, address text NOT NULL, words text NOT NULL, geom geometry(Point, 4326) NOT NULL, opened_at bigint NOT NULL
);
CREATE INDEX incidents_open ON incidents (tenant, type, opened_at) WHERE status <> 'closed';
CREATE TABLE assignments (
  incident_id text NOT NULL, unit_id text NOT NULL, role text NOT NULL, distance_m float8 NOT NULL, at bigint NOT NULL,
  PRIMARY KEY (incident_id, unit_id)
);
CREATE TABLE outbox (id bigserial PRIMARY KEY, topic text NOT NULL, key text NOT NULL, value bytea NOT NULL);
"""
# Whether the call tells of an incident already open, as ours asks too.
OPEN: Final = """
SELECT incident_id FROM incidents WHERE tenant = $1 AND type = $2 AND status <> 'closed' AND opened_at >= $3
  AND ST_DWithin(geom::geography, ST_SetSRID(ST_MakePoint($4, $5), 4326)::geography, 300) LIMIT 1
"""
NEAREST: Final = """
SELECT unit_id, ST_DistanceSphere(geom, ST_SetSRID(ST_MakePoint($4, $5), 4326)) AS away_m FROM units
WHERE tenant = $1 AND kind = $2 AND status = 'available' AND capabilities @> $3::text[] AND NOT unit_id = ANY($7::text[])
ORDER BY geom <-> ST_SetSRID(ST_MakePoint($4, $5), 4326) LIMIT $6 FOR UPDATE SKIP LOCKED
"""
MARK: Final = (
    "UPDATE units SET status = 'dispatched', incident_id = $1, fence = fence + 1 WHERE unit_id = ANY($2::text[])"
)
INCIDENT: Final = """
INSERT INTO incidents VALUES ($1, $2, $3, $4, $5, $6, $7, $8, ST_SetSRID(ST_MakePoint($9, $10), 4326), $11)
"""
ASSIGNMENTS: Final = """
INSERT INTO assignments SELECT $1, u, r, d, $2 FROM unnest($3::text[], $4::text[], $5::float8[]) AS chosen (u, r, d)
"""
OUTBOX: Final = "INSERT INTO outbox (topic, key, value) SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[])"
EMPTY: Final = "TRUNCATE incidents, assignments, outbox; UPDATE units SET status = 'available', incident_id = NULL"

# Unit, role, metres.
Chosen = tuple[str, str, float]


class Peer:
    """The database filled with a country's units. `rules` say what a call needs, as they say it to ours."""

    def __init__(self, pool: Any, rules: Rules) -> None:
        self._pool = pool
        self._rules = rules

    @staticmethod
    @asynccontextmanager
    async def on(socket: Path, tenants: Tenants, rules: Rules, connections: int) -> AsyncIterator["Peer"]:
        """Connect with so many connections; fills the database the first time."""
        import asyncpg  # noqa: PLC0415  (for development only: the bench does without where it is missing)

        async with asyncpg.create_pool(
            host=str(socket), user="siaga", database="postgres", min_size=connections, max_size=connections
        ) as pool:
            if await pool.fetchval("SELECT to_regclass('units')") is None:
                await pool.execute(SCHEMA)
                await _fill(pool, tenants)
            yield Peer(pool, rules)

    async def empty(self) -> None:
        """All units free, no incidents; tidied up as an idle database would be."""
        await self._pool.execute(EMPTY)
        await self._pool.execute("VACUUM ANALYZE")
        await self._pool.execute("CHECKPOINT")

    async def durable(self, *, at_once: bool) -> None:
        """Whether a commit waits for the disk; new connections of any pool heed it."""
        await self._pool.execute(f"ALTER SYSTEM SET synchronous_commit = {'on' if at_once else 'off'}")
        await self._pool.execute("SELECT pg_reload_conf()")

    async def dispatch_all(self, values: Sequence[bytes], connections: int) -> float:
        """Calls per second, over so many connections at once."""
        waiting = iter(values)

        async def work() -> None:
            async with self._pool.acquire() as connection:
                for value in waiting:
                    call = assessment_pb2.CallAssessment.FromString(value)
                    async with connection.transaction():
                        await self._dispatch(connection, call)

        begin_s = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(connections)))
        return len(values) / (time.perf_counter() - begin_s)

    async def would_choose(self, call: assessment_pb2.CallAssessment) -> list[Chosen]:
        """What it would send now; nothing stays written."""
        async with self._pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                return await self._dispatch(connection, call)
            finally:
                await transaction.rollback()

    async def occupy(self, unit_ids: Sequence[str]) -> None:
        """These units are busy from now on."""
        await self._pool.execute(MARK, "elsewhere", list(unit_ids))

    async def _dispatch(self, connection: Any, call: assessment_pb2.CallAssessment) -> list[Chosen]:
        at = call.place.position
        if await connection.fetchval(OPEN, call.tenant, call.type, call.event_at_ms - 900_000, at.lon, at.lat):
            return []
        chosen: list[Chosen] = []
        for need in self._needs(call):
            taken = [unit_id for unit_id, _, _ in chosen]
            limit_m = self._rules.policy.radius_ladder_m[1 if need.optional else -1]
            rows = await connection.fetch(
                NEAREST, call.tenant, need.kinds[0], list(need.capabilities), at.lon, at.lat, need.count, taken
            )
            chosen += [(row[0], need.role, row[1]) for row in rows if row[1] <= limit_m]
        await self._write(connection, call, chosen)
        return chosen

    def _needs(self, call: assessment_pb2.CallAssessment) -> list[Need]:
        needs = self._rules.plan.needs(call.type, f"P{call.priority - 1}")
        return sorted(needs, key=lambda need: need.optional)

    async def _write(self, connection: Any, call: assessment_pb2.CallAssessment, chosen: Sequence[Chosen]) -> None:
        incident_id, at = f"i-{call.call_id}", call.place.position
        unit_ids = [unit_id for unit_id, _, _ in chosen]
        status = "dispatched" if chosen else "queued"
        await connection.execute(
            INCIDENT, incident_id, call.tenant, call.call_id, call.type, call.priority, status, call.place.address,
            call.text, at.lon, at.lat, call.event_at_ms,
        )  # fmt: skip
        if chosen:
            await connection.execute(MARK, incident_id, unit_ids)
            roles, distances_m = [role for _, role, _ in chosen], [away_m for _, _, away_m in chosen]
            await connection.execute(ASSIGNMENTS, incident_id, call.event_at_ms, unit_ids, roles, distances_m)
        told = call.SerializeToString()
        topics = ["incidents", *("orders" for _ in chosen)]
        await connection.execute(OUTBOX, topics, [incident_id, *unit_ids], [told] * len(topics))


async def _fill(pool: Any, tenants: Tenants) -> None:
    rows = [
        (unit.unit_id, code, unit.kind, unit.name, list(unit.capabilities), unit.lon, unit.lat)
        for code, tenant in tenants.items()
        for unit in tenant.units
    ]
    await pool.executemany(
        "INSERT INTO units VALUES ($1, $2, $3, $4, $5, ST_SetSRID(ST_MakePoint($6, $7), 4326), 'available')", rows
    )
