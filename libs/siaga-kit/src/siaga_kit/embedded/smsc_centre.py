"""The inside of the SMS centre: what it takes, keeps, receipts and delivers."""

import asyncio
import contextlib
import json
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import smpp34

from siaga_kit.embedded.smsc_text import RECEIPT, decode, encode, split_header

# One SMS carries 140 octets; what is longer goes out as message_payload, which has no such limit.
SHORT_MESSAGE_OCTETS: Final = 140
# A client that stops answering must not make us hold more than a screenful of its messages in flight.
DELIVERIES_AT_ONCE: Final = 64
REDELIVER_AFTER_S: Final = 0.2
# Numbers of the standard (§5.1.3, §5.3.2); the library defines them too, but out of sight of a type checker.
REFUSALS: Final = {"throttled": 0x58, "invalid_destination": 0x0B}
RECEIPTED_MESSAGE_ID: Final = 0x001E
USER_MESSAGE_REFERENCE: Final = 0x0204
MESSAGE_PAYLOAD: Final = 0x0424
MESSAGE_STATE: Final = 0x0427
FAULTS: Final = frozenset({*REFUSALS, "undelivered", "no_receipt", "silent", "unbind"})


class Journal:
    """Every message taken, in order; read back after a restart. Beside it, which of them have had their receipt."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._receipts = path.with_name(path.name + ".receipts")
        path.parent.mkdir(parents=True, exist_ok=True)
        for file in (path, self._receipts):
            _end_last_line(file)
        self.messages: list[dict[str, Any]] = list(_json_lines(path))
        receipted = {line["message_id"] for line in _json_lines(self._receipts)}
        self.unreceipted = [line for line in self.messages if line["receipt"] and line["message_id"] not in receipted]
        self.last_id = max((int(line["message_id"], 16) for line in self.messages), default=0)

    def append(self, message: dict[str, Any]) -> None:
        """Keep a message; no fsync, for a simulated centre need not outlive its machine."""
        self.messages.append(message)
        _append(self._path, message)

    def receipted(self, message_id: str) -> None:
        """The client has answered this message's receipt."""
        _append(self._receipts, {"message_id": message_id})

    def clear(self) -> None:
        """Forget all; message ids go on, so that none is ever used twice."""
        self.messages.clear()
        self._path.write_text("")
        self._receipts.write_text("")


def _end_last_line(path: Path) -> None:
    """A kill in the middle of a write leaves half a line; the next one must not be glued to it."""
    if path.exists() and path.stat().st_size and not path.read_bytes().endswith(b"\n"):
        with path.open("ab") as file:
            file.write(b"\n")


def _append(path: Path, line: dict[str, Any]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _json_lines(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    for line in path.read_text("utf-8").splitlines():
        # Half a line was a message that was never answered: the client sends it again.
        with contextlib.suppress(json.JSONDecodeError):
            yield json.loads(line)


@dataclass(slots=True)
class Faults:
    """Scripted trouble, by the end of the number; none unless a test asks."""

    suffix: dict[str, str] = field(default_factory=dict)
    # Some centres answer with a hexadecimal id and write the same number in decimal into the receipt.
    decimal_receipts: bool = False

    def of(self, number: str) -> str | None:
        return next((fault for end, fault in self.suffix.items() if number.endswith(end)), None)


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


class Centre:
    """Takes messages, sends receipts, delivers what phones send."""

    def __init__(self, journal: Journal, receipt_delay_s: float) -> None:
        self.journal = journal
        self.faults = Faults()
        self.refused: Counter[str] = Counter()
        self._receipt_delay_s = receipt_delay_s
        self._sessions: dict[str, smpp34.Esme] = {}
        # Clients by their sessions: of those that only send, too.
        self._clients: dict[str, str] = {}
        self._bound = asyncio.Event()
        self._grown = asyncio.Condition()
        self._parts: dict[tuple[str, int], dict[int, str]] = {}
        self._waiting: dict[tuple[str | None, str], deque[Delivery]] = {}
        self._window = asyncio.Semaphore(DELIVERIES_AT_ONCE)
        self._silent: list[smpp34.SubmitSmEvent] = []
        self._tasks: set[asyncio.Task[None]] = set()
        for message in journal.unreceipted:
            self._spawn(self._receipt(message["message_id"], message["to"], message["from"], "DELIVRD"))

    async def serve(self, server: smpp34.Server) -> None:
        """Answer the clients, until cancelled."""
        while True:
            event = await server.next()
            if isinstance(event, smpp34.Esme):
                self._clients[event.session_id] = event.system_id
                if event.can_receive:
                    self._sessions[event.session_id] = event
                    self._bound.set()
            elif isinstance(event, smpp34.Unbound):
                self._sessions.pop(event.session_id, None)
                self._clients.pop(event.session_id, None)
                if not self._sessions:
                    self._bound.clear()
            else:
                await self._submit(event)

    async def _submit(self, event: smpp34.SubmitSmEvent) -> None:
        fault = self.faults.of(event.destination_addr)
        if fault in REFUSALS:
            self.refused[fault] += 1
            event.reject(REFUSALS[fault])
            return
        self.journal.last_id += 1
        message_id = f"{self.journal.last_id:08x}"
        await self._keep(event, message_id)
        if fault == "silent":
            # Kept, for a dropped event would be refused; the client has to find out by its own patience.
            self._silent.append(event)
        elif fault == "unbind":
            self._silent.append(event)
            self._spawn(self._unbind(event.session_id))
        else:
            event.accept(message_id)
        if event.registered_delivery & 1 and fault != "no_receipt":
            state = "UNDELIV" if fault == "undelivered" else "DELIVRD"
            client = self._clients.get(event.session_id)
            self._spawn(self._receipt(message_id, event.destination_addr, event.source_addr, state, client))

    async def _unbind(self, session_id: str) -> None:
        with contextlib.suppress(smpp34.SmppError):
            await self._sessions[session_id].unbind()

    async def _keep(self, event: smpp34.SubmitSmEvent, message_id: str) -> None:
        """Journal a message; pieces of a longer one when all have come, as one text."""
        tlvs = {tlv.tag: tlv for tlv in event.tlvs}
        payload = tlvs.get(MESSAGE_PAYLOAD)
        part, octets = split_header(event.esm_class, payload.value if payload else event.short_message)
        text = decode(octets, event.data_coding)
        if part is not None:
            pieces = self._parts.setdefault((event.destination_addr, part.reference), {})
            pieces[part.number] = text
            if len(pieces) < part.total:
                return
            text = "".join(pieces[number] for number in sorted(pieces))
            del self._parts[event.destination_addr, part.reference]
        reference = tlvs.get(USER_MESSAGE_REFERENCE)
        self.journal.append(
            {
                "n": len(self.journal.messages) + 1,
                "to": event.destination_addr,
                "from": event.source_addr,
                "text": text,
                "message_id": message_id,
                "at_ms": time.time_ns() // 1_000_000,
                "user_message_reference": reference.as_int() if reference else None,
                "receipt": bool(event.registered_delivery & 1),
            }
        )
        async with self._grown:
            self._grown.notify_all()

    async def _receipt(
        self, message_id: str, phone: str, sender: str, state: str, system_id: str | None = None
    ) -> None:
        await asyncio.sleep(self._receipt_delay_s)
        shown = str(int(message_id, 16)) if self.faults.decimal_receipts else message_id
        now = time.strftime("%y%m%d%H%M%S")
        delivered = int(state == "DELIVRD")
        text = f"id:{shown} sub:001 dlvrd:00{delivered} submit date:{now} done date:{now} stat:{state} err:000 text:"
        tlvs = (
            smpp34.Tlv(RECEIPTED_MESSAGE_ID, shown.encode() + b"\0"),
            smpp34.Tlv(MESSAGE_STATE, bytes([2 if delivered else 5])),
        )
        receipt = Delivery(phone, sender, text.encode(), 0, RECEIPT, tlvs, receipt_of=message_id, system_id=system_id)
        self.deliver(receipt)

    def phone_sends(self, source: str, destination: str, text: str) -> None:
        """A crew's phone sends an SMS; it waits here until a client is bound."""
        octets, data_coding = encode(text)
        tlvs: tuple[smpp34.Tlv, ...] = ()
        if len(octets) > SHORT_MESSAGE_OCTETS:
            octets, tlvs = b"", (smpp34.Tlv(MESSAGE_PAYLOAD, octets),)
        self.deliver(Delivery(source, destination, octets, data_coding, tlvs=tlvs))

    def deliver(self, delivery: Delivery) -> None:
        """Hand over in order per phone; neither phones nor clients wait for each other."""
        whose = (delivery.system_id, delivery.source)
        queue = self._waiting.get(whose)
        if queue is not None:
            queue.append(delivery)
            return
        self._waiting[whose] = deque([delivery])
        self._spawn(self._drain(whose))

    async def _drain(self, whose: tuple[str | None, str]) -> None:
        queue = self._waiting[whose]
        while queue:
            await self._bound.wait()
            delivery = queue[0]
            async with self._window:
                taken = await self._handed_over(delivery)
            if not taken:
                await asyncio.sleep(REDELIVER_AFTER_S)
            elif queue and queue[0] is delivery:
                queue.popleft()
        del self._waiting[whose]

    async def _handed_over(self, delivery: Delivery) -> bool:
        lines = self._sessions.values()
        same = (line for line in lines if line.system_id == delivery.system_id)
        session = next(same, next(iter(lines), None) if delivery.system_id is None else None)
        if session is None:
            return False
        try:
            answer = await session.deliver_sm(
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
        if answer.is_success and delivery.receipt_of:
            self.journal.receipted(delivery.receipt_of)
        return answer.is_success

    async def messages(self, after: int, wait_s: float) -> list[dict[str, Any]]:
        """Messages numbered above `after`; waits for the first of them."""
        async with self._grown:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._grown.wait_for(lambda: len(self.journal.messages) > after), wait_s)
        return self.journal.messages[after:]

    def reset(self) -> None:
        """As new: no messages, no faults, nothing waiting."""
        self.journal.clear()
        self.faults = Faults()
        self.refused.clear()
        self._parts.clear()
        self._silent.clear()
        for queue in self._waiting.values():
            queue.clear()

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
