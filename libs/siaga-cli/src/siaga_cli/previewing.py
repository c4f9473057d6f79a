"""`dispatch preview`: who would be sent, and why, asked of the running dispatcher."""

import math
import re
from typing import Annotated, Final

import typer
from rich.markup import escape
from rich.table import Table
from siaga.v1.common_pb2 import Priority
from siaga.v1.dispatch_service_pb2 import PreviewRequest, PreviewResponse
from siaga.v1.dispatch_service_pb2_grpc import DispatchStub

from siaga_cli.callers import ANSWER_S, DISPATCHER, AsJson, TenantOf, ask, tell_json
from siaga_cli.console import out

_POINT: Final = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)\s*")


def preview(
    context: typer.Context,
    *,
    tenant: TenantOf,
    kind: Annotated[str, typer.Option("--type", help="As fire_building.")] = "",
    priority: Annotated[str, typer.Option(help="P0 to P4.")] = "P1",
    at: Annotated[str, typer.Option(help="Where, as latitude,longitude: -6.12,106.15.")] = "",
    incident: Annotated[str, typer.Option(help="An open incident's id, instead of --type and --at.")] = "",
    also: Annotated[list[str] | None, typer.Option(help="A further type; may be given again.")] = None,
    without: Annotated[
        list[str] | None, typer.Option(help="As if this unit were not there; may be given again.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Who would be sent now, and why. Nothing is done."""
    lat, lon = (0.0, 0.0) if incident else _point(at)
    request = PreviewRequest(
        tenant=tenant, incident_id=incident, type=kind, priority=_priority(priority), lat=lat, lon=lon,
        further_types=also or [], excluded_unit_ids=without or [],
    )  # fmt: skip
    answer = ask(context.obj, lambda stub: stub.Preview(request, timeout=ANSWER_S), DispatchStub, DISPATCHER)
    if as_json:
        tell_json(answer)
    else:
        _show(answer)


def _point(told: str) -> tuple[float, float]:
    found = _POINT.fullmatch(told)
    if found is None:
        raise typer.BadParameter(f"{told!r} is no latitude,longitude like -6.12,106.15", param_hint="--at")
    return float(found[1]), float(found[2])


def _priority(told: str) -> "Priority.ValueType":
    try:
        return Priority.Value(f"PRIORITY_{told.upper()}")
    except ValueError:
        raise typer.BadParameter(f"{told!r} is none of P0 to P4", param_hint="--priority") from None


def _show(answer: PreviewResponse) -> None:
    table = Table("need", "unit", "verdict", "minutes", "why", box=None, pad_edge=False)
    for one in answer.candidates:
        minutes = str(math.ceil(one.eta_s / 60))
        table.add_row(one.role, f"{one.unit_id} {escape(one.unit_name)}", one.verdict, minutes, escape(one.detail))
    if answer.candidates:
        out.print(table)
    if not answer.needs:
        out.print("The plan sends nobody, or nothing is lacking.")
    for gap in answer.shortfalls:
        out.print(f"[yellow]![/] {gap.role}: {gap.code} ({escape(gap.detail)})")
    for warning in answer.coverage_warnings:
        out.print(f"[yellow]![/] would be left short: {escape(warning)}")
