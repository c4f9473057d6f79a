"""Reading SMPP 3.4 from the line, forgivingly.

The writing side is aiosmpplib's message classes. Its reading side is not used: it takes the rest of a submit_sm_resp,
optional parameters included, for the message id; it raises on receipts whose dates have seconds, on codes it does not
list and on empty texts, and each of those would cut the line and bring the same record back for ever.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from siaga_notifier.core import gsm7

HEADER: Final = struct.Struct("!IIII")
# message_payload holds 64 KiB at most; a longer frame is not SMPP, or not a frame.
LONGEST_PDU: Final = 70_000

RESPONSE: Final = 0x80000000
GENERIC_NACK: Final = 0x80000000
BIND_RECEIVER: Final = 0x00000001
BIND_TRANSMITTER: Final = 0x00000002
BIND_TRANSCEIVER: Final = 0x00000009
DELIVER_SM: Final = 0x00000005
UNBIND: Final = 0x00000006
ENQUIRE_LINK: Final = 0x00000015

RECEIPTED_MESSAGE_ID: Final = 0x001E
SAR_MSG_REF_NUM: Final = 0x020C
SAR_TOTAL_SEGMENTS: Final = 0x020E
SAR_SEGMENT_SEQNUM: Final = 0x020F
MESSAGE_PAYLOAD: Final = 0x0424
MESSAGE_STATE: Final = 0x0427

INTERNATIONAL: Final = 1
_UCS2: Final = 0b1000
# IA5, octets without an alphabet, Latin-1.
_OF_EIGHT_BITS: Final = frozenset({1, 2, 3, 4})
_TYPE_MASK: Final = 0b0011_1100
_USER_DATA_HEADER: Final = 0b0100_0000


@dataclass(frozen=True, slots=True)
class Pdu:
    """One frame."""

    command: int
    status: int
    sequence: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Segment:
    """Which part of a longer message this is."""

    reference: int
    total: int
    number: int


@dataclass(frozen=True, slots=True)
class Deliver:
    """A deliver_sm: a phone's message, or a receipt when `receipt`."""

    source: str
    destination: str
    text: str
    receipt: bool
    segment: Segment | None
    receipted_id: str | None
    message_state: int | None


def c_string(body: bytes) -> str:
    """The text up to the first NUL: what follows a message id is optional parameters."""
    return body.split(b"\0", 1)[0].decode("ascii", "replace")


def read_deliver(body: bytes) -> Deliver:
    """A deliver_sm's body; raises ValueError when it is shorter than its own lengths say."""
    try:
        return _read_deliver(body)
    except (IndexError, struct.error) as error:
        raise ValueError("deliver_sm ends before its fields do") from error


def _read_deliver(body: bytes) -> Deliver:
    _, at = _text(body, 0)
    source, source_ton, at = _address(body, at)
    destination, _, at = _address(body, at)
    esm_class = body[at]
    at += 3
    _, at = _text(body, at)
    _, at = _text(body, at)
    data_coding, length = body[at + 2], body[at + 4]
    at += 5
    octets = body[at : at + length]
    if len(octets) < length:
        raise IndexError
    tlvs = _tlvs(body[at + length :])
    segment, octets = _segment(esm_class, tlvs.get(MESSAGE_PAYLOAD) or octets, tlvs)
    receipted = tlvs.get(RECEIPTED_MESSAGE_ID)
    state = tlvs.get(MESSAGE_STATE)
    return Deliver(
        f"+{source}" if source_ton == INTERNATIONAL and not source.startswith("+") else source,
        destination,
        _decode(octets, data_coding),
        # 1 = the centre's receipt; 2 and 4 are the phone's own acknowledgements, which read alike.
        bool(esm_class & _TYPE_MASK),
        segment,
        c_string(receipted) if receipted else None,
        state[0] if state else None,
    )


def _text(body: bytes, at: int) -> tuple[str, int]:
    end = body.find(b"\0", at)
    if end < 0:
        raise IndexError
    return body[at:end].decode("ascii", "replace"), end + 1


def _address(body: bytes, at: int) -> tuple[str, int, int]:
    ton = body[at]
    text, end = _text(body, at + 2)
    return text, ton, end


def _tlvs(rest: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while len(rest) >= 4:
        tag, length = struct.unpack_from("!HH", rest)
        found[tag] = rest[4 : 4 + length]
        rest = rest[4 + length :]
    return found


def _segment(esm_class: int, octets: bytes, tlvs: Mapping[int, bytes]) -> tuple[Segment | None, bytes]:
    if SAR_MSG_REF_NUM in tlvs and SAR_TOTAL_SEGMENTS in tlvs and SAR_SEGMENT_SEQNUM in tlvs:
        numbers = (int.from_bytes(tlvs[tag]) for tag in (SAR_MSG_REF_NUM, SAR_TOTAL_SEGMENTS, SAR_SEGMENT_SEQNUM))
        return Segment(*numbers), octets
    if not esm_class & _USER_DATA_HEADER or not octets:
        return None, octets
    header, text = octets[1 : octets[0] + 1], octets[octets[0] + 1 :]
    while len(header) >= 2:
        element, length = header[0], header[1]
        value, header = header[2 : 2 + length], header[2 + length :]
        # Concatenation with a reference of 8 bits or of 16.
        if (element, len(value)) in ((0x00, 3), (0x08, 4)):
            return Segment(int.from_bytes(value[:-2]), value[-2], value[-1]), text
    return None, text


def _decode(octets: bytes, data_coding: int) -> str:
    # 3GPP TS 23.038 §4: the general groups (0x00 to 0x3F) and the class ones have the alphabet in bits 2 and 3.
    general = data_coding < 0x40
    if (general and data_coding & 0b1100 == _UCS2) or data_coding & 0xF0 == 0xE0:
        return octets.decode("utf-16-be", "replace")
    # A centre whose own alphabet is Latin-1 says "default", too; no septet has the eighth bit.
    if data_coding in _OF_EIGHT_BITS or not octets.isascii():
        return octets.decode("latin-1")
    return gsm7.decode(octets)
