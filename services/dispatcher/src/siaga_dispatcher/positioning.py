"""Takes units' positions: many at once, folded to where each unit is now, apart from crews' words."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Final

import structlog
from siaga_kit import telemetry
from siaga_kit.errors import Transient

from siaga_dispatcher.adapters.side_by_side import all_of
from siaga_dispatcher.adapters.store import Stale, Store
from siaga_dispatcher.core import geofence, positions
from siaga_dispatcher.core.decision import Decision
from siaga_dispatcher.core.values import Alert, Incident, Unit, UnitReport

log = structlog.get_logger()

# Units in one commit: a script blocks Redis for all, and a tenant's decisions wait while it is made.
CHUNK: Final = 100
# Each refusal means that a decision about one of the units went through in another process.
ATTEMPTS: Final = 20


@dataclass(frozen=True, slots=True)
class Positions:
    """Moves units. `turn` is the tenant's, so that a decision in this process never meets a unit that moves meanwhile.

    `revived` is told, with the time of the fix, that a free unit can be sent again that had not been heard of for too long.
    """

    store: Store
    tenants: frozenset[str]
    turn: Callable[[str], AbstractAsyncContextManager[object]]
    clock_ms: Callable[[], int]
    committed: Callable[[str], None]
    revived: Callable[[str, int], Awaitable[None]]

    async def take(self, reports: Iterable[UnitReport]) -> None:
        """All fixes of a batch, in any order. One that is taken twice changes nothing the second time."""
        fixes: dict[str, dict[str, list[UnitReport]]] = {}
        for report in reports:
            fixes.setdefault(report.tenant, {}).setdefault(report.unit_id, []).append(report)
        await all_of(self._tenant(tenant, by_unit) for tenant, by_unit in fixes.items())

    async def _tenant(self, tenant: str, by_unit: Mapping[str, Sequence[UnitReport]]) -> None:
        if tenant not in self.tenants:
            _count({"unknown_unit": len(by_unit)})
            return
        unit_ids = sorted(by_unit)
        for start in range(0, len(unit_ids), CHUNK):
            chunk = {unit_id: by_unit[unit_id] for unit_id in unit_ids[start : start + CHUNK]}
            if revived_ms := await self._chunk(tenant, chunk):
                await self.revived(tenant, revived_ms)

    async def _chunk(self, tenant: str, reports: Mapping[str, Sequence[UnitReport]]) -> int:
        """Move these; tells when a unit was heard of again that a choice had given up, 0 = none was."""
        async with self.turn(tenant):
            for _ in range(ATTEMPTS):
                decision, results, revived_ms = await self._decided(tenant, reports)
                try:
                    if not decision.empty:
                        await self.store.commit(tenant, None, decision)
                except Stale:
                    continue
                _count(results)
                if not decision.empty:
                    self.committed(tenant)
                return revived_ms
        raise Transient(f"moved units {ATTEMPTS} times, and each time one of them had changed")

    async def _decided(
        self, tenant: str, reports: Mapping[str, Sequence[UnitReport]]
    ) -> tuple[Decision, Mapping[str, int], int]:
        units = await self.store.units(tenant, reports)
        if len(units) < len(reports):
            await self.store.must_exist(tenant)
        results: Counter[str] = Counter()
        results["unknown_unit"] = sum(len(reports[unit_id]) for unit_id in reports.keys() - {u.unit_id for u in units})
        changed: list[Unit] = []
        now_at: list[Unit] = []
        revived_ms = 0
        for unit in units:
            moved = positions.moved(unit, filter(None, map(positions.told, reports[unit.unit_id])))
            results.update(moved.results)
            now_at.append(moved.unit)
            if moved.unit != unit:
                heard_ms = max(report.event_at_ms for report in reports[unit.unit_id])
                if unit.free and positions.position_state(unit, heard_ms) is positions.PositionState.TOO_OLD:
                    revived_ms = max(revived_ms, heard_ms)
                changed.append(
                    replace(moved.unit, version=unit.version + 1, event_at_ms=max(unit.event_at_ms, heard_ms))
                )
        alerts = await self._alerts(tenant, now_at)
        return Decision(units=tuple(changed), alerts=alerts, only_moved=True), results, revived_ms

    async def _alerts(self, tenant: str, units: Sequence[Unit]) -> tuple[Alert, ...]:
        """Suggestions for the units that moved, and the end of those that others' crews have answered meanwhile."""
        held: dict[str, list[Alert]] = {}
        for alert in await self.store.alerts(tenant):
            if alert.kind in geofence.KINDS:
                held.setdefault(alert.unit_id, []).append(alert)
        known = {unit.unit_id: unit for unit in units if unit.incident_id or unit.unit_id in held}
        known |= {unit.unit_id: unit for unit in await self.store.units(tenant, held.keys() - known.keys())}
        wanted = {unit.incident_id for unit in known.values() if unit.incident_id}
        incidents = {incident.incident_id: incident for incident in await self.store.incidents(tenant, sorted(wanted))}
        return tuple(
            alert
            for unit in known.values()
            for alert in self._alerts_of(unit, incidents.get(unit.incident_id), held.get(unit.unit_id, ()))
        )

    def _alerts_of(self, unit: Unit, incident: Incident | None, held: Iterable[Alert]) -> tuple[Alert, ...]:
        return geofence.alerts_of(unit, incident, tuple(held), self.clock_ms())


def _count(results: Mapping[str, int]) -> None:
    for result, count in results.items():
        if count:
            telemetry.counter("siaga.dispatch.fixes").add(count, {"result": result})
