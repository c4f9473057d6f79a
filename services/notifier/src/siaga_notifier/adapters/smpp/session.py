"""One bound connection to the SMS centre, from bind to its end."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from typing import Final, Self

import structlog
from siaga_kit.errors import is_transient

from siaga_notifier.adapters.smpp import statuses
from siaga_notifier.adapters.smpp.lost import BindRefused, LineLost
from siaga_notifier.adapters.smpp.patience import Patience
from siaga_notifier.adapters.smpp.pdu import (
    DELIVER_SM,
    ENQUIRE_LINK,
    GENERIC_NACK,
    HEADER,
    LONGEST_PDU,
    RESPONSE,
    UNBIND,
    Deliver,
    Pdu,
    c_string,
    read_deliver,
)

log = structlog.get_logger()

# Deliveries being published; beyond it the centre is told to keep them and offer them again.
DELIVERIES_AT_ONCE: Final = 256
# A stopping process has four seconds in all.
LEAVE_S: Final = 1.0

Handler = Callable[[Deliver], Awaitable[None]]


class Session:
    """A connection; `run` it until it ends. Each delivery is answered when `handler` is done with it, and not before.

    `deliveries` holds those being dealt with; they go on when the line ends, for what they carry may come only once.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        handler: Handler,
        deliveries: set[asyncio.Task[None]],
        patience: Patience,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._handler = handler
        self._patience = patience
        self._sequence = 0
        self._answers: dict[int, asyncio.Future[Pdu]] = {}
        self._deliveries = deliveries
        self._loop = asyncio.get_running_loop()
        self._heard_at = self._loop.time()
        self._leaving = False
        self.lost = False

    @classmethod
    async def open(
        cls,
        address: tuple[str, int],
        tls: ssl.SSLContext | None,
        bind: bytes,
        handler: Handler,
        deliveries: set[asyncio.Task[None]],
        patience: Patience,
    ) -> Self:
        """Connect and bind; raises LineLost with the reason when that fails, BindRefused when the centre says so."""
        host, port = address
        try:
            async with asyncio.timeout(patience.connect_s):
                reader, writer = await asyncio.open_connection(host, port, ssl=tls)
        except ssl.SSLCertVerificationError as error:
            reason = f"the SMS centre's certificate is refused: {error.verify_message}; check host and ca_file"
            raise LineLost(reason, sent=False) from error
        except ssl.SSLError as error:
            raise LineLost(f"no TLS with the SMS centre: {error.reason}; check port and tls", sent=False) from error
        except (OSError, TimeoutError) as error:
            raise LineLost(f"cannot connect to the SMS centre: {type(error).__name__}", sent=False) from error
        session = cls(reader, writer, handler, deliveries, patience)
        try:
            async with asyncio.timeout(patience.connect_s):
                await session._bind(bind)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            session.abandon()
            raise error if isinstance(error, LineLost) else LineLost("the SMS centre does not answer a bind") from error
        return session

    async def _bind(self, request: bytes) -> None:
        command = HEADER.unpack_from(request)[1]
        self._write(request, self._next())
        answer = await self._read()
        if answer.command == GENERIC_NACK or answer.status != statuses.ROK:
            raise BindRefused(answer.status or statuses.RINVCMDID)
        if answer.command != command | RESPONSE:
            raise LineLost(f"the SMS centre answered the bind with {answer.command:#x}")

    async def run(self) -> None:
        """Serve the line until it ends, however it ends."""
        keeper = asyncio.create_task(self._keep())
        try:
            while not self._heard(await self._read()):
                self._heard_at = self._loop.time()
        except (OSError, asyncio.IncompleteReadError) as error:
            log.info("line to the SMS centre lost", error=type(error).__name__)
        finally:
            keeper.cancel()
            self.abandon()

    async def submit(self, request: bytes) -> tuple[int, str]:
        """Send one message; the centre's status and message id. Raises LineLost when no answer came."""
        answer = await self._ask(request)
        return answer.status, c_string(answer.body)

    async def close(self) -> None:
        """Take leave; nothing new is taken, what is being dealt with is given a moment to be answered."""
        self._leaving = True
        if self._deliveries:
            await asyncio.wait(self._deliveries, timeout=LEAVE_S)
        with contextlib.suppress(OSError):
            async with asyncio.timeout(LEAVE_S):
                await self._ask(_empty(UNBIND))
        self.abandon()

    async def _ask(self, request: bytes) -> Pdu:
        if self.lost:
            raise LineLost("the line to the SMS centre is gone", sent=False)
        sequence = self._next()
        answer: asyncio.Future[Pdu] = self._loop.create_future()
        self._answers[sequence] = answer
        try:
            self._write(request, sequence)
            await self._writer.drain()
            async with asyncio.timeout(self._patience.response_s):
                return await answer
        except TimeoutError:
            raise LineLost("no answer in time") from None
        finally:
            self._answers.pop(sequence, None)

    def _heard(self, pdu: Pdu) -> bool:
        """Deal with one frame; tells whether the line ends with it."""
        if pdu.command & RESPONSE:
            answer = self._answers.get(pdu.sequence)
            if answer is not None and not answer.done():
                answer.set_result(pdu)
        elif pdu.command == DELIVER_SM:
            if self._leaving or len(self._deliveries) >= DELIVERIES_AT_ONCE:
                self._answer(pdu, statuses.RMSGQFUL)
            else:
                task = asyncio.create_task(self._deliver(pdu))
                self._deliveries.add(task)
                task.add_done_callback(self._deliveries.discard)
        elif pdu.command in (ENQUIRE_LINK, UNBIND):
            self._answer(pdu, statuses.ROK)
            return pdu.command == UNBIND
        else:
            self._write(_empty(GENERIC_NACK, statuses.RINVCMDID), pdu.sequence)
        return False

    async def _deliver(self, pdu: Pdu) -> None:
        try:
            await self._handler(read_deliver(pdu.body))
        except Exception as error:  # noqa: BLE001  (one strange message must not end the line for all others)
            passing = is_transient(error)
            # The class only: a traceback with its values would show numbers and texts.
            log.warning("delivery from the SMS centre not taken", error=type(error).__name__, offered_again=passing)
            status = statuses.RX_T_APPN if passing else statuses.RX_P_APPN
        else:
            status = statuses.ROK
        if not self.lost:
            self._answer(pdu, status)

    async def _keep(self) -> None:
        every_s = self._patience.enquire_every_s
        while True:
            await asyncio.sleep(max(0.0, self._heard_at + every_s - self._loop.time()))
            if self._loop.time() - self._heard_at < every_s:
                continue
            try:
                await self._ask(_empty(ENQUIRE_LINK))
            except OSError:
                self.abandon()
                return

    def _answer(self, pdu: Pdu, status: int) -> None:
        # deliver_sm_resp has a message id, which is always empty (SMPP 3.4 §4.6.2).
        body = b"\0" if pdu.command == DELIVER_SM else b""
        self._write(HEADER.pack(HEADER.size + len(body), pdu.command | RESPONSE, status, 0) + body, pdu.sequence)

    async def _read(self) -> Pdu:
        length, command, status, sequence = HEADER.unpack(await self._reader.readexactly(HEADER.size))
        if not HEADER.size <= length <= LONGEST_PDU:
            raise LineLost(f"a frame of {length} octets is none")
        return Pdu(command, status, sequence, await self._reader.readexactly(length - HEADER.size))

    def _write(self, octets: bytes, sequence: int) -> None:
        length, command, status, _ = HEADER.unpack_from(octets)
        self._writer.write(HEADER.pack(length, command, status, sequence) + octets[HEADER.size :])

    def _next(self) -> int:
        self._sequence = self._sequence % 0x7FFFFFFF + 1
        return self._sequence

    def abandon(self) -> None:
        """End it without a word; whoever waits for an answer is told."""
        self.lost = True
        self._writer.close()
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(LineLost("the line ended before the answer"))


def _empty(command: int, status: int = statuses.ROK) -> bytes:
    return HEADER.pack(HEADER.size, command, status, 0)
