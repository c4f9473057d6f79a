"""FreeSWITCH's event socket, as its client: log in, ask for the events of calls, and notice when the switch is gone.

`linger` and `filter` have no part here: the one is for sockets that the switch opens, the other would keep back the call
centre's events, which carry no channel's headers.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Final

from siaga_tenants import Connect

from siaga_intake.adapters.switches.connector import Hand, LinkError
from siaga_intake.adapters.switches.credentials import secret_of
from siaga_intake.core.fields import Payload
from siaga_intake.core.switches import esl_text
from siaga_intake.core.switches.esl_text import BODY, Frame, Frames, UnframedError

# All that tells of a call, and no more: a busy switch says hundreds of other things a second. What follows CUSTOM are
# subclasses, so it comes last. The heartbeat, every 20 s unless the switch is told otherwise, says that it lives.
WANTED: Final = (
    "CHANNEL_CREATE", "CHANNEL_EXECUTE", "CHANNEL_BRIDGE", "CHANNEL_UNBRIDGE", "CHANNEL_HANGUP_COMPLETE", "DTMF",
    "DETECTED_SPEECH", "TALK", "HEARTBEAT", "CUSTOM", "callcenter::info", "menu::enter",
)  # fmt: skip
# A switch that does not answer by now is away; the connector tries again.
ANSWER_S: Final = 10.0
# After so long without a word we ask; without an answer for as long again the connection is dead, whatever TCP thinks.
QUIET_S: Final = 30.0
CHUNK_BYTES: Final = 65_536
# Any answer will do: switches that do not know the word say so.
_PROBE: Final = "noop"
_EVENTS: Final = "text/event-"
_REFUSED: Final = "text/rude-rejection"
_OVER: Final = "text/disconnect-notice"


class EslLink:
    """One connection after the other to the event socket at `connect.address`."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    async def run(self, hand: Hand, connected: Callable[[], None]) -> None:
        """Connect, log in, subscribe, and hand on events until the connection ends."""
        host, _, port = self._connect.address.rpartition(":")
        password = secret_of(self._connect)
        try:
            async with asyncio.timeout(ANSWER_S):
                reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
        except TimeoutError:
            raise LinkError(f"no answer from {self._connect.address} within {ANSWER_S:.0f} s") from None
        socket = _Socket(reader, writer)
        try:
            await _log_in(socket, password)
            connected()
            await _listen(socket, hand)
        except UnframedError as error:
            raise LinkError(f"what answers is no event socket: {error}") from None
        finally:
            writer.close()
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(ANSWER_S):
                    await writer.wait_closed()


class _Socket:
    """Frames in, commands out."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._frames = Frames()
        self._waiting: list[Frame] = []

    async def say(self, command: str) -> None:
        self._writer.write(f"{command}\n\n".encode())
        await self._writer.drain()

    async def frames(self) -> Sequence[Frame]:
        """All that has come, at least one; none when the connection is over."""
        while not self._waiting:
            chunk = await self._reader.read(CHUNK_BYTES)
            if not chunk:
                return ()
            self._waiting += self._frames.feed(chunk)
        frames, self._waiting = self._waiting, []
        return frames

    async def answer(self, wanted: str) -> Frame:
        """The next frame of that type; events that come before it wait their turn."""
        passed: list[Frame] = []
        try:
            async with asyncio.timeout(ANSWER_S):
                while True:
                    frames = list(await self.frames())
                    if not frames:
                        raise LinkError("the switch closed the connection before it answered")
                    for place, frame in enumerate(frames):
                        if frame.content_type == wanted:
                            passed += frames[place + 1 :]
                            return frame
                        _check(frame)
                        passed.append(frame)
        except TimeoutError:
            raise LinkError(f"no {wanted} within {ANSWER_S:.0f} s") from None
        finally:
            self._waiting = passed + self._waiting


def _check(frame: Frame) -> None:
    if frame.content_type == _REFUSED:
        raise LinkError("the switch refuses our address; apply-inbound-acl in event_socket.conf.xml must let it in")
    if frame.content_type == _OVER:
        raise LinkError("the switch ended the connection")


async def _log_in(socket: _Socket, password: str) -> None:
    await socket.answer("auth/request")
    await socket.say(f"auth {password}")
    reply = (await socket.answer("command/reply")).headers.get("Reply-Text", "")
    if not reply.startswith("+OK"):
        raise LinkError("the switch does not accept the password in secret_file")
    await socket.say("event json " + " ".join(WANTED))
    reply = (await socket.answer("command/reply")).headers.get("Reply-Text", "")
    if not reply.startswith("+OK"):
        raise LinkError("the switch gives us no events; is the user allowed them?")


async def _listen(socket: _Socket, hand: Hand) -> None:
    asked = False
    while True:
        try:
            async with asyncio.timeout(QUIET_S):
                frames = await socket.frames()
        except TimeoutError:
            if asked:
                raise LinkError(f"the switch has been silent for {2 * QUIET_S:.0f} s") from None
            asked = True
            await socket.say(_PROBE)
            continue
        if not frames:
            return
        asked = False
        # Without an event this is a sign that the connection lives.
        await hand(list(_payloads(frames)))
        for frame in frames:
            _check(frame)


def _payloads(frames: Sequence[Frame]) -> Iterator[Payload]:
    for frame in frames:
        told = esl_text.event(frame)
        if told is not None and told.get("Event-Name") != "HEARTBEAT":
            yield told
        elif told is None and frame.content_type.startswith(_EVENTS):
            # Cannot be read: it is refused at the door, counted and kept for people to see.
            yield {**frame.headers, BODY: frame.body.decode("utf-8", "replace")}
