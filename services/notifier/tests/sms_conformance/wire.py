"""Two connections that the proxy joins: the client's, and its own to the centre."""

import asyncio

from sms_conformance.frames import Frame, Message

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Wire:
    """What goes to the client may be cut into pieces of `chop` octets, or `glue` frames be held back to go as one."""

    def __init__(self, client: Stream, centre: Stream, chop: int = 0, glue: int = 1) -> None:
        self.from_client, self._client = client
        self.from_centre, self._centre = centre
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

    def to_centre(self, frame: Frame) -> None:
        self._centre.write(frame.octets())

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
        self._centre.write(octets[: len(octets) // 2])

    def end(self) -> None:
        """Both ends are closed in an orderly way: what was written still arrives."""
        self._release()
        self._client.close()
        self._centre.close()

    cut = end
