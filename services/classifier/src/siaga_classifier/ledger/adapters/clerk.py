"""The clerk keeps the book: takes records as they come, publishes what changed, writes the table, acknowledges.

The order is what makes it safe: publish and wait, write the changelog and wait, only then acknowledge. A crash between
any two of these makes the same records come again, and they make the same changes under the same revisions.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import structlog
from siaga_kit import telemetry
from siaga_kit.dead_letters import dead_letter
from siaga_kit.errors import is_transient
from siaga_kit.records import Outgoing, Record
from siaga_kit.service import Runtime

from siaga_classifier.ledger.adapters.faust_app import Ledger, record_of
from siaga_classifier.ledger.adapters.messages import announcement, read_decision, read_outcome
from siaga_classifier.ledger.adapters.names import SERVICE, Names
from siaga_classifier.ledger.adapters.table_codec import (
    decode_suspension,
    encode_account,
    encode_key,
    encode_suspension,
    suspension_key,
)
from siaga_classifier.ledger.book import Book, Caller, Posting, Suspension
from siaga_classifier.ledger.core.entries import Decision
from siaga_classifier.ledger.core.policy import Over, Span

log = structlog.get_logger()

# Records settled together: one acknowledgement and one table write per caller for all of them. More, and a stop could
# not finish its batch in time.
MAX_BATCH: Final = 500
# Batches start at most this often: under load a batch then holds a hundred records and costs little more than one;
# a lone record still leaves at once, and nobody waits for the ledger.
PACE_S: Final = 0.2
# How often time is looked at: sanctions must end within 5 s of their due time.
TICK_S: Final = 1.0
# Due accounts settled at once, so that a jump of the clock (a replay's month in a minute) does not hold up records.
MAX_DUE: Final = 500
BACKOFF_FIRST_S: Final = 0.05
BACKOFF_MOST_S: Final = 2.0


class Clerk:
    """One task that settles records and due times in turn, so that no account is changed from two sides."""

    def __init__(self, runtime: Runtime, names: Names, book: Book) -> None:
        self._runtime = runtime
        self._names = names
        self._book = book
        self._waiting: asyncio.Queue[Any] = asyncio.Queue(maxsize=2 * MAX_BATCH)
        self._trouble: str | None = None
        self._settling = asyncio.Lock()
        self.settled = 0
        self.ledger: Ledger | None = None

    @property
    def trouble(self) -> str | None:
        """What stands in the way now, for people."""
        return self._trouble

    @property
    def idle(self) -> bool:
        """Whether no record waits for the clerk."""
        return self._waiting.empty()

    async def offer(self, event: Any) -> None:
        """Take a record over from the stream; waits while too many are waiting already."""
        await self._waiting.put(event)

    async def at_rest(self) -> None:
        """Wait until nothing is on its way to the table."""
        async with self._settling:
            return

    async def run(self) -> None:
        """Settle until the runtime stops; raises only what a restart may mend."""
        more_due = False
        while not self._runtime.stop.is_set():
            started = time.monotonic()
            events = await self._next_events(0.0 if more_due else TICK_S)
            async with self._settling:
                if events:
                    await self._settle_events(events)
                more_due = await self._settle_due()
                self._book.close_idle()
            if 0 < len(events) < MAX_BATCH and not more_due:
                await asyncio.sleep(max(0.0, started + PACE_S - time.monotonic()))

    async def _next_events(self, wait_s: float) -> list[Any]:
        events: list[Any] = []
        if wait_s:
            try:
                events.append(await asyncio.wait_for(self._waiting.get(), wait_s))
            except TimeoutError:
                return []
        while len(events) < MAX_BATCH and not self._waiting.empty():
            events.append(self._waiting.get_nowait())
        return events

    async def _settle_events(self, events: Sequence[Any]) -> None:
        wall_ms = int(time.time() * 1000)
        postings: list[tuple[Posting, str | None]] = []
        letters: list[Outgoing] = []
        suspensions: dict[bytes, Suspension] = {}
        for event in events:
            record = record_of(event)
            try:
                changed = self._post(record, wall_ms, suspensions)
            except Exception as error:  # noqa: BLE001  (whatever it is, this record cannot be counted and the next can)
                letters.append(self._bury(record, error))
                continue
            postings += [(posting, record.traceparent) for posting in changed]
        await self._settle(postings, letters, suspensions, wall_ms)
        # In the order of arrival: faust commits up to the first gap, but takes the lowest it has seen for the start.
        for event in events:
            event.ack()
        self.settled += len(events)
        telemetry.counter("siaga.stage.records").add(len(events), {"stage": SERVICE})

    def _post(self, record: Record, wall_ms: int, suspensions: dict[bytes, Suspension]) -> list[Posting]:
        """What a record changes; what it says of a centre's suspensions goes to those that are to be kept."""
        if record.value is None:
            return []
        is_decision = record.topic == self._names.decisions.name
        caller, word = read_decision(record.value) if is_decision else read_outcome(record.value)
        if isinstance(word, tuple | Over):
            return self._suspend(caller.tenant, record.partition, word, suspensions, wall_ms)
        published_at_ms = record.timestamp_ms if record.timestamp_ms > 0 else wall_ms
        posting = self._book.post(caller, record.partition, word, published_at_ms, wall_ms)
        if isinstance(word, Decision):
            log.info("decision", kind=word.kind.value, tenant=caller.tenant, changes=posting is not None)
        return [] if posting is None else [posting]

    def _suspend(
        self, tenant: str, partition: int, word: Span | Over, suspensions: dict[bytes, Suspension], wall_ms: int
    ) -> list[Posting]:
        key = suspension_key(tenant, partition)
        pending = suspensions.get(key)
        kept = pending.spans if pending else self._kept(key)
        changed, postings = self._book.suspend(tenant, partition, word, kept, wall_ms)
        if changed is not None:
            suspensions[key] = changed
        log.info(
            "sanctions rest" if isinstance(word, tuple) else "sanctions count again",
            tenant=tenant,
            partition=partition,
            recounted=len(postings),
        )
        return postings

    def _kept(self, key: bytes) -> tuple[Span, ...]:
        value = self.ledger.read(key) if self.ledger is not None else None
        return () if value is None else decode_suspension(key, value).spans

    async def _settle_due(self) -> bool:
        """Settle what time has changed by now; whether there may be more of it, which must not wait for the next look."""
        if self.ledger is None or not self.ledger.ready:
            return False
        wall_ms = int(time.time() * 1000)
        postings = self._book.fall_due(wall_ms, MAX_DUE)
        await self._settle([(posting, None) for posting in postings], [], {}, wall_ms)
        return len(postings) == MAX_DUE

    async def _settle(
        self,
        postings: Sequence[tuple[Posting, str | None]],
        letters: Sequence[Outgoing],
        suspensions: Mapping[bytes, Suspension],
        wall_ms: int,
    ) -> None:
        outgoing = [*letters, *conflated(self._names, postings, wall_ms)]
        if outgoing:
            await self._until_done(lambda: self._publish(outgoing))
        # Of several changes of one account in a batch, the table needs the last.
        accounts = {posting.caller: posting for posting, _ in postings}
        rows = [
            (
                posting.partition,
                encode_key(posting.caller),
                None if posting.account is None else encode_account(posting.account),
            )
            for posting in accounts.values()
        ]
        # When sanctions rest is kept last: without it, the record that said so is counted again.
        rows += [(one.partition, key, encode_suspension(one)) for key, one in suspensions.items()]
        if rows:
            await self._until_done(lambda: self._write(rows))

    async def _publish(self, outgoing: Sequence[Outgoing]) -> None:
        publisher = await self._runtime.publisher()
        await publisher.publish(outgoing)

    async def _write(self, rows: Sequence[tuple[int, bytes, bytes | None]]) -> None:
        assert self.ledger is not None
        acknowledged = [await self.ledger.write(partition, key, value) for partition, key, value in rows]
        await asyncio.gather(*acknowledged)

    async def _until_done(self, step: Callable[[], Awaitable[None]]) -> None:
        """Try until the broker has it. What no retry mends ends the process, and the next one starts from the table."""
        delay_s = BACKOFF_FIRST_S
        while True:
            try:
                await step()
            except Exception as error:
                if not is_transient(error) or self._runtime.stop.is_set():
                    raise
                self._trouble = f"waiting: {type(error).__name__}"
                telemetry.counter("siaga.stage.transient").add(1, {"stage": SERVICE, "error": type(error).__name__})
                log.warning("paused", error=type(error).__name__, retry_s=delay_s)
                await self._runtime.sleep(delay_s)
                delay_s = min(delay_s * 2, BACKOFF_MOST_S)
            else:
                self._trouble = None
                return

    def _bury(self, record: Record, error: Exception) -> Outgoing:
        log.error("dead letter", partition=record.partition, offset=record.offset, error=type(error).__name__)
        telemetry.counter("siaga.stage.dead_letters").add(1, {"stage": SERVICE, "error": type(error).__name__})
        return replace(dead_letter(SERVICE, record, error), topic=self._names.dead_letters)


def conflated(names: Names, postings: Sequence[tuple[Posting, str | None]], wall_ms: int) -> list[Outgoing]:
    """What to publish of a batch: every change of a state, but of counts under one state only the last."""
    told: dict[Caller, list[tuple[Posting, Outgoing]]] = {}
    for posting, traceparent in postings:
        record = announcement(names.sanctions, posting, wall_ms, traceparent)
        if record is None:
            continue
        earlier = told.setdefault(posting.caller, [])
        if earlier and _state(earlier[-1][0]) == _state(posting):
            earlier.pop()
        earlier.append((posting, record))
    return [record for records in told.values() for _, record in records]


def _state(posting: Posting) -> str | None:
    return None if posting.view is None else posting.view.state
