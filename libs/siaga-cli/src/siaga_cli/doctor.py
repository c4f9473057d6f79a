"""`doctor`: what this machine and this folder have and lack, each with its remedy."""

import asyncio
import json
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Final

import psutil
import typer
from rich.table import Column, Table
from siaga_kit.embedded import jars, kafka_server, redis_server, state
from siaga_kit.embedded.errors import StackError
from siaga_kit.embedded.home import Home, project_root
from siaga_kit.embedded.ports import USUAL, is_free
from siaga_kit.topics import describe
from siaga_tenants import TenantError

from siaga_cli.console import Exit, out
from siaga_cli.tenants import checked

GB: Final = 1024**3
# Kafka's segments, Redis's log and the jars of a month stay far below.
DISK_WANTED_GB: Final = 2.0
# Measured for the whole stack, with room for a replay.
MEMORY_WANTED_GB: Final = 1.5


@dataclass(frozen=True, slots=True)
class Finding:
    """`ok`; `note` = works, but know it; `bad` = will not work."""

    check: str
    verdict: str
    found: str
    remedy: str = ""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(
    context: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Look at everything the stack needs; exit code 3 when something is missing."""
    findings = [check(context.obj) for check in CHECKS]
    if as_json:
        sys.stdout.write(json.dumps({"checks": [asdict(finding) for finding in findings]}) + "\n")
    else:
        out.print(_table(findings))
    if any(finding.verdict == "bad" for finding in findings):
        raise typer.Exit(Exit.MISSING)


def python(_: Home) -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info >= (3, 11)
    return Finding("python", "ok" if good else "bad", f"{version} ({sys.executable})", "" if good else "install 3.11+")


def disk(home: Home) -> Finding:
    folder = next(path for path in (home.root, *home.root.parents) if path.exists())
    free = shutil.disk_usage(folder).free / GB
    good = free >= DISK_WANTED_GB
    remedy = "" if good else f"{DISK_WANTED_GB:g} GB are wanted: make room, or choose another disk with --home"
    return Finding("disk", "ok" if good else "bad", f"{free:.1f} GB free at {folder}", remedy)


def memory(_: Home) -> Finding:
    free = psutil.virtual_memory().available / GB
    good = free >= MEMORY_WANTED_GB
    remedy = "" if good else f"the stack takes about {MEMORY_WANTED_GB:g} GB: close something"
    return Finding("memory", "ok" if good else "note", f"{free:.1f} GB available", remedy)


def jre(_: Home) -> Finding:
    try:
        return Finding("java", "ok", str(kafka_server.java()))
    except StackError as error:
        return Finding("java", "bad", error.what, error.remedy)


def kafka_jars(home: Home) -> Finding:
    there = jars.is_complete(home.jars)
    remedy = "" if there else "the first `./siaga up` fetches them; it needs the Maven registry once"
    return Finding(
        "kafka jars",
        "ok" if there else "note",
        f"{jars.KAFKA_VERSION} in {home.jars}" if there else "not fetched yet",
        remedy,
    )


def redis(_: Home) -> Finding:
    try:
        return Finding("redis", "ok", str(redis_server.binary()))
    except StackError as error:
        return Finding("redis", "bad", error.what, error.remedy)


def ports(home: Home) -> Finding:
    if state.is_running(home):
        return Finding("ports", "ok", "held by the running stack")
    busy = [f"{name} {port}" for name, port in USUAL.items() if not is_free(port)]
    remedy = "free ones are taken instead; `./siaga status` shows them" if busy else ""
    return Finding("ports", "note" if busy else "ok", f"busy: {', '.join(busy)}" if busy else "all free", remedy)


def running(home: Home) -> Finding:
    told = state.read(home)
    if told is None or not state.is_running(home):
        return Finding("stack", "note", f"nothing runs on {home.root}", "./siaga up")
    late = [process.name for process in told.processes if not process.ready]
    if late:
        return Finding("stack", "bad", f"not ready: {', '.join(late)}", f"see the logs in {home.logs}")
    return Finding("stack", "ok", f"{len(told.processes)} processes ready on {home.root}")


def topics(home: Home) -> Finding:
    told = state.read(home)
    if told is None or told.addresses is None or not state.is_running(home):
        return Finding("topics", "note", "no broker runs to ask", "./siaga up")
    try:
        changes = asyncio.run(describe(told.addresses.kafka_bootstrap))
    except Exception as error:  # noqa: BLE001  (whatever it is, it is what the doctor should tell)
        return Finding("topics", "bad", f"{type(error).__name__}: {error}", f"see {home.log('kafka')}")
    differing = [change.topic for change in changes if change.action != "as listed"]
    if differing:
        return Finding(
            "topics", "bad", f"differ: {', '.join(differing)}", "./siaga topics check, ./siaga topics create"
        )
    return Finding("topics", "ok", f"{len(changes)} as in the catalogue")


def tenants(_: Home) -> Finding:
    try:
        found = checked(project_root() / "tenants")
    except TenantError as error:
        return Finding("tenants", "bad", str(error), "mend the file it names")
    return Finding("tenants", "ok", ", ".join(sorted(found)))


CHECKS: Final[Sequence[Callable[[Home], Finding]]] = (
    python, disk, memory, jre, kafka_jars, redis, ports, running, topics, tenants,
)  # fmt: skip


def _table(findings: Sequence[Finding]) -> Table:
    signs = {"ok": "[green]✓[/]", "note": "[yellow]•[/]", "bad": "[red]✗[/]"}
    shown = Table(
        "", "check", Column("found", overflow="fold"), Column("what to do", overflow="fold"), box=None, pad_edge=False
    )
    for finding in findings:
        shown.add_row(signs[finding.verdict], finding.check, finding.found, finding.remedy)
    return shown
