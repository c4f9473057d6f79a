"""SMPP frames for the proxy, read and written without the code under test."""

import asyncio
import struct
from dataclasses import dataclass, field
from typing import Final, Self

HEADER: Final = struct.Struct("!IIII")
RESPONSE: Final = 0x80000000
GENERIC_NACK: Final = 0x80000000
BIND_RECEIVER: Final = 0x01
BIND_TRANSMITTER: Final = 0x02
BIND_TRANSCEIVER: Final = 0x09
BINDS: Final = frozenset({BIND_RECEIVER, BIND_TRANSMITTER, BIND_TRANSCEIVER})
SUBMIT_SM: Final = 0x04
DELIVER_SM: Final = 0x05
UNBIND: Final = 0x06
ENQUIRE_LINK: Final = 0x15

RECEIPTED_MESSAGE_ID: Final = 0x001E
SAR_MSG_REF_NUM: Final = 0x020C
SAR_TOTAL_SEGMENTS: Final = 0x020E
SAR_SEGMENT_SEQNUM: Final = 0x020F
MESSAGE_PAYLOAD: Final = 0x0424
MESSAGE_STATE: Final = 0x0427

RECEIPT: Final = 0x04
USER_DATA_HEADER: Final = 0x40
LATIN1: Final = 3
UCS2: Final = 8


@dataclass(frozen=True, slots=True)
class Frame:
    command: int
    status: int
    sequence: int
    body: bytes = b""

    def octets(self) -> bytes:
        return HEADER.pack(HEADER.size + len(self.body), self.command, self.status, self.sequence) + self.body

    def answer(self, status: int = 0, body: bytes = b"") -> "Frame":
        return Frame(self.command | RESPONSE, status, self.sequence, body)


async def read(reader: asyncio.StreamReader) -> Frame:
    """The next frame; raises IncompleteReadError at the end of the line."""
    length, command, status, sequence = HEADER.unpack(await reader.readexactly(HEADER.size))
    return Frame(command, status, sequence, await reader.readexactly(length - HEADER.size))


@dataclass(frozen=True, slots=True)
class Message:
    """The body that submit_sm and deliver_sm share."""

    source: str
    destination: str
    octets: bytes
    data_coding: int = 0
    esm_class: int = 0
    registered: int = 0
    source_ton: int = 1
    tlvs: dict[int, bytes] = field(default_factory=dict)
    validity: str = ""

    @classmethod
    def of(cls, body: bytes) -> Self:
        at = 0

        def text() -> str:
            nonlocal at
            end = body.index(b"\0", at)
            found = body[at:end].decode("latin-1")
            at = end + 1
            return found

        text()
        source_ton, at = body[at], at + 2
        source = text()
        at += 2
        destination = text()
        esm_class, at = body[at], at + 3
        text()
        validity = text()
        registered, data_coding, length, at = body[at], body[at + 2], body[at + 4], at + 5
        octets, at = body[at : at + length], at + length
        tlvs: dict[int, bytes] = {}
        while at < len(body):
            tag, size = struct.unpack_from("!HH", body, at)
            tlvs[tag], at = body[at + 4 : at + 4 + size], at + 4 + size
        return cls(source, destination, octets, data_coding, esm_class, registered, source_ton, tlvs, validity)

    def body(self) -> bytes:
        return (
            b"\0"
            + bytes([self.source_ton, 1])
            + self.source.encode()
            + b"\0\x00\x01"
            + self.destination.encode()
            + b"\0"
            + bytes([self.esm_class, 0, 0])
            + b"\0"
            + self.validity.encode()
            + b"\0"
            + bytes([self.registered, 0, self.data_coding, 0, len(self.octets)])
            + self.octets
            + b"".join(struct.pack("!HH", tag, len(value)) + value for tag, value in self.tlvs.items())
        )
