"""Words of units on their way to the broker, beside the calls and never before them.

They have a producer of their own, so that a fleet's positions do not stand in a queue that a call waits in. A position is
never kept on disk and never sent twice: what the broker does not take is worth nothing when it is back, for by then the next
one is here. A crew's word is sent at once, and whoever brought it is told when it could not be.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final

import structlog
from siaga.v1 import place_pb2, unit_pb2
from siaga_contracts.catalogue import Topic
from siaga_kit import telemetry
from siaga_kit.errors import Transient
from siaga_kit.records import Outgoing

from siaga_intake.core.trackers.words import UnitWord

log = structlog.get_logger()

Publish = Callable[[Sequence[Outgoing]], Awaitable[None]]

# Positions of so long go together: a twentieth of the time between two fixes of one unit, and one request a batch.
LINGER_S: Final = 0.25


class ReportSender:
    """Sends unit reports; `run` must be running for positions to leave."""

    def __init__(self, publish: Publish, topic: Topic) -> None:
        self._publish = publish
        self._topic = topic
        # The newest fix of each unit: as many as there are units, however long the broker takes.
        self._positions: dict[tuple[str, str], tuple[UnitWord, str | None]] = {}
        self._wake = asyncio.Event()
        # Why positions do not leave; None = they do.
        self.trouble: str | None = None

    def offer(self, word: UnitWord, traceparent: str | None = None) -> None:
        """Send this position with the next batch, unless a newer one of its unit comes first."""
        unit = (word.tenant, word.unit_id)
        waiting = self._positions.get(unit)
        if waiting is not None:
            count(word.via, "superseded")
            if waiting[0].at_ms > word.at_ms:
                return
        self._positions[unit] = (word, traceparent)
        self._wake.set()

    async def send(self, words: Sequence[UnitWord], traceparent: str | None = None) -> None:
        """Send these now, in order; returns when the broker has them. Raises Transient."""
        await self._publish([self._outgoing(word, traceparent) for word in words])
        for word in words:
            count(word.via, "published")

    async def run(self, stop: asyncio.Event) -> None:
        """Send positions until told to stop."""
        stopping = asyncio.create_task(stop.wait())
        while not stop.is_set():
            waking = asyncio.create_task(self._wake.wait())
            await asyncio.wait((waking, stopping), return_when=asyncio.FIRST_COMPLETED)
            waking.cancel()
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(stopping), LINGER_S)
            await self._send_positions()

    async def _send_positions(self) -> None:
        batch, self._positions = self._positions, {}
        self._wake.clear()
        if not batch:
            return
        result = "published"
        try:
            await self._publish([self._outgoing(*each) for each in batch.values()])
        except Transient as error:
            result = "dropped"
            if self.trouble is None:
                log.warning("positions are dropped while the broker is away", error=str(error))
            self.trouble = f"positions are dropped: {error}"
        else:
            self.trouble = None
        for word, _ in batch.values():
            count(word.via, result)

    def _outgoing(self, word: UnitWord, traceparent: str | None) -> Outgoing:
        return Outgoing(self._topic, word.unit_id, message(word), word.report_id, word.at_ms, traceparent)


def count(via: str, result: str) -> None:
    """Count one word of a unit by what became of it."""
    telemetry.counter("siaga.intake.unit_reports").add(1, {"kind": via, "result": result})


def message(word: UnitWord) -> unit_pb2.UnitReport:
    """The word as the contract has it."""
    made = unit_pb2.UnitReport(
        report_id=word.report_id,
        tenant=word.tenant,
        unit_id=word.unit_id,
        order_id=word.order_id,
        event_at_ms=word.at_ms,
        via=word.via,
        text=word.text,
        status_code=word.status_code,
    )
    if word.status is not None:
        # Our enumeration has the contract's numbers, which its stubs, having types of their own, cannot know.
        made.status = int(word.status)  # type: ignore[assignment]
    if (fix := word.position) is not None:
        made.position.CopyFrom(
            place_pb2.Position(
                lat=fix.lat, lon=fix.lon, radius_m=fix.radius_m, fixed_at_ms=fix.fixed_at_ms, source=fix.source
            )
        )
    return made
