"""Stands between a client and an SMS centre, passes their frames on, and does on the way what a case asks."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Coroutine, Sequence
from typing import Any, Self

from siaga_kit.embedded.smsc_text import decode, split_header

from sms_conformance import faults as f
from sms_conformance import frames
from sms_conformance.frames import Frame, Message
from sms_conformance.receipts import rewritten
from sms_conformance.script import Script
from sms_conformance.wire import Wire

# Requests of the proxy's own: no centre counts so far within a test.
OWN_SEQUENCES = 0x70000000
# A client that cannot take a message now gets it again, as from a centre.
OFFER_AGAIN_S = 0.05


class Proxy:
    """Listens on `port`; each connection gets one of its own to the centre."""

    def __init__(self, centre_port: int, faults: Sequence[f.Fault] = ()) -> None:
        self._centre_port = centre_port
        self._script = Script(faults)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._wires: list[Wire] = []
        self._own = OWN_SEQUENCES
        self._asked: dict[tuple[Wire, int], asyncio.Future[Frame]] = {}
        self._late: list[Message] = []
        # As in the centre's answers; a receipt's other spelling is told from them.
        self._ids: set[str] = set()
        self._receipted = asyncio.Event()
        self._arrived = False
        # What the centre has accepted, piece by piece.
        self.taken: list[Message] = []
        # Commands seen from the client, the latest body of each, and how it answered the proxy's own.
        self.seen: Counter[int] = Counter()
        self.bodies: dict[int, bytes] = {}
        self.answered: list[Frame] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        for wire in self._wires:
            wire.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def port(self) -> int:
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def texts(self) -> list[tuple[str, str]]:
        """Number and whole text of what the centre has accepted."""
        found: list[tuple[str, str]] = []
        parts: dict[tuple[str, int], dict[int, str]] = {}
        for message in self.taken:
            part, octets = split_header(message.esm_class, message.octets)
            text = decode(octets, message.data_coding)
            if part is not None:
                pieces = parts.setdefault((message.destination, part.reference), {})
                pieces[part.number] = text
                if len(pieces) < part.total:
                    continue
                text = "".join(text for _, text in sorted(pieces.items()))
                del parts[message.destination, part.reference]
            found.append((message.destination, text))
        return found

    def cut(self) -> None:
        """The line ends now."""
        for wire in self._wires:
            wire.cut()

    def _spawn(self, work: Coroutine[Any, Any, object]) -> None:
        async def quietly() -> None:
            # A line that a case cuts takes what was on its way with it.
            with contextlib.suppress(OSError):
                await work

        task = asyncio.create_task(quietly())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        chop = next(iter(self._script.all(f.Chop)), None)
        glue = next(iter(self._script.all(f.Glue)), None)
        wire = Wire((reader, writer), chop.octets if chop else 0, glue.frames if glue else 1)
        self._wires.append(wire)
        self._spawn(wire.run())
        self._spawn(self._pump(wire, wire.from_client, self._of_client))

    async def _pump(self, wire: Wire, reader: asyncio.StreamReader, deal: Any) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                await deal(wire, await frames.read(reader))
        wire.cut()

    async def _of_client(self, wire: Wire, frame: Frame) -> None:
        if frame.command & frames.RESPONSE and (asked := self._asked.pop((wire, frame.sequence), None)):
            self.answered.append(frame)
            if not asked.done():
                asked.set_result(frame)
            return
        if frame.sequence >= OWN_SEQUENCES:
            return
        self.seen[frame.command] += 1
        self.bodies[frame.command] = frame.body
        if frame.command in frames.BINDS:
            await self._bind(wire, frame)
        elif frame.command == frames.SUBMIT_SM:
            self._submit(wire, frame)
        elif frame.command != frames.ENQUIRE_LINK or not self._script.due(f.DeafLink):
            wire.to_centre(frame)

    async def _bind(self, wire: Wire, frame: Frame) -> None:
        if refusal := self._script.due(f.RefuseBind):
            wire.to_client(frame.answer(refusal.status))
            wire.end()
        elif frame.command == frames.BIND_TRANSCEIVER and self._script.has(f.NoTransceiver):
            wire.to_client(Frame(frames.GENERIC_NACK, 0x03, frame.sequence))
            wire.end()
        else:
            # Only now: a centre may have no patience with a connection that does not bind.
            self._spawn(self._pump(wire, await wire.connect(self._centre_port, frame), self._of_centre))

    def _submit(self, wire: Wire, frame: Frame) -> None:
        if refusal := self._script.due(f.Refuse):
            command = frames.GENERIC_NACK if refusal.nack else frame.command | frames.RESPONSE
            wire.to_client(Frame(command, refusal.status, frame.sequence))
        elif self._script.due(f.CutMessage):
            wire.half_to_centre(frame)
            wire.cut()
        elif self._script.due(f.Unbind):
            self._spawn(self._unbind(wire))
        else:
            wire.pending[frame.sequence] = Message.of(frame.body)
            wire.to_centre(frame)

    async def _of_centre(self, wire: Wire, frame: Frame) -> None:
        if wire.bind is not None and frame.command == wire.bind.command | frames.RESPONSE:
            wire.to_client(frame)
            if frame.status == 0:
                await self._bound(wire)
        elif frame.command == frames.SUBMIT_SM | frames.RESPONSE:
            message = wire.pending.pop(frame.sequence, None)
            if frame.status == 0 and message is not None:
                self.taken.append(message)
                self._ids.add(frame.body.split(b"\0", 1)[0].decode())
            self._spawn(self._answer(wire, frame))
        elif frame.command == frames.DELIVER_SM and frame.body and Message.of(frame.body).esm_class & frames.RECEIPT:
            self._receipt(wire, frame)
        else:
            wire.to_client(frame)

    async def _bound(self, wire: Wire) -> None:
        assert wire.bind is not None
        if wire.bind.command == frames.BIND_TRANSMITTER:
            return
        if self._script.has(f.AskLink):
            self._spawn(self._ask(wire, Frame(frames.ENQUIRE_LINK, 0, 0)))
        if self._script.has(f.Strange):
            self._spawn(self._ask(wire, Frame(0x00000103, 0, 0, b"whatever\0")))
        if not self._arrived:
            self._arrived = True
            for message in self._script.all(f.Arrives):
                for piece in message.pieces:
                    self._spawn(self._offer(wire, piece))
        while self._late and len(self._wires) > 1:
            self._spawn(self._offer(wire, self._late.pop()))

    async def _answer(self, wire: Wire, frame: Frame) -> None:
        if self._script.due(f.Swallow):
            return
        if self._script.due(f.CutAnswer):
            wire.half_to_client(frame)
            wire.cut()
            return
        if self._script.has(f.ReceiptFirst):
            await self._receipted.wait()
        for tlv in self._script.all(f.AddTlv):
            body = frame.body + tlv.tag.to_bytes(2) + len(tlv.value).to_bytes(2) + tlv.value
            frame = Frame(frame.command, frame.status, frame.sequence, body)
        wire.to_client(frame)

    def _receipt(self, wire: Wire, frame: Frame) -> None:
        """The centre's receipt is answered at once, and offered to the client by the proxy in the case's own way."""
        style = next(iter(self._script.all(f.Receipts)), f.Receipts())
        messages = rewritten(Message.of(frame.body), style, self._ids)
        wire.to_centre(frame.answer(body=b"\0"))
        if self._script.has(f.LateReceipt) and len(self._wires) == 1:
            self._late += messages
            # The line goes down between the message's answer, which is on its way, and the receipt.
            asyncio.get_running_loop().call_later(0.05, wire.end)
            return
        self._spawn(self._offer_all(wire, messages))

    async def _offer_all(self, wire: Wire, messages: Sequence[Message]) -> None:
        for message in messages:
            await self._offer(wire, message)
        self._receipted.set()

    async def _offer(self, wire: Wire, message: Message) -> None:
        """Offer a delivery until the client has taken it."""
        while True:
            with contextlib.suppress(OSError):
                offered = self._ask(wire, Frame(frames.DELIVER_SM, 0, 0, message.body()))
                if self._script.has(f.ReceiptFirst):
                    # A client may hold a receipt back until it has the answer that the receipt belongs to.
                    self._spawn(offered)
                    return
                if (await offered).status == 0:
                    return
            await asyncio.sleep(OFFER_AGAIN_S)
            wire = self._wires[-1]

    async def _ask(self, wire: Wire, frame: Frame) -> Frame:
        self._own += 1
        asked: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._asked[wire, self._own] = asked
        wire.to_client(Frame(frame.command, frame.status, self._own, frame.body))
        return await asked

    async def _unbind(self, wire: Wire) -> None:
        with contextlib.suppress(OSError):
            await asyncio.wait_for(self._ask(wire, Frame(frames.UNBIND, 0, 0)), 1)
        wire.end()
