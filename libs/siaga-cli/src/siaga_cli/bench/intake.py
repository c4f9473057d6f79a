"""How much one intake process takes, each event safe before its answer, with Kafka on the same machine."""

import asyncio
import os
from dataclasses import dataclass
from typing import Any, Final

from siaga_kit.embedded.addresses import StackAddresses
from siaga_kit.embedded.stack import Stack

from siaga_cli.bench import Figure, Report, cpu_s, percentile
from siaga_cli.bench.landed import arrivals, lost_and_doubled
from siaga_cli.bench.posting import Answer, Load, post
from siaga_cli.console import err

LISTS: Final = 800
SINGLES_S: Final = 3_000.0
EVENTS_S: Final = 25_000.0
P99_MS: Final = 50.0
VISIBLE_P50_MS: Final = 8.0
VISIBLE_P99_MS: Final = 40.0
# Of each load the first answers do not count: code is cold and the producer connects.
WARM_UP: Final = 0.1
SEEN_WITHIN_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Measured:
    """One load: its answers after the warm-up, and what it cost intake and the broker."""

    answers: list[Answer]
    accepted: list[str]
    refused: int
    intake_s: float
    kafka_s: float

    @property
    def requests_s(self) -> float:
        begin = min(answer.due_s for answer in self.answers)
        return len(self.answers) / (max(answer.answered_s for answer in self.answers) - begin)

    @property
    def answer_ms(self) -> list[float]:
        return [(answer.answered_s - answer.due_s) * 1000 for answer in self.answers]


def measure() -> Report:
    """Four loads one after the other on Kafka, Redis and one intake; then the topic is read and compared."""
    with Stack(services=("intake",)) as stack:
        singles = _measured(stack, "a", requests=40_000, events_each=1, connections=64)
        lists = _measured(stack, "b", requests=LISTS, events_each=500, connections=8)
        steady = _measured(stack, "c", requests=20_000, events_each=1, connections=64, rate_s=1_000)
        lone, visible_ms = asyncio.run(_visible(stack))
        loads = (singles, lists, steady, lone)
        accepted = [event_id for load in loads for event_id in load.accepted]
        lost, doubled = lost_and_doubled(stack.addresses.kafka_bootstrap, accepted)
    refused = sum(load.refused for load in loads)
    events_s = lists.requests_s * 500
    # A payload may tell several events: a CloudEvent, a whole call by its times.
    made_s = events_s * len(lists.accepted) / (LISTS * 500)
    p99 = percentile(steady.answer_ms, 0.99)
    seen50, seen99 = percentile(visible_ms, 0.5), percentile(visible_ms, 0.99)
    return Report(
        (
            Figure("single requests", f"≥ {SINGLES_S:,.0f}/s", f"{singles.requests_s:,.0f}/s", singles.requests_s >= SINGLES_S),
            Figure("events in lists of 500", f"≥ {EVENTS_S:,.0f}/s", f"{events_s:,.0f}/s", events_s >= EVENTS_S),
            Figure("call events that they become", "", f"{made_s:,.0f}/s"),
            Figure("answer at 1,000 requests/s, p99", f"≤ {P99_MS:.0f} ms", f"{p99:.1f} ms", p99 <= P99_MS),
            Figure("event → on the topic at 100/s, p50", f"≤ {VISIBLE_P50_MS:.0f} ms", f"{seen50:.1f} ms", seen50 <= VISIBLE_P50_MS),
            Figure("event → on the topic at 100/s, p99", f"≤ {VISIBLE_P99_MS:.0f} ms", f"{seen99:.1f} ms", seen99 <= VISIBLE_P99_MS),
            Figure("lost, doubled, refused", "0, 0, 0", f"{lost}, {doubled}, {refused} of {len(accepted):,}", lost == doubled == refused == 0),
            Figure("CPU of intake", "", f"{_us(singles):.0f} µs a single request, {_us(lists) / 500:.1f} µs an event in lists"),
        ),
        {
            "singles": _told(singles), "lists": _told(lists) | {"events_s": events_s, "call_events_s": made_s}, "steady": _told(steady),
            "visible_ms": {"p50": seen50, "p99": seen99, "max": max(visible_ms)},
            "accepted": len(accepted), "lost": lost, "doubled": doubled, "refused": refused,
        },
    )  # fmt: skip


def _measured(stack: Stack, salt: str, **load: Any) -> Measured:
    err.print(f"  {load['requests']:,} requests of {load['events_each']} events")
    pids = stack.pid("intake"), stack.pid("kafka")
    before = [cpu_s(pid) for pid in pids]
    answers = post(_load(stack.addresses, salt, **load))
    spent = [cpu_s(pid) - earlier for pid, earlier in zip(pids, before, strict=True)]
    accepted = [event_id for answer in answers for event_id in answer.event_ids]
    refused = sum(answer.status != 202 for answer in answers)
    # What it cost is of all of it, warm-up included: a request that is slow because it is the first costs as well.
    return Measured(answers[int(len(answers) * WARM_UP) :], accepted, refused, *(each / len(answers) for each in spent))


def _load(addresses: StackAddresses, salt: str, **load: Any) -> Load:
    return Load(addresses.intake_url, addresses.token, f"{salt}{os.getpid()}", **load)


async def _visible(stack: Stack) -> tuple[Measured, list[float]]:
    """Lone events at 100 a second, each until a consumer has its record."""
    async with arrivals(stack.addresses.kafka_bootstrap) as seen:
        lone = await asyncio.to_thread(
            _measured, stack, "d", requests=2_000, events_each=1, connections=8, rate_s=100
        )  # fmt: skip
        async with asyncio.timeout(SEEN_WITHIN_S):
            while not set(lone.accepted) <= seen.keys():
                await asyncio.sleep(0.05)
    visible_ms = [
        (seen[event_id] - answer.due_s) * 1000 for answer in lone.answers for event_id in answer.event_ids[-1:]
    ]
    return lone, visible_ms


def _us(load: Measured) -> float:
    return load.intake_s * 1e6


def _told(load: Measured) -> dict[str, float]:
    return {
        "requests_s": round(load.requests_s, 1),
        "answer_p50_ms": percentile(load.answer_ms, 0.5),
        "answer_p99_ms": percentile(load.answer_ms, 0.99),
        "intake_cpu_us": round(load.intake_s * 1e6, 1),
        "kafka_cpu_us": round(load.kafka_s * 1e6, 1),
    }
