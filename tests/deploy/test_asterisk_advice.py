"""Asterisk's two ways to ask for advice: the AGI script against a real door, and a dialplan that leads everybody to people."""

import asyncio
import json
import re
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from siaga_classifier.adapters import advice_http
from siaga_classifier.adapters.advice import CallerAdvice
from siaga_classifier.adapters.advice_http import PATH, AdviceDoor
from siaga_classifier.adapters.askers import AccessSettings, Askers
from siaga_classifier.core.caller_advice import Kept, Routing, Sanction
from siaga_contracts.callers import caller_key
from siaga_kit.service import Runtime
from siaga_kit.settings import ServerSettings, Settings

DEPLOYED: Final = Path(__file__).parents[2] / "deploy" / "asterisk"
SECRET, TENANT, NUMBER = b"secret", "36.73", "+6281234567890"
WITHIN_S: Final = 30


class OneCaller:
    async def get(self, tenant: str, key: str) -> Kept:
        is_known = key == caller_key(SECRET, TENANT, NUMBER)
        return Kept(Sanction(Routing.SCREEN, 4, 0, 1)) if is_known else Kept()


@pytest.fixture
async def door() -> AsyncIterator[str]:
    runtime = Runtime("classifier", Settings(advice=ServerSettings(port=0)))
    advice = CallerAdvice(OneCaller(), {TENANT}, SECRET, lambda: 0)
    url = advice_http.open_door(
        runtime, AdviceDoor(advice, Askers({}, AccessSettings(allow_anonymous=True)), lambda: 0)
    )
    yield f"{url}{PATH}"
    runtime.stop.set()
    await runtime.shut_down()


@dataclass
class Agi:
    """The script as Asterisk runs it: variables first, then each command is answered."""

    folder: Path

    def configure(self, url: str, timeout_ms: int = 20_000) -> None:
        told = {"url": url, "tenant": TENANT, "token": "x", "timeout_ms": timeout_ms}
        (self.folder / "siaga_advice.json").write_text(json.dumps(told))

    async def run(self, caller: str, *arguments: str) -> tuple[str, str]:
        """The value of SIAGA_ADVICE, and all that was said."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", str(self.folder / "siaga_advice.py"),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdin
        assert process.stdout
        assert process.stderr
        told = {"agi_request": "siaga_advice.py", "agi_channel": "PJSIP/trunk-00000001", "agi_callerid": caller}
        told |= {f"agi_arg_{number}": each for number, each in enumerate(arguments, 1)}
        process.stdin.write("".join(f"{name}: {value}\n" for name, value in told.items()).encode() + b"\n")
        said = []
        async with asyncio.timeout(WITHIN_S):
            while line := (await process.stdout.readline()).decode():
                said.append(line.strip())
                process.stdin.write(b"200 result=1\n")
            trouble = (await process.stderr.read()).decode()
            assert await process.wait() == 0, trouble
        assert trouble == ""
        (value,) = [line.rpartition(" ")[2] for line in said if line.startswith("SET VARIABLE SIAGA_ADVICE ")]
        return value, "\n".join(said)


@pytest.fixture
def agi(tmp_path: Path) -> Agi:
    shutil.copy(DEPLOYED / "siaga_advice.py", tmp_path)
    return Agi(tmp_path)


async def test_the_script_asks_the_door(agi: Agi, door: str) -> None:
    agi.configure(door)
    assert (await agi.run("081234567890"))[0] == "screen"
    assert (await agi.run("02542000000", NUMBER))[0] == "screen"
    word, said = await agi.run("081200000001")
    assert (word, "unknown_caller" in said) == ("normal", True)
    assert "no_number" in (await agi.run("unknown"))[1]
    assert "81200000001" not in said


async def test_nobody_at_the_door(agi: Agi) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        agi.configure(f"http://127.0.0.1:{unused.getsockname()[1]}{PATH}")
        word, said = await agi.run(NUMBER)
    assert (word, "ConnectionRefusedError" in said) == ("normal", True)


async def test_an_answer_that_never_ends_is_not_waited_for(agi: Agi) -> None:
    gone = asyncio.Event()

    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                writer.write(b"H")
                await writer.drain()
                await asyncio.sleep(0.01)
        except ConnectionError:
            gone.set()
        finally:
            writer.close()

    async with await asyncio.start_server(drip, "127.0.0.1", 0) as server:
        agi.configure(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{PATH}", timeout_ms=150)
        word, said = await agi.run(NUMBER)
        assert (word, "no answer in time" in said) == ("normal", True)
        async with asyncio.timeout(WITHIN_S):
            await gone.wait()


@pytest.mark.parametrize("written", ["", "{", "[]", '{"url": "http://127.0.0.1:1/x"}', '{"url": 5, "token": ""}'])
async def test_settings_that_are_wrong_hold_no_call(agi: Agi, written: str) -> None:
    (agi.folder / "siaga_advice.json").write_text(written)
    assert (await agi.run(NUMBER))[0] == "normal"


async def test_an_answer_that_is_none_of_ours(agi: Agi) -> None:
    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 500 Oops\r\n\r\n<h1>screens</h1>")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(other, "127.0.0.1", 0) as server:
        agi.configure(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{PATH}")
        assert (await agi.run(NUMBER))[0] == "normal"


def dialplan() -> dict[str, str]:
    """The contexts, without comments."""
    text = re.sub(r"(?m)^;.*$", "", (DEPLOYED / "extensions_siaga.conf").read_text("utf-8"))
    parts = re.split(r"(?m)^\[([\w-]+)\]$", text)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_dialplan_goes_only_where_there_is_something() -> None:
    contexts = dialplan()
    for name, text in contexts.items():
        for target in re.findall(r"(?:Goto|Gosub|\?)\(?([\w-]+),[\w-]+,1\)", text):
            assert target in contexts, name
        labels = set(re.findall(r"n\((\w+)\)", text))
        assert set(re.findall(r"\]\?(\w+)\)", text)) <= labels, name


def test_who_is_screened_comes_to_the_same_operators() -> None:
    screened = dialplan()["ivr-112-screen"]
    assert "Goto(queue-112,s,1)" in screened
    assert "Hangup" not in screened
    assert 'SIAGA_ADVICE:0:6}" = "screen"' in dialplan()["from-trunk"]
    # An answer that did not come leaves the variable empty, and is none of the two words.
    assert "CURLOPT(httptimeout)=0.15" in dialplan()["siaga-advice"]
