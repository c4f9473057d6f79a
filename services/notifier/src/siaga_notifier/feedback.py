"""Tells callers what became of their report: a consumer of its own, so that no crew's alarm ever waits for it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

import structlog
from siaga.v1.incident_pb2 import Incident
from siaga_kit import telemetry
from siaga_kit.errors import Transient
from siaga_kit.stage import Item, Result
from siaga_tenants.model.notify import Feedback

from siaga_notifier.adapters.codec_incidents import report_of
from siaga_notifier.core.feedback import Kind, Report, due, listeners, text
from siaga_notifier.core.message import Words
from siaga_notifier.core.outcomes import Accepted, Outcome, Temporary

log = structlog.get_logger()

GROUP: Final = "siaga.notifier.feedback"
MAX_BATCH: Final = 100
CALLERS: Final = "caller"

# Centre (for the provider that it pays), number, text.
Say = Callable[[str, str, str], Awaitable[Outcome]]


class Claims(Protocol):
    """Who may tell what: each claim is given once."""

    async def claim(self, subject: str, kind: str) -> bool:
        """Whether nobody had it; raises a client's error when that cannot be known."""
        ...

    async def give_back(self, subject: str, kind: str) -> None:
        """Nothing went out: it may be claimed again."""
        ...


class CallerFeedback:
    """What the stage does with incidents. At most once each: a claim is taken before the message goes."""

    def __init__(
        self,
        claims: Claims,
        say: Say,
        wanted: Callable[[str], Feedback],
        words: Callable[[str], Words],
        clock_ms: Callable[[], int],
    ) -> None:
        self._claims = claims
        self._say = say
        self._wanted = wanted
        self._words = words
        self._clock_ms = clock_ms

    async def process(self, batch: Sequence[Item[Incident]]) -> Result:
        """Tell who is to be told. Raises Transient while no SMS can leave; what is too old by then is left out."""
        # Of an incident's snapshots the latest holds: a caller wants to know what is, not what was.
        latest = {item.message.incident_id: item.message for item in batch}
        reports = [report_of(message) for message in latest.values()]
        told = [(report, kind) for report in reports if (kind := self._due(report)) is not None]
        held = await asyncio.gather(*(self._tell(report, kind) for report, kind in told))
        if any(held):
            raise Transient("no SMS can leave, callers are told later")
        return Result()

    def _due(self, report: Report) -> Kind | None:
        wanted = self._wanted(report.tenant)
        kinds = frozenset(kind for kind in Kind if getattr(wanted, kind))
        return due(report, kinds, self._clock_ms()) if kinds else None

    async def _tell(self, report: Report, kind: Kind) -> bool:
        """Tell an incident's callers; whether any of them has to wait."""
        words = text(kind, report, self._words(report.tenant))
        waits = False
        for caller in listeners(report):
            if not await self._claims.claim(caller.call_id, kind):
                continue
            outcome = await self._say(report.tenant, caller.number, words)
            if isinstance(outcome, Temporary) and outcome.down:
                await self._claims.give_back(caller.call_id, kind)
                waits = True
            telemetry.counter("siaga.notify.attempts").add(
                1, {"channel": CALLERS, "result": type(outcome).__name__.lower()}
            )
            if not isinstance(outcome, Accepted):
                log.warning("caller not told", kind=str(kind), result=type(outcome).__name__.lower())
        return waits
