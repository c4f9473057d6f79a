"""Goes on searching for who lacks a unit, whatever it is that makes one available."""

from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from siaga_kit.errors import is_transient

from siaga_dispatcher.adapters.reading import WAITING_AT_ONCE
from siaga_dispatcher.adapters.store import Store
from siaga_dispatcher.dispatching import Dispatcher

log = structlog.get_logger()

# A unit that becomes free is given away at once. This finds what no report tells of: a unit that drove near, whose shift
# began, that is heard of again or newly listed. Sooner would cost every waiting incident a search each time for nothing.
SEARCH_AGAIN_S: Final = 10.0


class Searching:
    """Tries the waiting incidents again every few seconds."""

    def __init__(self, dispatcher: Dispatcher, store: Store, tenants: tuple[str, ...]) -> None:
        self._dispatcher = dispatcher
        self._store = store
        self._tenants = tenants
        # Where more wait than are tried at once: how many were passed over in the last round.
        self._passed: dict[str, int] = {}

    async def run(self, sleep: Callable[[float], Awaitable[bool]]) -> None:
        """Until `sleep` says that the process stops."""
        while not await sleep(SEARCH_AGAIN_S):
            try:
                await self.once()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("search paused", error=type(error).__name__)

    async def once(self) -> None:
        """One round over all tenants that have somebody waiting: the most urgent, and by turns some of the others."""
        for tenant, count in (await self._store.waiting_counts(self._tenants)).items():
            await self._dispatcher.retry_waiting(tenant)
            passed = self._passed.get(tenant, 0) + WAITING_AT_ONCE
            self._passed[tenant] = passed if passed < count else 0
            if self._passed[tenant]:
                await self._dispatcher.retry_waiting(tenant, skip=passed)
