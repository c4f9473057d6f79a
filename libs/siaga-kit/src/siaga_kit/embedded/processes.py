"""One process of the stack: started detached, known again by its pid file, stopped gently and then not."""

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

from siaga_kit.embedded.files import rotate, write_atomically

# Says why the process is not ready yet, or None; raises NoAnswer when it says nothing at all.
Probe = Callable[[], str | None]
# psutil gives start times from clock ticks; two readings of one process differ by rounding only.
SAME_START_S: Final = 0.05
POLL_S: Final = 0.02
# What of the environment makes a difference; the terminal's own variables make none.
SETTINGS_PREFIXES: Final = ("SIAGA_", "OTEL_")


@dataclass(frozen=True, slots=True)
class Spec:
    """What to start and how to know that it is ready. `url` is for people and clients."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    probe: Probe
    url: str
    # A broker closes its segments, a service drains its batch; what needs longer is killed and recovers at start.
    stop_grace_s: float = 5.0
    # Done before every start (a configuration file); None = nothing.
    before: Callable[[], None] | None = field(default=None, compare=False)

    @property
    def fingerprint(self) -> str:
        """Changes with anything that would make a running process another one than this."""
        ours = sorted((name, value) for name, value in self.env.items() if name.startswith(SETTINGS_PREFIXES))
        told = json.dumps([list(self.argv), ours, str(self.cwd)])
        return hashlib.sha256(told.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class PidFile:
    """Which process runs under a name. A pid alone may have gone to a stranger; with its start time it cannot."""

    path: Path

    def read(self) -> tuple[int, float, str] | None:
        """Pid, start time and fingerprint; None when there is no usable file."""
        try:
            told = json.loads(self.path.read_text())
            return int(told["pid"]), float(told["started"]), str(told["fingerprint"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, pid: int, started: float, fingerprint: str) -> None:
        told = {"pid": pid, "started": started, "fingerprint": fingerprint}
        write_atomically(self.path, json.dumps(told))

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


def started_at(pid: int) -> float | None:
    """When the process with that pid started; None when there is none, or only its remains."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None


def is_same(pid: int, started: float) -> bool:
    """Whether the process that had this pid then is still there."""
    now = started_at(pid)
    return now is not None and abs(now - started) < SAME_START_S


class Handle:
    """A running process, ours by birth or found again."""

    def __init__(self, pid: int, started: float, child: subprocess.Popen[bytes] | None = None) -> None:
        self.pid = pid
        self.started = started
        self._child = child

    def alive(self) -> bool:
        if self._child is not None:
            return self._child.poll() is None
        return is_same(self.pid, self.started)

    def exit_code(self) -> int | None:
        """Its exit code (negative = signal); None when it lives or is nobody's child here."""
        return self._child.poll() if self._child is not None else None

    def signal(self, number: int) -> None:
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def wait(self, seconds: float) -> bool:
        """Wait for its end, so long; tells whether it has ended."""
        until = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > until:
                return False
            time.sleep(POLL_S)
        return True

    def stop(self, grace_s: float) -> None:
        """Ask it to end; after the grace, end it."""
        self.signal(signal.SIGTERM)
        if not self.wait(grace_s):
            self.signal(signal.SIGKILL)
            self.wait(grace_s)


def start(spec: Spec, log: Path, pid_file: PidFile) -> Handle:
    """Start it in a session of its own: neither the terminal's Ctrl-C nor the supervisor's death ends it."""
    spec.cwd.mkdir(parents=True, exist_ok=True)
    rotate(log)
    if spec.before is not None:
        spec.before()
    with log.open("ab") as output:
        child = subprocess.Popen(  # noqa: S603  (our own command line)
            list(spec.argv),
            env=dict(spec.env),
            cwd=spec.cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    started = started_at(child.pid) or time.time()
    pid_file.write(child.pid, started, spec.fingerprint)
    return Handle(child.pid, started, child)


def find(spec: Spec, pid_file: PidFile) -> Handle | None:
    """The process that an earlier supervisor left running, if it is what would be started now.

    One that was started otherwise (other ports, other settings) is stopped, so that the folder has one owner.
    """
    told = pid_file.read()
    if told is None:
        return None
    pid, started, fingerprint = told
    if not is_same(pid, started):
        pid_file.remove()
        return None
    handle = Handle(pid, started)
    if fingerprint == spec.fingerprint:
        return handle
    handle.stop(spec.stop_grace_s)
    pid_file.remove()
    return None


def stop_left_over(pid_file: PidFile, grace_s: float) -> bool:
    """Stop what an earlier supervisor left running under this pid file; tells whether there was something."""
    told = pid_file.read()
    if told is None or not is_same(told[0], told[1]):
        pid_file.remove()
        return False
    Handle(told[0], told[1]).stop(grace_s)
    pid_file.remove()
    return True
