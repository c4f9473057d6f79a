"""`posture`: how hard each centre is pressed, and the word that it has a major incident."""

import time
from typing import Annotated

import typer
from rich.table import Table
from siaga.v1.posture_pb2 import PostureLevel, TenantPosture
from siaga.v1.postures_service_pb2 import DeclareRequest, LiftRequest
from siaga.v1.postures_service_pb2_grpc import PosturesStub
from siaga_contracts.catalogue import POSTURES
from siaga_kit.embedded.home import Home

from siaga_cli.callers import ANSWER_S, Actor, AsJson, Reason, TenantOf, ask, tell_json, when, word
from siaga_cli.cluster import cluster
from siaga_cli.console import out
from siaga_cli.durations import duration
from siaga_cli.reading import read_all

app = typer.Typer(help="How hard a centre is pressed, and major incidents.", no_args_is_help=True)
_COLOURS = {"green": "green", "yellow": "yellow", "orange": "dark_orange", "red": "bold red"}


def register(root: typer.Typer) -> None:
    """Add the group."""
    root.add_typer(app, name="posture")


@app.command()
def show(
    context: typer.Context,
    *,
    tenant: Annotated[str | None, typer.Option(help="Only this regency, as 36.73.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what each centre was told last. A centre that is not listed has been green all the time."""
    found = [each for each in postures(context.obj) if tenant in (None, each.tenant)]
    if as_json:
        tell_json(found)
        return
    shown = Table(
        "tenant", "level", "since", "reason", "calls/min", "callers/min", "usual", "unserved", "sanctions", "hot callers",
        box=None, pad_edge=False,
    )  # fmt: skip
    for each in found:
        level = word(PostureLevel, each.level, "POSTURE_LEVEL_")
        hot = ", ".join(
            f"{one.caller_key or one.source} ({one.calls} since {when(one.since_ms)})" for one in each.hot_callers
        )
        shown.add_row(
            each.tenant, f"[{_COLOURS.get(level, 'default')}]{level}[/]", when(each.since_ms),
            f"{each.reason} by {each.declared_by}" if each.declared_by else each.reason or "-",
            f"{each.calls_per_minute:.1f}", f"{each.callers_per_minute:.1f}", f"{each.usual_per_minute:.1f}",
            f"{each.unserved_share:.0%}", "suspended" if each.sanctions_suspended else "in force", hot or "-",
        )  # fmt: skip
    out.print(shown if found else "Every centre is green, and has been all the time.")


@app.command()
def declare(
    context: typer.Context,
    *,
    tenant: TenantOf,
    actor: Actor,
    reason: Reason,
    lasts: Annotated[str, typer.Option("--for", help="How long, as 2h; at most 7d.")] = "2h",
    as_json: AsJson = False,
) -> None:
    """Say that the centre has a major incident: red, sanctions suspended, nothing counts."""
    until_ms = int(time.time() * 1000) + duration(lasts, "--for") * 1000
    request = DeclareRequest(tenant=tenant, actor=actor, reason=reason, until_ms=until_ms)
    made = ask(context.obj, lambda stub: stub.Declare(request, timeout=ANSWER_S), PosturesStub).decision
    if as_json:
        tell_json(made)
        return
    out.print(f"{tenant} has a major incident until {when(made.until_ms)}; `siaga posture lift` ends it sooner.")


@app.command()
def lift(context: typer.Context, *, tenant: TenantOf, actor: Actor, reason: Reason, as_json: AsJson = False) -> None:
    """Say that the major incident is over. In a flood the centre stays red by its rates."""
    request = LiftRequest(tenant=tenant, actor=actor, reason=reason)
    made = ask(context.obj, lambda stub: stub.Lift(request, timeout=ANSWER_S), PosturesStub).decision
    if as_json:
        tell_json(made)
        return
    out.print(f"{tenant}: no major incident any more; `siaga posture show` tells the level.")


def postures(home: Home) -> list[TenantPosture]:
    """The latest that was told of each centre, by code."""
    latest: dict[str, TenantPosture] = {}
    for record in read_all(cluster(home), POSTURES):
        if record.value is not None:
            told = TenantPosture.FromString(record.value)
            if told.tenant not in latest or latest[told.tenant].revision <= told.revision:
                latest[told.tenant] = told
    return [latest[tenant] for tenant in sorted(latest)]
