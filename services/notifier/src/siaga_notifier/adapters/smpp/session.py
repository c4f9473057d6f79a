"""One bound line to the SMS centre, from bind to its end."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final, Self

import structlog
from aiosmpplib import SubmitSm
from aiosmpplib.protocol import BindTransceiver, DeliverSmResp, EnquireLink, GenericNack, SmppMessage, Unbind
from siaga_kit.errors import is_transient
from siaga_kit.settings import SmppSettings

from siaga_notifier.adapters.smpp.pdu import (
    BIND_TRANSCEIVER_RESP,
    DELIVER_SM,
    ENQUIRE_LINK,
    HEADER,
    LONGEST_PDU,
    RESPONSE,
    RINVCMDID,
    RMSGQFUL,
    ROK,
    RX_P_APPN,
    RX_T_APPN,
    UNBIND,
    Deliver,
    Pdu,
    c_string,
    read_deliver,
)

log = structlog.get_logger()

CONNECT_S: Final = 5.0
# A centre that has not answered by then has lost it, or us; whether the message went out is then unknown.
RESPONSE_S: Final = 10.0
# An idle line that a firewall has forgotten looks like a quiet one: ask, before an order finds out.
ENQUIRE_EVERY_S: Final = 15.0
# Messages without an answer; the usual limit of centres, more are refused as throttled.
WINDOW: Final = 50
# Deliveries being published; beyond it the centre is told to keep them and offer them again.
DELIVERIES_AT_ONCE: Final = 256
# A stopping process has four seconds in all.
LEAVE_S: Final = 1.0

Handler = Callable[[Deliver], Awaitable[None]]


class LineLost(ConnectionError):  # noqa: N818  (named for what happened)
    """The line to the SMS centre is gone; `sent` = what was asked may have reached it."""

    def __init__(self, reason: str, *, sent: bool = True) -> None:
        super().__init__(reason)
        self.sent = sent


class Session:
    """A line; `run` it until it ends. Each delivery is answered when `handler` is done with it, and not before.

    `deliveries` holds those being dealt with; they go on when the line ends, for what they carry may come only once.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        handler: Handler,
        deliveries: set[asyncio.Task[None]],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._handler = handler
        self._sequence = 0
        self._answers: dict[int, asyncio.Future[Pdu]] = {}
        self._window = asyncio.Semaphore(WINDOW)
        self._deliveries = deliveries
        self._heard_at = asyncio.get_running_loop().time()
        self._lost = False
        self._leaving = False

    @classmethod
    async def open(cls, settings: SmppSettings, handler: Handler, deliveries: set[asyncio.Task[None]]) -> Self:
        """Connect and bind as transceiver; raises LineLost with the reason when that fails."""
        try:
            async with asyncio.timeout(CONNECT_S):
                reader, writer = await asyncio.open_connection(settings.host, settings.port)
        except (OSError, TimeoutError) as error:
            raise LineLost(f"cannot connect to the SMS centre: {type(error).__name__}") from error
        session = cls(reader, writer, handler, deliveries)
        try:
            async with asyncio.timeout(CONNECT_S):
                await session._bind(settings)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            session._abandon()
            raise error if isinstance(error, LineLost) else LineLost("the SMS centre does not answer a bind") from error
        return session

    async def _bind(self, settings: SmppSettings) -> None:
        request = BindTransceiver(system_id=settings.system_id, password=settings.password.get_secret_value())
        request.sequence_num = self._next()
        await self._write(request.pdu())
        answer = await self._read()
        if answer.command != BIND_TRANSCEIVER_RESP or answer.status != ROK:
            raise LineLost(f"the SMS centre refused the bind with status {answer.status:#x}")

    async def run(self) -> None:
        """Serve the line until it ends, however it ends."""
        keeper = asyncio.create_task(self._keep())
        try:
            while True:
                pdu = await self._read()
                self._heard_at = asyncio.get_running_loop().time()
                if await self._heard(pdu):
                    return
        except (OSError, asyncio.IncompleteReadError) as error:
            log.info("line to the SMS centre lost", error=type(error).__name__)
        finally:
            keeper.cancel()
            self._abandon()

    async def submit(self, message: SubmitSm) -> tuple[int, str]:
        """Send one message; the centre's status and message id. Raises LineLost when no answer came."""
        async with self._window:
            answer = await self._ask(message)
        return answer.status, c_string(answer.body)

    async def close(self) -> None:
        """Take leave; nothing new is taken, what is being dealt with is given a moment to be answered."""
        self._leaving = True
        if self._deliveries:
            await asyncio.wait(self._deliveries, timeout=LEAVE_S)
        with contextlib.suppress(LineLost, TimeoutError):
            async with asyncio.timeout(LEAVE_S):
                await self._ask(Unbind())
        self._abandon()

    async def _ask(self, request: SmppMessage) -> Pdu:
        if self._lost:
            raise LineLost("the line to the SMS centre is gone", sent=False)
        sequence = request.sequence_num = self._next()
        answer: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        self._answers[sequence] = answer
        try:
            await self._write(request.pdu())
            async with asyncio.timeout(RESPONSE_S):
                return await answer
        except TimeoutError:
            raise LineLost("no answer in time") from None
        finally:
            self._answers.pop(sequence, None)

    async def _heard(self, pdu: Pdu) -> bool:
        """Deal with one frame; tells whether the line ends with it."""
        if pdu.command & RESPONSE:
            answer = self._answers.get(pdu.sequence)
            if answer is not None and not answer.done():
                answer.set_result(pdu)
        elif pdu.command == DELIVER_SM:
            if self._leaving or len(self._deliveries) >= DELIVERIES_AT_ONCE:
                await self._answer(pdu, RMSGQFUL)
            else:
                task = asyncio.create_task(self._deliver(pdu))
                self._deliveries.add(task)
                task.add_done_callback(self._deliveries.discard)
        elif pdu.command in (ENQUIRE_LINK, UNBIND):
            await self._answer(pdu, ROK)
            return pdu.command == UNBIND
        else:
            nack = GenericNack(sequence_num=pdu.sequence).pdu()
            await self._write(_with_status(nack, RINVCMDID))
        return False

    async def _deliver(self, pdu: Pdu) -> None:
        try:
            await self._handler(read_deliver(pdu.body))
        except Exception as error:  # noqa: BLE001  (one strange message must not end the line for all others)
            passing = is_transient(error)
            # The class only: a traceback with its values would show numbers and texts.
            log.warning("delivery from the SMS centre not taken", error=type(error).__name__, offered_again=passing)
            status = RX_T_APPN if passing else RX_P_APPN
        else:
            status = ROK
        with contextlib.suppress(OSError):
            await self._answer(pdu, status)

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(max(0.0, self._heard_at + ENQUIRE_EVERY_S - loop.time()))
            if loop.time() - self._heard_at < ENQUIRE_EVERY_S:
                continue
            try:
                await self._ask(EnquireLink())
            except OSError:
                self._abandon()
                return

    async def _answer(self, pdu: Pdu, status: int) -> None:
        if pdu.command == DELIVER_SM:
            await self._write(_with_status(DeliverSmResp(sequence_num=pdu.sequence).pdu(), status))
        else:
            await self._write(HEADER.pack(HEADER.size, pdu.command | RESPONSE, status, pdu.sequence))

    async def _read(self) -> Pdu:
        length, command, status, sequence = HEADER.unpack(await self._reader.readexactly(HEADER.size))
        if not HEADER.size <= length <= LONGEST_PDU:
            raise LineLost(f"a frame of {length} octets is none")
        return Pdu(command, status, sequence, await self._reader.readexactly(length - HEADER.size))

    async def _write(self, octets: bytes) -> None:
        self._writer.write(octets)
        await self._writer.drain()

    def _next(self) -> int:
        self._sequence = self._sequence % 0x7FFFFFFF + 1
        return self._sequence

    def _abandon(self) -> None:
        self._lost = True
        self._writer.close()
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(LineLost("the line ended before the answer"))


def _with_status(octets: bytes, status: int) -> bytes:
    length, command, _, sequence = HEADER.unpack_from(octets)
    return HEADER.pack(length, command, status, sequence) + octets[HEADER.size :]
