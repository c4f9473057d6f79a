"""The SMS centre as a real process, spoken to by an independent client (the SMPP library's own)."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import smpp34
from siaga_kit.embedded.smsc_text import decode, encode, split_header


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Process:
    def __init__(self, journal: Path) -> None:
        self.port, self.control_port, self.journal = free_port(), free_port(), journal
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                sys.executable, "-m", "siaga_kit.embedded.smsc", "--port", str(self.port),
                "--control-port", str(self.control_port), "--journal", str(self.journal), "--receipt-delay-ms", "5",
            ]
        )  # fmt: skip
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                if self.call("/health/ready")["ready"]:
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the SMS centre did not start")

    def kill(self, word: signal.Signals = signal.SIGKILL) -> int:
        self._process.send_signal(word)
        return self._process.wait(10)

    def call(self, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.control_port}{path}", data)
        with urllib.request.urlopen(request, timeout=15) as answer:
            return json.load(answer)

    def messages(self, after: int = 0, wait_ms: int = 0) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call(f"/messages?after={after}&wait_ms={wait_ms}")["messages"]
        return found


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Process]:
    process = Process(tmp_path / "journal.jsonl")
    yield process
    process.kill()


@pytest.fixture
async def line(centre: Process) -> AsyncIterator[smpp34.Smsc]:
    client = smpp34.Client("127.0.0.1", centre.port, "siaga", "secret")
    yield await client.connect()
    await client.stop()


async def next_delivery(line: smpp34.Smsc) -> smpp34.DeliverSmEvent:
    event = await asyncio.wait_for(line.next(), 10)
    assert isinstance(event, smpp34.DeliverSmEvent)
    return event


async def test_a_message_is_answered_journaled_and_receipted(centre: Process, line: smpp34.Smsc) -> None:
    tlv = smpp34.Tlv(0x0204, (4711).to_bytes(2, "big"))
    answer = await line.submit_sm("628111", b"#114 P1", source_addr="112", registered_delivery=1, tlvs=[tlv])
    assert answer.is_success
    receipt = await next_delivery(line)
    assert receipt.esm_class & 0x3C == 4
    assert f"id:{answer.message_id} ".encode() in receipt.short_message
    assert b"stat:DELIVRD" in receipt.short_message
    assert receipt.source_addr == "628111"
    (message,) = await asyncio.to_thread(centre.messages)
    assert message["n"] == 1
    assert (message["to"], message["from"], message["text"]) == ("628111", "112", "#114 P1")
    assert (message["message_id"], message["user_message_reference"]) == (answer.message_id, 4711)
    assert json.loads(centre.journal.read_text()) == message


async def test_no_receipt_unless_asked(centre: Process, line: smpp34.Smsc) -> None:
    await line.submit_sm("628111", b"no receipt", source_addr="112")
    await asyncio.to_thread(centre.call, "/mo", {"from": "628222", "to": "112", "text": "1"})
    assert (await next_delivery(line)).short_message == b"1"


async def test_alphabets_and_parts_become_one_text(centre: Process, line: smpp34.Smsc) -> None:
    await line.submit_sm("628111", bytes([0x00, 0x1B, 0x65]), source_addr="112")
    await line.submit_sm("628111", "Δ 火事".encode("utf-16-be"), source_addr="112", data_coding=8)
    for number, text in ((2, b"kedua"), (1, b"pertama ")):
        header = bytes([5, 0, 3, 7, 2, number])
        await line.submit_sm("628111", header + text, source_addr="112", esm_class=0x40)
    texts = [message["text"] for message in await asyncio.to_thread(centre.messages)]
    assert texts == ["@€", "Δ 火事", "pertama kedua"]


async def test_long_poll_returns_with_the_message(centre: Process, line: smpp34.Smsc) -> None:
    waiting = asyncio.create_task(asyncio.to_thread(centre.messages, 0, 10_000))
    await line.submit_sm("628111", b"here", source_addr="112")
    assert [message["text"] for message in await waiting] == ["here"]
    assert await asyncio.to_thread(centre.messages, 1, 50) == []


async def test_a_phones_message_waits_for_a_client(centre: Process) -> None:
    for text in ("1 #114", "Δ siap ✓", "3 #114"):
        await asyncio.to_thread(centre.call, "/mo", {"from": "+628111", "to": "112", "text": text})
    client = smpp34.Client("127.0.0.1", centre.port, "siaga", "secret")
    line = await client.connect()
    events = [await next_delivery(line) for _ in range(3)]
    assert [decode(event.short_message, event.data_coding) for event in events] == ["1 #114", "Δ siap ✓", "3 #114"]
    await client.stop()


@pytest.mark.parametrize(
    ("number", "status", "stat"),
    [("62811177", 0, b"UNDELIV"), ("62811188", 0x58, None), ("62811199", 0x0B, None), ("62811100", 0, b"DELIVRD")],
)
async def test_scripted_faults(
    centre: Process, line: smpp34.Smsc, number: str, status: int, stat: bytes | None
) -> None:
    faults = {"77": "undelivered", "88": "throttled", "99": "invalid_destination"}
    await asyncio.to_thread(centre.call, "/faults", {"suffix": faults})
    answer = await line.submit_sm(number, b"x", source_addr="112", registered_delivery=1)
    assert answer.command_status == status
    if stat is not None:
        assert b"stat:" + stat in (await next_delivery(line)).short_message
    assert len(await asyncio.to_thread(centre.messages)) == (1 if stat else 0)


async def test_unknown_fault_is_refused(centre: Process) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        await asyncio.to_thread(centre.call, "/faults", {"suffix": {"77": "explode"}})
    assert refused.value.code == 422
    refused.value.close()


async def test_decimal_receipts(centre: Process, line: smpp34.Smsc) -> None:
    await asyncio.to_thread(centre.call, "/faults", {"decimal_receipts": True})
    for _ in range(10):
        answer = await line.submit_sm("628111", b"x", source_addr="112", registered_delivery=1)
        receipt = await next_delivery(line)
    assert answer.message_id == "0000000a"
    assert b"id:10 " in receipt.short_message


async def test_goes_on_where_it_was_after_a_kill(centre: Process) -> None:
    client = smpp34.Client("127.0.0.1", centre.port, "siaga", "secret")
    line = await client.connect()
    first = await line.submit_sm("628111", b"before", source_addr="112", registered_delivery=1)
    centre.kill()
    await client.stop()
    with centre.journal.open("a") as file:
        file.write('{"n": 2, "to": "62')
    await asyncio.to_thread(centre.start)
    client = smpp34.Client("127.0.0.1", centre.port, "siaga", "secret")
    line = await client.connect()
    second = await line.submit_sm("628111", b"after", source_addr="112")
    assert second.message_id != first.message_id
    # The receipt of a message taken before the kill still comes.
    assert f"id:{first.message_id} ".encode() in (await next_delivery(line)).short_message
    await client.stop()
    messages = await asyncio.to_thread(centre.messages)
    assert [(message["n"], message["text"]) for message in messages] == [(1, "before"), (2, "after")]


async def test_reset_and_a_clean_end(centre: Process, line: smpp34.Smsc) -> None:
    await line.submit_sm("628111", b"x", source_addr="112")
    await asyncio.to_thread(centre.call, "/reset", {})
    assert await asyncio.to_thread(centre.messages) == []
    assert centre.journal.read_text() == ""
    assert centre.kill(signal.SIGTERM) == os.EX_OK


@pytest.mark.parametrize("text", ["", "1 #114", "àé@£", "Δ火"])
def test_encode_is_undone_by_decode(text: str) -> None:
    assert decode(*encode(text)) == text


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (bytes([5, 0, 3, 9, 2, 1]) + b"a", (9, 2, 1)),
        (bytes([6, 8, 4, 1, 0, 3, 2]) + b"a", (256, 3, 2)),
        (bytes([4, 0x24, 2, 0, 1]) + b"a", None),
    ],
)
def test_user_data_header(octets: bytes, expected: tuple[int, int, int] | None) -> None:
    part, body = split_header(0x40, octets)
    assert body == b"a"
    assert (part and (part.reference, part.total, part.number)) == expected
