"""Asking a routing server over HTTP: small answers, no redirects, connections kept."""

from collections.abc import Mapping
from typing import Any, Final

import aiohttp
import msgspec

from siaga_dispatcher.adapters.roads.answers import RoadsUnusableError

# A matrix of fifty origins is under 20 kB; a larger answer is not one of a routing server.
LARGEST_ANSWER: Final = 1_000_000
# One question a decision, decisions of a tenant in turn: more would only pile up on a server that is slow.
CONNECTIONS: Final = 16


class Http:
    """One server at a base URL: the part that is the same of whatever server it is."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Nothing to do: connections are made when they are needed."""

    async def get(self, path: str, query: Mapping[str, str]) -> tuple[int, Any]:
        """Status and JSON of an answer; raises RoadsUnusableError."""
        return await self._ask("GET", path, params=query)

    async def post(self, path: str, content: Mapping[str, Any]) -> tuple[int, Any]:
        """Status and JSON of an answer; raises RoadsUnusableError."""
        return await self._ask("POST", path, data=msgspec.json.encode(content))

    async def close(self) -> None:
        """Close the connections; a later question opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _ask(self, method: str, path: str, **content: Any) -> tuple[int, Any]:
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS))
        try:
            async with self._session.request(method, self._url + path, allow_redirects=False, **content) as answer:
                body = bytearray()
                async for part in answer.content.iter_any():
                    body += part
                    if len(body) > LARGEST_ANSWER:
                        raise RoadsUnusableError(f"more than {LARGEST_ANSWER} bytes")
                return answer.status, msgspec.json.decode(body)
        except (aiohttp.ClientError, OSError) as error:
            # The client's own words name the URL, and that holds places.
            raise RoadsUnusableError(type(error).__name__) from None
        except msgspec.DecodeError:
            raise RoadsUnusableError("no JSON") from None
