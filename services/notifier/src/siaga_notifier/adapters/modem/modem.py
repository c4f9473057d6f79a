"""The SMS channel through a GSM modem that gammu-smsd serves: files handed over, files found."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

import structlog
from siaga_contracts.callers import e164

from siaga_notifier.adapters.modem.spool import Found, Spool
from siaga_notifier.adapters.patience import patiently
from siaga_notifier.core.model import SMS, Attempt, PhoneMessage
from siaga_notifier.core.modem_files import (
    NUMBER,
    OTHERS,
    Content,
    Incoming,
    Outgoing,
    is_report,
    joined,
    outgoing,
    read_content,
    reported,
)
from siaga_notifier.core.outcomes import Accepted, Outcome, Permanent, Temporary
from siaga_notifier.core.receipts import Receipt
from siaga_notifier.core.sms_parts import segments
from siaga_notifier.core.states import State

log = structlog.get_logger()

# A file that did not change from one look to the next is whole: the daemon writes it in one go. An answer waits so long.
LOOK_EVERY_S: Final = 0.25
# A modem takes 3 to 6 s for a message and the daemon up to 30 s for one that hangs; when nothing has left for longer, nothing will.
STUCK_S: Final = 45.0
RETRY_AFTER_S: Final = 5.0
# As for other SMS: after half a day it would only send a crew to a place where all is over.
WORTHLESS_AFTER_S: Final = 12 * 3600
FORGET_EVERY_S: Final = 600.0
# Questions back to a phone: nobody remembers them, so nobody asks what became of them.
ASKED: Final = "say-"

OnReceipt = Callable[[Receipt, str], Awaitable[None]]
OnMessage = Callable[[PhoneMessage], Awaitable[None]]


class GsmModem:
    """Hands messages to the daemon and tells what it did with them; what came is deleted when it was dealt with."""

    channel: Final = SMS
    # A message handed over twice has the same file name, which the daemon has already or had.
    keyed: Final = True
    # By the network's reports, and by the daemon's `error` folder.
    confirms: Final = True

    def __init__(
        self,
        folder: Path,
        on_receipt: OnReceipt,
        on_message: OnMessage,
        clock_ms: Callable[[], int],
        provider_id: str = "modem",
    ) -> None:
        self.provider_id = provider_id
        self._spool = Spool(folder)
        self._on_receipt = on_receipt
        self._on_message = on_message
        self._clock_ms = clock_ms
        self._trouble: str | None = None
        self._waiting: frozenset[str] = frozenset()
        self._moved_at_s = 0.0
        self._seen: dict[str, tuple[int, int]] = {}
        self._forgot_at_s = 0.0

    def trouble(self) -> str | None:
        """Why nothing can be sent now, for people; None when something can."""
        return self._trouble

    async def send(self, attempt: Attempt) -> Outcome:
        """Hand an order over; it is in the daemon's queue then, and on the air some seconds later."""
        order = attempt.order
        key = attempt.key or attempt.attempt_id
        worthless_at_s = attempt.expires_at_ms / 1000 or self._now_s() + WORTHLESS_AFTER_S
        return await self._hand_over(
            attempt.address, key, order.priority, order.event_at_ms, attempt.text, worthless_at_s
        )

    async def say(self, number: str, text: str) -> Outcome:
        """Answer a phone; nobody waits for a report of that."""
        key = f"{ASKED}{uuid.uuid4().hex}"
        return await self._hand_over(number, key, OTHERS, self._clock_ms(), text, self._now_s() + WORTHLESS_AFTER_S)

    async def _hand_over(
        self, number: str, key: str, priority: str, event_at_ms: int, text: str, worthless_at_s: float
    ) -> Outcome:
        if not NUMBER.fullmatch(number):
            return Permanent("not a phone's number")
        message = outgoing(number, key, priority, event_at_ms, report=not key.startswith(ASKED))
        try:
            trouble = await asyncio.to_thread(self._spool.trouble) or self._trouble
            if trouble is None:
                await asyncio.to_thread(self._spool.hand_over, message, text, worthless_at_s)
        except OSError as error:
            trouble = f"{error.filename}: {error.strerror}"
        if trouble is not None:
            return Temporary(trouble, RETRY_AFTER_S, down=True)
        return Accepted(message.key, segments(text))

    async def run(self) -> None:
        """Look after the folders, until cancelled."""
        while True:
            try:
                await self._look()
            except OSError as error:
                # Of a missing folder the spool's own word says more than the system's.
                self._tell(await asyncio.to_thread(self._spool.trouble) or f"{error.filename}: {error.strerror}")
            await asyncio.sleep(LOOK_EVERY_S)

    async def _look(self) -> None:
        trouble = await asyncio.to_thread(self._spool.trouble)
        found = await asyncio.to_thread(self._spool.look)
        self._tell(trouble or self._stuck(found))
        for message in found.sent:
            await asyncio.to_thread(self._spool.notice_sent, message, self._now_s())
        for message in found.failed:
            await self._told(message, State.FAILED_PERMANENT, "the modem could not send it")
            await asyncio.to_thread(self._spool.notice_failed, message)
        for message, worthless_at_s in found.waiting:
            if worthless_at_s < self._now_s() and await asyncio.to_thread(self._spool.withdraw, message):
                await self._told(message, State.EXPIRED, "the modem did not take it in time")
        for files in self._whole(found):
            await self._came(files)
        await self._forget()

    def _stuck(self, found: Found) -> str | None:
        waiting = frozenset(message.name for message, _ in found.waiting)
        if not self._waiting or self._waiting - waiting:
            self._moved_at_s = self._now_s()
        self._waiting = waiting
        stuck_s = self._now_s() - self._moved_at_s
        if waiting and stuck_s > STUCK_S:
            return f"the modem has taken nothing for {stuck_s:.0f} s, {len(waiting)} messages wait: journalctl -u gammu-smsd"
        return None

    def _tell(self, trouble: str | None) -> None:
        if (trouble is None) != (self._trouble is None):
            log.warning("GSM modem", provider=self.provider_id, trouble=trouble or "none any more")
        self._trouble = trouble

    async def _told(self, message: Outgoing, state: State, reason: str) -> None:
        if not message.key.startswith(ASKED):
            await self._on_receipt(Receipt(message.key, state, reason), message.number)

    def _whole(self, found: Found) -> list[list[Incoming]]:
        """Messages of which no part has changed since the last look."""
        settled = {file.name for file, state in found.incoming if self._seen.get(file.name) == state}
        self._seen = {file.name: state for file, state in found.incoming}
        files = sorted((file for file, _ in found.incoming), key=lambda file: (file.group, file.part))
        groups = [list(group) for _, group in groupby(files, key=lambda file: file.group)]
        return [group for group in groups if all(file.name in settled for file in group)]

    async def _came(self, files: Sequence[Incoming]) -> None:
        try:
            bodies = [await asyncio.to_thread(self._spool.read, file) for file in files]
            content = joined([read_content(file, body) for file, body in zip(files, bodies, strict=True)])
        except ValueError as error:
            log.warning("SMS that nobody can read, put aside", provider=self.provider_id, reason=str(error))
            dealt_with = False
        else:
            number = e164(files[0].source) or files[0].source
            dealt_with = await patiently(lambda: self._deal_with(number, content), self.provider_id)
        for file in files:
            await asyncio.to_thread(self._spool.notice_read if dealt_with else self._spool.put_aside, file)

    async def _deal_with(self, number: str, content: Content) -> None:
        awaiting = await asyncio.to_thread(self._spool.awaiting_report, number)
        if not is_report(content, awaited=awaiting is not None):
            await self._on_message(PhoneMessage(number, content.text))
            return
        state = reported(content)
        if awaiting is not None and state is not None:
            await self._told(awaiting, state, "undelivered" if state is State.FAILED_PERMANENT else "")
            await asyncio.to_thread(self._spool.notice_report, awaiting, arrived=state is State.DELIVERED)

    async def _forget(self) -> None:
        if self._now_s() - self._forgot_at_s > FORGET_EVERY_S:
            self._forgot_at_s = self._now_s()
            await asyncio.to_thread(self._spool.forget, self._now_s())

    def _now_s(self) -> float:
        return self._clock_ms() / 1000
