"""What the supervisor tells the others about the stack: one file, replaced whole at every change."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from siaga_kit.embedded.addresses import StackAddresses
from siaga_kit.embedded.files import write_atomically
from siaga_kit.embedded.home import Home
from siaga_kit.embedded.lock import is_held

Phase = Literal["starting", "ready", "stopping", "stopped", "failed"]
FILE: Final = "state.json"
LOCK: Final = "lock"


@dataclass(frozen=True, slots=True)
class ProcessState:
    """One process. `pid` None = it is down now, or runs elsewhere (an external server)."""

    name: str
    pid: int | None
    ready: bool
    restarts: int
    url: str
    why: str | None


@dataclass(frozen=True, slots=True)
class StackState:
    """The whole stack as of the last change."""

    supervisor_pid: int
    phase: Phase
    error: str | None
    processes: tuple[ProcessState, ...]
    # Without the token: this file is for everybody.
    addresses: StackAddresses | None

    def process(self, name: str) -> ProcessState | None:
        return next((process for process in self.processes if process.name == name), None)


def state_file(home: Home) -> Path:
    return home.run / FILE


def lock_file(home: Home) -> Path:
    return home.run / LOCK


def is_running(home: Home) -> bool:
    """Whether a supervisor holds this home now."""
    return is_held(lock_file(home))


def write(home: Home, state: StackState) -> None:
    told = dataclasses.asdict(state)
    if told["addresses"] is not None:
        told["addresses"] |= {"tenants_dir": str(told["addresses"]["tenants_dir"]), "token": ""}
    write_atomically(state_file(home), json.dumps(told, indent=1))


def read(home: Home) -> StackState | None:
    """The last state told, with the home's token put back; None when nothing was ever told."""
    try:
        told = json.loads(state_file(home).read_text())
    except FileNotFoundError:
        return None
    addresses = told["addresses"]
    if addresses is not None:
        addresses |= {"tenants_dir": Path(addresses["tenants_dir"]), "token": home.token}
    return StackState(
        supervisor_pid=told["supervisor_pid"],
        phase=told["phase"],
        error=told["error"],
        processes=tuple(ProcessState(**process) for process in told["processes"]),
        addresses=None if addresses is None else StackAddresses(**addresses),
    )
