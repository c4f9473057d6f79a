"""The client of the SMS centre's control door, against the real centre."""

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest_asyncio
from siaga_replay.ledger import Sms
from siaga_replay.smsc import SmsCentre


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def line(number: int) -> dict[str, Any]:
    return {
        "n": number, "to": "+62811", "from": "112", "text": f"#{number} P1", "message_id": f"{number:08x}", "at_ms": 1_000,
        "user_message_reference": None, "receipt": False,
    }  # fmt: skip


class Centre:
    """The centre as a process that can be killed and started again on its journal."""

    def __init__(self, journal: Path) -> None:
        self.journal = journal
        self.ports = free_port(), free_port()
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports[1]}"

    async def start(self, session: aiohttp.ClientSession) -> None:
        smpp, control = map(str, self.ports)
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "siaga_kit.embedded.smsc",
            "--port", smpp, "--control-port", control, "--journal", str(self.journal),
        )  # fmt: skip
        async with asyncio.timeout(30):
            while True:
                try:
                    async with session.get(f"{self.url}/health/ready") as response:
                        if response.status == 200:
                            return
                except aiohttp.ClientError:
                    await asyncio.sleep(0.05)

    async def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None

    def write(self, *numbers: int) -> None:
        with self.journal.open("a") as file:
            file.writelines(json.dumps(line(number)) + "\n" for number in numbers)


@pytest_asyncio.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


async def test_what_was_there_is_skipped_and_a_restart_loses_nothing(
    tmp_path: Path, session: aiohttp.ClientSession
) -> None:
    centre = Centre(tmp_path / "journal.jsonl")
    centre.write(1, 2)
    await centre.start(session)
    try:
        client = SmsCentre(centre.url, session)
        await client.skip_what_is_there()
        await centre.kill()
        assert await client.next_messages() == []
        centre.write(3)
        await centre.start(session)
        assert await client.next_messages() == [Sms("00000003", "62811", "#3 P1", 1_000)]
        assert await client.next_messages() == []
        await client.send_from_phone("62811", "1 #3", "112")
    finally:
        await centre.kill()


async def test_a_phone_waits_for_a_centre_that_is_away(tmp_path: Path, session: aiohttp.ClientSession) -> None:
    centre = Centre(tmp_path / "journal.jsonl")
    client = SmsCentre(centre.url, session)
    sending = asyncio.create_task(client.send_from_phone("62811", "1 #3", "112"))
    await asyncio.sleep(0)
    try:
        await centre.start(session)
        async with asyncio.timeout(20):
            await sending
    finally:
        await centre.kill()
