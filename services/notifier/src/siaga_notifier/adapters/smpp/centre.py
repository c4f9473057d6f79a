"""The SMS channel: a line to the SMS centre that is opened again whenever it ends."""

import asyncio
import random
import zlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import structlog
from aiosmpplib import NPI, TON, OptionalParam, PhoneNumber, SubmitSm
from aiosmpplib.state import USER_MESSAGE_REFERENCE
from siaga_contracts.callers import e164
from siaga_kit.settings import SmppSettings

from siaga_notifier.adapters.smpp.pdu import Deliver
from siaga_notifier.adapters.smpp.session import LineLost, Session
from siaga_notifier.core import gsm7, receipts
from siaga_notifier.core.model import SMS, Attempt, PhoneMessage
from siaga_notifier.core.outcomes import Accepted, Outcome, Permanent, Temporary, Unknown

log = structlog.get_logger()

BACKOFF_FIRST_S: Final = 0.1
# The centre coming back must be noticed within seconds: orders wait for it.
BACKOFF_MOST_S: Final = 3.0
# An alarm that a phone shows half an hour late sends a crew to a place where nobody waits for it any more.
VALIDITY: Final = timedelta(minutes=30)
# Halves of longer messages that wait for their other halves.
UNFINISHED_MESSAGES: Final = 200
OK: Final = 0
# Statuses of SMPP 3.4 §5.1.3 that no repetition mends: lengths, addresses, types of number, flags of the message.
PERMANENT: Final = {
    0x01: "invalid message length",
    0x0A: "invalid source address",
    0x0B: "invalid destination",
    0x33: "invalid destination",
    0x43: "invalid message class",
    0x48: "invalid source type",
    0x49: "invalid source plan",
    0x50: "invalid destination type",
    0x51: "invalid destination plan",
    0x66: "rejected",
}
TEMPORARY: Final = {0x08: "system error", 0x14: "queue full", 0x45: "submit failed", 0x58: "throttled"}
RETRY_AFTER_S: Final = 1.0


OnReceipt = Callable[[receipts.Receipt, str], Awaitable[None]]
OnMessage = Callable[[PhoneMessage], Awaitable[None]]


class SmsCentre:
    """Sends SMS, hands receipts and phones' messages on; each is acknowledged to the centre when it was dealt with."""

    channel: Final = SMS
    keyed: Final = False
    confirms: Final = True

    def __init__(
        self, settings: SmppSettings, on_receipt: OnReceipt, on_message: OnMessage, provider_id: str = "smsc"
    ) -> None:
        self.provider_id = provider_id
        self._settings = settings
        self._on_receipt = on_receipt
        self._on_message = on_message
        self._session: Session | None = None
        self._trouble: str | None = "not bound to the SMS centre yet"
        self._deliveries: set[asyncio.Task[None]] = set()
        self._parts: OrderedDict[tuple[str, int, int], dict[int, str]] = OrderedDict()

    def trouble(self) -> str | None:
        """Why no SMS can be sent now; None when one can."""
        return self._trouble

    async def run(self) -> None:
        """Keep a line open, until cancelled."""
        try:
            await self._keep_open()
        finally:
            # Not answered, so the centre offers them again to the next process.
            for delivery in self._deliveries:
                delivery.cancel()

    async def _keep_open(self) -> None:
        delay_s = BACKOFF_FIRST_S
        while True:
            try:
                session = await Session.open(self._settings, self._deliver, self._deliveries)
            except LineLost as error:
                if self._trouble != str(error):
                    log.warning("SMS centre away", reason=str(error))
                self._trouble = str(error)
                # Jitter: all notifiers lose the same centre at the same moment.
                await asyncio.sleep(delay_s * random.uniform(0.5, 1.0))  # noqa: S311
                delay_s = min(delay_s * 2, BACKOFF_MOST_S)
                continue
            delay_s = BACKOFF_FIRST_S
            await self._serve(session)

    async def _serve(self, session: Session) -> None:
        self._session, self._trouble = session, None
        log.info("bound to the SMS centre")
        serving = asyncio.create_task(session.run())
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            # Taking leave needs the line to be served.
            await session.close()
            await serving
            raise
        finally:
            self._session, self._trouble = None, "the line to the SMS centre is lost"

    async def send(self, attempt: Attempt) -> Outcome:
        """Hand an attempt to the centre."""
        # The phone may know the reference; the centre returns nothing by it, so the message id stays our key.
        return await self._submit(attempt.address, attempt.text, zlib.crc32(attempt.attempt_id.encode()) & 0xFFFF)

    async def say(self, number: str, text: str) -> Outcome:
        """Answer a phone; nobody waits for a receipt of that."""
        return await self._submit(number, text, None)

    async def _submit(self, number: str, text: str, reference: int | None) -> Outcome:
        session = self._session
        if session is None:
            return Temporary(self._trouble or "not bound", RETRY_AFTER_S, down=True)
        message = SubmitSm(
            short_message=text,
            source=PhoneNumber(self._settings.sender, TON.UNKNOWN, NPI.ISDN),
            destination=PhoneNumber(number.removeprefix("+"), TON.INTERNATIONAL, NPI.ISDN),
            validity_period=VALIDITY,
            registered_delivery=0 if reference is None else 1,
            optional_params=[] if reference is None else [OptionalParam(USER_MESSAGE_REFERENCE, reference)],
        )
        message.set_encoded_message(gsm7.encode(text))
        try:
            status, message_id = await session.submit(message)
        except LineLost as error:
            return Unknown(str(error)) if error.sent else Temporary(str(error), RETRY_AFTER_S, down=True)
        except OSError as error:
            return Unknown(type(error).__name__)
        return outcome(status, message_id)

    async def _deliver(self, deliver: Deliver) -> None:
        if deliver.receipt:
            receipt = receipts.read(deliver.text, deliver.receipted_id, deliver.message_state)
            if receipt is None:
                log.warning("receipt without a message id")
                return
            await self._on_receipt(receipt, e164(deliver.source) or deliver.source)
            return
        text = self._whole(deliver)
        if text is not None:
            await self._on_message(PhoneMessage(e164(deliver.source) or deliver.source, text))

    def _whole(self, deliver: Deliver) -> str | None:
        segment = deliver.segment
        if segment is None or segment.total <= 1:
            return deliver.text
        key = (deliver.source, segment.reference, segment.total)
        parts = self._parts.setdefault(key, {})
        parts[segment.number] = deliver.text
        if len(parts) < segment.total:
            if len(self._parts) > UNFINISHED_MESSAGES:
                self._parts.popitem(last=False)
            return None
        del self._parts[key]
        return "".join(parts[number] for number in sorted(parts))


def outcome(status: int, message_id: str) -> Outcome:
    """What a submit_sm_resp says; an unlisted status is taken as passing, for giving up needs a sure reason."""
    if status == OK:
        return Accepted(message_id)
    if status in PERMANENT:
        return Permanent(PERMANENT[status])
    return Temporary(TEMPORARY.get(status, f"status {status:#x}"), RETRY_AFTER_S)
