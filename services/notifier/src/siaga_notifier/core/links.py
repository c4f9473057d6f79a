"""Signed links by which a crew answers in a browser: whose a token is, until when, and that nobody made it up."""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

# Of a token: which order and unit, until which minute, and the signature. Together 24 characters: an SMS has room for few.
REFERENCE_BYTES: Final = 6
EXPIRY_BYTES: Final = 3
# Guessing goes over the network against a door that counts: 2^64 tries are out of reach, and 8 characters more are not free.
SIGNATURE_BYTES: Final = 8
TOKEN_LENGTH: Final = 24
# Minutes are counted from 2024-01-01T00:00Z: three bytes reach until 2055.
EPOCH_MS: Final = 1_704_067_200_000
MINUTE_MS: Final = 60_000
# A crew that comes off a long fire has twelve hours to say so; an old message found on a lost phone says nothing any more.
USUAL_HOURS: Final = 12

# No 0, O, I or l: a token is read out and typed, too. Nor `-` or `_`, which phones leave outside a link at its end.
_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES: Final = {character: value for value, character in enumerate(_ALPHABET)}
_TOKEN_BYTES: Final = REFERENCE_BYTES + EXPIRY_BYTES + SIGNATURE_BYTES


@dataclass(frozen=True, slots=True)
class Signed:
    """A token that was made here: the name under which its task is remembered, and when it stops being good."""

    reference: str
    expires_at_ms: int

    def expired(self, now_ms: int) -> bool:
        """Whether it is too late to answer by it."""
        return now_ms >= self.expires_at_ms


def key_of(secret: bytes) -> bytes:
    """The key of links, made of the installation's secret: a link tells nothing of what else the secret guards."""
    return hmac.new(secret, b"siaga112 links 1", hashlib.sha256).digest()


def reference_of(key: bytes, order_id: str, unit_id: str) -> str:
    """The short name of an order to a unit: the same however often it is asked for."""
    digest = hmac.new(key, f"reference\x1f{order_id}\x1f{unit_id}".encode(), hashlib.sha256).digest()
    return digest[:REFERENCE_BYTES].hex()


def sign(key: bytes, reference: str, expires_at_ms: int) -> str:
    """The token of a reference, good until that wall clock (to the minute, rounded up)."""
    minute = min(max(-(-(expires_at_ms - EPOCH_MS) // MINUTE_MS), 0), 2 ** (8 * EXPIRY_BYTES) - 1)
    body = bytes.fromhex(reference) + minute.to_bytes(EXPIRY_BYTES, "big")
    return _written(body + _signature(key, body))


def verify(key: bytes, token: str) -> Signed | None:
    """What a token says, expired or not; None when it was not signed with this key."""
    octets = _read(token)
    if octets is None:
        return None
    body, signature = octets[:-SIGNATURE_BYTES], octets[-SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _signature(key, body)):
        return None
    minute = int.from_bytes(body[REFERENCE_BYTES:], "big")
    return Signed(body[:REFERENCE_BYTES].hex(), EPOCH_MS + minute * MINUTE_MS)


def address(public_url: str, token: str) -> str:
    """The link as it stands in messages."""
    return f"{public_url.rstrip('/')}/a/{token}"


def _signature(key: bytes, body: bytes) -> bytes:
    return hmac.new(key, b"token" + body, hashlib.sha256).digest()[:SIGNATURE_BYTES]


def _written(octets: bytes) -> str:
    number = int.from_bytes(octets, "big")
    characters = []
    for _ in range(TOKEN_LENGTH):
        number, value = divmod(number, len(_ALPHABET))
        characters.append(_ALPHABET[value])
    return "".join(reversed(characters))


def _read(token: str) -> bytes | None:
    if len(token) != TOKEN_LENGTH or not all(character in _VALUES for character in token):
        return None
    number = 0
    for character in token:
        number = number * len(_ALPHABET) + _VALUES[character]
    # 24 characters hold a little more than 17 bytes do.
    return number.to_bytes(_TOKEN_BYTES, "big") if number < 1 << (8 * _TOKEN_BYTES) else None
