"""The faust app of the ledger: one agent, one changelog-backed table, and every setting that matters ours.

What faust would do by itself and must not: create topics with one replica, acknowledge a record whose handling failed,
commit past unfinished work (more than one task per agent), serve the table over HTTP. See `Clerk` for the handling.
"""

import asyncio
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, cast

import faust
import structlog
from faust.sensors import Monitor
from faust.types import TP
from siaga_contracts.envelope import TRACEPARENT, header
from siaga_kit.records import Record
from siaga_kit.settings import Settings

from siaga_classifier.ledger.adapters.broker import faust_broker
from siaga_classifier.ledger.adapters.names import TABLE, Names
from siaga_classifier.ledger.adapters.preload import Preloaded

log = structlog.get_logger()

# A restart inside this keeps the member's place: the group does not move partitions, and recovery starts at once.
SESSION_TIMEOUT_S: Final = 45.0
HEARTBEAT_S: Final = 3.0
# Must not be less than the session timeout, or the client refuses to start.
REQUEST_TIMEOUT_S: Final = 50.0
# Faust's default of 20 minutes would hide a dead broker from the clerk, who waits for acknowledgements.
PRODUCER_REQUEST_TIMEOUT_S: Final = 10.0
COMMIT_EVERY_S: Final = 1.0
# Less than the group waits for a member to hand its partitions over (its session timeout); a write takes milliseconds,
# unless the broker is away.
HAND_OVER_S: Final = 20.0
# Records that wait inside faust: some seconds of the busiest replay, and little enough to drain within a stop.
BUFFER: Final = 1024


def _app(names: Names, settings: Settings, partitions: int) -> faust.App:
    """The app with every setting that matters."""
    return faust.App(
        names.app_id,
        env_prefix="SIAGA_LEDGER_FAUST_",
        **faust_broker(settings.kafka),
        datadir=Path(settings.data_dir) / names.app_id,
        broker_client_id=f"{names.app_id}.{settings.instance}",
        consumer_group_instance_id=f"{names.app_id}.{settings.instance}",
        # Names the worker in the group's assignment: the same after a restart, like the instance id.
        canonical_url=f"http://{names.app_id}.{settings.instance}:6066",
        broker_session_timeout=SESSION_TIMEOUT_S,
        broker_heartbeat_interval=HEARTBEAT_S,
        broker_request_timeout=REQUEST_TIMEOUT_S,
        broker_commit_interval=COMMIT_EVERY_S,
        consumer_auto_offset_reset="earliest",
        producer_acks=-1,
        producer_request_timeout=PRODUCER_REQUEST_TIMEOUT_S,
        # Bytes as they are: what faust cannot decode it acknowledges and drops, and the clerk must see it.
        key_serializer="raw",
        value_serializer="raw",
        processing_guarantee="at_least_once",
        store="memory://",
        # A second copy of the table spares nothing: recovery takes seconds and nobody waits for the ledger.
        table_standby_replicas=0,
        stream_buffer_maxsize=BUFFER,
        stream_wait_empty=True,
        stream_recovery_delay=0.0,
        topic_allow_declare=False,
        topic_disable_leader=True,
        topic_partitions=partitions,
        topic_replication_factor=settings.kafka.replication,
        web_enabled=False,
        Monitor=_Silent,
        Table=_Preloadable,
    )


class Ledger:
    """The app with its table; `offer` is awaited with every record, in the order of its partition."""

    def __init__(
        self, names: Names, settings: Settings, partitions: int, offer: Callable[[Any], Awaitable[None]]
    ) -> None:
        self.names = names
        self.app = _app(names, settings, partitions)
        table = self.app.Table(
            TABLE, key_type=bytes, value_type=bytes, partitions=partitions, on_recover=self._recovered
        )
        self.table = cast(_Preloadable, table)
        self.on_recovered: Callable[[], None] = lambda: None
        self.at_rest: Callable[[], Awaitable[None]] = _nothing
        self.ready = False
        source = self.app.topic(*names.sources, key_type=bytes, value_type=bytes)

        # One task: with more, faust commits past records that are still being worked on.
        @self.app.agent(source, concurrency=1, name=f"{names.app_id}.clerk")
        async def clerk(stream: Any) -> None:
            # Without automatic acknowledgement: faust would acknowledge a record even when its handling failed.
            async for event in stream.noack().events():
                await offer(event)

        self.app.on_partitions_revoked.connect(self._revoked)

    async def start(self, preloaded: Preloaded) -> None:
        """Start consuming with what is known of the table; returns before the rest of it is recovered."""
        for key, value in preloaded.values.items():
            self.table.data[key] = value
        self.table.preloaded = dict(preloaded.offsets)
        # Faust makes folders for tables, used or not, but not those above them.
        Path(self.app.conf.datadir).parent.mkdir(parents=True, exist_ok=True)
        self.app.finalize()
        await self.app.start()

    async def stop(self) -> None:
        """Commit what is acknowledged and leave."""
        self.ready = False
        # Right for a rebalance, where the clerk works on. Here it no longer does: faust would wait for ever for
        # records that are read again after the restart.
        with warnings.catch_warnings():
            # Faust warns of settings changed late; this one is read when it stops.
            warnings.simplefilter("ignore")
            self.app.conf.stream_wait_empty = False
        await self.app.stop()

    async def _recovered(self) -> None:
        # Good for the first assignment only: what is lost and comes back later may have been written by others.
        self.table.preloaded = {}
        self.on_recovered()
        self.ready = True

    async def _revoked(self, *_: Any, **__: Any) -> None:
        """Hand partitions over only when nothing of ours is on its way to their changelog any more."""
        self.ready = False
        try:
            await asyncio.wait_for(self.at_rest(), HAND_OVER_S)
        except TimeoutError:
            log.warning("handed over in the middle of a write", partitions=sorted(self.owned()))

    def owned(self) -> set[int]:
        """Partitions of the table that are this worker's."""
        return {tp.partition for tp in self.app.assignor.assigned_actives() if tp.topic == self.names.changelog}

    def read(self, key: bytes) -> bytes | None:
        """The table's value."""
        value: bytes | None = self.table.data.get(key)
        return value

    def records(self) -> list[tuple[bytes, bytes]]:
        """All that the table has."""
        return list(self.table.data.items())

    async def write(self, partition: int, key: bytes, value: bytes | None) -> Awaitable[Any]:
        """Set (None: remove) a value here and in the changelog; the answer waits for the broker's acknowledgement.

        Not by the table's own `[]=`: that hands back nothing to wait for, and needs faust's current event, which the
        clerk's timer does not have.
        """
        if value is None:
            self.table.data.pop(key, None)
        else:
            self.table.data[key] = value
        return await self.app.producer.send(
            self.names.changelog, key=key, value=value, partition=partition, timestamp=None, headers=None
        )

    async def lag(self) -> dict[TP, tuple[int, int]]:
        """(position, end) of each of our partitions of what is counted."""
        consumer = self.app.consumer
        ours = [tp for tp in consumer.assignment() if tp.topic in self.names.sources]
        ends = await consumer.highwaters(*ours)
        return {tp: (await consumer.position(tp) or 0, ends[tp] or 0) for tp in ours}


def record_of(event: Any) -> Record:
    """A faust event as the kit's record."""
    message = event.message
    headers = tuple(message.headers or ())
    return Record(
        message.topic,
        message.partition,
        message.offset,
        int((message.timestamp or 0) * 1000),
        message.key,
        message.value,
        headers,
        header(headers, TRACEPARENT),
    )


async def _nothing() -> None:
    """For a ledger without a clerk."""


class _Preloadable(faust.Table[bytes, bytes]):
    """A table in memory that begins with what was read before: faust goes on from there."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.preloaded: dict[int, int] = {}

    def persisted_offset(self, tp: TP) -> int | None:
        """The last offset of this changelog partition that the table already holds."""
        return self.preloaded.get(tp.partition)


class _Silent(Monitor):
    """Faust's monitor without its bookkeeping per record, which costs a tenth of the ledger's time; ours is the kit's."""

    def on_message_in(self, tp: TP, offset: int, message: Any) -> None: ...

    def on_stream_event_in(self, tp: TP, offset: int, stream: Any, event: Any) -> None: ...

    def on_stream_event_out(self, tp: TP, offset: int, stream: Any, event: Any, state: Any = None) -> None: ...

    def on_message_out(self, tp: TP, offset: int, message: Any) -> None: ...

    def on_topic_buffer_full(self, tp: TP) -> None: ...

    def track_tp_end_offset(self, tp: TP, offset: int) -> None: ...
