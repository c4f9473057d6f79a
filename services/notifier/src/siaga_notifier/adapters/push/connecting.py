"""Connections to push services that lead nowhere but to the internet, whatever a device has named as its address."""

import socket
from collections.abc import Collection
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from siaga_notifier.core.endpoints import is_public

# A crew waits, and other channels go meanwhile; a service that is slower than this is away.
ANSWER_S: Final = 5.0
CONNECT_S: Final = 3.0
# Connections at once, in all and to one service: HTTP/1.1 takes one message a connection at a time.
CONNECTIONS: Final = 100
OF_A_SERVICE: Final = 30
# A name that changes its address between two looks still meets the check of the second.
NAMES_KEPT_S: Final = 60


class PrivateAddressError(OSError):
    """A name leads into a private network."""


class PublicOnly(AbstractResolver):
    """Resolves names to public addresses only; a connection goes to just the address that was checked.

    Hosts in `trusted` may be in a private network: a push service of the centre's own.
    """

    def __init__(self, trusted: Collection[str]) -> None:
        self._trusted = trusted
        self._inner = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Addresses of the host; OSError when it has none that may be used."""
        found = await self._inner.resolve(host, port, family)
        allowed = found if host in self._trusted else [each for each in found if is_public(each["host"])]
        if found and not allowed:
            raise PrivateAddressError(f"{host} leads into a private network")
        return allowed

    async def close(self) -> None:
        """Nothing is open."""
        await self._inner.close()


def session(trusted: Collection[str]) -> aiohttp.ClientSession:
    """A client for push services. It takes no proxy from the environment, for behind one no address could be checked."""
    connector = aiohttp.TCPConnector(
        resolver=PublicOnly(trusted), ttl_dns_cache=NAMES_KEPT_S, limit=CONNECTIONS, limit_per_host=OF_A_SERVICE
    )
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=ANSWER_S, sock_connect=CONNECT_S),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
    )
