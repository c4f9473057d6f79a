"""The client of FreeSWITCH's event socket, against a server that speaks the protocol over TCP and plays real captures."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, Self

import pytest
from siaga.v1 import call_pb2
from siaga_intake.adapters.switches import esl
from siaga_intake.adapters.switches.connector import LinkError
from siaga_intake.adapters.switches.esl import EslLink
from siaga_intake.core.fields import Payload
from siaga_intake.core.switches import esl_capture
from siaga_kit.service import Runtime
from siaga_tenants import Connect

DATA: Final = Path(__file__).parent / "data" / "esl"
TENANTS: Final = Path(__file__).parents[3] / "tenants"
PASSWORD: Final = "ClueCon of the tests"
HEARTBEAT: Final = {"Event-Name": "HEARTBEAT"}
RING_US: Final = 1_768_461_330_120_000


def call(ref: str, name: str = "CHANNEL_CREATE", after_s: int = 0, **more: str) -> dict[str, str]:
    leg = {
        "Unique-ID": ref, "Channel-Call-UUID": ref, "Call-Direction": "inbound", "Caller-Destination-Number": "112",
        "Caller-Caller-ID-Number": "+6281234567890", "Event-Date-Timestamp": str(RING_US + after_s * 1_000_000),
    }  # fmt: skip
    return {"Event-Name": name, **leg, **more}


def captures() -> list[Payload]:
    texts = [path.read_text(encoding="utf-8") for path in sorted(DATA.glob("*.txt"))]
    return [event for text in texts for event in esl_capture.messages(text) if "Event-Name" in event]


class Switch:
    """Stands for FreeSWITCH: asks for the password, takes a subscription, says what the test has it say, and can die."""

    def __init__(self, greeting: bytes = b"Content-Type: auth/request\n\n", port: int = 0) -> None:
        self.port = port
        self.commands: list[str] = []
        self.subscribed = 0
        self.deaf = False
        self.password = PASSWORD
        self._greeting = greeting
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.die()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        writer.write(self._greeting)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                command = (await reader.readuntil(b"\n\n")).decode().strip()
                self.commands.append(command)
                if not self.deaf:
                    writer.write(f"Content-Type: command/reply\nReply-Text: {self._reply(command)}\n\n".encode())

    def _reply(self, command: str) -> str:
        if command.startswith("auth "):
            return "+OK accepted" if command == f"auth {self.password}" else "-ERR invalid"
        if command.startswith("event json "):
            self.subscribed += 1
            return "+OK event listener enabled json"
        return "-ERR command not found"

    def write(self, data: bytes) -> None:
        for writer in self._writers:
            writer.write(data)

    def say(self, *events: Payload) -> None:
        for event in events:
            self.write(frame("text/event-json", json.dumps(event).encode()))

    async def die(self) -> None:
        """As kill -9 does: connections are reset, the port is free."""
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()
        if self._server is not None:
            await self._server.wait_closed()


def frame(content_type: str, body: bytes) -> bytes:
    return b"Content-Length: %d\nContent-Type: %s\n\n%s" % (len(body), content_type.encode(), body)


async def until(condition: Callable[[], object], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "esl-password"
    path.write_text(f"{PASSWORD}\n")
    return path


class Heard:
    """What the link hands over, and whether it says that it is connected."""

    def __init__(self) -> None:
        self.payloads: list[Payload] = []
        self.signs = 0
        self.up = False

    async def hand(self, payloads: Any) -> None:
        self.signs += 1
        self.payloads += payloads

    def connected(self) -> None:
        self.up = True


@asynccontextmanager
async def linked(switch: Switch, secret_file: Path) -> AsyncIterator[tuple[Heard, asyncio.Task[None]]]:
    heard = Heard()
    link = EslLink(Connect("esl", f"127.0.0.1:{switch.port}", secret_file=str(secret_file)))
    task = asyncio.create_task(link.run(heard.hand, heard.connected))
    try:
        yield heard, task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def failure(switch: Switch, secret_file: Path) -> str:
    async with linked(switch, secret_file) as (_, task):
        with pytest.raises(LinkError) as failed:
            async with asyncio.timeout(30):
                await task
        return str(failed.value)


# --- one connection -------------------------------------------------------------------------------------------------


async def test_it_logs_in_subscribes_and_hands_on_events(secret_file: Path) -> None:
    async with Switch() as switch, linked(switch, secret_file) as (heard, _):
        await until(lambda: heard.up)
        assert switch.commands[0] == f"auth {PASSWORD}"
        assert switch.commands[1].startswith("event json CHANNEL_CREATE ")
        assert switch.commands[1].endswith(" HEARTBEAT CUSTOM callcenter::info menu::enter")
        switch.say(HEARTBEAT)
        await until(lambda: heard.signs)
        assert heard.payloads == []
        real = captures()
        switch.say(*real)
        wanted = [event for event in real if event["Event-Name"] != "HEARTBEAT"]
        await until(lambda: len(heard.payloads) == len(wanted))
        assert heard.payloads == wanted


async def test_plain_events_are_understood_too(secret_file: Path) -> None:
    body = b"Event-Name: DTMF\nUnique-ID: a1b2\nDTMF-Digit: %23\n\n"
    async with Switch() as switch, linked(switch, secret_file) as (heard, _):
        await until(lambda: heard.up)
        switch.write(frame("text/event-plain", body))
        await until(lambda: heard.payloads)
        assert heard.payloads == [{"Event-Name": "DTMF", "Unique-ID": "a1b2", "DTMF-Digit": "#"}]


async def test_an_event_that_cannot_be_read_is_handed_on_to_be_refused(secret_file: Path) -> None:
    async with Switch() as switch, linked(switch, secret_file) as (heard, _):
        await until(lambda: heard.up)
        switch.write(frame("text/event-json", b'{"Event-Name": '))
        switch.say(call("a"))
        await until(lambda: len(heard.payloads) == 2)
        assert heard.payloads[0]["Content-Type"] == "text/event-json"
        assert heard.payloads[1]["Unique-ID"] == "a"


@pytest.mark.parametrize(
    ("greeting", "said"),
    [
        (frame("text/rude-rejection", b"Access Denied, go away.\n"), "apply-inbound-acl"),
        (b"HTTP/1.1 400 Bad Request\r\nContent-Length: many\r\n\r\n", "no event socket"),
    ],
)
async def test_why_it_is_not_let_in(secret_file: Path, greeting: bytes, said: str) -> None:
    async with Switch(greeting) as switch:
        assert said in await failure(switch, secret_file)


async def test_a_wrong_password(secret_file: Path) -> None:
    async with Switch() as switch:
        switch.password = "another"
        assert await failure(switch, secret_file) == "the switch does not accept the password in secret_file"


async def test_a_greeting_that_never_comes(secret_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(esl, "ANSWER_S", 0.05)
    async with Switch(b"") as switch:
        assert "no auth/request within" in await failure(switch, secret_file)


async def test_a_switch_that_says_goodbye(secret_file: Path) -> None:
    async with Switch() as switch, linked(switch, secret_file) as (heard, task):
        await until(lambda: heard.up)
        switch.say(call("a"))
        switch.write(frame("text/disconnect-notice", b"Disconnected, goodbye.\n"))
        with pytest.raises(LinkError, match="ended the connection"):
            await task
        assert len(heard.payloads) == 1


async def test_a_switch_that_answers_the_probe_is_alive(secret_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(esl, "QUIET_S", 0.02)
    async with Switch() as switch, linked(switch, secret_file) as (heard, task):
        await until(lambda: switch.commands.count("noop") > 3)
        assert not task.done()
        assert heard.signs > 2


async def test_a_switch_that_is_silent_is_dead(secret_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Switch() as switch, linked(switch, secret_file) as (heard, task):
        await until(lambda: heard.up)
        switch.deaf = True
        monkeypatch.setattr(esl, "QUIET_S", 0.02)
        switch.say(HEARTBEAT)
        with pytest.raises(LinkError, match="silent"):
            await task
        assert switch.commands[-1] == "noop"


# --- through intake, onto the topic ---------------------------------------------------------------------------------


StartIntake = Callable[..., AbstractAsyncContextManager[Runtime]]
Published = Callable[[int], Awaitable[list[call_pb2.CallEvent]]]


def centre_with(tmp_path: Path, source: str) -> None:
    """A centre whose FreeSWITCH intake connects to."""
    folder = tmp_path / "tenants"
    shutil.copytree(TENANTS, folder)
    (folder / "36.73-kota-serang" / "sources.yaml").write_text(f"sources:\n  - {source}\n")


@pytest.mark.stack
async def test_a_switch_killed_in_the_middle_of_an_event_and_back_again(
    start_intake: StartIntake, published: Published, tmp_path: Path, secret_file: Path
) -> None:
    async with Switch() as switch:
        source = f"{{kind: freeswitch, instance: fs1, connect: {{protocol: esl, address: '127.0.0.1:{switch.port}', secret_file: {secret_file}}}}}"
        centre_with(tmp_path, source)
        async with start_intake() as runtime:
            await until(lambda: switch.subscribed)
            switch.say(*captures(), call("a1b2"), call("a1b2", "DTMF", 4, **{"DTMF-Digit": "5"}))
            # The real call of the captures, the stub of a key, and ours.
            first = await published(4)
            assert [each.call_ref for each in first].count("d0b1da34-a727-11e4-9728-6f83a2e5e50a") == 1
            assert {each.source for each in first} == {"freeswitch/fs1"}

            lost = frame("text/event-json", json.dumps(call("a1b2", "CHANNEL_HANGUP_COMPLETE", 9)).encode())
            switch.write(lost[: len(lost) // 2])
            await switch.die()
            await until(lambda: "36.73 freeswitch/fs1" in runtime.health.notes())

            async with Switch(port=switch.port) as again:
                await until(lambda: again.subscribed)
                again.say(call("a1b2", "CHANNEL_HANGUP_COMPLETE", 9), call("c3d4", after_s=20))
                found = await published(6)
                assert "36.73 freeswitch/fs1" not in runtime.health.notes()
            ours = [
                (each.call_ref, call_pb2.CallEventKind.Name(each.kind)[len("CALL_EVENT_KIND_") :]) for each in found
            ]
            assert ours[-2:] == [("a1b2", "ENDED"), ("c3d4", "RINGING")]
            assert len({each.call_id for each in found if each.call_ref == "a1b2"}) == 1


@pytest.mark.stack
async def test_records_that_could_not_be_posted_come_from_their_folder(
    start_intake: StartIntake, published: Published, tmp_path: Path
) -> None:
    folder = tmp_path / "json_cdr"
    folder.mkdir()
    for number in range(3):
        record = {"variables": {"uuid": f"u{number}", "start_epoch": "1768461330", "end_epoch": "1768461346"}}
        (folder / f"u{number}.cdr.json").write_text(json.dumps(record) + "\n")
    centre_with(tmp_path, f"{{kind: freeswitch, instance: fs1, backfill: {{cdr_dir: {folder}}}}}")
    async with start_intake():
        found = await published(6)
        assert {each.call_ref for each in found} == {"u0", "u1", "u2"}
        assert all(each.backfilled for each in found)
        await until(lambda: len(list((folder / "taken").glob("*.cdr.json"))) == 3)
