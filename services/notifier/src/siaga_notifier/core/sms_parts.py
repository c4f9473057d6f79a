"""A text as the SMS that carry it: one, or parts that a phone shows as one (3GPP TS 23.038 and 23.040 §9.2.3.24)."""

from dataclasses import dataclass
from typing import Final

from siaga_notifier.core import gsm7

# What one SMS holds, and what a part of several holds beside its header of six octets.
ONE_SEPTETS: Final = gsm7.SMS_SEPTETS
PART_SEPTETS: Final = 153
ONE_OCTETS: Final = 140
PART_OCTETS: Final = 134
# A part's number has eight bits; beyond them a text is cut, which at 39,000 characters nobody will miss.
MOST_PARTS: Final = 255
_HEADER: Final = bytes([5, 0, 3])


@dataclass(frozen=True, slots=True)
class SmsPart:
    """One SMS: octets with the header in them when it is one of several. GSM-7 has one place an octet, as SMPP has it."""

    octets: bytes
    ucs2: bool
    header: bool


def segments(text: str) -> int:
    """How many SMS the text takes, as a provider counts and charges them."""
    return len(_pieces(text)[0])


def parts(text: str, reference: int) -> tuple[SmsPart, ...]:
    """The text as SMS. `reference` (its lowest eight bits) tells a phone which parts belong together."""
    pieces, ucs2 = _pieces(text)
    if len(pieces) == 1:
        return (SmsPart(_octets(pieces[0], ucs2=ucs2), ucs2, header=False),)
    head = bytes([*_HEADER, reference & 0xFF, len(pieces)])
    return tuple(
        SmsPart(head + bytes([number]) + _octets(piece, ucs2=ucs2), ucs2, header=True)
        for number, piece in enumerate(pieces, start=1)
    )


def _octets(piece: str, *, ucs2: bool) -> bytes:
    # A half of a surrogate pair, which no text has unless it came broken, must not stop an alarm.
    return piece.encode("utf-16-be", "replace") if ucs2 else gsm7.encode(piece)


def _pieces(text: str) -> tuple[list[str], bool]:
    ucs2 = not gsm7.holds(text)
    one, part = (ONE_OCTETS, PART_OCTETS) if ucs2 else (ONE_SEPTETS, PART_SEPTETS)
    if len(_octets(text, ucs2=ucs2)) <= one:
        return [text], ucs2
    # Neither an escape with its character nor the halves of a surrogate pair are ever torn apart.
    places = [_places(character, ucs2=ucs2) for character in text]
    found: list[str] = []
    start = used = 0
    for at, width in enumerate(places):
        if used + width > part:
            found.append(text[start:at])
            start, used = at, 0
        used += width
    return [*found, text[start:]][:MOST_PARTS], ucs2


def _places(character: str, *, ucs2: bool) -> int:
    if ucs2:
        return 4 if ord(character) > 0xFFFF else 2
    return gsm7.septets(character)
