"""Advice with a million known callers: how fast, and how soon it lets calls through once Redis hangs or is gone."""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psutil
from redis.asyncio import Redis
from siaga_classifier.adapters.advice_store import AdviceStore
from siaga_classifier.core.caller_advice import Routing, Sanction
from siaga_contracts.callers import caller_key
from siaga_kit.embedded.stack import Stack

from siaga_cli.bench import Figure, Report, cpu_s, percentile
from siaga_cli.bench.asking import TENANT, Answered, Plan, ask, number_of
from siaga_cli.console import err

KNOWN: Final = 1_000_000
# One round trip each; larger ones only make Redis hold more at once.
LOADED_AT_ONCE: Final = 5_000
RATE_S: Final = 500.0
SECONDS: Final = 20.0
OUTAGE_S: Final = 5.0
# Code is warm and connections are open, as on any day but the first.
WARM_UP_S: Final = 2.0
P99_MS: Final = 10.0
FAIL_OPEN_MS: Final = 50.0
TEMPORARY, PERMANENT = 4, 5


def measure() -> Report:
    """Load, ask over both doors, then the same with Redis stopped and with Redis killed."""
    figures: list[Figure] = []
    data: dict[str, Any] = {"known_callers": KNOWN, "rate_s": RATE_S}
    with Stack(services=("classifier",)) as stack:
        err.print(f"  loading {KNOWN:,} callers")
        loaded_s = asyncio.run(_load(stack))
        redis_mb = psutil.Process(stack.pid("redis")).memory_info().rss / 1024**2
        figures.append(Figure("callers known", "1,000,000", f"{KNOWN:,} in {loaded_s:.0f} s, Redis {redis_mb:.0f} MB"))
        data |= {"loaded_s": round(loaded_s, 1), "redis_rss_mb": round(redis_mb)}
        doors = {"gRPC": stack.addresses.classifier_grpc, "HTTP": stack.addresses.advice_url}
        for door, target in doors.items():
            err.print(f"  {RATE_S:.0f} questions/s over {door}")
            plan = Plan(target, stack.addresses.token, RATE_S, WARM_UP_S, KNOWN)
            ask(plan)
            before_s = cpu_s(stack.pid("classifier"))
            found = ask(_for(plan, SECONDS))
            cpu_ms = (cpu_s(stack.pid("classifier")) - before_s) * 1_000 / len(found)
            figures.append(_answers(door, found, cpu_ms, data))
        for how, manner in (("stopped", _stopped), ("killed", _killed)):
            for door, target in doors.items():
                err.print(f"  Redis {how}, {RATE_S:.0f} questions/s over {door}")
                with manner(stack):
                    found = ask(Plan(target, stack.addresses.token, RATE_S, OUTAGE_S, KNOWN))
                figures.append(_fail_open(door, how, found, data))
                _until_back(target, stack)
    return Report(tuple(figures), data)


def _for(plan: Plan, seconds: float) -> Plan:
    return Plan(plan.target, plan.token, plan.rate_s, seconds, plan.known, plan.seed + 1)


async def _load(stack: Stack) -> float:
    """Write the callers as the stage over sanctions does; half of them under a sanction in force."""
    secret = (os.environ.get("SIAGA_CALLER_SECRET") or stack.home.secret("caller-secret")).encode()
    redis = Redis.from_url(stack.addresses.redis_url)
    store = AdviceStore(redis, lambda: int(time.time() * 1000))
    begin = time.monotonic()
    for start in range(0, KNOWN, LOADED_AT_ONCE):
        await store.put(
            {
                (TENANT, caller_key(secret, TENANT, number_of(caller))): _sanction(caller)
                for caller in range(start, min(start + LOADED_AT_ONCE, KNOWN))
            }
        )
    await redis.aclose()
    return time.monotonic() - begin


def _sanction(caller: int) -> Sanction:
    if caller % 2:
        return Sanction(Routing.SCREEN, TEMPORARY, int(time.time() * 1000) + 3_600_000, caller)
    return Sanction(Routing.NORMAL, 1, 0, caller)


def _answers(door: str, found: list[Answered], cpu_ms: float, data: dict[str, Any]) -> Figure:
    ms = [each.ms for each in found]
    p50, p99, most = percentile(ms, 0.5), percentile(ms, 0.99), max(ms)
    bases = Counter(each.basis for each in found)
    data[door.lower()] = {
        "questions": len(found), "p50_ms": round(p50, 2), "p99_ms": round(p99, 2), "max_ms": round(most, 2),
        "cpu_ms_each": round(cpu_ms, 3), "bases": dict(bases),
    }  # fmt: skip
    times = f"p50 {p50:.1f} ms, p99 {p99:.1f} ms, longest {most:.1f} ms"
    told = f"{times}, {cpu_ms:.2f} ms of CPU each; {_shares(bases)}"
    return Figure(f"{door}, {RATE_S:.0f}/s", f"p99 ≤ {P99_MS:.0f} ms", told, p99 <= P99_MS)


def _fail_open(door: str, how: str, found: list[Answered], data: dict[str, Any]) -> Figure:
    ms = [each.ms for each in found]
    normal = sum(each.advice == "normal" for each in found)
    p99, most = percentile(ms, 0.99), max(ms)
    data.setdefault(f"redis_{how}", {})[door.lower()] = {
        "questions": len(found), "normal": normal, "p99_ms": round(p99, 2), "max_ms": round(most, 2),
        "bases": dict(Counter(each.basis for each in found)),
    }  # fmt: skip
    told = f"{normal} of {len(found)} normal, p99 {p99:.1f} ms, longest {most:.1f} ms"
    met = normal == len(found) and most <= FAIL_OPEN_MS
    return Figure(f"{door}, Redis {how}", f"all normal, ≤ {FAIL_OPEN_MS:.0f} ms", told, met)


def _shares(bases: Counter[str]) -> str:
    return ", ".join(f"{basis} {count / bases.total():.0%}" for basis, count in bases.most_common())


@contextmanager
def _stopped(stack: Stack) -> Iterator[None]:
    pid = stack.kill("redis", signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def _killed(stack: Stack) -> Iterator[None]:
    stack.take_down("redis")
    try:
        yield
    finally:
        stack.bring_back("redis")


def _until_back(target: str, stack: Stack) -> None:
    """Until advice has the store's word again: what comes next begins with everything in order."""
    stack.wait_ready("redis", seconds=120)
    until = time.monotonic() + 120
    while time.monotonic() < until:
        found = ask(Plan(target, stack.addresses.token, 10.0, 1.0, KNOWN))
        if all(each.basis != "store_unavailable" for each in found):
            return
    raise TimeoutError("advice does not come back with Redis")
