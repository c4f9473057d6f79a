"""Starts the stack in order, keeps it running, stops it in reverse order."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from siaga_kit.embedded import state
from siaga_kit.embedded.addresses import StackAddresses
from siaga_kit.embedded.errors import StackError
from siaga_kit.embedded.home import Home
from siaga_kit.embedded.lock import Lock
from siaga_kit.embedded.processes import Spec, is_same
from siaga_kit.embedded.watch import Watch

# A cold machine reads everything from disk first; beyond this something waits for what will not come.
STAGE_TIMEOUT_S: Final = 180.0
OWNER_LOOK_S: Final = 1.0

# Called with every change of the stack.
Report = Callable[[state.StackState], None]


@dataclass(frozen=True, slots=True)
class Stage:
    """Processes that do not need each other, and what to do once all are ready."""

    specs: Sequence[Spec]
    then: Callable[[], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run: stages in order, servers that run elsewhere, and where all is reached."""

    stages: Sequence[Stage]
    addresses: StackAddresses
    external: Sequence[state.ProcessState] = ()


@dataclass(frozen=True, slots=True)
class Owner:
    """The process for which a stack runs; the stack ends with it."""

    pid: int
    started: float


class Supervisor:
    """Runs one plan on one home."""

    def __init__(self, home: Home, plan: Plan, owner: Owner | None = None, report: Report | None = None) -> None:
        self._home = home
        self._plan = plan
        self._owner = owner
        self._report = report
        self._phase: state.Phase = "starting"
        self._error: str | None = None
        self._stop = asyncio.Event()
        self._watches: list[list[Watch]] = []
        self._tasks: list[asyncio.Task[None]] = []

    def stop(self) -> None:
        """Ask `run` to end."""
        self._stop.set()

    async def run(self) -> None:
        """Run until SIGTERM or SIGINT, or until the owner ends. Raises StackError when the stack does not come up."""
        loop = asyncio.get_running_loop()
        for word in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(word, self.stop)
        stopping = asyncio.create_task(self._stop.wait())
        owner = asyncio.create_task(self._watch_owner())
        starting = asyncio.create_task(self._start())
        try:
            await asyncio.wait((starting, stopping), return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                await starting
                await self._until_stopped(stopping)
        except StackError as error:
            self._phase, self._error = "failed", str(error)
            raise
        finally:
            for task in (starting, stopping, owner):
                task.cancel()
            await asyncio.gather(starting, stopping, owner, return_exceptions=True)
            await self._end()

    async def _start(self) -> None:
        for stage in self._plan.stages:
            watches = [Watch(spec, self._home, self._write) for spec in stage.specs]
            self._watches.append(watches)
            self._tasks += [asyncio.create_task(watch.run(), name=watch.spec.name) for watch in watches]
            self._write()
            await self._until_ready(watches)
            if stage.then is not None:
                await stage.then()
        self._phase = "ready"
        self._write()

    async def _until_ready(self, watches: list[Watch]) -> None:
        """Wait for all of them; the first failure of any process started so far ends the waiting."""
        ready = asyncio.ensure_future(_all_ready(watches))
        try:
            async with asyncio.timeout(STAGE_TIMEOUT_S):
                await asyncio.wait((ready, *self._tasks), return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            slow = next(watch for watch in watches if not watch.has_been_ready.is_set())
            raise slow.failure(f"is not ready after {STAGE_TIMEOUT_S:.0f} s ({slow.why})") from None
        finally:
            ready.cancel()
        for task in self._tasks:
            if task.done():
                await task

    async def _until_stopped(self, stopping: asyncio.Task[bool]) -> None:
        done, _ = await asyncio.wait((stopping, *self._tasks), return_when=asyncio.FIRST_COMPLETED)
        for task in done - {stopping}:
            await task

    async def _watch_owner(self) -> None:
        while self._owner is not None and is_same(self._owner.pid, self._owner.started):
            await asyncio.sleep(OWNER_LOOK_S)
        if self._owner is not None:
            self._stop.set()

    async def _end(self) -> None:
        failed = self._phase == "failed"
        if not failed:
            self._phase = "stopping"
            self._write()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for watches in reversed(self._watches):
            await asyncio.gather(*(asyncio.to_thread(watch.stop) for watch in watches))
            self._write()
        if not failed:
            self._phase = "stopped"
        self._write()

    def _write(self) -> None:
        processes = [watch.state() for watches in self._watches for watch in watches]
        told = state.StackState(
            supervisor_pid=os.getpid(),
            phase=self._phase,
            error=self._error,
            processes=(*self._plan.external, *processes),
            addresses=self._plan.addresses,
        )
        state.write(self._home, told)
        if self._report is not None:
            self._report(told)


async def _all_ready(watches: list[Watch]) -> None:
    for watch in watches:
        await watch.has_been_ready.wait()


def hold(home: Home) -> Lock:
    """The lock that makes this process the home's only supervisor."""
    return Lock(
        state.lock_file(home),
        f"a Siaga112 stack already runs on {home.root}",
        "see it with `./siaga status`, stop it with `./siaga down`, or choose another folder with --home",
    )
