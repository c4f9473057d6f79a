"""What comes from a switch without being posted is kept all the same: however long broker and disk take nothing."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from siaga_tenants import Source

from siaga_intake.adapters.reception import Reception
from siaga_intake.adapters.spool import Full
from siaga_intake.core.canonical import Origin
from siaga_intake.core.centre import Centre
from siaga_intake.core.doors import Door, Taken

log = structlog.get_logger()

# More in one publish would make requests at the doors wait for a back-fill.
BATCH: Final = 500
# Neither broker nor disk takes events: asking more often would only load the disk that is to recover.
FULL_PAUSE_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Line:
    """The source at the other end, and how its payloads are read."""

    centre: Centre
    source: Source
    door: Door
    secret: bytes

    @property
    def title(self) -> str:
        """What people call it: two centres may have a `pbx1` each."""
        return f"{self.centre.tenant} {self.source.name}"

    @property
    def names(self) -> dict[str, str]:
        """What logs and metrics call it."""
        return {"siaga.tenant": self.centre.tenant, "kind": self.source.kind, "instance": self.source.instance}


@dataclass(frozen=True, slots=True)
class Delivery:
    """Brings one source's payloads to the reception. `now_s` is the wall clock."""

    line: Line
    reception: Reception
    now_s: Callable[[], float] = time.time

    async def keep(self, payloads: Sequence[object], *, backfilled: bool) -> list[Taken]:
        """What each came to, once all are safe, however long that takes."""
        taken: list[Taken] = []
        for start in range(0, len(payloads), BATCH):
            taken += await self._batch(payloads[start : start + BATCH], backfilled=backfilled)
        return taken

    async def _batch(self, batch: Sequence[object], *, backfilled: bool) -> list[Taken]:
        while True:
            try:
                return await self.reception.receive(self.line.door, batch, self._origin(backfilled=backfilled))
            except Full as full:
                name = self.line.source.name
                log.warning("events wait in the switch until there is room", source=name, reason=str(full))
                await asyncio.sleep(FULL_PAUSE_S)

    def _origin(self, *, backfilled: bool) -> Origin:
        now_ms = int(self.now_s() * 1000)
        line = self.line
        return Origin(
            line.centre, now_ms, now_ms, line.secret, line.source.name, test=line.source.test, backfilled=backfilled
        )
