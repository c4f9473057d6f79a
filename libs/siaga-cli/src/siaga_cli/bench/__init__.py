"""`bench`: how fast, how small, how soon again; on a stack of its own, so that nothing of a centre's is touched."""

import json
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any, Final

import psutil
import typer

from siaga_cli.console import err, out


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured thing: its target in words, and what was found."""

    name: str
    target: str
    found: str
    met: bool | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a bench found, for people and for scripts."""

    figures: tuple[Figure, ...]
    data: dict[str, Any]


BENCHES: Final = {
    "latency": "call event in, SMS at the SMS centre, on an idle machine",
    "callbacks": "a caller hangs up, the task of calling back is there, on an idle machine",
    "start": "all services ready from a warm cache, and what the idle stack costs",
    "month": "the Kota Serang month at full speed, with each process's peak memory",
    "intake": "one intake process: single requests, lists, answer times, from a switch to the topic",
    "classifier": "one classifier process on events that wait: events/s, CPU; what one assessment costs",
    "dispatch": "10,000 units in 514 tenants: incidents/s, p99, beside PostgreSQL + PostGIS, 100 for one unit, previews",
    "notify": "one notifier process: order → SMS, SMS/s beside Kannel, kills and dropped lines, the SMS centre gone",
    "positions": "2,000 units that each tell where they are every 5 s: fixes/s in one dispatcher, what a crew's word waits",
    "advice": "routing advice with 1,000,000 known callers over gRPC and HTTP; then with Redis hanging and gone",
    "flood": "one number at 10 calls/s: what the others' calls notice, and what watching for it costs",
    "rebuild": "the dispatcher's state lost and made again from the topics: 10,000 units, 5,000 open incidents",
    "outage": "minutes without the broker at 50 events/s: lost, doubled, order of each call, how soon all is there",
    "roads": "what choosing by straight line costs on two real road networks, and what asking the roads costs",
    "faults": "kill -9 of each process in mid-replay: lost, doubled, seconds until it is ready again",
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("bench")(bench)


def bench(
    name: Annotated[str, typer.Argument(metavar="|".join(BENCHES), help="What to measure.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
    minutes: Annotated[float | None, typer.Option(help="How long the outage lasts; 10 when not said.")] = None,
    valhalla: Annotated[str | None, typer.Option(metavar="URL", help="`roads` asks this server as well.")] = None,
    osrm: Annotated[str | None, typer.Option(metavar="URL", help="`roads` asks this server as well.")] = None,
) -> None:
    """Measure, and set the figures beside their targets."""
    if name not in BENCHES:
        raise typer.BadParameter(f"no bench {name!r}; there are: {', '.join(BENCHES)}")
    err.print(f"[bold]{name}[/]: {BENCHES[name]}")
    if minutes is not None and name != "outage":
        raise typer.BadParameter("only `outage` lasts as long as it is told")
    servers = {server: url for server, url in (("valhalla", valhalla), ("osrm", osrm)) if url is not None}
    if servers and name != "roads":
        raise typer.BadParameter("only `roads` asks routing servers")
    measure: Callable[..., Report] = import_module(f"siaga_cli.bench.{name}").measure
    report = measure(**servers) if minutes is None else measure(minutes)
    if as_json:
        sys.stdout.write(json.dumps({"bench": name, "machine": machine(), **report.data}) + "\n")
        return
    out.print(f"{machine()}; ./siaga bench {name}")
    for figure in report.figures:
        mark = {True: "[green]met[/]", False: "[red]missed[/]", None: ""}[figure.met]
        out.print(
            f"  {figure.name}: {figure.found} (target {figure.target}) {mark}"
            if figure.target
            else f"  {figure.name}: {figure.found}"
        )


def machine() -> str:
    """The machine in one line; its load at the start tells how far the figures can be trusted."""
    memory_gb = psutil.virtual_memory().total / 1024**3
    load = psutil.getloadavg()[0]
    return f"{psutil.cpu_count()} cores, {memory_gb:.0f} GB, Python {platform.python_version()}, load {load:.1f}"


def percentile(values: list[float], share: float) -> float:
    """The value below which that share of the values lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]


def cpu_s(pid: int) -> float:
    """CPU time a process has spent, in it and for it, in seconds."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)
