"""The inside of the SMS centre: what it takes, keeps, receipts and delivers."""

import asyncio
import contextlib
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import smpp34

from siaga_kit.embedded.smsc_clients import Clients, Delivery
from siaga_kit.embedded.smsc_text import RECEIPT, decode, encode, split_header

# One SMS carries 140 octets; what is longer goes out as message_payload, which has no such limit.
SHORT_MESSAGE_OCTETS: Final = 140
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


class Centre:
    """Takes messages, sends receipts, delivers what phones send."""

    def __init__(self, journal: Journal, receipt_delay_s: float) -> None:
        self.journal = journal
        self.faults = Faults()
        self.refused: Counter[str] = Counter()
        self._receipt_delay_s = receipt_delay_s
        self._resets = 0
        self._clients = Clients(self._receipted)
        self._grown = asyncio.Condition()
        self._parts: dict[tuple[str, int], dict[int, str]] = {}
        self._silent: list[smpp34.SubmitSmEvent] = []
        self._tasks: set[asyncio.Task[None]] = set()
        for message in journal.unreceipted:
            self._spawn(self._receipt(message["message_id"], message["to"], message["from"], "DELIVRD"))

    async def serve(self, server: smpp34.Server) -> None:
        """Answer the clients, until cancelled."""
        while True:
            event = await server.next()
            if isinstance(event, smpp34.Esme):
                self._clients.bound(event)
            elif isinstance(event, smpp34.Unbound):
                self._clients.unbound(event.session_id)
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
            self._spawn(self._clients.unbind(event.session_id))
        else:
            event.accept(message_id)
        if event.registered_delivery & 1 and fault != "no_receipt":
            state = "UNDELIV" if fault == "undelivered" else "DELIVRD"
            client = self._clients.name(event.session_id)
            self._spawn(self._receipt(message_id, event.destination_addr, event.source_addr, state, client))

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
        begun = self._resets
        await asyncio.sleep(self._receipt_delay_s)
        if begun != self._resets:
            return
        shown = str(int(message_id, 16)) if self.faults.decimal_receipts else message_id
        now = time.strftime("%y%m%d%H%M%S")
        delivered = int(state == "DELIVRD")
        text = f"id:{shown} sub:001 dlvrd:00{delivered} submit date:{now} done date:{now} stat:{state} err:000 text:"
        tlvs = (
            smpp34.Tlv(RECEIPTED_MESSAGE_ID, shown.encode() + b"\0"),
            smpp34.Tlv(MESSAGE_STATE, bytes([2 if delivered else 5])),
        )
        receipt = Delivery(phone, sender, text.encode(), 0, RECEIPT, tlvs, receipt_of=message_id, system_id=system_id)
        self._clients.deliver(receipt)

    def phone_sends(self, source: str, destination: str, text: str) -> None:
        """A crew's phone sends an SMS; it waits here until a client is bound."""
        octets, data_coding = encode(text)
        tlvs: tuple[smpp34.Tlv, ...] = ()
        if len(octets) > SHORT_MESSAGE_OCTETS:
            octets, tlvs = b"", (smpp34.Tlv(MESSAGE_PAYLOAD, octets),)
        self._clients.deliver(Delivery(source, destination, octets, data_coding, tlvs=tlvs))

    def _receipted(self, delivery: Delivery) -> None:
        if delivery.receipt_of:
            self.journal.receipted(delivery.receipt_of)

    async def messages(self, after: int, wait_s: float) -> list[dict[str, Any]]:
        """Messages numbered above `after`; waits for the first of them."""
        async with self._grown:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._grown.wait_for(lambda: len(self.journal.messages) > after), wait_s)
        return self.journal.messages[after:]

    def reset(self) -> None:
        """As new: no messages, no faults, nothing waiting."""
        self._resets += 1
        self.journal.clear()
        self.faults = Faults()
        self.refused.clear()
        self._parts.clear()
        self._silent.clear()
        self._clients.reset()

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
