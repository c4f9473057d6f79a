"""The load: requests made beforehand, sent over kept connections by a process of its own, as cheaply as can be.

A client library would take as much of a core as the front door that it measures.
"""

import asyncio
import json
import multiprocessing
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Final, cast
from urllib.parse import urlsplit

import uvloop

from siaga_cli.bench.calls import told

# How often an open loop looks what is due: well below the times that it measures.
TICK_S: Final = 0.001
# A machine with much else to do takes long, but comes to an end.
ANSWERED_WITHIN_S: Final = 300.0


@dataclass(frozen=True, slots=True)
class Load:
    """What to post: so many requests of so many events each; `rate_s` 0 = each connection as soon as it is answered."""

    url: str
    token: str
    salt: str
    requests: int
    events_each: int
    connections: int
    rate_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One answered request: when it was due and answered (epoch seconds), and the ids of what was accepted."""

    due_s: float
    answered_s: float
    status: int
    event_ids: tuple[str, ...]


def post(load: Load) -> list[Answer]:
    """Post it all, from another process; returns when everything is answered."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as apart:
        return apart.submit(_post, load).result()


def _post(load: Load) -> list[Answer]:
    requests = list(_requests(load))
    sending = _Sending(load, requests)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(sending.run())
    return [_read(*raw) for raw in sending.raw]


def _requests(load: Load) -> Iterator[bytes]:
    """Whole requests, head and body. A list is of one door, so that events wait until their door's list is full."""
    host = urlsplit(load.url).netloc
    lists: dict[str, list[dict[str, object]]] = defaultdict(list)
    made = 0
    for event in told(load.salt):
        waiting = lists[event.path]
        waiting.append(event.payload)
        if len(waiting) < load.events_each:
            continue
        body = json.dumps(waiting[0] if load.events_each == 1 else waiting, separators=(",", ":")).encode()
        waiting.clear()
        head = (
            f"POST {event.path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {load.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        yield head.encode() + body
        made += 1
        if made == load.requests:
            return


@dataclass
class _Sending:
    load: Load
    requests: list[bytes]
    raw: list[tuple[float, float, bytes]] = field(default_factory=list)
    idle: list["_Connection"] = field(default_factory=list)
    waiting: deque[float] = field(default_factory=deque)
    sent: int = 0
    all_answered: "asyncio.Future[None]" = field(init=False)

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        host, _, port = urlsplit(self.load.url).netloc.partition(":")
        self.all_answered = loop.create_future()
        for _ in range(self.load.connections):
            await loop.create_connection(lambda: _Connection(self), host, int(port))
        if self.load.rate_s:
            await self._at_its_rate()
        else:
            idle, self.idle = self.idle, []
            for connection in idle:
                self.give(connection)
        async with asyncio.timeout(ANSWERED_WITHIN_S):
            await self.all_answered

    async def _at_its_rate(self) -> None:
        """Each request is due at its time whatever became of those before: the wait for a connection counts as well."""
        begin, due = time.time(), 0
        while due < len(self.requests):
            while due < len(self.requests) and (due_s := begin + due / self.load.rate_s) <= time.time():
                due += 1
                self.waiting.append(due_s)
                if self.idle:
                    self.give(self.idle.pop())
            await asyncio.sleep(TICK_S)

    def give(self, connection: "_Connection") -> None:
        """Send the next request on this connection, when there is one for it."""
        if self.sent == len(self.requests) or (self.load.rate_s and not self.waiting):
            self.idle.append(connection)
            return
        connection.send(self.requests[self.sent], self.waiting.popleft() if self.load.rate_s else time.time())
        self.sent += 1

    def answered(self, connection: "_Connection", due_s: float, answer: bytes) -> None:
        self.raw.append((due_s, time.time(), answer))
        if len(self.raw) == len(self.requests):
            self.all_answered.set_result(None)
        self.give(connection)


class _Connection(asyncio.Protocol):
    """One kept connection, one request at a time."""

    def __init__(self, sending: _Sending) -> None:
        self._sending = sending
        self._answer = b""
        self._whole = 0
        self._due_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes.
        self._transport = cast("asyncio.Transport", transport)
        self._sending.idle.append(self)

    def send(self, request: bytes, due_s: float) -> None:
        self._due_s = due_s
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if not self._whole:
            head, end, _ = self._answer.partition(b"\r\n\r\n")
            if not end:
                return
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            self._whole = len(head) + 4 + int(length)
        if len(self._answer) >= self._whole:
            answer, self._answer, self._whole = self._answer, b"", 0
            self._sending.answered(self, self._due_s, answer)

    def connection_lost(self, error: Exception | None) -> None:
        if not self._sending.all_answered.done():
            self._sending.all_answered.set_exception(error or ConnectionError("the front door closed a connection"))


def _read(due_s: float, answered_s: float, answer: bytes) -> Answer:
    head, _, body = answer.partition(b"\r\n\r\n")
    status = int(head[9:12])
    accepted = json.loads(body)["accepted"] if status == 202 else ()
    return Answer(due_s, answered_s, status, tuple(each for one in accepted for each in one["event_ids"]))
