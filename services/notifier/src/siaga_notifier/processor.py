"""Orders from the topic: each leaves at once, a unit's in their order."""

from collections.abc import Sequence

from siaga.v1 import order_pb2
from siaga_kit.errors import Transient
from siaga_kit.publishing import Publisher
from siaga_kit.records import Outgoing
from siaga_kit.stage import Item, Result

from siaga_notifier.adapters import codec
from siaga_notifier.retries import Retries
from siaga_notifier.sender import Job, Sender


class OrderProcessor:
    """What the stage does with dispatch orders."""

    def __init__(self, sender: Sender, retries: Retries, publisher: Publisher) -> None:
        self._sender = sender
        self._retries = retries
        self._publisher = publisher
        # Told already while this batch waits: each try makes the same records again.
        self._told: set[str] = set()

    async def process(self, batch: Sequence[Item[order_pb2.DispatchOrder]]) -> Result:
        """Send a batch. Raises Transient while the SMS centre is away: what was sent is remembered and not sent again."""
        queues: dict[str, list[tuple[Job, bytes]]] = {}
        for item in batch:
            order = codec.order(item.message)
            # An order without words is a dead letter; that must show before anything of the batch has left.
            self._sender.text(order)
            job = Job(order, item.record.traceparent)
            queues.setdefault(order.unit_id, []).append((job, item.record.value or b""))
        outgoing: list[Outgoing] = []
        line_down = False
        held: set[str] = set()
        # One round sends the next order of every unit, all at once.
        while queues:
            round_, queues = _next_round(queues)
            jobs = [self._prepared(job, held) for job, _ in round_]
            for (job, raw), prepared, sending in zip(round_, jobs, await self._sender.send(jobs), strict=True):
                unit_id = job.order.unit_id
                outgoing.extend(sending.outgoing)
                if sending.line_down:
                    line_down = True
                    held.add(unit_id)
                elif not prepared.sms and unit_id not in held:
                    self._retries.add(job, raw, 0.0)
                elif sending.retry_after_s is not None:
                    self._retries.add(job, raw, sending.retry_after_s)
        if line_down:
            # Tell what did happen, then wait with the offsets where they are.
            fresh = [record for record in outgoing if record.event_id not in self._told]
            await self._publisher.publish(fresh)
            self._told.update(record.event_id for record in fresh)
            raise Transient("the SMS centre is away, orders wait")
        self._told.clear()
        await self._retries.save()
        return Result(outgoing)

    def _prepared(self, job: Job, held: set[str]) -> Job:
        """A stand-down overtakes what was never sent; anything else queues behind the unit's waiting orders."""
        self._retries.drop_overtaken(job.order)
        unit_id = job.order.unit_id
        if unit_id in held or self._retries.has(unit_id):
            return Job(job.order, job.traceparent, sms=False)
        return job


def _next_round(
    queues: dict[str, list[tuple[Job, bytes]]],
) -> tuple[list[tuple[Job, bytes]], dict[str, list[tuple[Job, bytes]]]]:
    first = [orders[0] for orders in queues.values()]
    rest = {unit_id: orders[1:] for unit_id, orders in queues.items() if len(orders) > 1}
    return first, rest
