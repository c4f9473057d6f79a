"""One session with a manager, over TCP: every way it can begin, fall silent and end, told in words."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from siaga_intake.adapters.switches.ami import Ami
from siaga_intake.adapters.switches.connector import LinkError
from siaga_tenants import Connect

OK = "Response: Success\r\nActionID: {id}\r\n\r\n"
EVENT = "Event: Hangup\r\nUniqueid: 1710123330.41\r\nCause: 16\r\n\r\n"
Answers = dict[str, str]


class Peer:
    """Answers each action as the test has it; closes at `close`, says nothing at an empty answer."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.actions: list[dict[str, str]] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self.answers.get("", "Asterisk Call Manager/5.0.1\r\n").encode())
        try:
            while True:
                lines = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
                action = dict(line.split(": ", 1) for line in lines if ": " in line)
                self.actions.append(action)
                answer = self.answers.get(action["Action"], "")
                writer.write(answer.removesuffix("close").format(id=action["ActionID"]).encode())
                if answer.endswith("close"):
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


@pytest.fixture
async def peer() -> AsyncIterator[Callable[[Answers], Any]]:
    servers: list[asyncio.Server] = []

    async def open_(answers: Answers) -> Peer:
        peer = Peer(answers)
        servers.append(await asyncio.start_server(peer.serve, "127.0.0.1", 0))
        peer.port = servers[-1].sockets[0].getsockname()[1]
        return peer

    yield open_
    for server in servers:
        server.close()
        await server.wait_closed()


async def _run(peer: Peer, folder: Path) -> tuple[list[Any], int, str]:
    """What was handed over, how often it connected, and why it ended."""
    (folder / "secret").write_text("s3cret\n")
    link = Ami(Connect("ami", f"127.0.0.1:{peer.port}", "siaga", str(folder / "secret")), 1.0, 0.4)
    handed: list[Any] = []
    connected: list[bool] = []

    async def hand(payloads: Sequence[Any]) -> None:
        handed.extend(payloads)

    with pytest.raises(LinkError) as ended:
        async with asyncio.timeout(10):
            await link.run(hand, lambda: connected.append(True))
    return handed, len(connected), str(ended.value)


CHALLENGE = "Response: Success\r\nActionID: {id}\r\nChallenge: 123\r\n\r\n"
REFUSED = "Response: Error\r\nActionID: {id}\r\nMessage: Authentication failed\r\n\r\n"


@pytest.mark.parametrize(
    ("answers", "handed", "connected", "told"),
    [
        ({"Challenge": CHALLENGE, "Login": OK + EVENT + "close"}, 1, 1, "the manager closed the connection"),
        # Events may come before the answer, and in the same breath.
        ({"Challenge": CHALLENGE, "Login": EVENT + OK + EVENT + "close"}, 2, 1, "the manager closed the connection"),
        ({"Challenge": CHALLENGE, "Login": REFUSED}, 0, 0, "the manager refuses user 'siaga': Authentication failed"),
        ({"Challenge": CHALLENGE}, 0, 0, "no answer to Login"),
        ({"": "HTTP/1.1 400 Bad Request\r\n\r\n"}, 0, 0, "no answer to Challenge: 127.0.0.1"),
        ({"Challenge": "close"}, 0, 0, "the manager closed the connection at Challenge"),
        ({"Challenge": CHALLENGE, "Login": OK}, 0, 1, "the manager has fallen silent"),
    ],
)
async def test_how_a_session_ends(
    peer: Callable[[Answers], Any], tmp_path: Path, answers: Answers, handed: int, connected: int, told: str
) -> None:
    given, times, reason = await _run(await peer(answers), tmp_path)
    assert (len(given), times) == (handed, connected)
    assert reason.startswith(told)
    assert "s3cret" not in reason


async def test_a_quiet_manager_that_answers_pings_is_alive(peer: Callable[[Answers], Any], tmp_path: Path) -> None:
    answers = {"Challenge": CHALLENGE, "Login": OK, "Ping": OK}
    manager = await peer(answers)
    running = asyncio.create_task(_run(manager, tmp_path))
    async with asyncio.timeout(10):
        while sum(action["Action"] == "Ping" for action in manager.actions) < 4:
            await asyncio.sleep(0.01)
    answers["Ping"] = ""
    assert (await running)[2] == "the manager has fallen silent"


async def test_a_manager_without_challenges_is_logged_in_to_in_plain(
    peer: Callable[[Answers], Any], tmp_path: Path
) -> None:
    unknown = "Response: Error\r\nActionID: {id}\r\nMessage: Invalid/unknown command\r\n\r\n"
    manager = await peer({"Challenge": unknown, "Login": OK + EVENT + "close"})
    assert (await _run(manager, tmp_path))[:2] == ([{"Event": "Hangup", "Uniqueid": "1710123330.41", "Cause": "16"}], 1)
    assert manager.actions[1]["Secret"] == "s3cret"


async def test_events_without_times_are_told_of_once(
    peer: Callable[[Answers], Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await _run(await peer({"Challenge": CHALLENGE, "Login": OK + EVENT * 3 + "close"}), tmp_path)
    later = await peer({"Challenge": CHALLENGE, "Login": OK, "Ping": OK + EVENT * 2 + "close"})
    await _run(later, tmp_path)
    assert capsys.readouterr().out.count("timestampevents = yes") == 1
