"""Orders to SMS: how long one takes, how many a second, and the same beside Kannel."""

import asyncio
import time
from typing import Final

from siaga_kit.embedded.addresses import StackAddresses
from siaga_kit.embedded.stack import Stack

from siaga_cli.bench import Figure, Report, cpu_s, percentile
from siaga_cli.bench.notify_kannel import Speed
from siaga_cli.bench.notify_orders import ask, at_pace, messages, order, publishing, until_taken

PACE_S: Final = 50
PACED: Final = 1_500
# Before the measured ones: connections open, code is warm.
WARM_UP: Final = 100
WAITING: Final = 6_000
P50_MS: Final = 10.0
P99_MS: Final = 60.0
PER_S: Final = 500.0
WITHIN_S: Final = 300.0
_CHUNK: Final = 1_000


def paced(stack: Stack) -> Report:
    """Orders as a nation's worst minute brings them; the clock runs from the topic to the centre's journal."""
    put_ms = asyncio.run(_paced(stack.addresses))
    found = until_taken(stack.addresses, lambda taken: len(taken) >= len(put_ms), WITHIN_S)
    took_ms = [float(sms["at_ms"] - put_ms[sms["to"]]) for sms in found if not sms["text"].startswith("ULANG")]
    took_ms = took_ms[WARM_UP:]
    p50, p99 = percentile(took_ms, 0.5), percentile(took_ms, 0.99)
    return Report(
        (
            Figure(f"order on the topic → SMS centre at {PACE_S}/s, p50", f"≤ {P50_MS:.0f} ms", f"{p50:.0f} ms", p50 <= P50_MS),
            Figure("the same, p99", f"≤ {P99_MS:.0f} ms", f"{p99:.0f} ms", p99 <= P99_MS),
            Figure("the same, worst", "", f"{max(took_ms):.0f} ms"),
        ),
        {"paced": {"orders": len(took_ms), "p50_ms": p50, "p99_ms": p99, "worst_ms": max(took_ms)}},
    )  # fmt: skip


async def _paced(stack: StackAddresses) -> dict[str, int]:
    async with publishing(stack) as publisher:
        return await at_pace(publisher, range(1, WARM_UP + PACED + 1), PACE_S)


def waiting(stack: Stack) -> Report:
    """Orders that wait on the topic while the notifier is away, then all at once."""
    forget(stack.addresses)
    killed = stack.take_down("notifier")
    asyncio.run(_waiting(stack.addresses))
    stack.bring_back("notifier")
    pid = stack.wait_ready("notifier", not_pid=killed).pid
    assert pid is not None
    found = until_taken(stack.addresses, lambda taken: len(taken) >= WAITING, WITHIN_S)
    cpu_us = cpu_s(pid) / len(found) * 1e6
    # The first ones come while it still starts.
    first, last = found[WAITING // 10], found[-1]
    per_s = (len(found) - WAITING // 10) / max((last["at_ms"] - first["at_ms"]) / 1000, 0.001)
    doubled = len(found) - len({sms["to"] for sms in found})
    return Report(
        (
            Figure("SMS that wait, one process", f"≥ {PER_S:.0f}/s", f"{per_s:,.0f}/s", per_s >= PER_S),
            Figure("the same, CPU an SMS with its start, its receipts and all records", "", f"{cpu_us:.0f} µs"),
            Figure("the same, doubled", "0", str(doubled), doubled == 0),
        ),
        {"waiting": {"orders": WAITING, "per_s": per_s, "cpu_us": cpu_us, "doubled": doubled}},
    )


async def _waiting(stack: StackAddresses) -> None:
    # Other units than the paced ones.
    numbers = range(1_000_000, 1_000_000 + WAITING)
    async with publishing(stack) as publisher:
        for begin in range(0, WAITING, _CHUNK):
            await publisher.publish([order(number) for number in numbers[begin : begin + _CHUNK]])


def beside(ours: Report, kannel: Speed) -> Report:
    """The same number of SMS through Kannel to the same centre, in the same run."""
    ratio = ours.data["waiting"]["per_s"] / kannel.accepted_per_s
    return Report(
        (
            Figure("Kannel, the same number to the same centre", "", f"{kannel.accepted_per_s:,.0f}/s"),
            Figure("ours ÷ Kannel", "≥ 1", f"{ratio:.2f}", ratio >= 1),
        ),
        {"kannel": {"per_s": kannel.accepted_per_s, "receipted_per_s": kannel.receipted_per_s, "ratio": ratio}},
    )


def forget(stack: StackAddresses) -> None:
    """An SMS centre as new, once nothing is on its way to it any more."""
    known = -1
    while known != (known := len(messages(stack))):
        time.sleep(1)
    ask(f"{stack.smsc_control_url}/reset", {})
