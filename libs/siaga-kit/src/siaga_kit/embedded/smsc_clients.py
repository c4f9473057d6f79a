"""The SMS centre's clients: who is bound, and what is still to be handed over to them."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import smpp34

# A client that stops answering must not make us hold more than a screenful of its messages in flight.
DELIVERIES_AT_ONCE: Final = 64
REDELIVER_AFTER_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class Delivery:
    """Something for the client: a phone's message or a receipt."""

    source: str
    destination: str
    octets: bytes
    data_coding: int = 0
    esm_class: int = 0
    tlvs: tuple[smpp34.Tlv, ...] = ()
    receipt_of: str | None = None
    # Of a receipt: whose message it was. It goes to any of the client's lines, for the one it came by may be gone.
    system_id: str | None = None


class Clients:
    """Hands over until the client has taken it; `taken` is told of each delivery that was."""

    def __init__(self, taken: Callable[[Delivery], None]) -> None:
        self._taken = taken
        self._lines: dict[str, smpp34.Esme] = {}
        # Names of clients by their sessions: of those that only send, too.
        self._names: dict[str, str] = {}
        self._bound = asyncio.Event()
        self._waiting: dict[tuple[str | None, str], deque[Delivery]] = {}
        self._window = asyncio.Semaphore(DELIVERIES_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    def bound(self, line: smpp34.Esme) -> None:
        """A client has a line."""
        self._names[line.session_id] = line.system_id
        if line.can_receive:
            self._lines[line.session_id] = line
            self._bound.set()

    def unbound(self, session_id: str) -> None:
        """A line has ended."""
        self._lines.pop(session_id, None)
        self._names.pop(session_id, None)
        if not self._lines:
            self._bound.clear()

    def name(self, session_id: str) -> str | None:
        """The client's system id."""
        return self._names.get(session_id)

    async def unbind(self, session_id: str) -> None:
        """Take leave of a client."""
        with contextlib.suppress(smpp34.SmppError):
            await self._lines[session_id].unbind()

    def reset(self) -> None:
        """Nothing waits any more."""
        for queue in self._waiting.values():
            queue.clear()

    def deliver(self, delivery: Delivery) -> None:
        """Hand over in order per phone; neither phones nor clients wait for each other."""
        whose = (delivery.system_id, delivery.source)
        queue = self._waiting.get(whose)
        if queue is not None:
            queue.append(delivery)
            return
        self._waiting[whose] = deque([delivery])
        task = asyncio.create_task(self._drain(whose))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drain(self, whose: tuple[str | None, str]) -> None:
        queue = self._waiting[whose]
        while queue:
            if not self._bound.is_set():
                await self._bound.wait()
                # What waited may have been taken back meanwhile.
                continue
            delivery = queue[0]
            async with self._window:
                taken = await self._handed_over(delivery)
            if not taken:
                await asyncio.sleep(REDELIVER_AFTER_S)
            elif queue and queue[0] is delivery:
                queue.popleft()
        del self._waiting[whose]

    async def _handed_over(self, delivery: Delivery) -> bool:
        lines = self._lines.values()
        same = (line for line in lines if line.system_id == delivery.system_id)
        line = next(same, next(iter(lines), None) if delivery.system_id is None else None)
        if line is None:
            return False
        try:
            answer = await line.deliver_sm(
                delivery.destination,
                delivery.octets,
                source_addr=delivery.source,
                source_addr_ton=1,
                source_addr_npi=1,
                esm_class=delivery.esm_class,
                data_coding=delivery.data_coding,
                tlvs=list(delivery.tlvs),
            )
        except smpp34.SmppError:
            return False
        if answer.is_success:
            self._taken(delivery)
        return bool(answer.is_success)
