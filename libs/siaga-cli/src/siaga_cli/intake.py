"""`intake`: what intake makes of captured input, for whoever connects a switch or a channel."""

import json
import sys
import time
from pathlib import Path
from typing import Annotated, Final

import typer
from siaga_intake import explaining
from siaga_intake.adapters.sources import DEMO_TENANT, centre
from siaga_intake.captures import CAPTURES
from siaga_intake.core.canonical import Origin
from siaga_intake.core.centre import Centre
from siaga_kit.embedded.errors import StackError
from siaga_kit.embedded.home import project_root
from siaga_tenants import TenantError, load_tenants

from siaga_cli import explained, explained_tables, importing
from siaga_cli.console import Exit, out

app = typer.Typer(
    help="Looks at captured input as intake would, and brings in reports from files.", no_args_is_help=True
)
app.add_typer(importing.app, name="import")
# Callers' keys are made with a centre's own secret, and are not shown here.
_NO_SECRET: Final = b"explaining"


def register(root: typer.Typer) -> None:
    """Add the group."""
    root.add_typer(app, name="intake")


@app.callback()
def group() -> None:
    """Keep `explain` a command of its own."""


@app.command()
def explain(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What was captured; - reads standard input. May be .gz.")],
    *,
    source: Annotated[str, typer.Option(help=f"What sent it: {', '.join(CAPTURES)}.")],
    tenant: Annotated[str, typer.Option(help="The regency whose sources and operators are meant.")] = DEMO_TENANT,
    directory: Annotated[
        Path | None,
        typer.Option("--tenants", envvar="SIAGA_TENANTS_DIR", help="Default: tenants in the project."),
    ] = None,
    mask: Annotated[bool, typer.Option("--mask", help="Hide numbers, to show the result to others.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Show the events that captured input becomes, and what is unknown, left out or refused, without a running stack.

    Exit code 1 when something would be refused; unknown events are no error.
    """
    capture = CAPTURES.get(source)
    if capture is None:
        raise typer.BadParameter(f"no source {source!r}; known are {', '.join(CAPTURES)}", param_hint="--source")
    data, captured_ms = _read(file)
    of = Origin(_centre(directory, tenant), captured_ms, captured_ms, _NO_SECRET)
    told = explained.as_json(explaining.explain(capture, data, of), source, file)
    if mask:
        told = explained.masked(told)
    if as_json:
        sys.stdout.write(json.dumps(told) + "\n")
    else:
        out.print(f"{source} · {file} · {told['payloads']} payloads ({capture.takes})\n", markup=False)
        out.print(explained_tables.shown(told))
    if told["refused"]:
        raise typer.Exit(Exit.FAILED)


def _read(file: str) -> tuple[bytes, int]:
    """What the file holds, and when it was written: the arrival of what tells no time itself."""
    if file == "-":
        return sys.stdin.buffer.read(), int(time.time() * 1000)
    try:
        return Path(file).read_bytes(), int(Path(file).stat().st_mtime * 1000)
    except OSError as error:
        raise typer.BadParameter(f"{error.strerror}: {file}", param_hint="FILE") from error


def _centre(directory: Path | None, tenant: str) -> Centre:
    try:
        found = load_tenants(directory or project_root() / "tenants")
    except TenantError as error:
        raise StackError(str(error)) from error
    if tenant not in found:
        raise typer.BadParameter(f"no tenant {tenant!r}; known are {', '.join(sorted(found))}", param_hint="--tenant")
    return centre(found[tenant])
