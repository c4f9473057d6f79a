"""Kannel at the notifier's work: SMS handed over by HTTP, accepted by the same SMS centre, receipts told back.

The client is as cheap as can be: a library's would take as much of a core as the gateway that it measures.
"""

import asyncio
import json
import shutil
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast
from urllib.parse import quote, urlsplit

import uvloop
from siaga_kit.embedded.kannel import Kannel, Site
from siaga_kit.embedded.ports import HOST, any_free

# As many as the notifier has at once at an SMS centre.
WINDOW: Final = 64
CONNECTIONS: Final = 32
# A machine with much else to do takes long, but comes to an end.
DONE_WITHIN_S: Final = 300.0
_ANSWER: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
_ACCEPTED: Final = b"HTTP/1.1 202"


@dataclass(frozen=True, slots=True)
class Speed:
    """How long so many SMS took: until the centre had the last, and until its last receipt was told to the sender."""

    messages: int
    accepted_s: float
    receipted_s: float

    @property
    def accepted_per_s(self) -> float:
        """SMS a second, as the centre took them."""
        return self.messages / self.accepted_s

    @property
    def receipted_per_s(self) -> float:
        """SMS a second, each with its receipt back at the sender."""
        return self.messages / self.receipted_s


def available() -> bool:
    """Whether Debian's Kannel is installed."""
    return all(shutil.which(name, path="/usr/sbin:/usr/bin") for name in ("bearerbox", "smsbox"))


def through_kannel(folder: Path, centre_port: int, control_port: int, messages: int) -> Speed:
    """Send so many SMS through a Kannel of its own, in a folder of its own, to a centre that has none of them yet.

    `control_port` is that of the embedded centre (siaga_kit.embedded.smsc). Raises StackError without Kannel, TimeoutError
    when not all came through.
    """
    taken: set[int] = set()
    for _ in range(4):
        taken.add(any_free(taken))
    admin, smsbox, sendsms, sink = sorted(taken)
    site = Site(
        centre_host=HOST, centre_port=centre_port, system_id="kannel", centre_password="siaga", password="bench",  # noqa: S106
        admin_port=admin, smsbox_port=smsbox, sendsms_port=sendsms, spool=str(folder / "spool"), logs=str(folder),
        window=WINDOW, log_level=4, store="file",
    )  # fmt: skip
    kannel = Kannel(folder, site)
    kannel.start()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_measured(kannel.sendsms_url, sink, control_port, messages))
    finally:
        kannel.stop()


async def _measured(url: str, sink_port: int, control_port: int, messages: int) -> Speed:
    sink = _Sink()
    door = await asyncio.get_running_loop().create_server(lambda: _Door(sink), HOST, sink_port)
    try:
        # The first message waits for the line to the centre; that is no part of the work.
        await _send(url, sink_port, range(1))
        await sink.heard(1)
        began = time.monotonic()
        began_at_ms = time.time_ns() // 1_000_000
        async with asyncio.timeout(DONE_WITHIN_S):
            numbers = range(1, messages + 1)
            await asyncio.gather(*(_send(url, sink_port, numbers[at::CONNECTIONS]) for at in range(CONNECTIONS)))
            await sink.heard(messages + 1)
        receipted_s = time.monotonic() - began
        last_ms = await asyncio.to_thread(_last_taken, control_port, messages)
    finally:
        sink.close()
        door.close()
        await door.wait_closed()
    return Speed(messages, max(last_ms - began_at_ms, 1) / 1000, receipted_s)


def _last_taken(control_port: int, messages: int) -> int:
    """When the centre took the last one, by its journal."""
    with urllib.request.urlopen(f"http://{HOST}:{control_port}/messages?after={messages}&wait_ms=5000") as answer:
        return int(json.load(answer)["messages"][-1]["at_ms"])


async def _send(url: str, sink_port: int, numbers: range) -> None:
    """Hand these over, one after the other, over one connection."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(HOST, parts.port)
    for number in numbers:
        told = quote(f"http://{HOST}:{sink_port}/?id={number}&status=%d", safe="")
        writer.write(
            f"GET {parts.path}?username=siaga&password=bench&from=112&to=%2B62811{number:08}&dlr-mask=19&dlr-url={told}"
            f"&text=%23{number}%20P1%20Kebakaran%20Jl.%20Raya%205 HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        body = await reader.readexactly(int(length.partition(b":")[2]))
        if not head.startswith(_ACCEPTED):
            raise RuntimeError(f"Kannel refused an SMS: {body[:80]!r}")
    writer.close()


class _Sink:
    """Where Kannel tells what became of each; counts those that arrived."""

    def __init__(self) -> None:
        self._arrived: set[bytes] = set()
        self._wanted = 0
        self._there = asyncio.Event()
        self.transports: set[asyncio.Transport] = set()

    def close(self) -> None:
        """End Kannel's connections."""
        for transport in list(self.transports):
            transport.abort()

    def told(self, line: bytes) -> None:
        """A receipt, as the first line of its request."""
        name, _, status = line.partition(b" HTTP/")[0].partition(b"&status=")
        if status == b"1":
            self._arrived.add(name)
            if len(self._arrived) >= self._wanted:
                self._there.set()

    async def heard(self, count: int) -> None:
        """Return when so many have arrived."""
        self._wanted = count
        if len(self._arrived) < count:
            self._there.clear()
            await self._there.wait()


class _Door(asyncio.Protocol):
    """One connection of Kannel's."""

    def __init__(self, sink: _Sink) -> None:
        self._sink = sink
        self._read = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what answers go by."""
        self._transport = cast("asyncio.Transport", transport)
        self._sink.transports.add(self._transport)

    def connection_lost(self, _: Exception | None) -> None:
        """Forget it."""
        assert self._transport is not None
        self._sink.transports.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        """Answer each request that is whole; they have no bodies."""
        *whole, self._read = (self._read + data).split(b"\r\n\r\n")
        for head in whole:
            self._sink.told(head.partition(b"\r\n")[0])
            assert self._transport is not None
            self._transport.write(_ANSWER)
