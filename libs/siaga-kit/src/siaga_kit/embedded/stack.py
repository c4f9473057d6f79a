"""A stack for the length of a `with`: for tests, and for a replay that finds none running."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from siaga_kit.embedded import control, state
from siaga_kit.embedded.addresses import StackAddresses
from siaga_kit.embedded.errors import StackError
from siaga_kit.embedded.home import Home
from siaga_kit.embedded.jars import Progress
from siaga_kit.embedded.plan import ALL_SERVICES, Choices
from siaga_kit.embedded.processes import started_at
from siaga_kit.embedded.state import ProcessState, StackState
from siaga_kit.embedded.supervisor import Owner, Report
from siaga_kit.embedded.watch import held_file

POLL_S: Final = 0.05
# A process is there within seconds; a machine with much else to do takes several times as long.
READY_WITHIN_S: Final = 60.0


class Stack:
    """Runs the stack on a folder of its own (a new one under /tmp when none is named), and ends with this process.

    A folder that it made is removed at the end, unless the `with` ended by an exception: then its logs are wanted.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        services: Sequence[str] = ALL_SERVICES,
        demo: bool = False,
        progress: Progress | None = None,
        report: Report | None = None,
    ) -> None:
        self._made = folder is None
        self.home = Home.at(folder or Path(tempfile.mkdtemp(prefix="siaga-")))
        self._choices = Choices("free", services=tuple(services), demo=demo)
        self._progress = progress
        self._report = report

    def __enter__(self) -> Self:
        me = os.getpid()
        control.start(self.home, self._choices, Owner(me, started_at(me) or 0.0), self._progress, self._report)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        control.stop(self.home)
        if self._made and error is None:
            shutil.rmtree(self.home.root, ignore_errors=True)

    @property
    def state(self) -> StackState:
        told = state.read(self.home)
        if told is None:
            raise StackError(f"no stack has run on {self.home.root}")
        return told

    @property
    def addresses(self) -> StackAddresses:
        addresses = self.state.addresses
        if addresses is None:
            raise StackError(f"the stack on {self.home.root} has no addresses yet")
        return addresses

    def process(self, name: str) -> ProcessState:
        found = self.state.process(name)
        if found is None:
            raise StackError(f"the stack has no process {name!r}")
        return found

    def pid(self, name: str) -> int:
        pid = self.process(name).pid
        if pid is None:
            raise StackError(f"{name} is down: {self.process(name).why}")
        return pid

    def kill(self, name: str, number: int = signal.SIGKILL) -> int:
        """Send a signal (kill -9) to a process; returns the pid that was hit."""
        pid = self.pid(name)
        os.kill(pid, number)
        return pid

    def take_down(self, name: str) -> int:
        """Kill a process with kill -9, and let it stay down until it is brought back; returns its pid."""
        held_file(self.home, name).touch()
        return self.kill(name)

    def bring_back(self, name: str) -> None:
        """Let a process that was taken down start again."""
        held_file(self.home, name).unlink(missing_ok=True)

    def wait_ready(self, name: str, *, not_pid: int | None = None, seconds: float = READY_WITHIN_S) -> ProcessState:
        """Wait until the process is ready (as another one than `not_pid`, after a kill)."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            process = self.process(name)
            if process.ready and process.pid is not None and process.pid != not_pid:
                return process
            time.sleep(POLL_S)
        raise StackError(f"{name} is not ready after {seconds:.0f} s: {self.process(name).why}")
