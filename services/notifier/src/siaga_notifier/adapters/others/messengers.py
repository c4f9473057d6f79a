"""The channel `other`: a contact names an entry, an entry's file holds one Apprise address.

Whether a message arrived nobody ever tells, so `sent, unconfirmed` is the most that is said.
"""

import asyncio
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog
from siaga_tenants.model import ProviderSpec

from siaga_notifier.adapters.others.delivery import Result, deliver, fault_of, known
from siaga_notifier.adapters.secret_file import SecretError, SecretFile
from siaga_notifier.core.message import REPEAT
from siaga_notifier.core.model import OTHER, Attempt, OrderKind
from siaga_notifier.core.outcomes import Accepted, Outcome, Permanent, Temporary, Unknown

log = structlog.get_logger()

# Shorter than the step of any plan; a mail server that hangs takes a minute and more to be given up by itself.
SEND_S: Final = 10.0
# Of one entry. A service that hangs may hold these, and no thread of any other entry.
MOST_AT_ONCE: Final = 4
AGAIN_S: Final = 15.0


class Messengers:
    """The entries of one provider."""

    channel: Final = OTHER
    keyed: Final = False
    confirms: Final = False

    def __init__(self, spec: ProviderSpec, send_s: float = SEND_S) -> None:
        self.provider_id = spec.provider_id
        entries: Mapping[str, Path] = spec.settings["entries"]
        self._files = {name: SecretFile(Path(path)) for name, path in entries.items()}
        self._free = {name: asyncio.Semaphore(MOST_AT_ONCE) for name in entries}
        self._send_s = send_s
        for name, fault in self._faults().items():
            log.error("entry cannot be used", provider=self.provider_id, entry=name, reason=fault)

    def trouble(self) -> str | None:
        """Why no entry can be used now; None when one can. Each one's own fault is told by what is sent to it."""
        faults = self._faults()
        if len(faults) < len(self._files):
            return None
        return "; ".join(f"entry {name}: {fault}" for name, fault in faults.items()) or "no entries"

    async def run(self) -> None:
        """Nothing is kept open; but Apprise takes a second to know all its services, which no order should wait for."""
        for name in self._files:
            url, fault = self._address(name)
            if not fault and not await asyncio.to_thread(known, url):
                log.error("entry cannot be used", provider=self.provider_id, entry=name, reason=str(Result.NO_URL))
        await asyncio.Event().wait()

    async def send(self, attempt: Attempt) -> Outcome:
        """Hand an order to the entry that the contact names."""
        name = attempt.address
        if name not in self._files:
            return Permanent(f"the provider has no entry {name!r}; it has {', '.join(self._files)}")
        url, fault = self._address(name)
        if fault:
            return Permanent(f"entry {name}: {fault}")
        try:
            await asyncio.wait_for(self._free[name].acquire(), self._send_s)
        except TimeoutError:
            return Temporary(f"entry {name}: earlier messages still hang", AGAIN_S, down=True)
        return await self._hand_over(name, url, attempt)

    async def _hand_over(self, name: str, url: str, attempt: Attempt) -> Outcome:
        try:
            result = await asyncio.wait_for(self._in_a_thread(name, url, attempt), self._send_s)
        except TimeoutError:
            return Unknown(f"entry {name}: no end after {self._send_s:.0f} s")
        except Exception as error:  # noqa: BLE001  (a hundred services' code: any of it may raise anything)
            return Unknown(f"entry {name}: {type(error).__name__}")
        match result:
            case Result.SENT:
                return Accepted(attempt.attempt_id)
            case Result.NO_URL:
                return Permanent(f"entry {name}: {result}")
            case Result.NOT_SENT:
                return Temporary(f"entry {name}: refused, or nobody there", AGAIN_S)

    def _in_a_thread(self, name: str, url: str, attempt: Attempt) -> asyncio.Future[Result]:
        """A thread of its own, which no exit of the process waits for; the entry's place is free when it ends."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[Result] = loop.create_future()

        def settle(result: Result | None, error: Exception | None) -> None:
            self._free[name].release()
            if ended.done():
                return
            if error is not None:
                ended.set_exception(error)
            elif result is not None:
                ended.set_result(result)

        def work() -> None:
            result, failed = None, None
            try:
                result = deliver(url, _title(attempt), _text(attempt))
            except Exception as error:  # noqa: BLE001
                failed = error
            # The process may have ended meanwhile, and its loop with it.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(settle, result, failed)

        threading.Thread(target=work, name=f"apprise-{name}", daemon=True).start()
        return ended

    def _faults(self) -> dict[str, str]:
        return {name: fault for name in self._files if (fault := self._address(name)[1])}

    def _address(self, name: str) -> tuple[str, str]:
        """The entry's address, or why it has none."""
        try:
            url = self._files[name].read().decode()
        except (SecretError, UnicodeDecodeError) as error:
            return "", str(error)
        return url, fault_of(url) or ""


def _title(attempt: Attempt) -> str:
    """For mails and services that have one; no type: it is read on lock screens, as the text may not be."""
    what = "UJI COBA" if attempt.order.kind is OrderKind.TRIAL else "Tugas"
    return f"{what} #{attempt.order.task_code} {attempt.order.priority}".rstrip()


def _text(attempt: Attempt) -> str:
    """The order's SMS, which has been cleared of what a confidential order may not say; and where to answer."""
    text = attempt.text
    if attempt.repeat and not text.startswith(REPEAT):
        text = REPEAT + text
    return f"{text}\n{attempt.link}" if attempt.link and attempt.link not in text else text
