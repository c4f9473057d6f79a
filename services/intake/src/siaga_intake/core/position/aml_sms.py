"""AML by SMS (ETSI TS 103 625): `A"ML=1;lt=…;lg=…;…;ml=…` in any order, or the same packed into a data SMS."""

import base64
import binascii
import re
from typing import Final

from siaga_intake.core.events import Defect
from siaga_intake.core.fields import Refused

# Three SMS put together; the standard's message fits into one.
_MAX_LENGTH: Final = 480
# Some gateways turn the quotation mark into a typographer's.
_HEADER: Final = re.compile(r'\s*"?A["\u201c\u201d\u2033]ML\s*=')
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2}){20,320}")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]{28,430}={0,2}")
# A user data header that names ports stands before the text of a data SMS (3GPP TS 23.040).
_PORTS: Final = 0x05
VERSION: Final = 'A"ML'
Attributes = dict[str, str]


def is_aml(text: str) -> bool:
    """Whether an SMS is a phone's own message about where it is, not a person's."""
    return _HEADER.match(text) is not None or _unpacked(text) is not None


def attributes(text: str) -> tuple[Attributes, tuple[Defect, ...]]:
    """The attributes of a message by their names. Raises Refused when it is not the message that was sent."""
    message = (text if _HEADER.match(text) else _unpacked(text) or "").strip()
    if not message:
        raise Refused("text", 'is no AML message: it does not begin with A"ML=')
    if len(message) > _MAX_LENGTH:
        raise Refused("text", f"longer than {_MAX_LENGTH} characters")
    parts = [part.partition("=") for part in message.removeprefix('"').removesuffix('"').split(";")]
    found = {name.strip().lower(): value.strip() for name, equals, value in parts[1:] if equals}
    found[VERSION] = parts[0][2].strip()
    if found[VERSION] != "1":
        # Version 2 does not tell its length.
        return found, ()
    if "ml" not in found:
        # The last attribute of a message cut short may be half a number.
        found.pop(parts[-1][0].strip().lower(), None)
        return found, (Defect("ml", "missing: the message may be cut off, and its last attribute is left out"),)
    if found["ml"] != str(len(message)):
        raise Refused("ml", f"the message has {len(message)} characters, not as many as it says", found["ml"])
    return found, ()


def _unpacked(text: str) -> str | None:
    """The message in a data SMS, which gateways hand on as hexadecimal digits or in base64; None where there is none."""
    text = text.strip()
    try:
        if _HEX.fullmatch(text):
            packed = bytes.fromhex(text)
        elif _BASE64.fullmatch(text):
            packed = base64.b64decode(text, validate=True)
        else:
            return None
    except (ValueError, binascii.Error):
        return None
    if len(packed) > 2 and packed[1] == _PORTS:
        packed = packed[packed[0] + 1 :]
    for message in (_septets(packed), packed.decode("latin-1")):
        if _HEADER.match(message):
            return message.rstrip("\0\r")
    return None


def _septets(packed: bytes) -> str:
    """GSM's letters of seven bits (3GPP TS 23.038), as far as AML uses them: there they are those of ASCII."""
    bits = int.from_bytes(packed, "little")
    return "".join(chr(bits >> 7 * index & 0x7F) for index in range(len(packed) * 8 // 7))
