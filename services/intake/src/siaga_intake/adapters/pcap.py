"""Packet captures (.pcap, .pcapng): the SIP in them, over UDP and TCP, put together from its fragments and segments."""

import io
import socket
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import dpkt

from siaga_intake.core.captured import Broken, Piece, of_text
from siaga_intake.core.switches import sip_capture

_MAGIC: Final = (
    b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x0a\x0d\x0d\x0a",
)  # fmt: skip
# What one connection may hold back while a segment is missing.
_MAX_HELD: Final = 1024 * 1024
_LINKS: Final = {
    dpkt.pcap.DLT_EN10MB: dpkt.ethernet.Ethernet,
    dpkt.pcap.DLT_LINUX_SLL: dpkt.sll.SLL,
    dpkt.pcap.DLT_LINUX_SLL2: dpkt.sll2.SLL2,
    dpkt.pcap.DLT_NULL: dpkt.loopback.Loopback,
    dpkt.pcap.DLT_LOOP: dpkt.loopback.Loopback,
}
_DAMAGED: Final = (dpkt.Error, ValueError, IndexError, KeyError, TypeError, AttributeError)
# A letter for each byte: lengths and places are those of the wire.
_BYTES: Final = "latin-1"
_text = of_text(sip_capture.of_text)


def pieces(data: bytes) -> Iterator[Piece | Broken]:
    """The messages of a capture of packets, or of a text. Never raises."""
    if not data.startswith(_MAGIC):
        yield from _text(data)
        return
    reading = _Reading()
    try:
        packets = dpkt.pcap.UniversalReader(io.BytesIO(data))
        for number, (at_s, frame) in enumerate(packets, 1):
            yield from reading.packet(number, at_s, packets.datalink(), frame)
    except _DAMAGED as error:
        yield Broken("end", f"the capture breaks off or is damaged: {error}", "")
    yield from reading.rest()


@dataclass(slots=True)
class _Stream:
    """One direction of a TCP connection: what has come in order, and what waits for a missing segment."""

    expected: int | None = None
    held: dict[int, bytes] = field(default_factory=dict)
    text: bytes = b""
    at_s: float = 0.0
    number: int = 0


@dataclass(slots=True)
class _Reading:
    streams: dict[tuple[Any, ...], _Stream] = field(default_factory=dict)
    fragments: dict[tuple[Any, ...], dict[int, bytes]] = field(default_factory=dict)
    lengths: dict[tuple[Any, ...], int] = field(default_factory=dict)
    others: Counter[str] = field(default_factory=Counter)

    def packet(self, number: int, at_s: float, datalink: int, frame: bytes) -> Iterator[Piece | Broken]:
        try:
            link = _LINKS.get(datalink)
            ip = link(frame).data if link else _bare(frame)
            if isinstance(ip, dpkt.ip.IP) and (ip.mf or ip.offset):
                ip = self._defragmented(ip)
        except _DAMAGED:
            self.others["damaged packets"] += 1
            return
        payload = getattr(ip, "data", None)
        if isinstance(payload, dpkt.udp.UDP):
            yield from self._datagram(number, at_s, ip, payload)
        elif isinstance(payload, dpkt.tcp.TCP):
            yield from self._segment(number, at_s, ip, payload)
        elif ip is not None:
            self.others["other packets"] += 1

    def _defragmented(self, ip: Any) -> Any:
        """The packet that fragments make up once the last is there: an INVITE with a location is larger than a frame."""
        key = (ip.src, ip.dst, ip.id, ip.p)
        data = ip.data if isinstance(ip.data, bytes) else bytes(ip.data)
        got = self.fragments.setdefault(key, {})
        got[ip.offset] = data
        if not ip.mf:
            self.lengths[key] = ip.offset + len(data)
        if sum(map(len, got.values())) < self.lengths.get(key, 1 << 32):
            return None
        del self.fragments[key], self.lengths[key]
        whole = b"".join(got[offset] for offset in sorted(got))
        protocol = {dpkt.ip.IP_PROTO_UDP: dpkt.udp.UDP, dpkt.ip.IP_PROTO_TCP: dpkt.tcp.TCP}.get(ip.p)
        ip.data = protocol(whole) if protocol else whole
        return ip

    def _datagram(self, number: int, at_s: float, ip: Any, udp: Any) -> Iterator[Piece | Broken]:
        found = list(_messages(bytes(udp.data)))
        if not found:
            self.others["UDP packets that are not SIP"] += 1
        for message in found:
            yield _piece(number, at_s, ip, message)

    def _segment(self, number: int, at_s: float, ip: Any, tcp: Any) -> Iterator[Piece | Broken]:
        key = (ip.src, tcp.sport, ip.dst, tcp.dport)
        stream = self.streams.setdefault(key, _Stream())
        data = bytes(tcp.data)
        if tcp.flags & dpkt.tcp.TH_SYN:
            stream.expected = (tcp.seq + 1) & 0xFFFFFFFF
            return
        if not data:
            self.others["TCP packets without data"] += 1
            return
        if not stream.text and not stream.held:
            stream.at_s, stream.number = at_s, number
        if stream.expected is None:
            stream.expected = tcp.seq
        stream.held[tcp.seq] = data
        _take_in_order(stream)
        yield from self._complete(stream, ip)

    def _complete(self, stream: _Stream, ip: Any) -> Iterator[Piece | Broken]:
        """Messages of which nothing is to come: all but the last, and that as well when its length says so."""
        text = stream.text.decode(_BYTES)
        found = list(sip_capture.messages(text, _BYTES))
        if not found:
            if len(stream.text) > _MAX_HELD:
                stream.text = b""
            return
        taken = 0
        for place, message in found:
            if place + len(message) < len(text) or sip_capture.is_whole(message):
                yield _piece(stream.number, stream.at_s, ip, message.encode(_BYTES).decode("utf-8", "replace"))
                taken = place + len(message)
        stream.text = stream.text[taken:]

    def rest(self) -> Iterator[Piece | Broken]:
        """What came without its end, and what was none of ours."""
        for (src, *_), stream in self.streams.items():
            left = stream.text + b"".join(stream.held[seq] for seq in sorted(stream.held))
            found = list(_messages(left))
            for message in found:
                yield Piece(f"packet {stream.number}", _payload(stream.at_s, src, message))
            if left.strip() and not found:
                self.others["TCP streams that are not SIP"] += 1
        for name, count in sorted(self.others.items()):
            yield Piece("packets", {"not_sip": f"{count:,} {name}"})


def _bare(frame: bytes) -> Any:
    return dpkt.ip6.IP6(frame) if frame[:1] and frame[0] >> 4 == 6 else dpkt.ip.IP(frame)


def _take_in_order(stream: _Stream) -> None:
    assert stream.expected is not None
    for seq in sorted(stream.held, key=lambda seq: (seq - (stream.expected or 0) + 0x80000000) & 0xFFFFFFFF):
        ahead = (seq - stream.expected + 0x80000000) % 0x100000000 - 0x80000000
        if ahead > 0 and sum(map(len, stream.held.values())) < _MAX_HELD:
            return
        data = stream.held.pop(seq)
        # What was sent before is passed over; a gap that is never filled as well.
        stream.text += data[max(0, -ahead) :] if ahead <= 0 else data
        stream.expected = (max(stream.expected, seq + len(data)) if ahead <= 0 else seq + len(data)) & 0xFFFFFFFF


def _messages(data: bytes) -> Iterator[str]:
    for _, message in sip_capture.messages(data.decode(_BYTES), _BYTES):
        yield message.encode(_BYTES).decode("utf-8", "replace")


def _piece(number: int, at_s: float, ip: Any, message: str) -> Piece:
    return Piece(f"packet {number}", _payload(at_s, ip.src, message))


def _payload(at_s: float, src: bytes, message: str) -> dict[str, object]:
    family = socket.AF_INET6 if len(src) == 16 else socket.AF_INET
    return {"message": message, "at": f"{at_s:.6f}", "source_ip": socket.inet_ntop(family, src)}
