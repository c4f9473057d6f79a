"""`tenants`: the regencies' data."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from siaga_kit.embedded.errors import StackError
from siaga_kit.embedded.home import project_root
from siaga_tenants import TenantError, load_tenants

from siaga_cli.console import out

app = typer.Typer(help="The regencies' data: units, plans, policies, places.", no_args_is_help=True)


def register(root: typer.Typer) -> None:
    """Add the group."""
    root.add_typer(app, name="tenants")


@app.callback()
def group() -> None:
    """Keep `check` a command of its own, though it is the only one so far."""


@app.command()
def check(
    directory: Annotated[
        Path | None, typer.Argument(envvar="SIAGA_TENANTS_DIR", help="Default: tenants in the project.")
    ] = None,
) -> None:
    """Validate every tenant; an error names file, line and remedy."""
    try:
        found = load_tenants(directory or project_root() / "tenants")
    except TenantError as error:
        raise StackError(str(error)) from error
    shown = Table("code", "name", "units", "examples", "sources", "areas", box=None, pad_edge=False)
    for code, tenant in sorted(found.items()):
        examples = sum(unit.example for unit in tenant.units)
        areas = len(tenant.gazetteer.areas)
        shown.add_row(code, tenant.name, str(len(tenant.units)), str(examples), str(len(tenant.sources)), str(areas))
    out.print(shown)
