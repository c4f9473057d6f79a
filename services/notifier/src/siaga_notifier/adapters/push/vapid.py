"""The centre's own key for Web Push (VAPID, RFC 8292): push services let in who signs by the key that a browser knows."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from py_vapid import Vapid02

# Services take what ends within 24 hours; half of it leaves room for clocks.
GOOD_FOR_S: Final = 12 * 3600
# A signature is made anew when less of it than this is left.
RENEW_BEFORE_S: Final = 3600


class Vapid:
    """Signs for push services; a signature serves for all messages to a service for hours."""

    def __init__(self, key_file: Path, subject: str, clock_ms: Callable[[], int]) -> None:
        """OSError or ValueError: the file holds no key."""
        self._key = _read(key_file)
        self._subject = subject
        self._clock_ms = clock_ms
        # By service: the header, and until when it is good.
        self._made: dict[str, tuple[str, int]] = {}

    def authorization(self, audience: str) -> str:
        """The Authorization header for a push service, `https://push.example`."""
        now_s = self._clock_ms() // 1000
        header, until_s = self._made.get(audience, ("", 0))
        if until_s - now_s < RENEW_BEFORE_S:
            # The few services there are; a device that names ever new ones must not fill the memory.
            self._made = {name: one for name, one in self._made.items() if one[1] - now_s >= RENEW_BEFORE_S}
            until_s = now_s + GOOD_FOR_S
            header = self._key.sign({"aud": audience, "sub": self._subject, "exp": until_s})["Authorization"]
            self._made[audience] = (header, until_s)
        return header


def public_key(key_file: Path) -> str:
    """What browsers subscribe by, in base64url. OSError or ValueError: the file holds no key."""
    point = _read(key_file).public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def made() -> bytes:
    """A new key, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _read(key_file: Path) -> Vapid02:
    try:
        key = load_pem_private_key(key_file.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{key_file} holds no key in PEM: `./siaga notify keys` makes one") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError(  # noqa: TRY004  (it is the file that is wrong)
            f"{key_file} holds a key of another kind than P-256: `./siaga notify keys` makes one"
        )
    return Vapid02(key)
