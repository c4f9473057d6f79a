"""`quarantine`: what the front door could not take, for whoever connects the source."""

import json
import sqlite3
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.table import Column, Table
from siaga_kit.embedded.errors import StackError

from siaga_cli.console import out
from siaga_cli.durations import duration

if TYPE_CHECKING:
    from siaga_intake.adapters.quarantine_file import Seen

app = typer.Typer(help="Payloads that were refused, left out or not understood; numbers masked.", no_args_is_help=True)
# Of this process's data in the stack's home.
INTAKE: Final = "intake"

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Data folder of an intake that runs elsewhere. Default: this stack's.")
]


def register(root: typer.Typer) -> None:
    """Add the group."""
    root.add_typer(app, name="quarantine")


@app.command("list")
def list_(
    context: typer.Context,
    *,
    tenant: Annotated[str | None, typer.Option(help="Only this regency, as 36.73.")] = None,
    source: Annotated[str | None, typer.Option(help="Only this source, as asterisk/pbx1.")] = None,
    reason: Annotated[str | None, typer.Option(help="Only reasons with these words in them.")] = None,
    since: Annotated[str | None, typer.Option(help="Only what came in this time: 30m, 24h, 7d.")] = None,
    data_dir: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """List what was not taken, by what it has in common, the latest first."""
    earliest_ms = 0
    if since is not None:
        earliest_ms = int((datetime.now(UTC) - timedelta(seconds=duration(since, "--since"))).timestamp() * 1000)
    found = [
        seen
        for seen in _read(data_dir or context.obj.data / INTAKE)
        if tenant in (None, seen.matter.tenant)
        and source in (None, seen.matter.source)
        and (reason is None or reason in seen.matter.reason)
        and seen.last_ms >= earliest_ms
    ]
    if as_json:
        sys.stdout.write(json.dumps([_told(seen) for seen in found]) + "\n")
        return
    shown = Table(
        Column("id", no_wrap=True), "last", Column("count", justify="right"), "tenant", "source", "what", "where", "reason",
        box=None, pad_edge=False,
    )  # fmt: skip
    for seen in found:
        matter = seen.matter
        where = matter.name or matter.field or "-"
        shown.add_row(
            matter.id, _time(seen.last_ms), str(seen.count), matter.tenant, matter.source, matter.outcome, where,
            matter.reason,
        )  # fmt: skip
    out.print(shown if found else "Everything that came was taken.")


@app.command()
def show(
    context: typer.Context,
    matter_id: Annotated[str, typer.Argument(metavar="ID")],
    *,
    data_dir: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Show one of them with its samples: numbers, texts and places are masked."""
    found = _read(data_dir or context.obj.data / INTAKE, matter_id)
    if not found:
        raise StackError(f"nothing in quarantine has the id {matter_id}: `./siaga quarantine list` shows what there is")
    told = _told(found[0])
    samples = [{"seen": _time(seen_ms), "payload": _payload(payload)} for seen_ms, payload in found[0].samples]
    if as_json:
        sys.stdout.write(json.dumps({**told, "samples": samples}) + "\n")
        return
    for name, value in told.items():
        out.print(f"{name:8} {value}", markup=False, highlight=False)
    for sample in samples:
        out.print(f"\n{sample['seen']}", markup=False, highlight=False)
        payload = sample["payload"]
        written = payload if isinstance(payload, str) else json.dumps(payload, indent=2, ensure_ascii=False)
        out.print(written, markup=False, highlight=False)


def _read(folder: Path, matter_id: str | None = None) -> "list[Seen]":
    # Only this command needs the service, which takes a moment to import.
    from siaga_intake.adapters.quarantine_file import read  # noqa: PLC0415

    if not folder.is_dir():
        raise StackError(f"no intake has kept data in {folder}: name its SIAGA_DATA_DIR with --data-dir")
    try:
        return read(folder, matter_id)
    except sqlite3.Error as error:
        raise StackError(f"the quarantine in {folder} cannot be read: {error}") from error


def _told(seen: "Seen") -> dict[str, object]:
    matter = seen.matter
    return {
        "id": matter.id, "tenant": matter.tenant, "source": matter.source, "outcome": matter.outcome,
        "name": matter.name, "field": matter.field, "reason": matter.reason, "count": seen.count,
        "first": _time(seen.first_ms), "last": _time(seen.last_ms),
    }  # fmt: skip


def _payload(written: str) -> object:
    """As JSON, unless what came was none."""
    try:
        return json.loads(written)
    except ValueError:
        return written


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
