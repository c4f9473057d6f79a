"""The whole of intake against a manager of the test's own, over TCP, onto the real broker: captures, cuts, and the gap after them."""

import asyncio
import hashlib
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from typing import Any, Final

import pytest
from siaga_intake.core.events import Kind, LeftReason
from siaga_kit.service import Runtime

pytestmark = pytest.mark.stack

TENANT: Final = Path(__file__).parents[3] / "tenants" / "36.73-kota-serang"
CAPTURES: Final = Path(__file__).parent / "data" / "ami"
SECRET: Final = "not for the network"

StartIntake = Callable[..., AbstractAsyncContextManager[Runtime]]
Published = Callable[[int], Awaitable[list[Any]]]


class Manager:
    """Asterisk's manager as far as a client sees it: greets, checks the login, then says what the test has it say."""

    def __init__(self) -> None:
        self.logged_in = 0
        self.actions: list[dict[str, str]] = []
        self.at_login: list[bytes] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def kill(self) -> None:
        """Gone in the middle of whatever it says, like a process that was killed."""
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await self._server.wait_closed()
        await _until(lambda: not self._writers)

    def say(self, data: bytes) -> None:
        for writer in self._writers:
            writer.write(data)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        writer.write(b"Asterisk Call Manager/7.0.3\r\n")
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                lines = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
                action = dict(line.split(": ", 1) for line in lines if ": " in line)
                self.actions.append(action)
                writer.write(self._answer(action))
                if action["Action"] == "Login" and self.logged_in and self.at_login:
                    writer.write(self.at_login.pop(0))
        writer.close()
        self._writers.discard(writer)

    def _answer(self, action: dict[str, str]) -> bytes:
        head = f"Response: {{}}\r\nActionID: {action['ActionID']}\r\n"
        if action["Action"] == "Challenge":
            return f"{head.format('Success')}Challenge: 145769581\r\n\r\n".encode()
        if action["Action"] == "Login":
            key = hashlib.md5(f"145769581{SECRET}".encode(), usedforsecurity=False).hexdigest()
            if (action["Username"], action.get("Key")) != ("siaga", key):
                return f"{head.format('Error')}Message: Authentication failed\r\n\r\n".encode()
            self.logged_in += 1
            booted = "Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n"
            return f"{head.format('Success')}Message: Authentication accepted\r\n\r\n{booted}".encode()
        return f"{head.format('Success')}Ping: Pong\r\n\r\n".encode()


@pytest.fixture
async def manager() -> AsyncIterator[Manager]:
    manager = Manager()
    await manager.open()
    yield manager
    await manager.kill()


class Centre:
    """The files of one centre whose Asterisk is the test's manager."""

    def __init__(self, folder: Path, port: int, secret: str = SECRET) -> None:
        self.tenants = folder / "tenants"
        self.data = folder / "data"
        self.queue_log = folder / "queue_log"
        self.cdr = folder / "Master.csv"
        self.queue_log.touch()
        self.cdr.touch()
        if not self.tenants.exists():
            shutil.copytree(TENANT, self.tenants / TENANT.name)
        (self.tenants / TENANT.name / "pbx1.secret").write_text(f"{secret}\n")
        (self.tenants / TENANT.name / "sources.yaml").write_text(
            "sources:\n  - kind: asterisk\n    instance: pbx1\n"
            f'    connect: {{protocol: ami, address: "127.0.0.1:{port}", user: siaga, secret_file: pbx1.secret}}\n'
            f"    backfill: {{queue_log: {self.queue_log}, cdr: {self.cdr}}}\n"
        )


async def _until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


def leg(name: str, number: int, born_s: int, **fields: str) -> bytes:
    unique = f"{born_s}.{number}"
    lines = {"Event": name, "Privilege": "call,all", "Timestamp": f"{born_s}.{number:06d}", "Uniqueid": unique}
    lines |= {
        "Linkedid": unique,
        "Channel": f"PJSIP/trunk-{number:08x}",
        "CallerIDNum": f"+62812{number:07d}",
        **fields,
    }
    return ("".join(f"{key}: {value}\r\n" for key, value in lines.items()) + "\r\n").encode()


def away(runtime: Runtime) -> str:
    return runtime.health.notes().get("36.73 asterisk/pbx1", "")


def kinds(events: Sequence[Any]) -> list[str]:
    return sorted(Kind(event.kind).name for event in events)


async def test_real_captures_played_byte_for_byte(
    manager: Manager, start_intake: StartIntake, published: Published, tmp_path: Path
) -> None:
    session = b"".join(path.read_bytes() for path in sorted(CAPTURES.glob("originate_*")))
    manager.at_login = [session[session.index(b"Event:") :] + b"\r\n\r\n"]
    Centre(tmp_path, manager.port)
    async with start_intake() as runtime:
        found = await published(3)
        assert {"RINGING", "ENDED"} <= set(kinds(found))
        assert {event.source for event in found} == {"asterisk/pbx1"}
        assert away(runtime) == ""
    assert [action["Action"] for action in manager.actions[:2]] == ["Challenge", "Login"]
    assert SECRET not in str(manager.actions)
    assert manager.actions[1]["Events"] == "system,call,agent,dtmf,dialplan"


async def test_killed_in_mid_message_and_back_nothing_is_lost_that_was_told(
    manager: Manager, start_intake: StartIntake, published: Published, tmp_path: Path
) -> None:
    now_s = int(time.time()) - 5
    Centre(tmp_path, manager.port)
    async with start_intake() as runtime:
        await _until(lambda: manager.logged_in == 1)
        manager.say(leg("Newchannel", 1, now_s, Exten="112") + leg("Newchannel", 2, now_s, Exten="112")[:60])
        await published(1)
        await manager.kill()
        await _until(lambda: away(runtime))
        assert away(runtime).startswith("away since 2")
        await manager.open()
        await _until(lambda: manager.logged_in == 2)
        # Told again in full, and what had been told before as well: twice is once.
        manager.say(leg("Newchannel", 1, now_s, Exten="112") + leg("Newchannel", 2, now_s, Exten="112"))
        manager.say(leg("Hangup", 2, now_s, Cause="16"))
        found = await published(3)
        assert kinds(found) == ["ENDED", "RINGING", "RINGING"]
        assert not any(event.backfilled for event in found)
        assert away(runtime) == ""


async def test_away_during_twenty_abandons_all_twenty_are_back_filled(
    manager: Manager, start_intake: StartIntake, published: Published, tmp_path: Path
) -> None:
    centre = Centre(tmp_path, manager.port)
    async with start_intake():
        await _until(lambda: manager.logged_in == 1)
        manager.say(leg("Newchannel", 99, int(time.time()), Exten="112"))
        await published(1)
    began_s = int(time.time())
    with centre.queue_log.open("a") as log, centre.cdr.open("a") as cdr:
        for number in range(20):
            log.writelines(_abandon(f"{began_s}.{number}", _caller(number), began_s))
            cdr.write(_record(f"{began_s}.{number}", _caller(number), began_s))
    async with start_intake():
        # Per call: it rang, met the menu, joined the queue, left it, ended; by the queue's log and by its record.
        found = await published(1 + 20 * 7)
    missed = [event for event in found if event.backfilled]
    left = [event for event in missed if event.kind == Kind.QUEUE_LEFT]
    assert len(missed) == len(found) - 1
    assert len({event.call_id for event in left}) == 20
    assert {event.queue.left_reason for event in left} == {LeftReason.CALLER_LEFT}
    assert {event.event_at_ms for event in left} == {began_s * 1000}
    rang = [event for event in missed if event.kind == Kind.RINGING]
    assert {event.event_at_ms for event in rang} == {began_s * 1000}
    assert {event.caller.number for event in rang} == {_caller(number) for number in range(20)}
    assert not any(event.kind in (Kind.ANSWERED, Kind.SIP_ANSWERED) for event in missed)


def _caller(number: int) -> str:
    return f"+62813{number:07d}"


def _abandon(unique: str, caller: str, at_s: int) -> list[str]:
    return [
        f"{at_s}|{unique}|112-utama|NONE|ENTERQUEUE||{caller}|1\n",
        f"{at_s}|{unique}|112-utama|op-03|RINGNOANSWER|1000\n",
        f"{at_s}|{unique}|112-utama|NONE|ABANDON|1|1|27\n",
    ]


def _record(unique: str, caller: str, at_s: int) -> str:
    """As Asterisk in Serang writes it: local times, and ANSWERED because a menu answered."""
    told = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at_s + 7 * 3600))
    return (
        f'"","{caller}","112","ivr-112","","PJSIP/trunk-00000001","PJSIP/op03-00000001","Queue","112-utama",'
        f'"{told}","{told}","{told}",27,27,"ANSWERED","DOCUMENTATION","{unique}",""\n'
    )


async def test_two_processes_on_one_manager_publish_the_same_events(
    manager: Manager, start_intake: StartIntake, published: Published, tmp_path: Path
) -> None:
    now_s = int(time.time()) - 5
    Centre(tmp_path, manager.port)
    async with (
        start_intake(),
        start_intake(instance="two"),
    ):
        await _until(lambda: manager.logged_in == 2)
        manager.say(b"".join(leg("Newchannel", number, now_s, Exten="112") for number in range(50)))
        manager.say(leg("DTMFEnd", 60, now_s, Digit="5", Direction="Received"))
        manager.say(leg("DTMFEnd", 60, now_s, Digit="5", Direction="Received", Timestamp=f"{now_s}.700000"))
        found = await published(52)
    assert len({event.call_id for event in found}) == 51
    assert kinds(found).count("IVR_INPUT") == 2


async def test_a_wrong_secret_is_told_and_mended_without_a_restart(
    manager: Manager, start_intake: StartIntake, published: Published, tmp_path: Path
) -> None:
    Centre(tmp_path, manager.port, secret="wrong")
    async with start_intake() as runtime:
        await _until(lambda: "Authentication failed" in away(runtime))
        assert "manager.conf" in away(runtime)
        Centre(tmp_path, manager.port)
        await _until(lambda: not away(runtime))
