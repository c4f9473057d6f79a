"""Looks after the posts: after each change of a tenant's units, which are under their minimum, and who could move up."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from siaga_kit.errors import is_transient
from siaga_tenants.coverage import Post

from siaga_dispatcher.adapters.store import Stale, Store
from siaga_dispatcher.core.coverage import KIND, NO_POSTS, Standing, alerts_of, available, covers_of, kept_by, place_of
from siaga_dispatcher.core.values import Rules, Unit

log = structlog.get_logger()

# Whatever changes within it is looked at once: a large incident sends ten units in a breath, and the supervisor needs
# to know what is left after all of them.
SETTLE_S: Final = 1.0
# In so many rounds every post is looked at without a cause: hours change the minimums, other processes the units.
ROUNDS_PER_SWEEP: Final = 30
# Around each post so many free units of each kind are looked at, beside its minimum: among them is whoever could move up.
LOOKED_AT: Final = 20


@dataclass(frozen=True, slots=True)
class Posts:
    """A tenant's posts, its rules, and where its day begins."""

    posts: tuple[Post, ...]
    rules: Rules
    zone: ZoneInfo


class Covering:
    """Raises and clears coverage alerts; what it last saw weighs in choices. Decisions never wait for it."""

    def __init__(
        self,
        store: Store,
        tenants: Mapping[str, Posts],
        clock_ms: Callable[[], int],
        heard_ms: Callable[[str], int] = lambda _: 0,
    ) -> None:
        self._store = store
        self._tenants = {tenant: posts for tenant, posts in tenants.items() if posts.posts}
        self._clock_ms = clock_ms
        # Latest event of a tenant: positions age by that.
        self._heard_ms = heard_ms
        # At the start all are looked at: alerts that hold may be over since.
        self._due: set[str] = set(self._tenants)
        self._standing: dict[str, Standing] = {}

    def install(self, tenant: str, posts: Posts) -> None:
        """The tenant's posts are these from now on; alerts of posts that are gone end with the next look."""
        if posts.posts or tenant in self._tenants:
            self._tenants[tenant] = posts
            self._due.add(tenant)

    def touched(self, tenant: str) -> None:
        """Units of the tenant have changed."""
        if tenant in self._tenants:
            self._due.add(tenant)

    def standing(self, tenant: str) -> Standing:
        """How the tenant's posts stood a moment ago."""
        return self._standing.get(tenant, NO_POSTS)

    async def run(self, sleep: Callable[[float], Awaitable[bool]]) -> None:
        """Look again and again, until `sleep` says that the process stops."""
        rounds = 0
        while not await sleep(SETTLE_S):
            rounds += 1
            if rounds % ROUNDS_PER_SWEEP == 0:
                self._due |= self._tenants.keys()
            await self.once()

    async def once(self) -> None:
        """Look after every tenant whose units have changed; one that cannot be now has its turn again."""
        for tenant in sorted(self._due):
            self._due.discard(tenant)
            try:
                await self.look_after(tenant)
            except Stale:
                self._due.add(tenant)
            except Exception as error:
                if not is_transient(error):
                    raise
                self._due.add(tenant)
                log.warning("coverage paused", tenant=tenant, error=type(error).__name__)

    async def look_after(self, tenant: str) -> None:
        """See how the posts stand now and tell what changed; raises Stale when another process is faster."""
        own, now = self._tenants[tenant], self._clock_ms()
        # The versions first: what is read after them is no older.
        versions = await self._store.coverage_versions(tenant)
        holding = [alert for alert in await self._store.alerts(tenant) if alert.kind == KIND]
        free = available(await self._units(tenant, own.posts), self._heard_ms(tenant))
        hour = datetime.fromtimestamp(now / 1000, own.zone).hour
        policy = own.rules.policy
        covers = covers_of(own.posts, free, policy, hour)
        self._standing[tenant] = Standing(covers, kept_by(covers))
        changed = alerts_of(tenant, covers, free, holding, policy, now)
        if changed:
            await self._store.commit_coverage(tenant, changed, versions)
            for alert in changed:
                log.info("coverage", tenant=tenant, post=alert.post_id, short=not alert.cleared_at_ms)

    async def _units(self, tenant: str, posts: Sequence[Post]) -> list[Unit]:
        found = await asyncio.gather(
            *(
                self._store.nearest_free(tenant, post.kinds, place_of(post), LOOKED_AT + post.highest_minimum)
                for post in posts
            )
        )
        return list({unit.unit_id: unit for units in found for unit in units}.values())
