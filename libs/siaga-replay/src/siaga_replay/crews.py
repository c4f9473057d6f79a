"""Plays the crews: each unit that is sent sets out, arrives and finishes at once, by SMS as real crews do."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from siaga_replay.changed import Changed
from siaga_replay.ledger import Ledger, Order
from siaga_replay.sms_ledger import is_for

# What a crew sends, and the status that shows on the topics when it was understood.
STEPS: Final = (("1", "en_route"), ("2", "on_scene"), ("3", "clear"))
# Steps in their order: a later one on the topics says that an earlier one need not be waited for.
_RANK: Final = {status: rank for rank, (_, status) in enumerate(STEPS)}
# The phone's SMS may be lost with a notifier that is killed: the crew asks again, as people do.
STEP_PATIENCE_S: Final = 10.0
TRIES: Final = 6
SENDER: Final = "112"
LOOK_S: Final = 1.0

Send = Callable[[str, str, str], Awaitable[None]]


class Crews:
    """One crew for every dispatch order whose SMS has come."""

    def __init__(self, ledger: Ledger, changed: Changed, send: Send) -> None:
        self._ledger = ledger
        self._changed = changed
        self._send = send
        self._crews: dict[str, asyncio.Task[None]] = {}
        # Orders whose crew gave up: nobody understood it.
        self.stuck: set[str] = set()

    @property
    def busy(self) -> int:
        """Crews still under way, and orders whose SMS has come but whose crew has not set out."""
        return len(self._summoned()) + sum(1 for task in self._crews.values() if not task.done())

    async def run(self) -> None:
        """Send out a crew whenever an order and its SMS are both there; until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                for order in self._summoned():
                    self._crews[order.order_id] = group.create_task(self._go(order))
                await self._changed.wait(LOOK_S)

    def _summoned(self) -> list[Order]:
        """Orders whose SMS has come and whose crew has not set out yet."""
        messages = list(self._ledger.messages.values())
        return [
            order
            for order in self._ledger.orders.values()
            if order.kind == "dispatch"
            and order.order_id not in self._crews
            and any(is_for(message, order) for message in messages)
        ]

    async def _go(self, order: Order) -> None:
        number = next(message.number for message in self._ledger.messages.values() if is_for(message, order))
        for digit, status in STEPS:
            if not await self._say(order, number, f"{digit} #{order.task_code}", status):
                self.stuck.add(order.order_id)
                return

    async def _say(self, order: Order, number: str, text: str, status: str) -> bool:
        for _ in range(TRIES):
            if self._stood_down(order):
                return True
            await self._send(number, text, SENDER)
            if await self._seen(order, status):
                return True
        return False

    async def _seen(self, order: Order, status: str) -> bool:
        """Wait, within patience, until the topics show that the step was understood."""
        deadline = time.monotonic() + STEP_PATIENCE_S
        while not self._has_reached(order, status):
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                return False
            await self._changed.wait(left_s)
        return True

    def _has_reached(self, order: Order, status: str) -> bool:
        steps = self._ledger.steps.get(order.order_id, set())
        return any(_RANK.get(step, -1) >= _RANK[status] for step in steps)

    def _stood_down(self, order: Order) -> bool:
        return any(
            each.kind == "stand_down"
            and (each.incident_id, each.unit_id, each.fence) == (order.incident_id, order.unit_id, order.fence)
            for each in self._ledger.orders.values()
        )
