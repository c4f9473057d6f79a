"""The modem channel as a process of its own, for a test to kill while it hands messages over."""

import asyncio
import sys
import time
from pathlib import Path

from notifier_modem_world import attempt
from siaga_notifier.adapters.modem.modem import GsmModem
from siaga_notifier.core.model import PhoneMessage
from siaga_notifier.core.receipts import Receipt


async def ignore_receipt(_: Receipt, __: str) -> None: ...


async def ignore_message(_: PhoneMessage) -> None: ...


async def main() -> None:
    modem = GsmModem(Path(sys.argv[1]), ignore_receipt, ignore_message, lambda: time.time_ns() // 1_000_000)
    for key in sys.argv[2:]:
        await modem.send(attempt(key))
        sys.stdout.write(f"{key}\n")
        sys.stdout.flush()
    await asyncio.Event().wait()


asyncio.run(main())
