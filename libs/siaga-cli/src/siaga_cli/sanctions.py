"""`sanctions`: what the ledger decided about callers."""

import json
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer
from google.protobuf.json_format import MessageToDict
from rich.table import Column, Table
from siaga.v1.common_pb2 import SanctionState
from siaga.v1.sanction_pb2 import CallerSanction
from siaga_contracts.catalogue import SANCTIONS

from siaga_cli.cluster import cluster
from siaga_cli.console import out
from siaga_cli.reading import read_all

app = typer.Typer(help="Sanctions of callers who keep calling for nothing.", no_args_is_help=True)


def register(root: typer.Typer) -> None:
    """Add the group."""
    root.add_typer(app, name="sanctions")


@app.callback()
def group() -> None:
    """Keep `show` a command of its own, though it is the only one so far."""


@app.command()
def show(
    context: typer.Context,
    *,
    tenant: Annotated[str | None, typer.Option(help="Only this regency, as 36.73.")] = None,
    caller: Annotated[str | None, typer.Option(help="Only this caller key.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the highest scores first.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Show callers with their state and score. They are known by keys, never by number."""
    latest: dict[bytes, CallerSanction] = {}
    for record in read_all(cluster(context.obj), SANCTIONS):
        if record.value is None:
            latest.pop(record.key or b"", None)
        else:
            latest[record.key or b""] = CallerSanction.FromString(record.value)
    found = [
        sanction
        for sanction in latest.values()
        if tenant in (None, sanction.tenant) and caller in (None, sanction.caller_key)
    ]
    found.sort(key=lambda sanction: (-sanction.abuse_score, sanction.caller_key))
    if as_json:
        told = [MessageToDict(sanction, preserving_proto_field_name=True) for sanction in found[:limit]]
        sys.stdout.write(json.dumps(told) + "\n")
        return
    shown = Table(
        Column("caller", no_wrap=True), "tenant", "state", "score", "until", "reason", box=None, pad_edge=False
    )
    for sanction in found[:limit]:
        state = SanctionState.Name(sanction.state).removeprefix("SANCTION_STATE_").lower()
        until = (
            datetime.fromtimestamp(sanction.until_ms / 1000, UTC).strftime("%Y-%m-%d %H:%MZ")
            if sanction.until_ms
            else "-"
        )
        shown.add_row(sanction.caller_key, sanction.tenant, state, f"{sanction.abuse_score:g}", until, sanction.reason)
    out.print(shown if found else "No caller has a record yet.")
    if len(found) > limit:
        out.print(f"… and {len(found) - limit} more (--limit).")
