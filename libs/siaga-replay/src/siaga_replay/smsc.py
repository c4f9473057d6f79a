"""The SMS centre's control door: what it was given, and SMS from crews' phones."""

import asyncio
from typing import Final

import aiohttp

from siaga_replay.ledger import Sms

# How long one question waits for a new message.
LONG_POLL_MS: Final = 1_000
AWAY_S: Final = 0.3
# Journal of a long-running centre: read in one go at the start, so it may take a moment.
TIMEOUT_S: Final = 30.0


class SmsCentre:
    """A client that outlives restarts of the centre; messages are told apart by their id, not by their number."""

    def __init__(self, control_url: str, session: aiohttp.ClientSession) -> None:
        self._url = control_url.rstrip("/")
        self._session = session
        self._after = 0
        self._known: set[str] = set()

    async def skip_what_is_there(self) -> None:
        """Messages up to now belong to earlier runs."""
        await self._read(wait_ms=0)

    async def next_messages(self) -> list[Sms]:
        """New messages; empty after a second without any, or when the centre is away."""
        try:
            return await self._read(LONG_POLL_MS)
        except (aiohttp.ClientError, TimeoutError):
            # A centre that comes back may count from one again.
            self._after = 0
            await asyncio.sleep(AWAY_S)
            return []

    async def send_from_phone(self, number: str, text: str, to: str) -> None:
        """A crew's SMS; tried until the centre takes it."""
        message = {"from": f"+{number}", "to": to, "text": text}
        while True:
            try:
                async with self._session.post(f"{self._url}/mo", json=message, timeout=_timeout()) as response:
                    response.raise_for_status()
                    return
            except (aiohttp.ClientConnectionError, TimeoutError):
                await asyncio.sleep(AWAY_S)

    async def _read(self, wait_ms: int) -> list[Sms]:
        query = {"after": str(self._after), "wait_ms": str(wait_ms)}
        async with self._session.get(f"{self._url}/messages", params=query, timeout=_timeout()) as response:
            response.raise_for_status()
            told = (await response.json())["messages"]
        self._after = max([self._after, *(int(each["n"]) for each in told)])
        fresh = [each for each in told if each["message_id"] not in self._known]
        self._known.update(each["message_id"] for each in fresh)
        return [Sms(each["message_id"], each["to"].lstrip("+"), each["text"], int(each["at_ms"])) for each in fresh]


def _timeout() -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=TIMEOUT_S)
