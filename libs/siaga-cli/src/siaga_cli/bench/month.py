"""The whole month at full speed through a stack of its own."""

import os
from pathlib import Path
from typing import Final

from siaga_kit.embedded.stack import Stack

from siaga_cli.bench import Figure, Report, cpu_s
from siaga_cli.replaying import play

WALL_S: Final = 120.0


def measure() -> Report:
    """Post, drain, reconcile; then read what each process needed at most."""
    with Stack() as stack:
        summary = play("serang-month", stack.addresses, None, crews=True)
        pids = {process.name: process.pid for process in stack.state.processes if process.pid}
        peaks = {name: _peak_mb(pid) for name, pid in pids.items()}
        spent = {name: round(cpu_s(pid), 1) for name, pid in (pids | {"replay itself": os.getpid()}).items()}
    wall_s = summary.run.wall_seconds
    return Report(
        (
            Figure("53,794 calls, posted to drained", f"≤ {WALL_S:.0f} s", f"{wall_s:.0f} s", wall_s <= WALL_S),
            Figure("lost, doubled", "0, 0", f"{summary.losses.total}, {summary.doubles.total}", summary.ok),
            Figure("CPU", "", ", ".join(f"{name} {used_s:.0f} s" for name, used_s in spent.items())),
            Figure("peak memory", "", ", ".join(f"{name} {mb:.0f} MB" for name, mb in peaks.items())),
        ),
        {"summary": summary.as_json(), "peak_mb": peaks, "cpu_s": spent},
    )


def _peak_mb(pid: int) -> float:
    """High-water mark of the resident set, as the kernel kept it."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0
