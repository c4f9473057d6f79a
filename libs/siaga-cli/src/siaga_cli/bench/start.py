"""How long the stack takes to be ready, and what it costs when nothing happens."""

import tempfile
import time
from pathlib import Path
from typing import Final

from siaga_kit.embedded.stack import Stack

from siaga_cli.bench import Figure, Report, cpu_s

READY_S: Final = 25.0
IDLE_SHARE: Final = 0.15
SETTLE_S: Final = 20.0
WATCH_S: Final = 60.0


def measure() -> Report:
    """Twice on one folder: the first start fills the cache, the second is measured; then a minute of nothing."""
    with tempfile.TemporaryDirectory(prefix="siaga-bench-") as folder:
        with Stack(Path(folder)):
            pass
        begin = time.monotonic()
        with Stack(Path(folder)) as stack:
            ready_s = time.monotonic() - begin
            time.sleep(SETTLE_S)
            before = _cpu_s(stack)
            time.sleep(WATCH_S)
            after = _cpu_s(stack)
    shares = {name: (after[name] - before[name]) / WATCH_S for name in before if name in after}
    total = sum(shares.values())
    return Report(
        (
            Figure("all ready, warm cache", f"≤ {READY_S:.0f} s", f"{ready_s:.1f} s", ready_s <= READY_S),
            Figure("idle, all processes", f"≤ {IDLE_SHARE:.0%} of a core", f"{total:.1%}", total <= IDLE_SHARE),
            Figure("idle, each", "", ", ".join(f"{name} {share:.1%}" for name, share in sorted(shares.items()))),
        ),
        {"ready_s": round(ready_s, 2), "idle_cpu": {name: round(share, 4) for name, share in shares.items()}},
    )


def _cpu_s(stack: Stack) -> dict[str, float]:
    told = stack.state
    pids = {process.name: process.pid for process in told.processes} | {"supervisor": told.supervisor_pid}
    return {name: cpu_s(pid) for name, pid in pids.items() if pid is not None}
