"""Starts and stops the detached supervisor of a home."""

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Final

from siaga_kit.embedded import daemon, jars, state
from siaga_kit.embedded.errors import StackError
from siaga_kit.embedded.files import rotate, tail
from siaga_kit.embedded.home import Home
from siaga_kit.embedded.plan import STOP_ORDER, Choices
from siaga_kit.embedded.processes import PidFile, stop_left_over
from siaga_kit.embedded.state import StackState
from siaga_kit.embedded.supervisor import Owner, Report

POLL_S: Final = 0.05
# The supervisor bounds its own stages; this bounds a supervisor that hangs.
START_LIMIT_S: Final = 300.0
# Services and then servers get 5 s each, plus the time to notice.
STOP_LIMIT_S: Final = 15.0
LEFT_OVER_GRACE_S: Final = 5.0


def start(
    home: Home,
    choices: Choices,
    owner: Owner | None = None,
    progress: jars.Progress | None = None,
    report: Report | None = None,
) -> StackState:
    """Start the stack in the background; returns when all of it is ready. Raises StackError with the reason if not."""
    if state.is_running(home):
        raise StackError(
            f"a Siaga112 stack already runs on {home.root}",
            "see it with `./siaga status`, stop it with `./siaga down`, or choose another folder with --home",
        )
    home.prepare()
    if not os.environ.get("SIAGA_KAFKA__BOOTSTRAP"):
        # Here and not in the background, so that the first start's download is seen.
        jars.prepare(home.jars, progress)
    log = home.log("supervisor")
    rotate(log)
    with log.open("ab") as output:
        begin = output.tell()
        child = subprocess.Popen(  # noqa: S603  (our own command line)
            daemon.arguments(home, choices, owner),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        return _until_ready(home, child, log, begin, report)
    except BaseException:
        # Also Ctrl-C: a stack that was not wanted to the end does not stay half started.
        child.terminate()
        child.wait(STOP_LIMIT_S)
        raise


def _until_ready(
    home: Home, child: subprocess.Popen[bytes], log: Path, begin: int, report: Report | None
) -> StackState:
    until = time.monotonic() + START_LIMIT_S
    last: StackState | None = None
    while time.monotonic() < until:
        told = state.read(home)
        if told is not None and told.supervisor_pid == child.pid:
            if report is not None and told != last:
                report(told)
            last = told
            if told.phase == "ready":
                # The supervisor lives on; its exit code is nobody's concern here.
                child.returncode = 0
                return told
        if child.poll() is not None:
            said = log.read_bytes()[begin:].decode("utf-8", "replace").strip()
            raise StackError(said or f"the supervisor ended with {child.returncode}; see {log}")
        time.sleep(POLL_S)
    raise StackError(f"the stack is not up after {START_LIMIT_S:.0f} s; the supervisor's last words:\n{tail(log)}")


def stop(home: Home) -> bool:
    """Stop the stack of a home, also what a killed supervisor left running; tells whether there was something."""
    was_running = state.is_running(home)
    if was_running:
        _stop_supervisor(home)
    found = [stop_left_over(PidFile(home.run / f"{name}.pid"), LEFT_OVER_GRACE_S) for name in STOP_ORDER]
    return was_running or any(found)


def _stop_supervisor(home: Home) -> None:
    pid = int(state.lock_file(home).read_text())
    for word in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, word)
        except ProcessLookupError:
            return
        until = time.monotonic() + STOP_LIMIT_S
        while time.monotonic() < until:
            if not state.is_running(home):
                return
            time.sleep(POLL_S)
    raise StackError(f"the supervisor (pid {pid}) of {home.root} cannot be stopped", "is it another user's?")
