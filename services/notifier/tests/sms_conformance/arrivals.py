"""Phones' messages as centres hand them over."""

from dataclasses import replace
from typing import Final

from siaga_kit.embedded.smsc_text import encode

from sms_conformance import frames
from sms_conformance.frames import Message

PHONE: Final = "6281100000001"
HERE: Final = "112"


def gsm(text: str) -> tuple[Message, ...]:
    octets, data_coding = encode(text)
    assert data_coding == 0
    return (Message(PHONE, HERE, octets),)


def latin1(text: str) -> tuple[Message, ...]:
    return (Message(PHONE, HERE, text.encode("latin-1"), frames.LATIN1),)


def ucs2(text: str) -> tuple[Message, ...]:
    return (Message(PHONE, HERE, text.encode("utf-16-be"), frames.UCS2),)


def parts8(text: str) -> tuple[Message, ...]:
    """Pieces with a user data header, reference of 8 bits, the last piece first."""
    return _with_headers(text, bytes([5, 0, 3, 0xA7]))


def parts16(text: str) -> tuple[Message, ...]:
    """The same with a reference of 16 bits, behind another element."""
    return _with_headers(text, bytes([9, 0x24, 1, 0, 8, 4, 1, 0xA7]))


def _with_headers(text: str, head: bytes) -> tuple[Message, ...]:
    first, second = _halves(text)
    found = [
        replace(half, octets=head + bytes([2, number]) + half.octets, esm_class=frames.USER_DATA_HEADER)
        for number, half in ((2, second), (1, first))
    ]
    return tuple(found)


def sar(text: str) -> tuple[Message, ...]:
    """Pieces told by optional parameters."""
    return tuple(
        replace(
            half,
            tlvs={
                frames.SAR_MSG_REF_NUM: b"\x01\x07",
                frames.SAR_TOTAL_SEGMENTS: b"\x02",
                frames.SAR_SEGMENT_SEQNUM: bytes([number]),
            },
        )
        for number, half in enumerate(_halves(text), start=1)
    )


def _halves(text: str) -> tuple[Message, Message]:
    _, data_coding = encode(text)
    middle = len(text) // 2
    codec = "utf-16-be" if data_coding else None
    first, second = (half.encode(codec) if codec else encode(half)[0] for half in (text[:middle], text[middle:]))
    return Message(PHONE, HERE, first, data_coding), Message(PHONE, HERE, second, data_coding)
