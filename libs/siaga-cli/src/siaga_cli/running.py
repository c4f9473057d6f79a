"""`up`, `down`, `status`: the stack on this machine."""

import json
import sys
from typing import Annotated, Final

import psutil
import typer
from rich.live import Live
from rich.table import Table
from siaga_kit.embedded import control, daemon, state
from siaga_kit.embedded.home import Home
from siaga_kit.embedded.plan import Choices
from siaga_kit.embedded.ports import Mode
from siaga_kit.embedded.state import StackState

from siaga_cli.console import Exit, err, fetching, out
from siaga_cli.lag import lag_by_process
from siaga_cli.notes import notes

MB: Final = 1024 * 1024
# Lies beside data that the demonstration made and may throw away; a centre that starts on it makes it its own.
DEMO_MARK: Final = "made-by-demo"
PORTS = Annotated[
    str, typer.Option(help="`fixed`: the usual ports where they are free; `free`: any.", metavar="fixed|free")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(up)
    app.command()(down)
    app.command()(status)


def up(
    context: typer.Context,
    *,
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Return when all is ready, and leave it running.")
    ] = False,
    ports: PORTS = "fixed",
) -> None:
    """Start Kafka, Redis, the SMS centre and all services, and keep them running.

    Servers that SIAGA_KAFKA__BOOTSTRAP, SIAGA_REDIS__URL and SIAGA_SMPP__HOST name are used instead of our own.
    """
    choices = Choices(port_mode(ports), real_sms=True)
    home: Home = context.obj
    (home.root / DEMO_MARK).unlink(missing_ok=True)
    if detach:
        start_watched(home, choices)
        out.print(table(home))
        return
    err.print(f"Starting on {home.root}; stop with Ctrl-C, look with `./siaga status` in another window.")
    with fetching() as progress:
        daemon.serve(home, choices, progress=progress, report=_Teller())


class _Teller:
    """Tells a stack in the foreground: once when all is up, and then each process that falls and comes back."""

    def __init__(self) -> None:
        self._ready: dict[str, bool] = {}

    def __call__(self, told: StackState) -> None:
        before, self._ready = self._ready, {process.name: process.ready for process in told.processes}
        if told.phase != "ready":
            self._ready = {}
        elif not before:
            err.print(_rows(told, {}))
        else:
            for process in told.processes:
                if before.get(process.name) != process.ready:
                    err.print(f"{process.name}: {'ready again' if process.ready else process.why}")


def port_mode(told: str) -> Mode:
    """The option's word as a mode."""
    if told == "fixed":
        return "fixed"
    if told == "free":
        return "free"
    raise typer.BadParameter("must be fixed or free", param_hint="--ports")


def start_watched(home: Home, choices: Choices) -> StackState:
    """Start in the background and show how it comes up."""
    with fetching() as progress, Live(console=err, transient=True, auto_refresh=False) as live:

        def report(told: StackState) -> None:
            live.update(_rows(told, {}), refresh=True)

        return control.start(home, choices, progress=progress, report=report)


def down(context: typer.Context) -> None:
    """Stop everything, services first."""
    home: Home = context.obj
    err.print(f"Stopped the stack on {home.root}." if control.stop(home) else f"Nothing runs on {home.root}.")


def status(
    context: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Show every process: whether it is ready, how often it was restarted, how far behind it is."""
    home: Home = context.obj
    told = state.read(home)
    running = told is not None and state.is_running(home)
    rows = [] if told is None or not running else _processes(told, _lag(told))
    noted = notes(home) if rows else {}
    for row in rows:
        if row["name"] in noted:
            row["notes"] = noted[str(row["name"])]
    if as_json:
        sys.stdout.write(json.dumps({"processes": rows}) + "\n")
    elif told is None or not running:
        left = [] if told is None else [process.name for process in told.processes if _rss(process.pid) is not None]
        note = (
            f"; its supervisor is gone, but {', '.join(left)} may still run: `./siaga up` takes them over"
            if left
            else ""
        )
        err.print(f"No stack runs on {home.root}{note}.")
    else:
        out.print(_rows(told, _lag(told)))
        for name, found in noted.items():
            for about, note in found.items():
                out.print(f"{name}: {about}: {note}", markup=False, highlight=False)
    if not rows or not all(row["ready"] for row in rows):
        raise typer.Exit(Exit.FAILED)


def table(home: Home) -> Table:
    """The processes of a running stack."""
    told = state.read(home)
    return Table() if told is None else _rows(told, {})


def _lag(told: StackState) -> dict[str, int]:
    return {} if told.addresses is None else lag_by_process(told.addresses.kafka_bootstrap)


def _processes(told: StackState, lag: dict[str, int]) -> list[dict[str, object]]:
    # The one process with two doors.
    advice = {"advice_url": told.addresses.advice_url} if told.addresses and told.addresses.advice_url else {}
    return [
        {
            **(advice if process.name == "classifier" else {}),
            "name": process.name,
            "pid": process.pid,
            "ready": process.ready,
            "restarts": process.restarts,
            "url": process.url,
            "lag": lag.get(process.name),
            "rss_mb": _rss(process.pid),
        }
        for process in told.processes
    ]


def _rss(pid: int | None) -> float | None:
    if pid is None:
        return None
    try:
        return round(psutil.Process(pid).memory_info().rss / MB, 1)
    except psutil.Error:
        return None


def _rows(told: StackState, lag: dict[str, int]) -> Table:
    shown = Table(box=None, pad_edge=False)
    for heading in ("process", "pid", "state", "restarts", "lag", "MB", "where"):
        shown.add_column(heading, justify="right" if heading in ("pid", "restarts", "lag", "MB") else "left")
    for row, process in zip(_processes(told, lag), told.processes, strict=True):
        ready = "[green]ready[/]" if process.ready else f"[yellow]{process.why or 'not ready'}[/]"
        numbers = [str("-" if row[name] is None else row[name]) for name in ("pid", "restarts", "lag", "rss_mb")]
        doors = " ".join(str(row[name]) for name in ("url", "advice_url") if name in row)
        shown.add_row(process.name, numbers[0], ready, *numbers[1:], doors)
    return shown
