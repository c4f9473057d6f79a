"""Notices changed lists, rosters, words and plans of the tenants while the dispatcher runs."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog
from siaga_kit.errors import is_transient
from siaga_kit.watching import Seen, changes, seen
from siaga_tenants import TenantError, Tenants, load_tenants

log = structlog.get_logger()

# A unit that was just put on the list should be there for the next call.
POLL_S: Final = 1.0
# Redis may be away at this very moment; the change is not to be forgotten for that.
RETRY_S: Final = 0.5
FILES: Final = ("units.yaml", "roster.yaml", "vocabulary.yaml", "plan.yaml", "dispatch.yaml", "coverage.yaml")


@dataclass(slots=True)
class TenantWatch:
    """Reads the tenants again when one of the files has changed. What cannot be used changes nothing, and is told.

    To be made before the tenants are read for the first time: what changes from then on is seen.
    """

    directory: Path
    poll_s: float = POLL_S
    # What is wrong with the files as they are now; None = nothing.
    trouble: str | None = None
    _known: Seen = field(init=False)

    def __post_init__(self) -> None:
        self._known = self._look()

    async def run(self, take: Callable[[Tenants], Awaitable[None]], stop: asyncio.Event) -> None:
        """Look, and have changed tenants taken, until told to stop."""
        async for _ in changes(self._look, stop, self.poll_s, self._known):
            await self._reload(take, stop)

    async def _reload(self, take: Callable[[Tenants], Awaitable[None]], stop: asyncio.Event) -> None:
        # In a thread: decisions go on while files are read.
        found, trouble = await asyncio.to_thread(self._read)
        if found is None:
            if trouble != self.trouble:
                log.error("changed tenants cannot be used, those before stay", problem=trouble)
            self.trouble = trouble
            return
        while not stop.is_set():
            try:
                await take(found)
            except Exception as error:
                if not is_transient(error):
                    raise
                await asyncio.sleep(RETRY_S)
                continue
            self.trouble = None
            return

    def _read(self) -> tuple[Tenants | None, str | None]:
        try:
            return load_tenants(self.directory), None
        except TenantError as error:
            # Where, not what: a problem may quote a crew's number.
            where = error.problems[0].partition(": ")[0]
            return None, f"{len(error.problems)} problems, the first at {where}; `./siaga tenants check` tells all"

    def _look(self) -> Seen:
        return seen(file for name in FILES for file in self.directory.glob(f"*/{name}"))
