"""The SMS channel against the embedded SMS centre, and against scripted ones that speak dialects."""

import asyncio
import contextlib
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from notifier_samples import order
from notifier_smsc import SmscProcess, free_port, until
from siaga_kit.errors import Transient
from siaga_kit.settings import SmppSettings
from siaga_notifier.adapters import codec
from siaga_notifier.adapters.smpp.centre import SmsCentre
from siaga_notifier.adapters.smpp.patience import Patience
from siaga_notifier.adapters.smpp.statuses import outcome
from siaga_notifier.core.model import Attempt, PhoneMessage
from siaga_notifier.core.outcomes import Accepted, Permanent, Temporary, Unknown
from siaga_notifier.core.receipts import Receipt
from siaga_notifier.core.states import State
from siaga_notifier.providers import FACTORIES
from siaga_tenants.model import ProviderSpec
from sms_conformance.faults import NoTransceiver
from sms_conformance.frames import BIND_RECEIVER, BIND_TRANSCEIVER
from sms_conformance.peer import Heard
from sms_conformance.proxy import Proxy

NUMBER = "+6281100000001"


def attempt(number: str = NUMBER, text: str = "#114 P1 Kebakaran {ruko} €") -> Attempt:
    return Attempt(f"attempt-{number}", "sms", number, 1, text, codec.order(order()))


class Line:
    """A running channel and what it handed on."""

    def __init__(self, settings: SmppSettings, patience: Patience | None = None) -> None:
        self.receipts: list[tuple[Receipt, str]] = []
        self.messages: list[PhoneMessage] = []
        self.failures = 0
        self.centre = SmsCentre(settings, self._receipt, self._message, patience=patience)

    async def _receipt(self, receipt: Receipt, number: str) -> None:
        self.receipts.append((receipt, number))

    async def _message(self, message: PhoneMessage) -> None:
        self.messages.append(message)
        if len(self.messages) <= self.failures:
            raise Transient("the broker is away")

    @property
    def bound(self) -> bool:
        return self.centre.trouble() is None


@contextlib.asynccontextmanager
async def running(settings: SmppSettings, patience: Patience | None = None) -> AsyncIterator[Line]:
    line = Line(settings, patience)
    task = asyncio.create_task(line.centre.run())
    try:
        await until(lambda: line.bound)
        yield line
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def line(smsc: SmscProcess) -> AsyncIterator[Line]:
    async with running(smsc.settings) as made:
        yield made


async def test_a_message_is_accepted_and_receipted(smsc: SmscProcess, line: Line) -> None:
    answer = await line.centre.send(attempt())
    assert isinstance(answer, Accepted)
    await until(lambda: bool(line.receipts))
    assert line.receipts == [(Receipt(answer.provider_id, State.DELIVERED, ""), NUMBER)]
    (message,) = await smsc.messages()
    assert (message["to"], message["from"], message["text"]) == ("6281100000001", "112", "#114 P1 Kebakaran {ruko} €")
    assert message["user_message_reference"] is not None


async def test_a_centre_without_transceivers_gets_a_line_for_each_direction(smsc: SmscProcess) -> None:
    async with Proxy(smsc.port, [NoTransceiver()]) as proxy, running(SmppSettings(port=proxy.port)) as line:
        assert isinstance(await line.centre.send(attempt()), Accepted)
        await until(lambda: bool(line.receipts))
        proxy.cut()
        await until(lambda: proxy.seen[BIND_RECEIVER] == 2)
        await until(lambda: line.bound)
        assert isinstance(await line.centre.send(attempt()), Accepted)


async def test_a_centres_own_settings(smsc: SmscProcess, tmp_path: Path) -> None:
    password = tmp_path / "smpp.key"
    password.write_text("rahasia\n")
    async with Proxy(smsc.port) as proxy:
        settings = {
            "host": "127.0.0.1", "port": proxy.port, "system_id": "bpbd", "password_file": password, "sender": "SIAGA",
            "system_type": "VMA", "source_ton": 5, "source_npi": 0, "window": 2, "receipts_in": "decimal",
        }  # fmt: skip
        spec = ProviderSpec("telkomsel", "smpp", "sms", settings, rate_per_s=30)
        heard = Heard()
        centre = FACTORIES["smpp"](spec, SimpleNamespace(inbox=heard))
        assert (centre.provider_id, centre.channel, centre.keyed, centre.confirms) == ("telkomsel", "sms", False, True)
        task = asyncio.create_task(centre.run())
        await until(lambda: centre.trouble() is None)
        assert b"bpbd\0rahasia\0VMA\0" in proxy.bodies[BIND_TRANSCEIVER]
        answers = await asyncio.gather(*(centre.send(attempt()) for _ in range(5)))
        assert all(isinstance(answer, Accepted) for answer in answers)
        assert {(message.source, message.source_ton) for message in proxy.taken} == {("SIAGA", 5)}
        await until(lambda: len(heard.receipts) == 5)
        assert heard.providers == {"telkomsel"}
        task.cancel()
        await asyncio.wait({task})


async def test_a_message_is_worth_nothing_after_its_time(smsc: SmscProcess) -> None:
    async with Proxy(smsc.port) as proxy, running(SmppSettings(port=proxy.port)) as line:
        now_ms = time.time_ns() // 1_000_000
        for expires_at_ms in (0, now_ms + 600_000, now_ms + 10_000_000, now_ms - 5):
            await line.centre.send(replace(attempt(), expires_at_ms=expires_at_ms))
        # Relative times of SMPP 3.4 §7.1.1.2: half an hour at most, a minute at least.
        minutes = [message.validity[8:10] for message in proxy.taken]
        assert minutes == ["30", minutes[1], "30", "01"]
        assert minutes[1] in ("09", "10")


async def test_an_answer_to_a_phone_asks_for_no_receipt(smsc: SmscProcess, line: Line) -> None:
    assert isinstance(await line.centre.say(NUMBER, "Tugas yang mana?"), Accepted)
    (message,) = await smsc.messages()
    assert message["receipt"] is False


async def test_many_at_once_each_get_their_own_answer(smsc: SmscProcess, line: Line) -> None:
    attempts = [attempt(f"+62811000{index:05}", f"#{index}") for index in range(300)]
    answers = await asyncio.gather(*(line.centre.send(one) for one in attempts))
    ids = {message["text"]: message["message_id"] for message in await smsc.messages()}
    assert [answer.provider_id for answer in answers if isinstance(answer, Accepted)] == [
        ids[one.text] for one in attempts
    ]
    await until(lambda: len(line.receipts) == 300)


@pytest.mark.parametrize(
    ("suffix", "expected"),
    [("88", Temporary("throttled", 0.2)), ("99", Permanent("invalid destination"))],
)
async def test_refusals(smsc: SmscProcess, line: Line, suffix: str, expected: object) -> None:
    await smsc.call("/faults", {"suffix": {"88": "throttled", "99": "invalid_destination"}})
    assert await line.centre.send(attempt(f"+62811000000{suffix}")) == expected


async def test_undelivered(smsc: SmscProcess, line: Line) -> None:
    await smsc.call("/faults", {"suffix": {"77": "undelivered"}})
    await line.centre.send(attempt("+6281100000077"))
    await until(lambda: bool(line.receipts))
    assert line.receipts[0][0].state is State.FAILED_PERMANENT


async def test_no_answer_means_unknown(smsc: SmscProcess) -> None:
    await smsc.call("/faults", {"suffix": {"66": "silent"}})
    async with running(smsc.settings, Patience(response_s=0.2)) as line:
        assert isinstance(await line.centre.send(attempt("+6281100000066")), Unknown)


async def test_a_line_that_ends_under_a_message_is_opened_again(smsc: SmscProcess, line: Line) -> None:
    await smsc.call("/faults", {"suffix": {"55": "unbind"}})
    assert isinstance(await line.centre.send(attempt("+6281100000055")), Unknown)
    await until(lambda: answered(line))


async def test_a_killed_centre_is_down_until_it_is_back(smsc: SmscProcess, line: Line) -> None:
    smsc.kill()
    await until(lambda: not line.bound)
    answer = await line.centre.send(attempt())
    assert isinstance(answer, Temporary)
    assert answer.down
    await asyncio.to_thread(smsc.start)
    await until(lambda: line.bound)
    assert isinstance(await line.centre.send(attempt()), Accepted)


@pytest.mark.parametrize("text", ["1 #114", "siap ✓", "panjang " * 30])
async def test_a_phones_message(smsc: SmscProcess, line: Line, text: str) -> None:
    await smsc.phone_sends("6281100000001", text)
    await until(lambda: bool(line.messages))
    assert line.messages == [PhoneMessage(NUMBER, text)]


async def test_a_message_that_could_not_be_passed_on_is_offered_again(smsc: SmscProcess, line: Line) -> None:
    line.failures = 2
    await smsc.phone_sends(NUMBER, "2")
    await until(lambda: len(line.messages) == 3)
    await smsc.phone_sends(NUMBER, "3")
    await until(lambda: len(line.messages) == 4)
    assert [message.text for message in line.messages] == ["2", "2", "2", "3"]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (0, Accepted("x")),
        (0x14, Temporary("queue full", 1.0)),
        (0x0B, Permanent("invalid destination")),
        (0x4FF, Temporary("status 0x4ff", 1.0)),
    ],
)
def test_outcome(status: int, expected: object) -> None:
    assert outcome(status, "x") == expected


# A centre of another make, scripted frame by frame.

Script = Callable[["Peer"], Awaitable[None]]


class Peer:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer

    async def read(self) -> tuple[int, int, int, bytes]:
        length, command, status, sequence = struct.unpack("!IIII", await self._reader.readexactly(16))
        return command, status, sequence, await self._reader.readexactly(length - 16)

    def write(self, command: int, status: int, sequence: int, body: bytes = b"") -> None:
        self.writer.write(struct.pack("!IIII", 16 + len(body), command, status, sequence) + body)


@contextlib.asynccontextmanager
async def scripted(*scripts: Script) -> AsyncIterator[SmppSettings]:
    """A centre whose first connection follows the first script, and so on; the last serves all further ones."""
    connections = 0
    failures: list[BaseException] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        script = scripts[min(connections, len(scripts) - 1)]
        connections += 1
        peer = Peer(reader, writer)
        try:
            command, _, sequence, _ = await peer.read()
            assert command == 0x09
            peer.write(0x80000009, 0, sequence, b"SMSC\0\x02\x10\x00\x01\x34")
            await script(peer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except AssertionError as failure:
            failures.append(failure)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port := free_port())
    try:
        yield SmppSettings(port=port)
    finally:
        server.close()
    assert not failures


def deliver_sm(
    text: bytes, *, esm_class: int = 0, data_coding: int = 0, tlvs: bytes = b"", source: bytes = b"6281100000001"
) -> bytes:
    head = (
        b"\0\x01\x01" + source + b"\0\x00\x01112\0" + bytes([esm_class, 0, 0]) + b"\0\0" + bytes([0, 0, data_coding, 0])
    )
    return head + bytes([len(text)]) + text + tlvs


async def forever(peer: Peer) -> None:
    """Answer messages and questions as everybody does."""
    while True:
        command, _, sequence, _ = await peer.read()
        if command == 0x04:
            peer.write(0x80000004, 0, sequence, b"id-1\0")
        elif command in (0x15, 0x06):
            peer.write(command | 0x80000000, 0, sequence)


async def test_statuses_and_commands_of_no_list() -> None:
    async def script(peer: Peer) -> None:
        peer.write(0x00000103, 0, 77)
        # The refusal of the unknown command and the message may come in either order.
        frames = {
            command: (status, sequence) for command, status, sequence, _ in [await peer.read(), await peer.read()]
        }
        assert frames[0x80000000] == (0x03, 77)
        peer.write(0x80000004, 0x000004AA, frames[0x04][1])
        await forever(peer)

    async with scripted(script) as settings, running(settings) as line:
        assert await line.centre.send(attempt()) == Temporary("status 0x4aa", 1.0)


async def test_a_frame_that_is_none_ends_the_line() -> None:
    async def script(peer: Peer) -> None:
        peer.writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await forever(peer)

    async with scripted(script, forever) as settings, running(settings) as line:
        await until(lambda: line.bound)
        await until(lambda: answered(line))


async def answered(line: Line) -> bool:
    return isinstance(await line.centre.send(attempt()), Accepted)


async def test_receipt_before_the_response_and_dialects_of_receipts() -> None:
    answers: list[tuple[int, int]] = []

    async def script(peer: Peer) -> None:
        _, _, submitted, _ = await peer.read()
        texts = [
            b"id:653262591 sub:001 dlvrd:001 submit date:190211000000 done date:190211000005 stat:DELIVRD err:00A text:",
            b"",
            b"nothing to read here",
        ]
        tlvs = [b"", b"\x00\x1e\x00\x05AB12\0\x04\x27\x00\x01\x05", b""]
        for number, (text, tlv) in enumerate(zip(texts, tlvs, strict=True), start=1):
            peer.write(0x05, 0, number, deliver_sm(text, esm_class=4, tlvs=tlv))
        for _ in range(3):
            command, status, sequence, _ = await peer.read()
            assert command == 0x80000005
            answers.append((sequence, status))
        peer.write(0x80000004, 0, submitted, b"26effeff\0")
        await forever(peer)

    async with scripted(script) as settings, running(settings) as line:
        assert await line.centre.send(attempt()) == Accepted("26effeff")
    assert sorted(answers) == [(1, 0), (2, 0), (3, 0)]
    assert [receipt for receipt, _ in line.receipts] == [
        Receipt("653262591", State.DELIVERED, ""),
        Receipt("AB12", State.FAILED_PERMANENT, "undelivered"),
    ]


async def test_parts_of_a_long_message_and_broken_ones() -> None:
    statuses: list[int] = []

    async def script(peer: Peer) -> None:
        bodies = [
            deliver_sm(bytes([5, 0, 3, 7, 2, 2]) + b"#114", esm_class=0x40),
            deliver_sm(bytes([6, 8, 4, 1, 9, 2, 2]) + "✓".encode("utf-16-be"), esm_class=0x40, data_coding=8),
            deliver_sm(b"1 ", tlvs=b"\x02\x0c\x00\x02\x00\x07\x02\x0e\x00\x01\x02\x02\x0f\x00\x01\x01"),
            deliver_sm(b"\xc9", data_coding=3),
            b"\0\x01\x01628",
            deliver_sm(b"", source=b"TELKOMSEL"),
        ]
        for number, body in enumerate(bodies, start=1):
            peer.write(0x05, 0, number, body)
        statuses.extend([(await peer.read())[1] for _ in bodies])
        await forever(peer)

    async with scripted(script) as settings, running(settings, Patience(part_s=0.05)) as line:
        await until(lambda: len(statuses) == 6)
    assert sorted(statuses) == [0, 0, 0, 0, 0, 0x65]
    assert [(message.source, message.text) for message in line.messages] == [
        (NUMBER, "1 #114"),
        (NUMBER, "É"),
        ("+TELKOMSEL", ""),
    ]


async def test_a_refused_bind_says_so() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, _, sequence, _ = await Peer(reader, writer).read()
        Peer(reader, writer).write(0x80000009, 0x0E, sequence)
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", port := free_port())
    line = Line(SmppSettings(port=port))
    task = asyncio.create_task(line.centre.run())
    await until(lambda: "0xe" in (line.centre.trouble() or ""))
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    server.close()
