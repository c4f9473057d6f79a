"""Captured SIP comes apart: texts with many messages, and packets with all that a wire does to them."""

import gzip
import io
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dpkt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from siaga_intake.adapters import pcap
from siaga_intake.captures import CAPTURES, pieces
from siaga_intake.core.captured import Broken, Piece
from siaga_intake.core.events import Accepted, Ignored, Refusal
from siaga_intake.core.switches import sip_capture

DATA = Path(__file__).parent / "data" / "sip_ng911"
AT_S = 1_710_123_330.25
CALLER, CENTRE = b"\x0a\x00\x00\x05", b"\x0a\x00\x00\x06"


def message(call: int, body: str = "", start: str = "INVITE sip:112@c SIP/2.0") -> str:
    length = len(body.encode())
    return f"{start}\r\nCall-ID: {call}\r\nCSeq: 1 INVITE\r\nContent-Length: {length}\r\n\r\n{body}"


SIPFRAG = message(2, "SIP/2.0 200 OK\r\nCall-ID: 9\r\n", "NOTIFY sip:a@c SIP/2.0")
MANY = [message(1), SIPFRAG, message(3, "café\r\n"), message(4, "v=0\r\n", "SIP/2.0 200 OK")]


def of(data: bytes) -> list[Any]:
    found = list(pieces(CAPTURES["sip"], data))
    return [each.payload.get("message") if isinstance(each, Piece) else each for each in found]


@pytest.mark.parametrize("between", ["", "\r\n", "\n\n", "\n2024-03-11 09:15:30 10.0.0.5:5060 -> 10.0.0.6:5060\n"])
def test_a_text_of_many_messages(between: str) -> None:
    assert of(between.join(MANY).encode()) == MANY


def test_line_ends_of_the_text_make_lengths_wrong() -> None:
    """A file saved with other line ends than the wire had: then the next message's first line parts them."""
    written = "\n".join(MANY[:1] + MANY[2:]).replace("\r\n", "\n")
    assert [each.splitlines()[1] for each in of(written.encode())] == ["Call-ID: 1", "Call-ID: 3", "Call-ID: 4"]


def test_one_cut_off_and_one_without_a_body() -> None:
    assert of((MANY[0] + MANY[3][:60]).encode()) == [MANY[0], MANY[3][:60]]
    assert of(b"BYE sip:a@c SIP/2.0\nCall-ID: 1\n") == ["BYE sip:a@c SIP/2.0\nCall-ID: 1\n"]


def test_no_sip_at_all_is_said() -> None:
    (broken,) = of(b"hello\nworld")
    assert isinstance(broken, Broken)
    assert broken.reason == "holds no SIP message"
    assert of(b"") == []


@given(st.text(max_size=300))
def test_any_text_comes_apart(text: str) -> None:
    joined = [found for _, found in sip_capture.messages(MANY[0] + text + MANY[3])]
    assert joined
    assert "".join(joined) in MANY[0] + text + MANY[3] or len(joined) > 1


class Wire:
    """A capture being made: packets over Ethernet."""

    def __init__(self) -> None:
        self._file = io.BytesIO()
        self._writer = dpkt.pcap.Writer(self._file)

    @property
    def data(self) -> bytes:
        return self._file.getvalue()

    def udp(self, data: bytes, mtu: int = 0) -> None:
        whole = bytes(dpkt.udp.UDP(sport=5060, dport=5060, data=data, ulen=8 + len(data)))
        step = mtu or len(whole)
        for offset in range(0, len(whole), step):
            more = offset + step < len(whole)
            self._packet(17, whole[offset : offset + step], offset, more=more)

    def tcp(self, seq: int, data: bytes, flags: int = dpkt.tcp.TH_ACK) -> None:
        self._packet(6, bytes(dpkt.tcp.TCP(sport=40_000, dport=5060, seq=seq & 0xFFFFFFFF, flags=flags, data=data)))

    def _packet(self, protocol: int, data: bytes, offset: int = 0, *, more: bool = False) -> None:
        ip = dpkt.ip.IP(src=CALLER, dst=CENTRE, p=protocol, id=7, len=20 + len(data))
        ip.offset, ip.mf, ip.data = offset, int(more), data
        self._writer.writepkt(dpkt.ethernet.Ethernet(data=ip), ts=AT_S)


def test_a_datagram_in_fragments() -> None:
    """An INVITE with a location is larger than a frame."""
    wire, large = Wire(), message(1, "x" * 4_000)
    wire.udp(large.encode(), mtu=1_400)
    assert of(wire.data) == [large]


@pytest.mark.parametrize("begin", [1, 0xFFFFFFF0])
def test_a_stream_out_of_order_and_twice(begin: int) -> None:
    """Segments swapped, sent again, with two messages in one and one in two, over the end of the numbers."""
    wire, data = Wire(), "".join(MANY).encode()
    wire.tcp(begin - 1, b"", dpkt.tcp.TH_SYN)
    for first, last in ((0, 50), (100, 150), (50, 100), (50, 120), (150, len(data))):
        wire.tcp(begin + first, data[first:last])
    assert of(wire.data) == MANY


def test_what_is_no_sip_is_counted() -> None:
    wire = Wire()
    wire.udp(b"\0\1dns")
    wire.udp(b"\0\2dns")
    wire.udp(MANY[0].encode())
    found = list(pcap.pieces(wire.data + b"\1\2\3"))
    assert [each.payload for each in found if isinstance(each, Piece)] == [
        {"message": MANY[0], "at": "1710123330.250000", "source_ip": "10.0.0.5"},
        {"not_sip": "2 UDP packets that are not SIP"},
    ]


@pytest.mark.parametrize("cut", [10, 24, 40, 60, 100])
def test_a_capture_cut_off_or_damaged_raises_nothing(cut: int) -> None:
    wire = Wire()
    wire.tcp(1, MANY[0].encode())
    for data in (wire.data[:cut], wire.data[:cut] + b"\xff" * 40, wire.data[:4] + b"\0" * 100):
        list(pcap.pieces(data))


@pytest.mark.parametrize(
    ("file", "methods"),
    [
        ("TC_CHE_001_variation_2_pass", {"INVITE": 1, "SUBSCRIBE": 1, "NOTIFY": 1, "SIP/2.0": 2}),
        ("TC_CHE_003_pass", {"INVITE": 3, "SIP/2.0": 6}),
        ("TC_CHFE_007_pass", {"INVITE": 1, "BYE": 1, "SIP/2.0": 2}),
        ("TC_ESRP_002_SIP_INVITE_location_garbled_PIDF-LO_body_pass", {"INVITE": 2}),
        ("TC_LIS_001_pass", {"SUBSCRIBE": 1, "NOTIFY": 1, "SIP/2.0": 2}),
    ],
)
def test_captures_of_a_laboratory(take: Callable[[str, Any], Any], file: str, methods: dict[str, int]) -> None:
    data = (DATA / f"{file}.pcap").read_bytes()
    assert Counter(each.split()[0] for each in of(data) if each) == methods
    for piece in pcap.pieces(data):
        assert isinstance(piece, Piece)
        seen = {name: value for name, value in piece.payload.items() if name != "at"}
        assert not isinstance(take("sip", seen), Refusal)


LINES = gzip.decompress((DATA / "sip_messages.jsonl.gz").read_bytes()).splitlines()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_captured_messages_with_a_stretch_missing_or_moved(
    take: Callable[[str, Any], Any], data: st.DataObject
) -> None:
    told = json.loads(data.draw(st.sampled_from(LINES)))
    raw = "\r\n".join((told["start_line"], *told["headers"], "", told["body"]))
    first, last = sorted(data.draw(st.tuples(*[st.integers(0, len(raw))] * 2)))
    for changed in (raw[:first] + raw[last:], raw[:first] + raw[last:] + raw[first:last], raw[:last]):
        assert isinstance(take("sip", {"message": changed}), Accepted | Ignored | Refusal)
