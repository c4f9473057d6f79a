# ruff: noqa: RUF001  (characters that look like others are what this module is about)
"""The GSM 7-bit default alphabet (3GPP TS 23.038): what one SMS of 160 places can hold."""

import unicodedata
from typing import Final

# One SMS. A longer text goes in parts, which arrive late, apart or not at all.
SMS_SEPTETS: Final = 160

_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPE: Final = 0x1B
_CODES: Final = {character: code for code, character in enumerate(_BASIC) if code != _ESCAPE}
_EXTENDED: Final = {
    "\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F, "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40, "€": 0x65,
}  # fmt: skip
_ALL: Final = frozenset({*_CODES, *_EXTENDED})
# For str.translate, which is what makes a text of a burst of messages cheap; octets stand as the characters of Latin-1.
_OCTETS: Final = str.maketrans(
    {
        **{character: chr(code) for character, code in _CODES.items()},
        **{character: chr(_ESCAPE) + chr(code) for character, code in _EXTENDED.items()},
    }
)
_NONE: Final = dict.fromkeys(range(256), " ")
_TEXT: Final = _NONE | {code: character for character, code in _CODES.items()}
_ESCAPED_TEXT: Final = _NONE | {code: character for character, code in _EXTENDED.items()}

# What people's keyboards put in and the alphabet lacks, beyond what loses only its accent.
_REPLACEMENTS: Final = str.maketrans(
    {
        "‘": "'", "’": "'", "‚": "'", "`": "'", "´": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
        "–": "-", "—": "-", "−": "-", "‑": "-", "…": "...", "•": "-", "·": ".", "×": "x", "°": "o", "½": "1/2",
        "¼": "1/4", "¾": "3/4", "№": "No", "™": "", "®": "", "©": "", "\t": " ", "\u00a0": " ", "\u200b": "",
        "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i",
    }
)  # fmt: skip


def holds(text: str) -> bool:
    """Whether the alphabet has every character of the text."""
    return _ALL.issuperset(text)


def septets(text: str) -> int:
    """Places the text takes; every character must be of the alphabet."""
    return sum(1 if character in _CODES else 2 for character in text)


def transliterate(text: str) -> str:
    """The text in the alphabet, on one line: accents dropped, quotes and dashes plain, the rest left out."""
    plain: list[str] = []
    for character in text.translate(_REPLACEMENTS):
        if character in _CODES or character in _EXTENDED:
            plain.append(character)
            continue
        plain.extend(part for part in unicodedata.normalize("NFKD", character) if part in _CODES)
    return " ".join("".join(plain).split())


def cut(text: str, room: int) -> str:
    """As much of the text's beginning as `room` places hold."""
    kept = 0
    for length, character in enumerate(text):
        kept += 1 if character in _CODES else 2
        if kept > room:
            return text[:length]
    return text


def encode(text: str) -> bytes:
    """One octet a place, as SMPP carries it; raises ValueError for a character outside the alphabet."""
    if not holds(text):
        strange = next(character for character in text if character not in _ALL)
        raise ValueError(f"U+{ord(strange):04X} is not in the GSM 7-bit alphabet")
    return text.translate(_OCTETS).encode("latin-1")


def decode(octets: bytes) -> str:
    """What `encode` undoes; an octet outside the alphabet becomes a space."""
    first, *escaped = octets.decode("latin-1").split(chr(_ESCAPE))
    # An escape before nothing, or before another escape, says nothing.
    pieces = [piece[:1].translate(_ESCAPED_TEXT) + piece[1:].translate(_TEXT) for piece in escaped if piece]
    return first.translate(_TEXT) + "".join(pieces)
