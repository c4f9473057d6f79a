"""`audit`: who saw or changed what, and whether the record of it is whole."""

import json
import sys
from typing import Annotated

import typer
from rich.table import Column, Table
from siaga.v1.audit_pb2 import AuditRecord
from siaga_contracts.audit import Chain, chains
from siaga_contracts.catalogue import AUDIT
from siaga_kit.embedded.home import Home

from siaga_cli.callers import AsJson, tell_json, when
from siaga_cli.cluster import cluster
from siaga_cli.console import Exit, out
from siaga_cli.reading import read_all

app = typer.Typer(help="The audit: who saw or changed what.", no_args_is_help=True)

OneTenant = Annotated[str | None, typer.Option("--tenant", envvar="SIAGA_TENANT", help="Only this regency, as 36.73.")]


def register(root: typer.Typer) -> None:
    """Add the group."""
    root.add_typer(app, name="audit")


@app.command()
def show(
    context: typer.Context,
    *,
    tenant: OneTenant = None,
    subject: Annotated[str | None, typer.Option(help="Only about this, as caller/KEY.")] = None,
    actor: Annotated[str | None, typer.Option(help="Only by this person.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the latest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show who looked, who decided, and why."""
    found = [
        each
        for each in _records(context.obj, tenant)
        if subject in (None, each.subject) and actor in (None, each.actor)
    ]
    found.sort(key=lambda each: -each.at_ms)
    if as_json:
        tell_json(found[:limit])
        return
    shown = Table(
        "when", "tenant", "actor", "action", Column("subject", no_wrap=True), "reason", box=None, pad_edge=False
    )
    for each in found[:limit]:
        shown.add_row(when(each.at_ms), each.tenant, each.actor, each.action, each.subject, each.reason)
    out.print(shown if found else "Nothing is in the audit yet.")
    if len(found) > limit:
        out.print(f"… and {len(found) - limit} more (--limit).")


@app.command()
def verify(
    context: typer.Context,
    *,
    tenant: OneTenant = None,
    as_json: AsJson = False,
) -> None:
    """Check that no record was changed, taken out or slipped in. Exit code 1 when one was."""
    found = chains(_records(context.obj, tenant))
    if as_json:
        sys.stdout.write(json.dumps([_plain(each) for each in found.values()]) + "\n")
    else:
        for each in found.values():
            out.print(_told(each), markup=False, highlight=False)
        if not found:
            out.print("Nothing is in the audit yet.")
    if not all(each.whole for each in found.values()):
        raise typer.Exit(Exit.FAILED)


def _records(home: Home, tenant: str | None) -> list[AuditRecord]:
    """The records, each once: one may have been published twice."""
    read = (AuditRecord.FromString(record.value) for record in read_all(cluster(home), AUDIT) if record.value)
    return list({bytes(each.SerializeToString()): each for each in read if tenant in (None, each.tenant)}.values())


def _plain(chain: Chain) -> dict[str, object]:
    return {
        "tenant": chain.tenant,
        "whole": chain.whole,
        "records": chain.records,
        "altered": chain.altered,
        "orphaned": chain.orphaned,
        "starts": chain.starts,
        "forked": chain.forked,
        "ends": [each.hex() for each in chain.ends],
    }


def _told(chain: Chain) -> str:
    end = ", ".join(each.hex()[:16] for each in chain.ends)
    if chain.whole:
        since = " (older ones are no longer kept)" if chain.orphaned else ""
        return f"{chain.tenant}: {chain.records} records, one chain{since}; its end is {end}…"
    wrong = {
        "changed after they were written": chain.altered,
        "without the one before": chain.orphaned,
        "followed by more than one": chain.forked,
        "chains that begin with nothing before": chain.starts if len(chain.starts) > 1 else (),
    }
    return f"{chain.tenant}: NOT WHOLE: " + "; ".join(f"{what}: {', '.join(ids)}" for what, ids in wrong.items() if ids)
