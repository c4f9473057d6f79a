"""Goes on searching for who lacks a unit, whatever it is that makes one available."""

from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from siaga_kit.errors import is_transient

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
        """One round over all tenants that have somebody waiting."""
        for tenant in await self._store.tenants_waiting(self._tenants):
            await self._dispatcher.retry_waiting(tenant)
