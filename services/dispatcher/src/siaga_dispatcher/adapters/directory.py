"""Puts the tenants' units into the store, and says what they are to whoever listens."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

import structlog
from siaga_tenants import Tenant, UnitSpec

from siaga_dispatcher.adapters.store import Stale, Store
from siaga_dispatcher.core.directory import listed, unlisted
from siaga_dispatcher.core.values import Unit

log = structlog.get_logger()

# One commit each: a script call blocks Redis for all, so it stays in the milliseconds.
CHUNK: Final = 100
# Another process starting at the same moment writes the same; after it, nothing is left to write.
ATTEMPTS: Final = 10

T = TypeVar("T")


async def load(store: Store, tenant: Tenant, now_ms: int) -> int:
    """Bring the store up to the tenant's list; tells how many units were new, changed or taken off it."""
    written = await _put(store, tenant, now_ms)
    await store.initialise(tenant.code, now_ms)
    return written + await _retire(store, tenant, now_ms)


async def reload(store: Store, tenant: Tenant, now_ms: int) -> int:
    """The same while the dispatcher runs. A working state that is gone is not begun anew by a list."""
    if not await store.initialised(tenant.code):
        return 0
    return await _put(store, tenant, now_ms) + await _retire(store, tenant, now_ms)


async def change(store: Store, code: str, unit_ids: Sequence[str], changed: Callable[[Unit], Unit | None]) -> int:
    """Bring units to what `changed` makes of each as it is (None = as it stays); tells how many were written."""
    return sum([await _changed(store, code, chunk, changed) for chunk in _chunks(unit_ids)])


async def _put(store: Store, tenant: Tenant, now_ms: int) -> int:
    return sum([await _listed(store, tenant.code, specs, now_ms) for specs in _chunks(tenant.units)])


async def _retire(store: Store, tenant: Tenant, now_ms: int) -> int:
    gone = {unit.unit_id for unit in await store.fleet(tenant.code)} - {spec.unit_id for spec in tenant.units}
    written = await change(store, tenant.code, sorted(gone), lambda unit: unlisted(unit, now_ms))
    if written:
        log.warning("units no longer listed are not sent any more", tenant=tenant.code, units=sorted(gone))
    return written


async def _listed(store: Store, code: str, specs: Sequence[UnitSpec], now_ms: int) -> int:
    for _ in range(ATTEMPTS):
        known = {unit.unit_id: unit for unit in await store.units(code, [spec.unit_id for spec in specs])}
        fresh = [unit for spec in specs if (unit := listed(code, spec, known.get(spec.unit_id), now_ms)) is not None]
        moved = [
            (unit.unit_id, known[unit.unit_id].kind)
            for unit in fresh
            if unit.unit_id in known and known[unit.unit_id].kind != unit.kind
        ]
        try:
            if fresh:
                await store.put_units(code, fresh, moved)
        except Stale:
            continue
        return len(fresh)
    raise Stale(f"units of {code} keep changing while the list is loaded")


async def _changed(store: Store, code: str, unit_ids: Sequence[str], changed: Callable[[Unit], Unit | None]) -> int:
    for _ in range(ATTEMPTS):
        fresh = [unit for known in await store.units(code, unit_ids) if (unit := changed(known)) is not None]
        try:
            if fresh:
                await store.put_units(code, fresh)
        except Stale:
            continue
        return len(fresh)
    raise Stale(f"units of {code} keep changing")


def _chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))
