"""Intake's own connection to a switch: it stays connected, hands on what comes, and fetches what it has missed.

Nothing that was read is dropped: while neither broker nor disk takes events, nothing more is read, and the switch's side of the
connection fills up. What happened while nobody listened is read from the switch's own records, where the source names them.
Several processes may hold the same link: ids come from the content, so what two of them hear is one event.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Final, Protocol

import structlog

from siaga_intake.adapters.reception import Reception
from siaga_intake.adapters.switches.delivery import Delivery, Line
from siaga_intake.adapters.switches.presence import Presence
from siaga_intake.adapters.switches.progress import Progress
from siaga_intake.core.fields import Payload

log = structlog.get_logger()

# The n-th try waits a random time up to FIRST * 2^n, at most LONGEST: all centres lose a switch that restarts at the same
# moment, and a call waits for the connection.
FIRST_RETRY_S: Final = 0.5
LONGEST_RETRY_S: Final = 15.0
# A history that cannot be read is tried again: the gap stays open until it has been.
HISTORY_RETRY_S: Final = 60.0
# Read again what lies this far before the last sign of life: clocks of two machines differ, and a connection is noticed to
# be dead only some time after it died.
OVERLAP_MS: Final = 120_000
# A process that has never been connected looks back this far: longer, and the first start would import old months.
FIRST_LOOK_BACK_MS: Final = 24 * 3_600_000
# Older events are gone from the topic as well.
LONGEST_GAP_MS: Final = 30 * 24 * 3_600_000

# Takes payloads; returns when they are safe. With none, it is a sign that the connection lives.
Hand = Callable[[Sequence[Payload]], Awaitable[None]]


class LinkError(Exception):
    """Why a connection ended or could not be made; the message is for people and quotes no payload."""


class Link(Protocol):
    """One way to one switch."""

    async def run(self, hand: Hand, connected: Callable[[], None]) -> None:
        """Connect, call `connected` once events flow, hand over what comes; return or raise when it is over."""


class History(Protocol):
    """The switch's own records of what happened."""

    def since(self, since_ms: int) -> Iterator[Sequence[Payload]]:
        """Payloads of that time and later, oldest first; called in a thread, may block. OSError: cannot be read."""


class Fed(Protocol):
    """Where what a link brings goes, and who is told of the connection."""

    @property
    def title(self) -> str:
        """What people call the source."""

    def trouble(self) -> str | None:
        """Since when the other end is away, and why; None = connected."""

    async def hand(self, payloads: Sequence[Payload]) -> None:
        """Take these; returns when they are dealt with."""

    def check(self) -> None:
        """Raises LinkError while no connection may be made."""

    def connected(self) -> None:
        """A connection is there."""

    async def lost(self, reason: str) -> None:
        """A connection has ended."""

    async def failed(self, reason: str) -> None:
        """A connection could not be made."""

    async def close(self) -> None:
        """No connection will be made any more."""


class Feed:
    """What one switch tells, however it comes in: kept, noted how far, and completed from the history after a gap."""

    def __init__(
        self,
        line: Line,
        reception: Reception,
        progress: Progress,
        history: History | None = None,
        now_s: Callable[[], float] = time.time,
        let_in: Callable[[], bool] = lambda: True,
    ) -> None:
        self.line = line
        self._let_in = let_in
        self._delivery = Delivery(line, reception, now_s)
        self._progress = progress
        self._history = history
        self._now_s = now_s
        self._log = log.bind(tenant=line.centre.tenant, source=line.source.name)
        self._presence = Presence(line.names, "switch", now_s)
        self._filling: asyncio.Task[None] | None = None

    @property
    def title(self) -> str:
        """What people call the source."""
        return self.line.title

    async def hand(self, payloads: Sequence[Payload]) -> None:
        """Keep these; returns when they are safe, however long that takes."""
        self.check()
        heard_ms = self._now_ms()
        await self._delivery.keep(payloads, backfilled=False)
        if self._filling is None or self._filling.done():
            # While a gap is being filled the note stays before it: a crash must not make the gap forgotten.
            await self._progress.note(heard_ms)

    def check(self) -> None:
        """Raises LinkError while the source is disabled: then it is neither connected to nor heard."""
        if not self._let_in():
            raise LinkError("the source is disabled: `./siaga source enable` lets it in again")

    def connected(self) -> None:
        """A connection is there: fetch what was missed, beside what comes now."""
        if not self._presence.came():
            return
        if self._history is not None:
            if self._filling is not None:
                # It may have passed the end of the records before this gap began; the note still stands before both.
                self._filling.cancel()
            self._filling = asyncio.create_task(self._fill(self._history))

    async def lost(self, reason: str) -> None:
        """A connection has ended."""
        if self._presence.left(reason):
            await self._progress.save()

    async def failed(self, reason: str) -> None:
        """A connection could not be made, or the last one ended."""
        self._presence.failed(reason)

    async def close(self) -> None:
        """Stop filling and note how far it got."""
        if self._filling is not None:
            self._filling.cancel()
            await asyncio.gather(self._filling, return_exceptions=True)
        await self._progress.save()

    def trouble(self) -> str | None:
        """Since when the switch is away, and why; None = connected."""
        return self._presence.trouble()

    async def _fill(self, history: History) -> None:
        since_ms = self._gap_began_ms()
        while True:
            try:
                count = await self._read(history, since_ms)
            except Exception as error:  # noqa: BLE001  (whatever it was, the gap must not be forgotten)
                reason = getattr(error, "strerror", None) or type(error).__name__
                file = getattr(error, "filename", None)
                self._log.warning("the switch's records cannot be read; they are tried again", reason=reason, file=file)
                await asyncio.sleep(HISTORY_RETRY_S)
                continue
            self._log.info("what was missed has been read from the switch's records", payloads=count)
            return

    def _gap_began_ms(self) -> int:
        now_ms = self._now_ms()
        seen_ms = self._progress.seen_ms
        if seen_ms is None:
            return now_ms - FIRST_LOOK_BACK_MS
        return max(seen_ms - OVERLAP_MS, now_ms - LONGEST_GAP_MS)

    async def _read(self, history: History, since_ms: int) -> int:
        batches = history.since(since_ms)
        count = 0
        while payloads := await asyncio.to_thread(next, batches, ()):
            await self._delivery.keep(payloads, backfilled=True)
            count += len(payloads)
        return count

    def _now_ms(self) -> int:
        return int(self._now_s() * 1000)


class Connector:
    """Keeps one link open for as long as the process runs."""

    def __init__(self, feed: Fed, link: Link, rng: random.Random | None = None) -> None:
        self.feed = feed
        self._link = link
        self._rng = rng or random.Random()  # noqa: S311  (spreads load, guards nothing)

    async def run(self) -> None:
        """Connect, and connect again, until cancelled."""
        failures = 0
        try:
            while True:
                was_connected, reason = await self._once()
                if was_connected:
                    failures = 0
                    await self.feed.lost(reason)
                else:
                    await self.feed.failed(reason)
                await asyncio.sleep(self._rng.uniform(0, min(LONGEST_RETRY_S, FIRST_RETRY_S * 2 ** min(failures, 10))))
                failures += 1
        finally:
            await self.feed.close()

    async def _once(self) -> tuple[bool, str]:
        """One connection from beginning to end: whether it came about, and why it ended."""
        was_connected = False

        def connected() -> None:
            nonlocal was_connected
            if not was_connected:
                was_connected = True
                self.feed.connected()

        try:
            self.feed.check()
            await self._link.run(self.feed.hand, connected)
        except LinkError as error:
            return was_connected, str(error)
        except OSError as error:
            return was_connected, error.strerror or type(error).__name__
        except Exception as error:  # noqa: BLE001  (one link's fault must not close the other doors; the class is logged)
            return was_connected, type(error).__name__
        return was_connected, "the switch closed the connection"
