"""Texts of SMS as octets: alphabets, and the header of concatenated messages."""

from dataclasses import dataclass
from typing import Final

_GSM: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_ESCAPED: Final = {0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|", 0x65: "€"}  # fmt: skip
_ESCAPE: Final = 0x1B
UCS2: Final = 8
UDH_INDICATOR: Final = 0x40
RECEIPT: Final = 0x04


def decode(octets: bytes, data_coding: int) -> str:
    """Octets of a message as text: UCS-2 when it says so, else the GSM default alphabet (one septet an octet)."""
    if data_coding == UCS2:
        return octets.decode("utf-16-be", "replace")
    text, escaped = [], False
    for octet in octets:
        if octet == _ESCAPE:
            escaped = True
            continue
        text.append(_GSM_ESCAPED.get(octet, " ") if escaped else _GSM[octet & 0x7F])
        escaped = False
    return "".join(text)


def encode(text: str) -> tuple[bytes, int]:
    """A phone's text as octets and data coding: GSM when the alphabet has every character, else UCS-2."""
    if all(character in _GSM and character != "\x1b" for character in text):
        return bytes(_GSM.index(character) for character in text), 0
    return text.encode("utf-16-be"), UCS2


@dataclass(frozen=True, slots=True)
class Part:
    """Which piece of a concatenated message this is; alone, when there is no header."""

    reference: int
    total: int
    number: int


def split_header(esm_class: int, octets: bytes) -> tuple[Part | None, bytes]:
    """Take the user data header off; its concatenation element (8 or 16 bit reference), when there is one."""
    if not esm_class & UDH_INDICATOR or not octets:
        return None, octets
    header, body = octets[1 : octets[0] + 1], octets[octets[0] + 1 :]
    while len(header) >= 2:
        element, length = header[0], header[1]
        value, header = header[2 : 2 + length], header[2 + length :]
        if element == 0x00 and length == 3:
            return Part(value[0], value[1], value[2]), body
        if element == 0x08 and length == 4:
            return Part(int.from_bytes(value[:2], "big"), value[2], value[3]), body
    return None, body
