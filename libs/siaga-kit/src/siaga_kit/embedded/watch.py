"""Keeps one process running: starts it, asks whether it is ready, starts it again when it has died or gone silent."""

import asyncio
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from siaga_kit.embedded.errors import StackError
from siaga_kit.embedded.files import tail
from siaga_kit.embedded.home import Home
from siaga_kit.embedded.probes import NoAnswer
from siaga_kit.embedded.processes import Handle, PidFile, Spec, find, start
from siaga_kit.embedded.state import ProcessState

# How often a process is looked at: its death is noticed within that.
LOOK_S: Final = 0.1
# How often a ready process is asked; each question costs it and us a little idle load.
ASK_READY_S: Final = 2.0
BACKOFF_FIRST_S: Final = 0.2
BACKOFF_MOST_S: Final = 10.0
# So long without dying, and an earlier series of deaths is forgotten.
HEALTHY_S: Final = 30.0
# A process that lives but answers nobody for so long hangs, and takes no calls: it is killed and started again.
# A stop for a long garbage collection or a busy machine stays far below.
SILENT_S: Final = 60.0
# A first start that ends so often has a reason that a further try does not remove.
FIRST_TRIES: Final = 3


def next_backoff(backoff_s: float, lived_s: float) -> float:
    """How long to wait before the next start, from the last wait and how long the process then lived."""
    return BACKOFF_FIRST_S if lived_s >= HEALTHY_S or backoff_s == 0 else min(backoff_s * 2, BACKOFF_MOST_S)


def held_file(home: Home, name: str) -> Path:
    """While this file is there, a process that has ended is not started again: how an outage is made."""
    return home.run / f"{name}.held"


class Watch:
    """One process under watch. `changed` is called whenever something about it is new."""

    def __init__(self, spec: Spec, home: Home, changed: Callable[[], None]) -> None:
        self.spec = spec
        self.pid_file = PidFile(home.run / f"{spec.name}.pid")
        self.log = home.log(spec.name)
        self._held = held_file(home, spec.name)
        self.ready = False
        self.restarts = 0
        self.why: str | None = "not started"
        self.has_been_ready = asyncio.Event()
        self._changed = changed
        self._handle: Handle | None = None
        self._backoff_s = 0.0
        self._started_at = 0.0
        self._answered_at = 0.0

    def state(self) -> ProcessState:
        pid = self._handle.pid if self._handle is not None and self._handle.alive() else None
        return ProcessState(self.spec.name, pid, self.ready, self.restarts, self.spec.url, self.why)

    async def run(self) -> None:
        """Watch until cancelled. Raises StackError when the first start does not succeed."""
        self._handle = await asyncio.to_thread(find, self.spec, self.pid_file)
        if self._handle is None:
            await self._start()
        else:
            self._begin()
        while True:
            if self._handle is None or not self._handle.alive():
                await self._restart()
            await self._ask()
            await self._look_until(time.monotonic() + (ASK_READY_S if self.ready else LOOK_S))

    async def _look_until(self, until: float) -> None:
        while self._handle is not None and self._handle.alive() and time.monotonic() < until:
            await asyncio.sleep(LOOK_S)

    def _begin(self) -> None:
        self._started_at = self._answered_at = time.monotonic()
        self._tell(ready=False, why="starting")

    async def _start(self) -> None:
        starting = asyncio.ensure_future(asyncio.to_thread(start, self.spec, self.log, self.pid_file))
        try:
            self._handle = await asyncio.shield(starting)
        except asyncio.CancelledError:
            # The thread cannot be called back: take what it starts, so that `stop` ends it.
            self._handle = await starting
            raise
        self._begin()

    async def _restart(self) -> None:
        code = self._handle.exit_code() if self._handle is not None else None
        self._handle = None
        self.restarts += 1
        self._tell(ready=False, why=f"ended{'' if code is None else f' ({_named(code)})'}, is started again")
        if not self.has_been_ready.is_set() and self.restarts >= FIRST_TRIES:
            raise self.failure("ends at once")
        self._backoff_s = next_backoff(self._backoff_s, time.monotonic() - self._started_at)
        await asyncio.sleep(self._backoff_s)
        while self._held.exists():
            self._tell(ready=False, why="is held down")
            await asyncio.sleep(LOOK_S)
        try:
            await self._start()
        except (OSError, StackError) as error:
            # A full disk, a program being replaced: the next try comes by itself.
            self._tell(ready=False, why=f"cannot be started: {error}")

    async def _ask(self) -> None:
        try:
            why = await asyncio.to_thread(self.spec.probe)
            self._answered_at = time.monotonic()
        except NoAnswer as silence:
            why = str(silence)
            if self.has_been_ready.is_set() and time.monotonic() - self._answered_at > SILENT_S and self._handle:
                self._handle.signal(signal.SIGKILL)
        if why is None:
            self.has_been_ready.set()
        self._tell(ready=why is None, why=why)

    def _tell(self, *, ready: bool, why: str | None) -> None:
        if (ready, why) != (self.ready, self.why):
            self.ready, self.why = ready, why
            self._changed()

    def failure(self, what: str) -> StackError:
        """What to tell when it does not come up: the last words of its log."""
        words = tail(self.log) or "(its log is empty)"
        return StackError(f"{self.spec.name} {what}; the end of {self.log}:\n{words}")

    def stop(self) -> None:
        """End the process; blocks up to its grace. `run` must have been cancelled."""
        if self._handle is not None:
            self._handle.stop(self.spec.stop_grace_s)
        self.pid_file.remove()
        self._handle = None
        self.ready, self.why = False, "stopped"


def _named(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
