"""The MQTT channel as a process of its own, for a test to kill: it never gets done with the first answer of a unit."""

import asyncio
import sys
from pathlib import Path

from siaga_notifier.adapters.mqtt.access import Access
from siaga_notifier.adapters.mqtt.broker import MqttBroker
from siaga_notifier.core.model import UnitAnswer
from siaga_notifier.core.receipts import Receipt


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def hang(answer: UnitAnswer) -> None:
    say(answer.order_id)
    await asyncio.Event().wait()


async def ignore(_: Receipt, __: str) -> None: ...


async def main() -> None:
    access = Access("127.0.0.1", int(sys.argv[1]), username="siaga-notifier", password_file=Path(sys.argv[2]))
    broker = MqttBroker(access, "t", hang, ignore, lambda: 0)
    running = asyncio.create_task(broker.run())
    while broker.trouble() is not None:
        await asyncio.sleep(0.01)
    say("ready")
    await running


asyncio.run(main())
