"""How many incidents one dispatcher decides, how soon, and beside what most dispatch systems do; on a country of 514 tenants."""

import asyncio
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

import uvloop
from siaga_kit import logs
from siaga_kit.embedded.stack import Stack

from siaga_cli.bench import Figure, Report, cpu_s, dispatch_postgres, dispatch_whole, percentile
from siaga_cli.bench.dispatch_choices import Compared, compare
from siaga_cli.bench.dispatch_contest import COMMANDS, contest
from siaga_cli.bench.dispatch_nation import calls, tenants
from siaga_cli.bench.dispatch_ours import Ours, collector_as_in_service
from siaga_cli.bench.dispatch_peer import CONNECTIONS, Peer
from siaga_cli.console import err

INCIDENTS_S: Final = 1_500.0
ARRIVING_S: Final = 200.0
P99_MS: Final = 25.0
TIMES_PEER: Final = 4.0
PREVIEWS_S: Final = 500.0
PREVIEW_P99_MS: Final = 20.0
ROUNDS: Final = 5
# A round sends a fifth of all units: what a disaster leaves free is another question.
ROUND: Final = 1_500
WAVE: Final = 800
COMPARED: Final = 500
TRIED: Final = 300


@dataclass(slots=True)
class Rounds:
    """What was measured, round by round."""

    ours: list[float] = field(default_factory=list)
    ours_cpu_us: list[float] = field(default_factory=list)
    redis_cpu_us: list[float] = field(default_factory=list)
    # By whether a commit waits for the disk.
    peer: dict[bool, list[float]] = field(default_factory=lambda: {False: [], True: []})
    connections: dict[bool, int] = field(default_factory=dict)
    latency_ms: list[float] = field(default_factory=list)
    compared: Compared | None = None
    contest: Counter[str] = field(default_factory=Counter)
    whole: list[dispatch_whole.Speed] = field(default_factory=list)
    preview_ms: list[float] = field(default_factory=list)


def measure() -> Report:
    """Ours and the peer in turns on the same calls, then latency, the contest, and the whole process with its relay."""
    logs.setup("bench", "WARNING")
    found = Rounds()
    with Stack(services=("dispatcher",)) as stack:
        stack.take_down("dispatcher")
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner, collector_as_in_service():
            if dispatch_postgres.available():
                with dispatch_postgres.server() as socket:
                    runner.run(_side_by_side(stack, found, socket))
            else:
                err.print(f"  the peer is not run: {dispatch_postgres.MISSING}")
                runner.run(_side_by_side(stack, found, None))
            runner.run(_arriving(stack, found))
            err.print(f"  {COMMANDS} commands for one unit")
            found.contest = runner.run(contest(stack.addresses.redis_url))
            runner.run(_filled(stack))
            _whole(stack, found)
    return Report(tuple(_figures(found)), _data(found))


async def _side_by_side(stack: Stack, found: Rounds, socket: Path | None) -> None:
    ours = Ours(stack.addresses.redis_url, tenants())
    try:
        if socket is not None:
            for at_once in (False, True):
                found.connections[at_once] = await _best(socket, ours, at_once=at_once)
        for number in range(ROUNDS):
            err.print(f"  round {number + 1} of {ROUNDS}, {ROUND:,} incidents")
            values = [call.SerializeToString() for call in calls(f"round-{number}", ROUND)]
            await ours.fill()
            mine, redis = _cpu_s(stack)
            found.ours.append(await ours.dispatch_all(values))
            after = _cpu_s(stack)
            found.ours_cpu_us.append((after[0] - mine) / ROUND * 1e6)
            found.redis_cpu_us.append((after[1] - redis) / ROUND * 1e6)
            for at_once, connections in found.connections.items():
                assert socket is not None
                found.peer[at_once].append(await _peer_round(socket, ours, values, connections, at_once=at_once))
        if socket is not None:
            err.print(f"  choices side by side, {COMPARED:,} incidents")
            await ours.fill()
            async with Peer.on(socket, tenants(), ours.rules, 1) as peer:
                await peer.empty()
                found.compared = await compare(ours, peer, calls("choices", COMPARED), tenants())
    finally:
        await ours.close()


def _cpu_s(stack: Stack) -> tuple[float, float]:
    return cpu_s(os.getpid()), cpu_s(stack.pid("redis"))


async def _best(socket: Path, ours: Ours, *, at_once: bool) -> int:
    """With how many connections the peer does most."""
    values = [call.SerializeToString() for call in calls("tried", TRIED)]
    speeds = {n: await _peer_round(socket, ours, values, n, at_once=at_once) for n in CONNECTIONS}
    return max(speeds, key=lambda connections: speeds[connections])


async def _peer_round(socket: Path, ours: Ours, values: Sequence[bytes], connections: int, *, at_once: bool) -> float:
    async with Peer.on(socket, tenants(), ours.rules, 1) as peer:
        await peer.durable(at_once=at_once)
        await peer.empty()
    async with Peer.on(socket, tenants(), ours.rules, connections) as peer:
        return await peer.dispatch_all(values, connections)


async def _arriving(stack: Stack, found: Rounds) -> None:
    err.print(f"  {ARRIVING_S:.0f} incidents a second, {ROUNDS} times {WAVE:,}")
    ours = Ours(stack.addresses.redis_url, tenants())
    try:
        for number in range(ROUNDS):
            await ours.fill()
            values = [call.SerializeToString() for call in calls(f"arriving-{number}", WAVE)]
            found.latency_ms.append(percentile(await ours.arriving(values, ARRIVING_S), 0.99))
    finally:
        await ours.close()


async def _filled(stack: Stack) -> None:
    ours = Ours(stack.addresses.redis_url, tenants())
    await ours.fill()
    await ours.close()


def _whole(stack: Stack, found: Rounds) -> None:
    err.print(f"  the whole process, from topic to topic, {ROUNDS} times {WAVE:,}")
    with dispatch_whole.running(stack) as process, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for number in range(ROUNDS):
            speed = runner.run(dispatch_whole.through(stack, process, calls(f"whole-{number}", WAVE)))
            found.whole.append(speed)
        err.print(f"  {PREVIEWS_S:.0f} previews a second")
        found.preview_ms = runner.run(dispatch_whole.previews(process, calls("preview", 4 * WAVE), PREVIEWS_S))


def _figures(found: Rounds) -> list[Figure]:
    speed = median(found.ours)
    cpu_us, redis_us = median(found.ours_cpu_us), median(found.redis_cpu_us)
    p99 = median(found.latency_ms)
    won = found.contest["won"]
    told = ", ".join(f"{count} {code}" for code, count in found.contest.most_common())
    whole, whole_us = median(one.per_s for one in found.whole), median(one.cpu_us for one in found.whole)
    return [
        Figure("incidents decided and committed, one process", f"≥ {INCIDENTS_S:,.0f}/s",
               f"{speed:,.0f}/s; {cpu_us:.0f} µs CPU each and {redis_us:.0f} µs of Redis", speed >= INCIDENTS_S),
        Figure(f"at {ARRIVING_S:.0f}/s, p99", f"≤ {P99_MS:.0f} ms", f"{p99:.1f} ms", p99 <= P99_MS),
        *_peer_figures(found, speed),
        Figure(f"{COMMANDS} at once for one unit, from several processes", "1 wins, 99 told why", told,
               won == 1 and sum(found.contest.values()) == COMMANDS),
        Figure("the whole process with relay, topic to topic", "", f"{whole:,.0f}/s; {whole_us:.0f} µs CPU each"),
        _preview_figure(found.preview_ms),
    ]  # fmt: skip


def _preview_figure(previews_ms: list[float]) -> Figure:
    name, target = f"Preview at {PREVIEWS_S:.0f}/s, p99", f"≤ {PREVIEW_P99_MS:.0f} ms"
    if not previews_ms:
        return Figure(name, target, "not offered", met=False)
    p99 = percentile(previews_ms, 0.99)
    return Figure(name, target, f"{p99:.1f} ms", p99 <= PREVIEW_P99_MS)


def _peer_figures(found: Rounds, speed: float) -> list[Figure]:
    if found.compared is None:
        return [Figure("PostgreSQL + PostGIS beside it", "", f"peer not run: {dispatch_postgres.MISSING}")]
    figures = []
    for at_once, name in (
        (False, "commits as durable as ours (to disk within a second)"),
        (True, "each commit on disk"),
    ):
        peer = median(found.peer[at_once])
        figures.append(
            Figure(f"PostgreSQL + PostGIS, {name}", f"ours ≥ {TIMES_PEER:.0f} times",
                   f"{peer:,.0f}/s over {found.connections[at_once]} connections: {speed / peer:.1f} times",
                   speed / peer >= TIMES_PEER)
        )  # fmt: skip
    one = found.compared
    words = (
        f"{one.better} better, {one.same} the same, {one.worse} worse of {one.calls}; {one.s_better:+.0f} s together"
    )
    return [*figures, Figure("choices beside the peer's", "0 worse", words, one.worse == 0)]


def _data(found: Rounds) -> dict[str, Any]:
    return {
        "incidents_s": {"median": median(found.ours), "rounds": found.ours},
        "cpu_us": {"python": median(found.ours_cpu_us), "redis": median(found.redis_cpu_us)},
        "latency_p99_ms": {"median": median(found.latency_ms), "rounds": found.latency_ms},
        "peer_s": {("fsync" if at_once else "async"): rounds for at_once, rounds in found.peer.items()},
        "peer_connections": {("fsync" if at_once else "async"): n for at_once, n in found.connections.items()},
        "choices": None if found.compared is None else asdict(found.compared),
        "contest": dict(found.contest),
        "whole": [asdict(one) for one in found.whole],
        "preview_ms": {str(share): percentile(found.preview_ms, share) for share in (0.5, 0.99) if found.preview_ms},
    }
