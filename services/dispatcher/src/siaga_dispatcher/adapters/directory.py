"""Puts the tenants' units into the store at start, and says what they are to whoever listens."""

from typing import Final

import structlog
from siaga_tenants import Tenant

from siaga_dispatcher.adapters.store import Stale, Store
from siaga_dispatcher.core.directory import listed

log = structlog.get_logger()

# One commit each: a script call blocks Redis for all, so it stays in the milliseconds.
CHUNK: Final = 100
# Another process starting at the same moment writes the same; after it, nothing is left to write.
ATTEMPTS: Final = 10


async def load(store: Store, tenant: Tenant, now_ms: int) -> int:
    """Bring the store up to the tenant's list; tells how many units were new or changed."""
    written = 0
    for start in range(0, len(tenant.units), CHUNK):
        written += await _load_chunk(store, tenant, start, now_ms)
    await store.initialise(tenant.code, now_ms)
    unlisted = {unit.unit_id for unit in await store.fleet(tenant.code)} - {spec.unit_id for spec in tenant.units}
    if unlisted:
        log.warning("units no longer listed stay as they are", tenant=tenant.code, units=sorted(unlisted))
    return written


async def _load_chunk(store: Store, tenant: Tenant, start: int, now_ms: int) -> int:
    specs = tenant.units[start : start + CHUNK]
    for _ in range(ATTEMPTS):
        known = {unit.unit_id: unit for unit in await store.units(tenant.code, [spec.unit_id for spec in specs])}
        fresh = [
            unit
            for spec in specs
            if (unit := listed(tenant.code, spec, known.get(spec.unit_id), now_ms)) is not None
        ]  # fmt: skip
        moved = [
            (unit.unit_id, known[unit.unit_id].kind)
            for unit in fresh
            if unit.unit_id in known and known[unit.unit_id].kind != unit.kind
        ]
        try:
            if fresh:
                await store.put_units(tenant.code, fresh, moved)
        except Stale:
            continue
        return len(fresh)
    raise Stale(f"units of {tenant.code} keep changing while the list is loaded")
