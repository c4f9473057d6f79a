"""An SMS centre as a process of its own, for the notifier to talk to."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from siaga_kit.settings import SmppSettings

PATIENCE_S = 20.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait for a condition, with a bound."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        answer = condition()
        if answer if isinstance(answer, bool) else await answer:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("waited in vain")


class SmscProcess:
    """The embedded SMS centre."""

    def __init__(self, journal: Path) -> None:
        self.port, self.control_port, self.journal = free_port(), free_port(), journal
        self.settings = SmppSettings(port=self.port)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                sys.executable, "-m", "siaga_kit.embedded.smsc", "--port", str(self.port),
                "--control-port", str(self.control_port), "--journal", str(self.journal), "--receipt-delay-ms", "5",
            ]
        )  # fmt: skip
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                self._call("/health/ready", None)
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise AssertionError("the SMS centre did not start")

    def as_new(self) -> None:
        """Running, without messages and faults of before."""
        if self._process is None:
            self.start()
        else:
            self._call("/reset", {})

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(PATIENCE_S)
            self._process = None

    def _call(self, path: str, body: dict[str, Any] | None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.control_port}{path}", data)
        with urllib.request.urlopen(request, timeout=15) as answer:
            return json.load(answer)

    async def call(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return await asyncio.to_thread(self._call, path, body)

    async def messages(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.call("/messages"))["messages"]
        return found

    async def phone_sends(self, number: str, text: str) -> None:
        await self.call("/mo", {"from": number, "to": "112", "text": text})
