"""Where a Web Push subscription may lie: a device names its own address, so it could name one inside our network."""

from collections.abc import Collection
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

# Those of real push services have 100 to 500 characters.
LONGEST_ENDPOINT: Final = 2_000
_NAT64: Final = IPv6Network("64:ff9b::/96")


def refusal(endpoint: str, trusted: Collection[str]) -> str | None:
    """Why nothing is sent to this address; None when its form is right.

    `trusted` are hosts of a push service in the centre's own network, which may have private addresses; on this machine
    even without TLS. What a name of another host resolves to must pass `is_public` at each connection.
    """
    if len(endpoint) > LONGEST_ENDPOINT or not endpoint.isascii() or any(not 32 < ord(each) < 127 for each in endpoint):
        return f"an address has at most {LONGEST_ENDPOINT} characters, without spaces"
    try:
        parts = urlsplit(endpoint)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "is no address"
    if not host or parts.username is not None or parts.password is not None or parts.fragment:
        return "must be an address with a host, without user, password and fragment"
    if host in trusted:
        return None if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host)) else "must be https"
    if parts.scheme != "https":
        return "must be https"
    # Numbers like 2130706433 or 0x7f.1 are addresses to the resolver, too; real services have names.
    if _is_number(host) and not is_public(host):
        return "leads into a private network"
    return None


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet's."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        # An address of the old kind in the clothes of the new (mapped, 6to4, NAT64) leads where the old one does.
        inner = found.ipv4_mapped or found.sixtofour
        if inner is not None:
            found = inner
        elif found in _NAT64:
            return False
    return found.is_global and not found.is_multicast


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _is_number(host: str) -> bool:
    return ":" in host or host.rpartition(".")[2][:1].isdigit()
