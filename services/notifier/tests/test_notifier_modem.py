"""The SMS channel through a real gammu-smsd: what it sends, what came, and who is killed at what time."""

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from notifier_modem_world import PHONE, attempt
from notifier_smsc import PATIENCE_S, until
from notifier_smsd import Smsd
from siaga_notifier.adapters import patience
from siaga_notifier.adapters.modem.modem import STUCK_S, GsmModem
from siaga_notifier.core.model import PhoneMessage
from siaga_notifier.core.outcomes import Accepted, Permanent, Temporary
from siaga_notifier.core.receipts import Receipt
from siaga_notifier.core.states import State

pytestmark = pytest.mark.peers


@dataclass
class Notifier:
    """The channel, and what it handed on."""

    folder: Path
    receipts: list[tuple[Receipt, str]] = field(default_factory=list)
    messages: list[PhoneMessage] = field(default_factory=list)
    later_ms: int = 0

    async def receipt(self, receipt: Receipt, number: str) -> None:
        self.receipts.append((receipt, number))

    async def message(self, message: PhoneMessage) -> None:
        self.messages.append(message)

    def modem(self) -> GsmModem:
        return GsmModem(
            self.folder, self.receipt, self.message, lambda: time.time_ns() // 1_000_000 + self.later_ms, "modem"
        )

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[GsmModem]:
        modem = self.modem()
        task = asyncio.create_task(modem.run())
        try:
            yield modem
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def said(self) -> list[tuple[str, State | None]]:
        return [(receipt.provider_id, receipt.state) for receipt, _ in self.receipts]


@pytest.fixture
def smsd(tmp_path: Path) -> Iterator[Smsd]:
    process = Smsd(tmp_path / "gammu")
    yield process
    process.kill()


async def test_sent_reported_answered(smsd: Smsd) -> None:
    smsd.start()
    notifier = Notifier(smsd.folder)
    async with notifier.running() as modem:
        assert await modem.send(attempt("k-1")) == Accepted("k-1")
        assert await modem.send(attempt("k-2", text="Pelan-pelan — 火事")) == Accepted("k-2")
        await until(lambda: len(smsd.transmitted()) == 2)
        await until(lambda: all(not path.stat().st_size for path in (smsd.folder / "sent").glob("OUT*")))
        for word in ("Delivered", "Failed", "Pending"):
            smsd.network_reports(PHONE, word)
        smsd.phone_sends(PHONE, "1 #114")
        smsd.phone_sends("081100000115", "SIAP kami ber", "angkat")
        await until(lambda: len(notifier.messages) == 2 and len(notifier.receipts) == 2)
        await until(lambda: not list((smsd.folder / "inbox").iterdir()))
    assert smsd.texts() == [("1", PHONE, "#114 P1 Kebakaran Jl. Merdeka 1"), ("1", PHONE, "Pelan-pelan — 火事")]
    assert notifier.said() == [("k-1", State.DELIVERED), ("k-2", State.FAILED_PERMANENT)]
    assert {number for _, number in notifier.receipts} == {PHONE}
    assert set(map(str, notifier.messages)) == {
        str(PhoneMessage(PHONE, "1 #114")), str(PhoneMessage("+6281100000115", "SIAP kami berangkat")),
    }  # fmt: skip
    # Whose number and text it was is not kept: the delivered one by its key only, the other may be tried again.
    assert [path.name for path in (smsd.folder / "sent").iterdir()] == [".k-1"]


async def test_a_killed_daemon_is_noticed_and_sends_each_once_when_it_is_back(smsd: Smsd) -> None:
    smsd.start()
    async with Notifier(smsd.folder).running() as modem:
        assert isinstance(await modem.send(attempt("first")), Accepted)
        await until(lambda: len(smsd.transmitted()) == 1)
        smsd.kill()
        refused = await modem.send(attempt("second"))
        assert isinstance(refused, Temporary)
        assert refused.down
        assert "gammu-smsd does not run" in refused.reason
        await until(lambda: modem.trouble() is not None)
        smsd.start()
        await until(lambda: modem.trouble() is None)
        for key in ("second", "first"):
            assert isinstance(await modem.send(attempt(key)), Accepted)
        await until(lambda: len(smsd.transmitted()) == 2)
    assert [name.rpartition("_")[2] for name in smsd.transmitted()] == ["first.txtd", "second.txtd"]


async def test_a_killed_notifier_hands_over_again_and_each_goes_out_once(smsd: Smsd) -> None:
    """It is killed without having written down what it handed over: all is handed over again under the same keys."""
    smsd.start()
    keys = [f"k-{number:02}" for number in range(6)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(Path(__file__).parent / "notifier_modem_process.py"), str(smsd.folder), *keys,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    for _ in range(3):
        await asyncio.wait_for(process.stdout.readline(), PATIENCE_S)
    process.kill()
    await process.wait()
    async with Notifier(smsd.folder).running() as modem:
        for key in keys:
            assert await modem.send(attempt(key)) == Accepted(key)
        await until(lambda: len(smsd.transmitted()) == len(keys))
        for key in keys:
            assert await modem.send(attempt(key)) == Accepted(key)
        assert isinstance(await modem.send(attempt("last", priority="P3")), Accepted)
        await until(lambda: "last" in smsd.transmitted()[-1])
    assert sorted(name.rpartition("_")[2] for name in smsd.transmitted()[:-1]) == [f"{key}.txtd" for key in keys]


async def test_urgent_ones_overtake_and_what_is_too_late_is_taken_back(smsd: Smsd) -> None:
    """The daemon is not there yet, and there is no pid file that says so."""
    notifier = Notifier(smsd.folder)
    async with notifier.running() as modem:
        late = replace(attempt("late"), expires_at_ms=time.time_ns() // 1_000_000 + 10_000)
        for one in (attempt("p3", "P3"), attempt("p0", "P0"), attempt("p1", "P1"), late):
            assert isinstance(await modem.send(one), Accepted)
        assert isinstance(await modem.say(PHONE, "Tugas yang mana?"), Accepted)
        notifier.later_ms = 11_000
        await until(lambda: bool(notifier.receipts))
        smsd.start()
        await until(lambda: len(smsd.transmitted()) == 4)
    assert notifier.said() == [("late", State.EXPIRED)]
    keys = [name.rpartition("_")[2] for name in smsd.transmitted()]
    assert keys[:3] == ["p0.txtd", "p1.txtd", "p3.txtd"]
    # Of a question back no report is asked.
    assert keys[3].startswith("say-")
    assert keys[3].endswith(".txt")


async def test_a_daemon_that_takes_nothing_is_stuck(smsd: Smsd) -> None:
    notifier = Notifier(smsd.folder)
    async with notifier.running() as modem:
        assert isinstance(await modem.send(attempt("k-1")), Accepted)
        assert isinstance(await modem.send(attempt("k-2")), Accepted)

        def in_trouble() -> bool:
            notifier.later_ms += 1000
            return modem.trouble() is not None

        await until(in_trouble)
        assert notifier.later_ms > STUCK_S * 1000
        assert isinstance(await modem.send(attempt("k-3")), Temporary)
        smsd.start()
        await until(lambda: modem.trouble() is None)
        assert isinstance(await modem.send(attempt("k-3")), Accepted)
        await until(lambda: len(smsd.transmitted()) == 3)


async def test_what_the_modem_could_not_send_is_told_and_may_be_tried_again(smsd: Smsd) -> None:
    """The dummy sends whatever it is given, so the test does what the daemon does then."""
    notifier = Notifier(smsd.folder)
    async with notifier.running() as modem:
        for _ in range(2):
            assert isinstance(await modem.send(attempt()), Accepted)
            waiting = next((smsd.folder / "outbox").glob("OUT*"))
            waiting.rename(smsd.folder / "error" / waiting.name)
            await until(lambda: not list((smsd.folder / "error").iterdir()))
    assert notifier.said() == [("k-1", State.FAILED_PERMANENT)] * 2


async def test_files_of_other_formats_and_unreadable_ones(smsd: Smsd) -> None:
    inbox = smsd.folder / "inbox"
    notifier = Notifier(smsd.folder)
    (inbox / "IN20261126_072000_00_+6281100000001_00.txt").write_bytes("\ufeffTIBA — ok".encode("utf-16-be"))
    (inbox / "IN20261126_072000_00_+6281100000002_00.txt").write_bytes(b"SELESAI #1")
    (inbox / "IN20261126_072000_00_+6281100000002_01.txt").write_bytes(b"14")
    (inbox / "IN20261126_072000_00_+6281100000003_00.bin").write_bytes(b"\x01\x02")
    (inbox / "README").write_text("not ours")
    async with notifier.running():
        await until(
            lambda: (
                len(notifier.messages) == 2 and (inbox / ".unread-IN20261126_072000_00_+6281100000003_00.bin").exists()
            )
        )
    assert [(one.source, one.text) for one in notifier.messages] == [
        ("+6281100000001", "TIBA — ok"), ("+6281100000002", "SELESAI #114"),
    ]  # fmt: skip
    assert sorted(path.name[:7] for path in inbox.iterdir()) == [".unread", "README"]


async def test_an_sms_that_nothing_can_be_done_with_stops_no_other(smsd: Smsd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PAUSES_S", (0.0, 0.0))
    inbox = smsd.folder / "inbox"
    notifier = Notifier(smsd.folder)
    take = notifier.message

    async def refuse(message: PhoneMessage) -> None:
        if message.text == "poison":
            raise RuntimeError
        await take(message)

    monkeypatch.setattr(notifier, "message", refuse)
    (inbox / "IN20261126_072000_00_+6281100000001_00.txt").write_bytes(b"poison")
    (inbox / "IN20261126_072000_00_+6281100000002_00.txt").write_bytes(b"1")
    async with notifier.running():
        await until(lambda: notifier.messages == [PhoneMessage("+6281100000002", "1")])
        await until(lambda: [path.name[:10] for path in inbox.iterdir()] == [".unread-IN"])


async def test_folders_that_are_missing_are_told(tmp_path: Path) -> None:
    async with Notifier(tmp_path / "none").running() as modem:
        await until(lambda: modem.trouble() is not None)
        assert "inbox is missing" in (modem.trouble() or "")
        refused = await modem.send(attempt())
        assert isinstance(refused, Temporary)
        assert refused.down
        assert isinstance(await modem.send(replace(attempt(), address="../../etc/passwd")), Permanent)


async def test_what_was_sent_is_forgotten_after_a_day(smsd: Smsd) -> None:
    smsd.start()
    notifier = Notifier(smsd.folder)
    async with notifier.running() as modem:
        await modem.send(attempt())
        await until(lambda: any(not path.stat().st_size for path in (smsd.folder / "sent").iterdir()))
        notifier.later_ms = 25 * 3600 * 1000
        await until(lambda: not list((smsd.folder / "sent").iterdir()))
