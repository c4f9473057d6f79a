"""The centres as their files say now: what each decides by, and the units it has."""

from collections.abc import Awaitable, Callable
from zoneinfo import ZoneInfo

import structlog
from siaga_tenants import Tenant, Tenants
from siaga_tenants.routing import Routing

from siaga_dispatcher.adapters import directory
from siaga_dispatcher.adapters.places import Places
from siaga_dispatcher.adapters.roads.answers import RoadNetwork
from siaga_dispatcher.adapters.roads.roads import Roads, connect
from siaga_dispatcher.adapters.store import Store
from siaga_dispatcher.core.values import Rules
from siaga_dispatcher.covering import Covering, Posts
from siaga_dispatcher.duty_keeping import DutyKeeper

log = structlog.get_logger()


class Centres:
    """Rules, roads and posts of each tenant; `rules` is one mapping for as long as we run, and its values change."""

    def __init__(self, tenants: Tenants, places: Places, clock_ms: Callable[[], int]) -> None:
        self.tenants = dict(tenants)
        self._places = places
        self.rules = {code: self._rules(tenant) for code, tenant in tenants.items()}
        self._networks: dict[Routing, RoadNetwork] = {}
        self.roads = Roads(connect(tenants, self._networks), clock_ms)

    def posts(self, code: str) -> Posts:
        """A tenant's posts, with what they are looked after by."""
        tenant = self.tenants[code]
        return Posts(tenant.posts, self.rules[code], ZoneInfo(tenant.timezone))

    async def follow(self, tenant: Tenant) -> None:
        """The tenant is this from now on."""
        self.tenants[tenant.code] = tenant
        self.rules[tenant.code] = self._rules(tenant)
        await self.roads.take(connect(self.tenants, self._networks))

    def _rules(self, tenant: Tenant) -> Rules:
        return Rules(
            tenant.plan,
            tenant.dispatch,
            self._places.centre(tenant.code),
            roster=tenant.roster,
            zone=ZoneInfo(tenant.timezone),
            terms=tenant.terms,
        )


class UnitLists:
    """Brings the units that the centres list into the working state; `changed` is told the tenant and when."""

    def __init__(
        self,
        centres: Centres,
        store: Store,
        duty: DutyKeeper,
        covering: Covering,
        changed: Callable[[str, int], Awaitable[None]],
        clock_ms: Callable[[], int],
    ) -> None:
        self._centres = centres
        self._store = store
        self._duty = duty
        self._covering = covering
        self._changed = changed
        self._clock_ms = clock_ms

    async def load(self, code: str) -> None:
        """A tenant's units, when the working state has just come up."""
        tenant = self._centres.tenants[code]
        written = await directory.load(self._store, tenant, self._clock_ms())
        await self._duty.keep(code)
        log.info("units loaded", tenant=code, units=len(tenant.units), written=written)

    async def take(self, tenants: Tenants) -> None:
        """Tenants as their files are now; one that was not there at the start waits for the next."""
        for code, tenant in tenants.items():
            if code not in self._centres.tenants:
                continue
            await self._centres.follow(tenant)
            self._covering.install(code, self._centres.posts(code))
            written = await directory.reload(self._store, tenant, self._clock_ms())
            if written + await self._duty.keep(code):
                log.info("units read again", tenant=code, units=len(tenant.units), written=written)
                await self._changed(code, self._clock_ms())
