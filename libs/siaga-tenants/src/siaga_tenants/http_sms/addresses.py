"""Where a provider is, and from where it comes: addresses that messages may be sent to, and be believed from."""

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from siaga_tenants.document import Value

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# A machine of the own network by its bare name; a name with a dot may be anywhere.
_OWN_ENDINGS: Final = (".local", ".lan", ".internal", ".localhost")


def is_own(host: str) -> bool:
    """Whether a host can only be of this machine or the own network, where SMS may go in the clear."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith(_OWN_ENDINGS)
    return address.is_private or address.is_loopback


def check_url(url: str, place: Value) -> None:
    """Complain unless messages can be sent there without being read on the way."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        place.wrong("is no address; write one like 'https://sms.example/send'")
        return
    if parts.scheme not in {"http", "https"} or not host:
        place.wrong("is no address; write one like 'https://sms.example/send'")
    elif parts.username or parts.password:
        place.wrong("holds a user or password; put them under auth, the secret in a file")
    elif parts.scheme == "http" and not is_own(host):
        place.wrong("is not encrypted, and SMS name places and people; use https")


def network(text: str, place: Value) -> Network | None:
    """An address or a range like 10.0.0.0/8; complains about anything else."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        place.wrong(f"{text!r} is no address; write one like '203.0.113.7' or '203.0.113.0/24'")
        return None
