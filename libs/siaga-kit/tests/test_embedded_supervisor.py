"""The supervisor over stand-ins: small programs that listen, die, refuse or hang on demand."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from siaga_kit.embedded import processes, state, watch
from siaga_kit.embedded.addresses import StackAddresses
from siaga_kit.embedded.errors import StackError
from siaga_kit.embedded.home import Home
from siaga_kit.embedded.ports import any_free
from siaga_kit.embedded.probes import NoAnswer, http_ready, kafka, redis, tcp
from siaga_kit.embedded.processes import Handle, PidFile, Spec, find, is_same, start, started_at
from siaga_kit.embedded.supervisor import Owner, Plan, Stage, Supervisor, hold
from siaga_kit.embedded.watch import next_backoff

LISTEN = """
import socket, sys, time
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
server.listen(64)
time.sleep(600)
"""
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + LISTEN
DIES = "print('no such setting: colour'); raise SystemExit(7)"
ADDRESSES = StackAddresses("k", "r", "i", "s", 1, "c", "d", Path("/t"), "")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home", tmp_path / "jars")
    made.prepare()
    return made


def stand_in(home: Home, name: str, program: str = LISTEN, grace_s: float = 5.0, **env: str) -> Spec:
    port = any_free(set())
    return Spec(
        name=name,
        argv=[sys.executable, "-c", program, str(port)],
        env={**os.environ, **env},
        cwd=home.data / name,
        probe=lambda: tcp(port),
        url=f"127.0.0.1:{port}",
        stop_grace_s=grace_s,
    )


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


def told(home: Home, name: str) -> state.ProcessState | None:
    found = state.read(home)
    return None if found is None else found.process(name)


def is_ready(home: Home) -> bool:
    found = state.read(home)
    return found is not None and found.phase == "ready"


@asynccontextmanager
async def supervised(home: Home, *stages: Stage) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(home, Plan(stages, ADDRESSES))
    running = asyncio.create_task(supervisor.run())
    try:
        await until(lambda: running.done() or is_ready(home))
        yield supervisor
    finally:
        supervisor.stop()
        await running


async def test_stages_start_in_order_and_stop_in_reverse(home: Home) -> None:
    seen: list[bool] = []
    server, service = stand_in(home, "server"), stand_in(home, "service")

    async def then() -> None:
        process = told(home, "server")
        seen.append(process is not None and process.ready and told(home, "service") is None)

    async with supervised(home, Stage([server], then), Stage([service])):
        assert seen == [True]
        pids = [process.pid for name in ("server", "service") if (process := told(home, name)) is not None]
        assert all(pid is not None and started_at(pid) is not None for pid in pids)
    after = state.read(home)
    assert after is not None
    assert after.phase == "stopped"
    assert all(process.pid is None and not process.ready for process in after.processes)
    assert not list(home.run.glob("*.pid"))
    assert all(pid is not None and started_at(pid) is None for pid in pids)


async def test_a_killed_process_is_started_again_and_counted(home: Home) -> None:
    async with supervised(home, Stage([stand_in(home, "a"), stand_in(home, "b")])):
        before = told(home, "a")
        assert before is not None
        assert before.pid is not None
        os.kill(before.pid, signal.SIGKILL)

        def is_back() -> bool:
            now = told(home, "a")
            return now is not None and now.ready and now.pid not in (None, before.pid)

        await until(is_back)
        after, other = told(home, "a"), told(home, "b")
        assert after is not None
        assert other is not None
        assert (after.restarts, other.restarts) == (1, 0)


async def test_a_process_that_ends_at_once_fails_the_start_with_its_last_words(home: Home) -> None:
    with pytest.raises(StackError, match=r"bad ends at once(.|\n)*no such setting: colour"):
        async with supervised(home, Stage([stand_in(home, "good"), stand_in(home, "bad", DIES)])):
            pass
    after = state.read(home)
    assert after is not None
    assert after.phase == "failed"
    assert "no such setting" in (after.error or "")
    assert not list(home.run.glob("*.pid")), "the good one was stopped as well"


async def test_a_process_that_is_never_ready_fails_the_start(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siaga_kit.embedded.supervisor.STAGE_TIMEOUT_S", 1.0)
    with pytest.raises(StackError, match="deaf is not ready after 1 s"):
        async with supervised(home, Stage([stand_in(home, "deaf", "import time; time.sleep(600)")])):
            pass


async def test_a_failure_between_stages_fails_the_start(home: Home) -> None:
    async def then() -> None:
        raise StackError("no topics today")

    with pytest.raises(StackError, match="no topics today"):
        async with supervised(home, Stage([stand_in(home, "server")], then)):
            pass
    assert not list(home.run.glob("*.pid"))


async def test_a_silent_process_is_killed_and_started_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "SILENT_S", 0.3)
    monkeypatch.setattr(watch, "ASK_READY_S", 0.1)
    monkeypatch.setattr("siaga_kit.embedded.probes.TIMEOUT_S", 0.2)
    spec = stand_in(home, "a", LISTEN)
    deaf_pids: set[int] = set()

    def probe() -> str | None:
        process = told(home, "a")
        if process is not None and process.pid in deaf_pids:
            raise NoAnswer("not a word")
        return spec.probe()

    hearing = Spec(spec.name, spec.argv, spec.env, spec.cwd, probe, spec.url)
    async with supervised(home, Stage([hearing])):
        before = told(home, "a")
        assert before is not None
        assert before.pid is not None
        deaf_pids.add(before.pid)

        def is_back() -> bool:
            now = told(home, "a")
            return now is not None and now.ready and now.restarts == 1

        await until(is_back)


async def test_a_process_that_ignores_the_word_is_killed(home: Home) -> None:
    async with supervised(home, Stage([stand_in(home, "stubborn", STUBBORN, grace_s=0.3)])):
        process = told(home, "stubborn")
        assert process is not None
        assert process.pid is not None
    assert started_at(process.pid) is None


async def test_the_stack_ends_with_its_owner(home: Home) -> None:
    owner = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)  # noqa: ASYNC220
    supervisor = Supervisor(
        home, Plan([Stage([stand_in(home, "a")])], ADDRESSES), Owner(owner.pid, started_at(owner.pid) or 0.0)
    )
    running = asyncio.create_task(supervisor.run())
    await until(lambda: is_ready(home))
    owner.communicate(b"\n")
    async with asyncio.timeout(10):
        await running
    assert not list(home.run.glob("*.pid"))


async def test_what_a_dead_supervisor_left_is_taken_over(home: Home) -> None:
    spec = stand_in(home, "a")
    left = start(spec, home.log("a"), PidFile(home.run / "a.pid"))
    async with supervised(home, Stage([spec])):
        process = told(home, "a")
        assert process is not None
        assert (process.pid, process.restarts) == (left.pid, 0)
    assert left.wait(5), "stopped with the rest, though it was nobody's child"


def test_what_runs_with_other_settings_is_stopped_and_not_taken_over(home: Home) -> None:
    pid_file = PidFile(home.run / "a.pid")
    spec = stand_in(home, "a", SIAGA_TENANTS_DIR="/one")
    left = start(spec, home.log("a"), pid_file)
    changed = Spec(spec.name, spec.argv, {**spec.env, "SIAGA_TENANTS_DIR": "/two"}, spec.cwd, spec.probe, spec.url)
    unimportant = Spec(spec.name, spec.argv, {**spec.env, "TERM": "other"}, spec.cwd, spec.probe, spec.url)
    found = find(unimportant, pid_file)
    assert found is not None
    assert found.pid == left.pid
    assert find(changed, pid_file) is None
    assert left.wait(5)
    assert pid_file.read() is None


def test_a_pid_that_went_to_a_stranger_is_not_ours(home: Home) -> None:
    pid_file = PidFile(home.run / "a.pid")
    me = started_at(os.getpid())
    assert me is not None
    assert is_same(os.getpid(), me)
    pid_file.write(os.getpid(), me - 5, "fingerprint")
    assert find(stand_in(home, "a"), pid_file) is None
    assert not processes.stop_left_over(pid_file, 1.0)
    pid_file.path.write_text("{not json")
    assert pid_file.read() is None


def test_a_handle_of_a_process_that_is_gone_is_harmless() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    started = started_at(child.pid) or 0.0
    child.wait()
    handle = Handle(child.pid, started)
    assert not handle.alive()
    handle.stop(0.1)


def test_a_second_supervisor_is_refused(home: Home) -> None:
    with hold(home):
        assert state.is_running(home)
        with pytest.raises(StackError, match=r"already runs on .*home \(pid \d+\)(.|\n)*siaga down"), hold(home):
            pass


@pytest.mark.parametrize(
    ("backoff_s", "lived_s", "expected"),
    [(0, 0, 0.2), (0.2, 1, 0.4), (0.4, 1, 0.8), (8, 29, 10), (10, 0, 10), (10, 30, 0.2)],
)
def test_backoff_doubles_to_ten_seconds_and_forgets_after_thirty(
    backoff_s: float, lived_s: float, expected: float
) -> None:
    assert next_backoff(backoff_s, lived_s) == expected


def test_probes_tell_silence_from_a_wrong_answer() -> None:
    port = any_free(set())
    for probe in (tcp, redis, kafka, http_ready):
        with pytest.raises(NoAnswer, match=f"port {port}"):
            probe(port)
