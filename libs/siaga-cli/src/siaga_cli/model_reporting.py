"""`model report` and `model examples`: how well words are read in the field, and what operators teach."""

import json
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import typer
from aiokafka import ConsumerRecord
from rich.table import Table
from siaga.v1.assessment_pb2 import CallAssessment
from siaga.v1.example_pb2 import LabelledExample
from siaga_classifier.adapters.example_codec import labelled_of
from siaga_classifier.core.confusion import Confusion, confusion, shown
from siaga_classifier.core.learning import Labelled
from siaga_contracts.catalogue import CALL_ASSESSMENTS, LABELLED_EXAMPLES
from siaga_kit.embedded.errors import StackError

from siaga_cli.cluster import Cluster, cluster
from siaga_cli.console import Exit, err, out
from siaga_cli.durations import duration
from siaga_cli.model_examples import ROW_COLUMNS, row_of
from siaga_cli.reading import read_each

# Weeks begin on Monday at this clock; further east an hour or two of Sunday night count to the week before.
WEEK_ZONE: Final = ZoneInfo("Asia/Jakarta")
MISSED_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class Span:
    """From when to before when, epoch milliseconds."""

    begin_ms: int
    end_ms: int


TenantOption = Annotated[str | None, typer.Option(help="Only this regency, as 36.73.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the group."""
    app.command()(report)
    app.command()(examples)


def report(
    context: typer.Context,
    *,
    week: Annotated[str | None, typer.Option(help="A week, as 2026-W03. Default: all that is kept (30 days).")] = None,
    since: Annotated[str | None, typer.Option(help="Or the last so much time, as 7d.")] = None,
    tenant: TenantOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Set operators' labels against what the machine made of their calls. Exit code 1 when a real call was missed."""
    span = _span(week, since)
    calls = [
        call
        for call in _labelled(cluster(context.obj)).values()
        if tenant in (None, call.tenant) and span.begin_ms <= call.event_at_ms < span.end_ms
    ]
    found = confusion(calls)
    if as_json:
        sys.stdout.write(json.dumps(_as_json(found)) + "\n")
    else:
        _print(found)
    if found.missed:
        raise typer.Exit(Exit.FAILED)


def examples(
    context: typer.Context,
    *,
    export: Annotated[Path, typer.Option(help="The file to write, in the shape of data/utterances.")],
    tenant: TenantOption = None,
) -> None:
    """Write the labelled texts of centres that consent, masked, for `siaga model train`."""
    latest: dict[str, LabelledExample] = {}

    def take(record: ConsumerRecord[bytes, bytes]) -> None:
        if record.value is not None:
            example = LabelledExample.FromString(record.value)
            latest[example.call_id] = example

    read_each(cluster(context.obj), LABELLED_EXAMPLES, take)
    asked = [example for example in latest.values() if tenant in (None, example.tenant)]
    rows = sorted({row for example in asked if (row := row_of(example)) is not None})
    try:
        export.write_text("".join("\t".join(row) + "\n" for row in (ROW_COLUMNS, *rows)), "utf-8")
    except OSError as error:
        raise StackError(f"{export}: {error.strerror}", "name a file in a folder that can be written to") from error
    err.print(f"{export}: {len(rows)} texts of {len(asked)} labelled calls. Masking is no proof: look through it.")


def _span(week: str | None, since: str | None) -> Span:
    if week and since:
        raise typer.BadParameter("give --week or --since, not both")
    now = datetime.now(WEEK_ZONE)
    if since:
        begin = now - timedelta(seconds=duration(since, "--since"))
        return Span(_ms(begin), _ms(now))
    if not week:
        return Span(0, sys.maxsize)
    try:
        monday = datetime.strptime(f"{week}-1", "%G-W%V-%u").replace(tzinfo=WEEK_ZONE)
    except ValueError as error:
        raise typer.BadParameter(f"{week!r} is no week like 2026-W03", param_hint="--week") from error
    return Span(_ms(monday), _ms(monday + timedelta(weeks=1)))


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _labelled(where: Cluster) -> dict[str, Labelled]:
    """Every labelled call by its id, as it was told last."""
    found: dict[str, Labelled] = {}

    def take(record: ConsumerRecord[bytes, bytes]) -> None:
        if record.value is None:
            return
        message = CallAssessment.FromString(record.value)
        call = labelled_of(message)
        if call is None:
            found.pop(message.call_id, None)
        else:
            found[call.call_id] = call

    read_each(where, CALL_ASSESSMENTS, take)
    return found


def _as_json(found: Confusion) -> dict[str, object]:
    return {
        "calls": found.calls,
        "real": found.real,
        "recall_real": found.recall_real,
        "prioritised": found.prioritised,
        "under_triage": found.under_triage,
        "needs": [
            {"said": said.name.lower(), "machine": heard.name.lower(), "calls": count}
            for (said, heard), count in sorted(found.needs.items())
        ],
        "types": [
            {"said": said, "machine": heard, "calls": shown((said, heard), count)}
            for (said, heard), count in sorted(found.types.items())
        ],
        "missed_real": [{"tenant": tenant, "call_id": call_id} for tenant, call_id in found.missed],
    }


def _print(found: Confusion) -> None:
    out.print(f"{found.calls} labelled calls, {found.real} of them real")
    out.print(f"real calls that the machine alone would have shown to somebody: {_share(found.recall_real)}")
    out.print(f"real calls with too low a priority: {_share(found.under_triage)} of {found.prioritised}")
    needs = Table("people said", "machine", "calls", box=None, pad_edge=False)
    for (said, heard), count in sorted(found.needs.items()):
        needs.add_row(_need(said.name), _need(heard.name), str(count))
    out.print(needs)
    types = Table("people said", "machine", "calls", box=None, pad_edge=False)
    for (kind, heard_kind), count in sorted(found.types.items(), key=lambda item: (-item[1], item[0])):
        types.add_row(kind, heard_kind, shown((kind, heard_kind), count))
    out.print(types)
    if not found.missed:
        out.print("No real call was missed.")
        return
    out.print(f"[bold red]{len(found.missed)} real calls missed[/] (the machine alone would only have recorded them):")
    for tenant, call_id in found.missed[:MISSED_SHOWN]:
        out.print(f"  {tenant} {call_id}")
    if len(found.missed) > MISSED_SHOWN:
        out.print(f"  … and {len(found.missed) - MISSED_SHOWN} more (--json has all).")


def _need(name: str) -> str:
    return "-" if name == "UNSPECIFIED" else name.lower()


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"
