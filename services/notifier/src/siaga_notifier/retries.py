"""Orders that the SMS centre refused for now: tried again beside the stage, so that one full mailbox stops nobody."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog
from siaga.v1 import order_pb2
from siaga_kit.records import Outgoing

from siaga_notifier.adapters import codec
from siaga_notifier.adapters.store import Store, Waiting
from siaga_notifier.core.model import Order, OrderKind
from siaga_notifier.sender import Job, Sender

log = structlog.get_logger()

LOOK_EVERY_S: Final = 0.2
# Each further refusal doubles the pause up to this; a throttled centre is free again within seconds.
PAUSE_MOST_S: Final = 15.0

Publish = Callable[[Sequence[Outgoing]], Awaitable[None]]


class Retries:
    """Waiting orders by unit, oldest first; kept in the store, so that they outlive the process."""

    def __init__(self, store: Store, sender: Sender, publish: Publish, clock_ms: Callable[[], int]) -> None:
        self._store = store
        self._sender = sender
        self._publish = publish
        self._clock_ms = clock_ms
        self._waiting: dict[str, list[Waiting]] = {}

    async def load(self) -> None:
        """What waited when this process last ran."""
        self._waiting = await self._store.waiting()

    def has(self, unit_id: str) -> bool:
        """Whether an order of the unit waits."""
        return bool(self._waiting.get(unit_id))

    def add(self, job: Job, raw: bytes, after_s: float) -> None:
        """Wait with an order; `save` makes it last."""
        queue = self._waiting.setdefault(job.order.unit_id, [])
        if all(waiting.order != raw for waiting in queue):
            queue.append(Waiting(raw, job.traceparent, self._clock_ms() + int(after_s * 1000), 1))
            self._store.put_waiting(job.order.unit_id, queue)

    def drop_overtaken(self, order: Order) -> None:
        """A stand-down makes the unit's unsent orders of that incident void: an alarm after it would be a lie."""
        queue = self._waiting.get(order.unit_id)
        if order.kind is not OrderKind.STAND_DOWN or not queue:
            return
        kept = [
            waiting
            for waiting in queue
            if (earlier := order_pb2.DispatchOrder.FromString(waiting.order)).incident_id != order.incident_id
            or earlier.order_id == order.order_id
        ]
        self._keep(order.unit_id, kept)

    async def save(self) -> None:
        """Make what was added outlive the process."""
        await self._store.flush()

    async def run(self) -> None:
        """Try again what is due, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            now_ms = self._clock_ms()
            due = [unit_id for unit_id, queue in self._waiting.items() if queue and queue[0].due_ms <= now_ms]
            await asyncio.gather(*(self._again(unit_id) for unit_id in due))
            await self._store.flush()

    async def _again(self, unit_id: str) -> None:
        while queue := self._waiting.get(unit_id):
            waiting = queue[0]
            order = codec.order(order_pb2.DispatchOrder.FromString(waiting.order))
            sending = (await self._sender.send([Job(order, waiting.traceparent)]))[0]
            await self._publish(sending.outgoing)
            # Meanwhile orders may have joined, or a stand-down may have taken this one out.
            queue = self._waiting.get(unit_id, [])
            rest = [other for other in queue if other is not waiting]
            if sending.retry_after_s is None or len(rest) == len(queue):
                self._keep(unit_id, rest)
                continue
            pause_s = min(PAUSE_MOST_S, max(sending.retry_after_s, 0.5) * 2 ** min(waiting.tries, 6))
            again = Waiting(
                waiting.order, waiting.traceparent, self._clock_ms() + int(pause_s * 1000), waiting.tries + 1
            )
            self._keep(unit_id, [again, *rest])
            return

    def _keep(self, unit_id: str, queue: list[Waiting]) -> None:
        if queue:
            self._waiting[unit_id] = queue
        else:
            self._waiting.pop(unit_id, None)
        self._store.put_waiting(unit_id, queue)
