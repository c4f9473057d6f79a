"""kill -9 of each process in mid-replay: what it costs."""

import asyncio
import threading
import time
from pathlib import Path
from typing import Final

from siaga_kit.embedded.home import project_root
from siaga_kit.embedded.plan import STOP_ORDER
from siaga_kit.embedded.stack import Stack
from siaga_replay import Progress, Summary, replay

from siaga_cli.bench import Figure, Report
from siaga_cli.console import err

RECOVERED_S: Final = 15.0
# Long enough for the slowest on a busy machine; a process that needs more has not recovered.
PATIENCE_S: Final = 90.0


def measure() -> Report:
    """One replay of the slice a victim, each on a fresh stack; recovered = a new process that says it is ready."""
    figures, data = [], {}
    for victim in STOP_ORDER:
        err.print(f"  killing {victim}")
        summary, back_s = _killed(victim)
        lost, doubled = summary.losses.total, summary.doubles.total
        found = f"lost {lost}, doubled {doubled}, ready again after {back_s:.1f} s"
        met = summary.ok and back_s <= RECOVERED_S
        figures.append(Figure(f"kill -9 {victim}", f"0, 0, ≤ {RECOVERED_S:.0f} s", found, met))
        data[victim] = {"lost": lost, "duplicated": doubled, "recovered_s": round(back_s, 2), "ok": summary.ok}
    return Report(tuple(figures), {"killed": data})


def _killed(victim: str) -> tuple[Summary, float]:
    back_s: list[float] = []
    waiting: list[threading.Thread] = []
    with Stack() as stack:

        def until_back(pid: int, killed_at: float) -> None:
            stack.wait_ready(victim, not_pid=pid, seconds=PATIENCE_S)
            back_s.append(time.monotonic() - killed_at)

        def kill_in_the_middle(step: Progress) -> None:
            if step.stage == "post" and not waiting and step.done * 2 >= step.total > 0:
                pid = stack.kill(victim)
                waiting.append(threading.Thread(target=until_back, args=(pid, time.monotonic())))
                waiting[0].start()

        cache: Path = project_root() / ".siaga" / "scenarios"
        summary = asyncio.run(replay("serang-slice", stack.addresses, progress=kill_in_the_middle, cache=cache))
        waiting[0].join()
    return summary, back_s[0] if back_s else PATIENCE_S
