"""A real SIP edge for the tests: Debian's Kamailio with the deploy folder's own configuration, and sipp on both sides."""

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.request
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
from aiokafka import AIOKafkaConsumer
from siaga.v1.call_pb2 import CALL_EVENT_KIND_ENDED as ENDED
from siaga.v1.call_pb2 import CallEvent
from siaga_contracts.catalogue import CALL_EVENTS
from siaga_kit.embedded.ports import HOST, any_free
from siaga_kit.embedded.stack import Stack

HERE: Final = Path(__file__).parent
DEPLOYED: Final = HERE.parents[1] / "deploy" / "kamailio"
NUMBER: Final = "+6281234567890"
FROM: Final = f"<sip:{NUMBER}@trunk.example>"
SDP: Final = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n"
WITHIN_S: Final = 20.0
# Nobody answers: short here, two minutes at a centre.
RING_MS: Final = 1_500


@dataclass(frozen=True, slots=True)
class Call:
    """How a call shall go. `plot` is what the PBX does; `ends` what the caller does once it is answered."""

    plot: str = "answer"
    ends: str = "hangs_up"
    gives_up: bool = False
    target: str = f"sip:112@{HOST}"
    sender: str = FROM
    headers: tuple[str, ...] = ()
    content_type: str = "application/sdp"
    body: str = SDP
    talk_ms: int = 200

    def scenario(self) -> str:
        """The caller's side, for sipp."""
        headers = "".join(f"{each}\n" for each in (*self.headers, f"Content-Type: {self.content_type}"))
        told = {
            "TARGET": self.target, "FROM": self.sender, "PLOT": self.plot, "HEADERS": headers, "BODY": self.body,
            "ENDS": self.ends, "TALK_MS": str(self.talk_ms), "AT_180": 'next="gives_up"' if self.gives_up else "",
        }  # fmt: skip
        written = (HERE / "sipp" / "caller.xml").read_text()
        return re.sub(r"\{\{(\w+)\}\}", lambda found: told[found[1]], written)


@dataclass(slots=True)
class Edge:
    """A running Kamailio, the PBX behind it, and the way to call it."""

    folder: Path
    intake_url: str
    token: str
    # So that tests need not import from here.
    call: type[Call] = Call
    # Where advice is asked for; without it nobody answers there.
    advice_url: str = ""
    ports: dict[str, int] = field(default_factory=dict)
    kamailio: subprocess.Popen[bytes] | None = None
    pbx: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        for name in ("sip", "rpc", "pbx", "nobody"):
            self.ports[name] = any_free(set(self.ports.values()))
        shutil.copy(DEPLOYED / "kamailio.cfg", self.folder)
        (self.folder / "settings.cfg").write_text(self._settings())
        self.pbx = self._run(
            "pbx",
            "sipp",
            "-sf",
            str(HERE / "sipp" / "pbx.xml"),
            "-i",
            HOST,
            "-p",
            str(self.ports["pbx"]),
            "-nostdin",
        )
        self.start_kamailio()

    def start_kamailio(self) -> None:
        self.kamailio = self._run(
            "kamailio",
            "kamailio",
            "-f",
            str(self.folder / "kamailio.cfg"),
            "-DD",
            "-E",
            "-m",
            "128",
            "-M",
            "8",
            "-Y",
            str(self.folder),
        )
        until = time.monotonic() + WITHIN_S
        while not self._answers():
            assert time.monotonic() < until, self.log("kamailio")
            assert self.kamailio.poll() is None, self.log("kamailio")
            time.sleep(0.05)

    def _settings(self) -> str:
        sip, rpc = f"{HOST}:{self.ports['sip']}", f"{HOST}:{self.ports['rpc']}"
        advice = self.advice_url or f"http://{HOST}:{self.ports['nobody']}"
        ours = {
            "ADVICE_URL": f"{advice}/v1/advice", "SCREEN_URI": f"sip:{HOST}:{self.ports['pbx']}",
            "INTAKE_URL": f"{self.intake_url}/v1/switch/kamailio", "INTAKE_TOKEN": self.token,
            "QUEUE_URI": f"sip:{HOST}:{self.ports['pbx']}", "LISTEN_UDP": f"udp:{sip}", "LISTEN_TCP": f"tcp:{sip}",
            "LISTEN_RPC": f"tcp:{rpc}", "RPC_PORT": str(self.ports["rpc"]),
        }  # fmt: skip
        written = (DEPLOYED / "settings.cfg").read_text()
        for name, value in ours.items():
            written, count = re.subn(
                rf'(?m)^(#!substdef "!{name}!).*(!g")$', lambda found, to=value: found[1] + to + found[2], written
            )
            assert count == 1, name
        written, count = re.subn(r"(?m)^(#!define RING_MS) .*", rf"\1 {RING_MS}", written)
        assert count == 1
        return written

    def _run(self, name: str, *argv: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            # A group of its own: Kamailio is many processes, and kill -9 must hit them all.
            return subprocess.Popen(
                argv, cwd=self.folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )

    def _answers(self) -> bool:
        try:
            return "result" in self.rpc("core.uptime")
        except OSError:
            return False

    def rpc(self, method: str, *params: object) -> Any:
        """Kamailio's own JSON-RPC."""
        asked = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, "id": 1}).encode()
        with urllib.request.urlopen(f"http://{HOST}:{self.ports['rpc']}/rpc", asked, timeout=2) as answer:
            return json.load(answer)

    def tell_calls_under_way(self) -> None:
        """As docs/switches/kamailio.md says: what `dlg.list` answers goes to the front door."""
        request = urllib.request.Request(
            f"{self.intake_url}/v1/switch/kamailio",
            json.dumps(self.rpc("dlg.list")).encode(),
            {"Authorization": f"Bearer {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            assert answer.status == 202

    def marked(self, call: str) -> str:
        """How the PBX found a call marked that is over: its answer to the INVITE repeats the header; empty = it had none."""
        name = call.partition("-")[0]
        for message in (self.folder / f"{name}.messages").read_text(errors="replace").split("\n-----"):
            if "SIP/2.0 200" in message and "CSeq: 1 INVITE" in message and f"Call-ID: {call}" in message:
                return ",".join(re.findall(r"(?im)^X-Siaga-Advice: *(\S*)", message))
        raise AssertionError(f"{call} was not answered")

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")[-4000:]

    def kill(self) -> None:
        assert self.kamailio is not None
        os.killpg(self.kamailio.pid, signal.SIGKILL)
        self.kamailio.wait()

    def stop(self) -> None:
        for process in (self.kamailio, self.pbx):
            if process is not None and process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    async def place(self, call: Call, calls: int = 1, rate: int = 10, transport: str = "u1") -> list[str]:
        """Have sipp place calls, and wait until they are over; returns their Call-IDs."""
        script = self.folder / f"{uuid.uuid4().hex}.xml"
        # Byte for byte: a garbled body need be no UTF-8.
        script.write_text(call.scenario(), encoding="latin-1")
        return await self.dial(script, calls, rate, transport)

    async def dial(self, script: Path, calls: int = 1, rate: int = 10, transport: str = "u1") -> list[str]:
        """As `place`, by a scenario of sipp's."""
        name = uuid.uuid4().hex
        options = ["-sf", script, "-i", HOST, "-m", calls, "-r", rate, "-t", transport, "-cid_str", f"{name}-%u@{HOST}"]
        options += ["-nostdin", "-timeout", "60s", "-timeout_error", "-trace_err", "-error_file", f"{name}.err"]
        options += ["-trace_msg", "-message_file", f"{name}.messages"]
        argv = ["sipp", f"{HOST}:{self.ports['sip']}", *map(str, options)]
        process = await asyncio.create_subprocess_exec(
            *argv, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        code = await process.wait()
        trouble = self.folder / f"{name}.err"
        assert code == 0, trouble.read_text() if trouble.exists() else f"sipp ended with {code}"
        return [f"{name}-{number}@{HOST}" for number in range(1, calls + 1)]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with Stack(services=("intake", "classifier")) as running:
        yield running


@pytest.fixture
def lonely_edge(tmp_path: Path) -> Iterator[Edge]:
    """An edge whose intake is not there."""
    with ExitStack() as at_end:
        edge = Edge(tmp_path, f"http://{HOST}:{any_free(set())}", "none")
        at_end.callback(edge.stop)
        edge.start()
        yield edge


@pytest.fixture(scope="module")
def edge(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """Kamailio between callers and a PBX, pushing to the stack's intake."""
    with ExitStack() as at_end:
        edge = Edge(tmp_path_factory.mktemp("edge"), stack.addresses.intake_url, stack.addresses.token)
        edge.advice_url = stack.addresses.advice_url
        at_end.callback(edge.stop)
        edge.start()
        yield edge


@dataclass(frozen=True, slots=True)
class Heard:
    """A call event on the topic, and when it could be seen there."""

    event: CallEvent
    at_ms: float


@dataclass(slots=True)
class Listener:
    """Reads the topic of call events from where it stood when the test began."""

    consumer: AIOKafkaConsumer
    seen: list[Heard] = field(default_factory=list)

    async def until(self, enough: Callable[[list[Heard]], bool], within_s: float = WITHIN_S) -> None:
        """Read on until the events seen are enough."""
        async with asyncio.timeout(within_s):
            while not enough(self.seen):
                for batch in (await self.consumer.getmany(timeout_ms=100)).values():
                    now_ms = time.time() * 1000
                    self.seen.extend(Heard(CallEvent.FromString(record.value), now_ms) for record in batch)

    async def __call__(self, calls: Sequence[str]) -> dict[str, list[Heard]]:
        """The events of some calls, once each of them has ended."""
        await self.until(lambda seen: set(calls) <= {each.event.call_ref for each in seen if each.event.kind == ENDED})
        return {call: [each for each in self.seen if each.event.call_ref == call] for call in calls}


@pytest.fixture
async def listen(stack: Stack) -> AsyncIterator[Listener]:
    """What comes on the topic from now on."""
    consumer = AIOKafkaConsumer(CALL_EVENTS.name, bootstrap_servers=stack.addresses.kafka_bootstrap)
    await consumer.start()
    await consumer.seek_to_end()
    yield Listener(consumer)
    await consumer.stop()
