"""Orders from the topic, handed to the engine as they come."""

from collections.abc import Sequence

from siaga.v1 import order_pb2
from siaga_kit.stage import Item, Result

from siaga_notifier.adapters import codec
from siaga_notifier.engine import Engine, Job
from siaga_notifier.sender import Sender


class OrderProcessor:
    """What the stage does with dispatch orders."""

    def __init__(self, engine: Engine, sender: Sender) -> None:
        self._engine = engine
        self._sender = sender

    async def process(self, batch: Sequence[Item[order_pb2.DispatchOrder]]) -> Result:
        """Begin with a batch; whoever is away, the topic goes on: what waits for a provider is kept, and tried again."""
        jobs = []
        for item in batch:
            order = codec.order(item.message)
            # An order without words is a dead letter; that must show before anything of the batch has left.
            self._sender.text(order)
            record = item.record
            origin = f"{record.topic}/{record.partition}/{record.offset}"
            jobs.append(Job(order, record.value or b"", record.traceparent, origin, record.timestamp_ms))
        await self._engine.take(jobs)
        return Result()
