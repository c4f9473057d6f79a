"""`intake import`: reports that another service has collected, from a file through the front door of the running stack."""

import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.markup import escape
from siaga_intake.adapters.sources import DEMO_TENANT
from siaga_intake.core.doors import LAPOR
from siaga_kit.embedded import state
from siaga_kit.embedded.errors import StackError

from siaga_cli.console import Exit, out
from siaga_cli.report_files import Row, Unreadable, rows

app = typer.Typer(help="Brings in what other services have collected.", no_args_is_help=True)

# Reports have some kilobytes, and a body at most a megabyte.
BATCH: Final = 100
TIMEOUT_S: Final = 30.0
# A stack that restarts is back within these tries; each waits longer than the one before.
TRIES: Final = 6
LATER: Final = frozenset({429, 500, 503})
# Lines told one by one on a terminal; `--json` tells all.
SHOWN: Final = 20


@app.callback()
def group() -> None:
    """Keep `lapor` a command of its own."""


@dataclass(slots=True)
class Told:
    """What became of each line of a file."""

    accepted: int = 0
    left_out: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)


@app.command()
def lapor(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="An export: .csv, .json or .jsonl.", exists=True, dir_okay=False)],
    *,
    tenant: Annotated[str, typer.Option(help="The regency whose reports these are.")] = DEMO_TENANT,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Post the reports of SP4N-LAPOR in a file, and say by its line what was not taken. The same file again changes nothing.

    Exit code 1 when a row was rejected; the others are taken all the same.
    """
    told = state.read(context.obj)
    if told is None or told.addresses is None or not state.is_running(context.obj):
        raise StackError(f"no stack runs on {context.obj.root}", "start it with `./siaga up`")
    post = Post(told.addresses.intake_url, told.addresses.token or "", tenant)
    try:
        found = imported(rows(file), post)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="FILE") from error
    if as_json:
        sys.stdout.write(
            json.dumps({"accepted": found.accepted, "left_out": found.left_out, "rejected": found.rejected}) + "\n"
        )
    else:
        _show(found, file)
    if found.rejected:
        raise typer.Exit(Exit.FAILED)


@dataclass(frozen=True, slots=True)
class Post:
    """The way to the front door."""

    url: str
    token: str
    tenant: str
    path: str = LAPOR.path

    def __call__(self, reports: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """The three lists of the front door's answer. Sent again while it says so; raises StackError when it never takes them."""
        request = urllib.request.Request(  # noqa: S310  (the address is the running stack's own)
            self.url + self.path,
            json.dumps(reports).encode(),
            {
                "Authorization": f"Bearer {self.token}",
                "X-Siaga-Tenant": self.tenant,
                "Content-Type": "application/json",
            },
        )
        why = ""
        for number in range(TRIES):
            if number:
                time.sleep(2 ** (number - 1))
            try:
                with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310
                    return _lists(response.read())
            except urllib.error.HTTPError as error:
                answer = error.read()
                if error.code not in LATER:
                    return _refused(error.code, answer)
                why = f"{error.code} {error.reason}"
            except OSError as error:
                why = str(error)
        raise StackError(f"the front door did not take it: {why}", "do the same again later")


def imported(lines: Iterable[Row | Unreadable], post: Post) -> Told:
    """Post the rows in batches; what was read from the file and what the front door said, by line."""
    told = Told()
    readable = _readable(lines, told)
    while batch := list(islice(readable, BATCH)):
        # An export tells of days gone by: such calls never count against a caller.
        answer = post([{"backfilled": True, **row.fields} for row in batch])
        told.accepted += len(answer["accepted"])
        for each in answer["accepted"]:
            told.left_out += [{"line": batch[each["index"]].line, **part} for part in each.get("left_out", ())]
        for each in answer["rejected"]:
            told.rejected.append({"line": batch[each["index"]].line, "field": each["field"], "reason": each["reason"]})
    told.rejected.sort(key=lambda each: int(each["line"]))
    return told


def _readable(lines: Iterable[Row | Unreadable], told: Told) -> Iterator[Row]:
    for line in lines:
        if isinstance(line, Row):
            yield line
        else:
            told.rejected.append({"line": line.line, "field": "", "reason": line.reason})


def _lists(answer: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer)
    return found


def _refused(status: int, answer: bytes) -> dict[str, Any]:
    """The answer when no row was taken: it has the three lists as well, unless the request itself was turned away."""
    problem = _lists(answer)
    if "rejected" not in problem:
        raise StackError(f"the front door answers {status}: {problem.get('detail', '')}")
    return problem


def _show(told: Told, file: Path) -> None:
    out.print(f"{escape(str(file))}: {told.accepted} taken, {len(told.rejected)} rejected")
    for title, lines in (("rejected", told.rejected), ("taken without", told.left_out)):
        for each in lines[:SHOWN]:
            what = f"{each['field']}: {each['reason']}" if each["field"] else each["reason"]
            out.print(f"  line {each['line']}: {title}: {escape(what)}")
        if len(lines) > SHOWN:
            out.print(f"  and {len(lines) - SHOWN} more {title}; --json tells all")
