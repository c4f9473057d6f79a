"""A mail server on a loopback port: it takes mail, refuses it, or hangs, as its mood is."""

import asyncio
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Self


@dataclass
class MailServer:
    """Enough of RFC 5321 for a client that sends one message."""

    refuses: bool = False
    # Says nothing, not even hello, until it is let go.
    hangs: bool = False
    mails: list[EmailMessage] = field(default_factory=list)
    connections: int = 0
    let_go: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.let_go.set()
        self._server.close()

    def url(self, query: str = "") -> str:
        return f"mailto://127.0.0.1:{self.port}/?mode=insecure&from=112@serang.example&to=damkar@serang.example{query}"

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            if self.hangs:
                await self.let_go.wait()
            else:
                await self._session(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example\r\n")
        while line := await reader.readline():
            word = line.split()[0].upper()
            if word == b"DATA":
                writer.write(b"354 go on\r\n")
                content = (await reader.readuntil(b"\r\n.\r\n")).removesuffix(b".\r\n")
                self.mails.append(message_from_bytes(content.replace(b"\r\n", b"\n"), policy=policy.default))
                writer.write(b"250 queued\r\n")
            elif word == b"RCPT" and self.refuses:
                writer.write(b"550 no such mailbox\r\n")
            else:
                writer.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
                if word == b"QUIT":
                    return
