"""The whole of intake against an ARI of the test's own, over WebSockets, both ways round, onto the real broker."""

import asyncio
import base64
import hashlib
import json
import shutil
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import pytest
from siaga_intake.core.events import Kind
from siaga_kit.service import Runtime
from websockets.asyncio.client import connect
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import InvalidStatus
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

pytestmark = pytest.mark.stack

TENANT: Final = Path(__file__).parents[3] / "tenants" / "36.73-kota-serang"
CAPTURE: Final = Path(__file__).parent / "data" / "ari" / "ari_events.jsonl"
TOKEN: Final = "the token of pbx2"

StartIntake = Callable[..., AbstractAsyncContextManager[Runtime]]
Published = Callable[[int], Awaitable[list[Any]]]


class Asterisk:
    """An ARI: lets `siaga:secret` in and says what the test has it say to every listener."""

    def __init__(self) -> None:
        self.port = 0
        self.asked: list[str] = []
        self.at_once: list[str] = []
        self._server: Server | None = None

    async def open(self) -> None:
        self._server = await serve(self._listener, "127.0.0.1", self.port, process_request=self._let_in)
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    async def kill(self) -> None:
        assert self._server is not None
        for connection in self._server.connections:
            connection.transport.abort()
        self._server.close()
        await self._server.wait_closed()

    async def say(self, *events: dict[str, Any]) -> None:
        assert self._server is not None
        for connection in self._server.connections:
            for event in events:
                await connection.send(json.dumps(event))

    def _let_in(self, connection: ServerConnection, request: Request) -> Response | None:
        self.asked.append(request.path)
        if request.headers.get("Authorization") != f"Basic {base64.b64encode(b'siaga:secret').decode()}":
            return connection.respond(HTTPStatus.UNAUTHORIZED, "")
        return None if request.path.startswith("/ari/events?") else connection.respond(HTTPStatus.NOT_FOUND, "")

    async def _listener(self, connection: ServerConnection) -> None:
        for message in self.at_once:
            await connection.send(message)
        await connection.wait_closed()


@pytest.fixture
async def asterisk() -> AsyncIterator[Asterisk]:
    asterisk = Asterisk()
    await asterisk.open()
    yield asterisk
    await asterisk.kill()


def centre(folder: Path, asterisk: Asterisk, secret: str = "secret", app: str = "") -> Path:
    tenant = folder / "tenants" / TENANT.name
    if not tenant.exists():
        shutil.copytree(TENANT, tenant)
    (tenant / "pbx1.secret").write_text(secret)
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    (tenant / "sources.yaml").write_text(
        "sources:\n"
        "  - kind: asterisk\n    instance: pbx1\n    connect:\n"
        f'      {{protocol: ari, address: "ws://127.0.0.1:{asterisk.port}/ari{app}", user: siaga, secret_file: pbx1.secret}}\n'
        f'  - {{kind: asterisk, instance: pbx2, token_sha256: "{digest}", connect: {{protocol: ari-outbound}}}}\n'
        f'  - {{kind: asterisk, instance: pbx3, token_sha256: "{"0" * 64}"}}\n'
    )
    return folder


class Intake:
    """A running intake and where it listens."""

    def __init__(self, runtime: Runtime, port: int) -> None:
        self.runtime = runtime
        self.url = f"ws://127.0.0.1:{port}/v1/switch/asterisk/ari"

    def connect(self, path: str, token: str = TOKEN) -> Any:
        shown = base64.b64encode(f"asterisk:{token}".encode()).decode()
        return connect(
            f"{self.url}/{path}",
            additional_headers={"Authorization": f"Basic {shown}"},
            subprotocols=[Subprotocol("ari")],
            proxy=None,
        )

    def trouble(self, instance: str) -> str:
        return self.runtime.health.notes().get(f"36.73 asterisk/{instance}", "")


async def _until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


def stamp(at_s: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000+0700", time.gmtime(at_s + 7 * 3600))


def ari(name: str, number: int, at_s: int, **fields: Any) -> dict[str, Any]:
    unique = f"{at_s}.{number}"
    channel = {
        "id": unique, "name": f"PJSIP/trunk-{number:08x}", "state": "Ring", "caller": {"number": f"+62812{number:07d}"},
        "dialplan": {"context": "from-trunk", "exten": "112"}, "creationtime": stamp(at_s),
        "channelvars": {"CHANNEL(linkedid)": unique},
    }  # fmt: skip
    return {"type": name, "application": "siaga112", "timestamp": stamp(at_s), "channel": channel, **fields}


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        found: int = server.getsockname()[1]
        return found


async def test_the_capture_played_byte_for_byte(
    asterisk: Asterisk, start_intake: StartIntake, published: Published, tmp_path: Path, port: int
) -> None:
    asterisk.at_once = CAPTURE.read_text().splitlines()
    centre(tmp_path, asterisk)
    async with start_intake(port) as runtime:
        running = Intake(runtime, port)
        kinds = [Kind(event.kind).name for event in await published(12)]
        assert kinds.count("RINGING") == 2
        assert kinds.count("ENDED") == 3
        assert running.trouble("pbx1") == ""
    assert "subscribeAll=true" in asterisk.asked[0]
    assert "secret" not in asterisk.asked[0]


async def test_killed_and_back_and_two_listeners_hear_the_same(
    asterisk: Asterisk, start_intake: StartIntake, published: Published, tmp_path: Path, port: int
) -> None:
    now_s = int(time.time()) - 5
    centre(tmp_path, asterisk)
    async with start_intake(port) as runtime:
        running = Intake(runtime, port)
        await _until(lambda: running.trouble("pbx1") == "")
        await asterisk.say(ari("ChannelCreated", 1, now_s))
        await published(1)
        await asterisk.kill()
        await _until(lambda: "away since" in running.trouble("pbx1"))
        await asterisk.open()
        async with start_intake(instance="two") as second:
            other = Intake(second, 0)
            await _until(lambda: running.trouble("pbx1") == other.trouble("pbx1") == "")
            assert len({path.split("app=")[1].split("&")[0] for path in asterisk.asked}) == 2
            queue = {"dialplan_app": "Queue", "dialplan_app_data": "112-utama,t,,,60"}
            await asterisk.say(ari("ChannelDialplan", 1, now_s, **queue), ari("ChannelDestroyed", 1, now_s, cause=16))
            for application in ("one", "two"):
                await asterisk.say({**ari("ChannelCreated", 2, now_s), "application": application})
        found = await published(4)
    assert sorted(Kind(event.kind).name for event in found) == ["ENDED", "QUEUE_JOINED", "RINGING", "RINGING"]


@pytest.mark.parametrize(("secret", "told"), [("wrong", "ARI answers 401: user and secret file"), ("", "is empty")])
async def test_why_it_is_not_let_in(
    asterisk: Asterisk, start_intake: StartIntake, tmp_path: Path, port: int, secret: str, told: str
) -> None:
    centre(tmp_path, asterisk, secret)
    async with start_intake(port) as runtime:
        await _until(lambda: told in Intake(runtime, port).trouble("pbx1"))


async def test_asterisk_connects_to_us(
    asterisk: Asterisk, start_intake: StartIntake, published: Published, tmp_path: Path, port: int
) -> None:
    now_s = int(time.time()) - 5
    centre(tmp_path, asterisk)
    async with start_intake(port) as runtime:
        running = Intake(runtime, port)
        assert "not connected yet" in running.trouble("pbx2")
        async with running.connect("36.73/pbx2") as persistent, running.connect("36.73/pbx2") as of_one_call:
            assert persistent.subprotocol == "ari"
            await _until(lambda: running.trouble("pbx2") == "")
            await persistent.send(json.dumps(ari("StasisStart", 1, now_s)))
            await of_one_call.send("no json")
            await of_one_call.send(json.dumps(ari("StasisStart", 2, now_s)))
            await of_one_call.close()
            await persistent.send(json.dumps(ari("ChannelDestroyed", 1, now_s, cause=16)))
            found = await published(3)
            assert running.trouble("pbx2") == ""
        await _until(lambda: "Asterisk closed the connection" in running.trouble("pbx2"))
    assert {event.source for event in found} == {"asterisk/pbx2"}
    assert sorted(Kind(event.kind).name for event in found) == ["ENDED", "RINGING", "RINGING"]


@pytest.mark.parametrize(
    ("path", "token", "status"),
    [("36.73/pbx2", "wrong", 401), ("36.73/pbx3", TOKEN, 403), ("36.74/pbx2", TOKEN, 403), ("36.73", TOKEN, 403)],
)
async def test_who_may_not_connect(
    asterisk: Asterisk, start_intake: StartIntake, tmp_path: Path, port: int, path: str, token: str, status: int
) -> None:
    centre(tmp_path, asterisk)
    async with start_intake(port) as runtime:
        with pytest.raises(InvalidStatus) as refused:
            async with Intake(runtime, port).connect(path, token):
                pass
    assert refused.value.response.status_code == status
