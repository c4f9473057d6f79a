"""Two connections that the proxy joins: the client's, and its own to the centre."""

import asyncio

from sms_conformance.frames import Frame, Message

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Wire:
    """What goes to the client may be cut into pieces of `chop` octets, or `glue` frames be held back to go as one."""

    def __init__(self, client: Stream, chop: int = 0, glue: int = 1) -> None:
        self.from_client, self._client = client
        self._centre: asyncio.StreamWriter | None = None
        self._chop, self._glue = chop, glue
        self._held: list[bytes] = []
        self._pieces: asyncio.Queue[bytes] = asyncio.Queue()
        self.bind: Frame | None = None
        # Messages that the centre has not answered yet.
        self.pending: dict[int, Message] = {}

    async def run(self) -> None:
        """Send pieces, each by itself."""
        while True:
            self._client.write(await self._pieces.get())
            # Long enough for the other end to read it before the next is there.
            await asyncio.sleep(0.0005)

    async def connect(self, centre_port: int, bind: Frame) -> asyncio.StreamReader:
        """Open the centre's side with the client's bind; what comes from there."""
        reader, self._centre = await asyncio.open_connection("127.0.0.1", centre_port)
        self.bind = bind
        self.to_centre(bind)
        return reader

    def to_centre(self, frame: Frame) -> None:
        self._to_centre(frame.octets())

    def _to_centre(self, octets: bytes) -> None:
        if self._centre is None or self._centre.is_closing():
            raise ConnectionResetError
        self._centre.write(octets)

    def to_client(self, frame: Frame) -> None:
        if self._client.is_closing():
            raise ConnectionResetError
        if self._chop:
            octets = frame.octets()
            for at in range(0, len(octets), self._chop):
                self._pieces.put_nowait(octets[at : at + self._chop])
            return
        self._held.append(frame.octets())
        # The bind and what is alone must not wait for company for ever.
        if len(self._held) >= self._glue or self.bind is None:
            self._release()
        else:
            asyncio.get_running_loop().call_later(0.02, self._release)

    def _release(self) -> None:
        if self._held and not self._client.is_closing():
            self._client.write(b"".join(self._held))
        self._held.clear()

    def half_to_client(self, frame: Frame) -> None:
        octets = frame.octets()
        self._client.write(octets[: len(octets) // 2])

    def half_to_centre(self, frame: Frame) -> None:
        octets = frame.octets()
        self._to_centre(octets[: len(octets) // 2])

    def end(self) -> None:
        """Both ends are closed in an orderly way: what was written still arrives."""
        self._release()
        self._client.close()
        if self._centre is not None:
            self._centre.close()

    cut = end
