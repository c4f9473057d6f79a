"""`tenants`: the regencies' data."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from siaga_kit.embedded.errors import StackError
from siaga_kit.embedded.home import project_root
from siaga_tenants import TenantError, Tenants, load_tenants
from siaga_tenants.roster_gaps import roster_gaps

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
        found = checked(directory or project_root() / "tenants")
    except TenantError as error:
        raise StackError(str(error)) from error
    shown = Table("code", "name", "units", "examples", "sources", "areas", box=None, pad_edge=False)
    for code, tenant in sorted(found.items()):
        examples = sum(unit.example for unit in tenant.units)
        areas = len(tenant.gazetteer.areas)
        shown.add_row(code, tenant.name, str(len(tenant.units)), str(examples), str(len(tenant.sources)), str(areas))
    out.print(shown)
    for code, tenant in sorted(found.items()):
        for gap in roster_gaps(tenant):
            out.print(f"! {code}: {gap}")


def checked(directory: Path) -> Tenants:
    """All tenants, with what single services would stumble over at their start: local rules, files with secrets.

    Raises TenantError with every problem.
    """
    # Only these commands need two of the services, which take a moment to import.
    from siaga_classifier.adapters.rule_files import load_pack  # noqa: PLC0415
    from siaga_classifier.core.words.rule_shape import RuleError  # noqa: PLC0415
    from siaga_intake.adapters.credentials import signing_key  # noqa: PLC0415

    found = load_tenants(directory)
    problems = []
    for code, tenant in sorted(found.items()):
        folder = next(path for path in directory.glob(f"{code}-*") if path.is_dir())
        for index in range(len(tenant.rules)):
            try:
                load_pack(tenant.rules[: index + 1])
            except RuleError as error:
                problems.append(f"{folder / 'rules.yaml'}: rules[{index}].{error}")
                break
        for source in tenant.sources:
            for key in ("hmac_secret_file", "previous_hmac_secret_file"):
                secret = getattr(source, key)
                if secret is None:
                    continue
                where = f"{folder / 'sources.yaml'}: {source.name}: {key}"
                try:
                    signing_key(Path(secret))
                except OSError as error:
                    problems.append(f"{where}: {error.filename}: {error.strerror}; make the file, or correct the name")
                except ValueError as error:
                    problems.append(f"{where}: {error}")
    if problems:
        raise TenantError(problems)
    return found
