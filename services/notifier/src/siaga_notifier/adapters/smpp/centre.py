"""The SMS channel: a line to the SMS centre that is opened again whenever it ends."""

import asyncio
import random
import time
import zlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import structlog
from siaga_contracts.callers import e164
from siaga_kit.settings import SmppSettings

from siaga_notifier.adapters.smpp import requests, statuses
from siaga_notifier.adapters.smpp.awaiting import Awaiting, Parts
from siaga_notifier.adapters.smpp.joining import Joining
from siaga_notifier.adapters.smpp.line import Line
from siaga_notifier.adapters.smpp.lost import BindRefused, LineLost
from siaga_notifier.adapters.smpp.patience import Patience
from siaga_notifier.adapters.smpp.pdu import Deliver
from siaga_notifier.adapters.smpp.window import Window
from siaga_notifier.core import receipts
from siaga_notifier.core.model import SMS, Attempt, PhoneMessage
from siaga_notifier.core.outcomes import Accepted, Outcome, Permanent, Temporary, Unknown
from siaga_notifier.core.sms_parts import SmsPart, parts

log = structlog.get_logger()

BACKOFF_FIRST_S: Final = 0.1
# The centre coming back must be noticed within seconds: orders wait for it.
BACKOFF_MOST_S: Final = 3.0
# Many centres lock an account for hours that knocks with a wrong password every few seconds.
BACKOFF_REFUSED_S: Final = 30.0
LOCKS: Final = frozenset({statuses.RINVPASWD, statuses.RINVSYSID})
# An alarm that a phone shows half an hour late sends a crew to a place where nobody waits for it any more.
VALIDITY: Final = timedelta(minutes=30)
# Centres count in minutes at best; less might be none at all.
SHORTEST_VALIDITY: Final = timedelta(minutes=1)
# Whoever has not had a turn by then is told so, and has sent nothing: the next provider may be quicker. With the time for
# an answer it stays below the fifteen seconds after which nobody waits for us any more.
TURN_S: Final = 3.0
# A part that the crowded centre does not take by then: the message is sent anew, as a repeat.
PART_PATIENCE_S: Final = 10.0

OnReceipt = Callable[[receipts.Receipt, str], Awaitable[None]]
OnMessage = Callable[[PhoneMessage], Awaitable[None]]


class SmsCentre:
    """Sends SMS, hands receipts and phones' messages on; each is acknowledged to the centre when it was dealt with."""

    channel: Final = SMS
    keyed: Final = False
    confirms: Final = True

    def __init__(
        self,
        settings: SmppSettings,
        on_receipt: OnReceipt,
        on_message: OnMessage,
        provider_id: str = "smsc",
        patience: Patience | None = None,
    ) -> None:
        self.provider_id = provider_id
        self._settings = settings
        self._on_receipt = on_receipt
        self._on_message = on_message
        self._patience = patience or Patience()
        self._line: Line | None = None
        self._trouble: str | None = "not bound to the SMS centre yet"
        self._window = Window(settings.window)
        self._deliveries: set[asyncio.Task[None]] = set()
        self._awaiting = Awaiting(self._patience.response_s)
        self._joining = Joining(self._said, self._patience)

    def trouble(self) -> str | None:
        """Why no SMS can be sent now; None when one can."""
        if self._line is not None:
            return "the line to the SMS centre is lost" if self._line.lost else None
        return self._trouble

    async def run(self) -> None:
        """Keep a line open, until cancelled."""
        try:
            await self._keep_open()
        finally:
            # Not answered, so the centre offers them again to the next process.
            for delivery in self._deliveries:
                delivery.cancel()
            self._joining.close()

    async def _keep_open(self) -> None:
        delay_s = BACKOFF_FIRST_S
        while True:
            try:
                line = await Line.open(self._settings, self._deliver, self._deliveries, self._patience)
            except LineLost as error:
                if self._trouble != str(error):
                    log.warning("SMS centre away", reason=str(error))
                self._trouble = str(error)
                locks = isinstance(error, BindRefused) and error.status in LOCKS
                # Jitter: all notifiers lose the same centre at the same moment.
                await asyncio.sleep(delay_s * random.uniform(0.5, 1.0))  # noqa: S311
                delay_s = min(delay_s * 2, BACKOFF_REFUSED_S if locks else BACKOFF_MOST_S)
                continue
            delay_s = BACKOFF_FIRST_S
            await self._serve(line)

    async def _serve(self, line: Line) -> None:
        self._line = line
        log.info("bound to the SMS centre", provider=self.provider_id)
        serving = asyncio.create_task(line.run())
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            # Taking leave needs the line to be served.
            await line.close()
            await serving
            raise
        finally:
            self._line, self._trouble = None, "the line to the SMS centre is lost"

    async def send(self, attempt: Attempt) -> Outcome:
        """Hand an attempt to the centre, in parts when it is long."""
        validity = VALIDITY
        if attempt.expires_at_ms:
            left = timedelta(milliseconds=attempt.expires_at_ms - time.time_ns() // 1_000_000)
            validity = max(SHORTEST_VALIDITY, min(VALIDITY, left))
        reference = zlib.crc32(attempt.attempt_id.encode()) & 0xFFFF
        return await self._submit(attempt.address, attempt.text, reference, validity, receipt=True)

    async def say(self, number: str, text: str) -> Outcome:
        """Answer a phone; nobody waits for a receipt of that."""
        return await self._submit(number, text, zlib.crc32(text.encode()) & 0xFFFF, VALIDITY, receipt=False)

    async def _submit(self, number: str, text: str, reference: int, validity: timedelta, *, receipt: bool) -> Outcome:
        def request(part: SmsPart) -> bytes:
            mark = reference if receipt else None
            return requests.submit(part, number, self._settings, validity, receipt=receipt, reference=mark)

        octets = [request(part) for part in parts(text, reference)]
        if len(octets) == 1:
            return await self._one(octets[0])
        phone = number.removeprefix("+")
        sending = self._awaiting.begin(phone, len(octets))
        answer: Outcome = Unknown("cancelled")
        try:
            answer = await self._all(octets, sending)
        finally:
            self._awaiting.end(phone, sending, broken=not isinstance(answer, Accepted))
        return answer

    async def _all(self, octets: list[bytes], sending: Parts) -> Outcome:
        """Whether the first part goes decides for all: until it has, nothing went out."""
        first = await self._one(octets[0])
        if not isinstance(first, Accepted):
            return first
        self._awaiting.taken(sending, 1, first.provider_id)
        rest = [self._part(part, number, sending) for number, part in enumerate(octets[1:], start=2)]
        answers = await asyncio.gather(*rest)
        failed = next((answer for answer in answers if not isinstance(answer, Accepted)), None)
        return failed or Accepted(sending.last_id, len(octets))

    async def _part(self, octets: bytes, number: int, sending: Parts) -> Outcome:
        """A later part: what is refused for now is sent again, for the phone waits for it with the first in its hand."""
        until_s = asyncio.get_running_loop().time() + PART_PATIENCE_S
        answer = await self._one(octets)
        while isinstance(answer, Temporary) and not answer.down and asyncio.get_running_loop().time() < until_s:
            await asyncio.sleep(answer.retry_after_s)
            answer = await self._one(octets)
        where = f"part {number} of {sending.count}"
        match answer:
            case Accepted(message_id):
                self._awaiting.taken(sending, number, message_id)
                return answer
            case Permanent(reason):
                return Permanent(f"{where}: {reason}")
            case Temporary(reason) | Unknown(reason):
                return Unknown(f"{where}: {reason}")

    async def _one(self, octets: bytes) -> Outcome:
        try:
            async with asyncio.timeout(TURN_S):
                await self._window.enter()
        except TimeoutError:
            return Temporary("the SMS centre is busy with earlier messages", statuses.RETRY_AFTER_S)
        try:
            # Only now: while it waited, the line may have been lost, or found again.
            line = self._line
            if line is None:
                return Temporary(self._trouble or "not bound", statuses.RETRY_AFTER_S, down=True)
            status, message_id = await line.submit(octets)
            if status in statuses.CROWDED:
                return statuses.outcome(status, message_id, self._window.crowded())
            self._window.taken()
            return statuses.outcome(status, message_id)
        except LineLost as error:
            if error.sent:
                return Unknown(str(error))
            return Temporary(str(error), statuses.RETRY_AFTER_S, down=True)
        except OSError as error:
            return Unknown(type(error).__name__)
        finally:
            self._window.leave()

    async def _deliver(self, deliver: Deliver) -> None:
        if deliver.receipt:
            await self._receipted(deliver)
        elif deliver.segment is not None and deliver.segment.total > 1:
            await self._joining.take(deliver, deliver.segment)
        else:
            await self._said(deliver.source, deliver.text)

    async def _said(self, source: str, text: str) -> None:
        await self._on_message(PhoneMessage(e164(source) or source, text))

    async def _receipted(self, deliver: Deliver) -> None:
        receipt = receipts.read(deliver.text, deliver.receipted_id, deliver.message_state)
        if receipt is None:
            log.warning("receipt without a message id")
            return
        # Some centres leave the addresses as they were in the message.
        phone = deliver.destination if deliver.source == self._settings.sender else deliver.source
        receipt = receipts.respelled(receipt, self._settings.receipts_in)
        told = await self._awaiting.told(receipt, phone.removeprefix("+"))
        if told is not None:
            await self._on_receipt(told, e164(phone) or phone)
