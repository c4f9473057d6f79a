"""A session with Asterisk's manager (AMI): login, events, and a sign of life when nothing happens."""

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog
from siaga_tenants import Connect

from siaga_intake.adapters.switches.connector import Hand, LinkError
from siaga_intake.adapters.switches.credentials import secret_of
from siaga_intake.core.captured import Broken
from siaga_intake.core.fields import Payload
from siaga_intake.core.switches.ami_text import Message, Reader

log = structlog.get_logger()

# A manager that does not answer by then hangs, or is something else.
ANSWER_S: Final = 5.0
# Silence after which we ask; twice this, and the connection is dead although nobody has said so.
KEEP_ALIVE_S: Final = 15.0
# What one read takes: some hundred events, kept together.
READ_BYTES: Final = 65_536
# The classes of events that tell of calls: without the choice a busy manager sends ten times as much.
EVENTS: Final = "system,call,agent,dtmf,dialplan"


@dataclass(frozen=True, slots=True)
class Ami:
    """One manager, by its address."""

    connect: Connect
    answer_s: float = ANSWER_S
    keep_alive_s: float = KEEP_ALIVE_S

    async def run(self, hand: Hand, connected: Callable[[], None]) -> None:
        """Log in and hand over events until the connection ends."""
        secret = secret_of(self.connect)
        host, _, port = self.connect.address.rpartition(":")
        try:
            async with asyncio.timeout(self.answer_s):
                reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
        except TimeoutError:
            raise LinkError(f"{self.connect.address} does not answer") from None
        session = _Session(reader, writer, self)
        try:
            await session.log_in(self.connect.user, secret)
            connected()
            await session.listen(hand)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


class _Session:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ami: Ami) -> None:
        self._reader = reader
        self._writer = writer
        self._ami = ami
        self._text = Reader()
        self._asked = 0
        # Events that came before the answer to an action.
        self._early: list[Payload] = []
        self._told_of_times = False

    async def log_in(self, user: str, secret: str) -> None:
        """By challenge, so that the secret does not cross the network; in plain where the manager knows no other way."""
        challenge = await self._ask("Challenge", AuthType="MD5")
        nonce = challenge.get("Challenge")
        if nonce:
            # The protocol's own choice of digest.
            key = hashlib.md5(f"{nonce}{secret}".encode(), usedforsecurity=False).hexdigest()
            answer = await self._ask("Login", AuthType="MD5", Username=user, Key=key, Events=EVENTS)
        else:
            answer = await self._ask("Login", Username=user, Secret=secret, Events=EVENTS)
        if str(answer.get("Response")).lower() != "success":
            raise LinkError(
                f"the manager refuses user {user!r}: {answer.get('Message', 'no reason given')}; compare the secret file "
                "with `secret`, and our address with `permit`, in manager.conf"
            )

    async def listen(self, hand: Hand) -> None:
        """Hand over what comes; asks for a sign of life when nothing does."""
        await hand(self._early)
        silent = False
        while True:
            try:
                async with asyncio.timeout(self._ami.keep_alive_s):
                    data = await self._reader.read(READ_BYTES)
            except TimeoutError:
                if silent:
                    raise LinkError("the manager has fallen silent") from None
                silent = True
                self._send("Ping")
                continue
            if not data:
                raise LinkError("the manager closed the connection")
            silent = False
            events = [message for message in self._messages(data) if "Event" in message]
            self._look_for_times(events)
            await hand(events)

    async def _ask(self, action: str, **fields: str) -> Payload:
        """The manager's answer to one action."""
        action_id = self._send(action, **fields)
        try:
            async with asyncio.timeout(self._ami.answer_s):
                while data := await self._reader.read(READ_BYTES):
                    answer: Payload | None = None
                    for message in self._messages(data):
                        if "Event" in message:
                            self._early.append(message)
                        elif message.get("ActionID", action_id) == action_id:
                            answer = message
                    if answer is not None:
                        return answer
        except TimeoutError:
            raise LinkError(f"no answer to {action}: {self._ami.connect.address} is no manager, or hangs") from None
        raise LinkError(f"the manager closed the connection at {action}")

    def _send(self, action: str, **fields: str) -> str:
        self._asked += 1
        action_id = f"siaga-{self._asked}"
        lines = [f"Action: {action}", f"ActionID: {action_id}", *(f"{name}: {value}" for name, value in fields.items())]
        self._writer.write("".join(f"{line}\r\n" for line in (*lines, "")).encode())
        return action_id

    def _messages(self, data: bytes) -> Iterator[Payload]:
        for found in self._text.feed(data):
            if isinstance(found, Message):
                yield found.fields
            elif isinstance(found, Broken):
                log.warning("the manager sent what is no message", reason=found.reason)

    def _look_for_times(self, events: list[Payload]) -> None:
        if self._told_of_times:
            return
        for event in events:
            if "Uniqueid" in event:
                self._told_of_times = True
                if "Timestamp" not in event:
                    log.warning(
                        "the manager gives no times, their arrival counts: set timestampevents = yes in manager.conf"
                    )
                return
