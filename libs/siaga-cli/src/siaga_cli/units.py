"""`units`: the centre's list of units: brought in from a file, shown as the dispatcher has it."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.markup import escape
from rich.table import Table
from siaga_kit.embedded.errors import StackError
from siaga_kit.embedded.home import project_root
from siaga_tenants import Tenant, TenantError, Tenants, load_tenants
from siaga_tenants.unit_lists import Change, Finding, Import, UnitFile, UnreadableFile, compared, read_file, write

from siaga_cli.callers import AsJson
from siaga_cli.console import Exit, out
from siaga_cli.unit_directory import Shown, seen

app = typer.Typer(help="The units: import a list, see who is where.", no_args_is_help=True)
# Lines of each sort on a terminal; `--json` tells all.
SHOWN: Final = 40

TenantOption = Annotated[
    str | None, typer.Option("--tenant", envvar="SIAGA_TENANT", help="The regency, as 36.73; else by the units' ids.")
]
Folder = Annotated[
    Path | None,
    typer.Option("--tenants-dir", envvar="SIAGA_TENANTS_DIR", help="Default: tenants in the project."),
]


def register(root: typer.Typer) -> None:
    """Add the group."""
    root.add_typer(app, name="units")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="The list: .csv or .geojson.", exists=True, dir_okay=False)],
    *,
    tenant: TenantOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would change.")] = False,
    retire_missing: Annotated[
        bool, typer.Option("--retire-missing", help="Take units out that the file does not have.")
    ] = False,
    directory: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Bring a list of units into units.yaml; a running dispatcher takes it over within seconds.

    A row that cannot be taken is told with line, column and remedy, and the others are taken all the same; exit code 1 then.
    """
    folder = directory or project_root() / "tenants"
    try:
        read = read_file(file)
        tenants = load_tenants(folder)
        wanted = _tenant_of(read, tenants, tenant)
        found = compared(read, wanted, tenants)
        # A row that could not be read may be of a unit that then only seems to be missing.
        retired = tuple(unit.unit_id for unit in found.missing) if retire_missing and not found.rejected else ()
        if not dry_run and (found.changes or retired):
            write(folder, _folder(folder, wanted.code), found.changes, retired)
    except (UnreadableFile, OSError) as error:
        raise typer.BadParameter(f"{file}: {error}", param_hint="FILE") from error
    except TenantError as error:
        raise StackError(str(error)) from error
    told = _told(found, read, retired, dry_run=dry_run)
    if as_json:
        sys.stdout.write(json.dumps({"tenant": wanted.code, "file": str(file), **told}, ensure_ascii=False) + "\n")
    else:
        _show(file, found, retired, dry_run=dry_run, kept_back=retire_missing and bool(found.rejected))
    if found.rejected:
        raise typer.Exit(Exit.FAILED)


@app.command("list")
def list_(
    context: typer.Context, *, tenant: TenantOption = None, directory: Folder = None, as_json: AsJson = False
) -> None:
    """List the units as the running dispatcher has them; without one, as the files do."""
    shown = _seen(context, directory, tenant)
    if as_json:
        sys.stdout.write(json.dumps([each.plain for each in shown], ensure_ascii=False) + "\n")
        return
    table = Table("unit", "kind", "name", "status", "task", "position", "capabilities", box=None, pad_edge=False)
    for each in shown:
        table.add_row(
            each.unit_id, each.kind, escape(each.name), escape(each.state), each.task, each.position, each.capabilities
        )
    out.print(table)
    if shown and not shown[0].live:
        out.print("No stack runs: these are the lists in the files.")


@app.command()
def show(
    context: typer.Context,
    unit: Annotated[str, typer.Argument(metavar="UNIT", help="As 3673-DMK-01.")],
    *,
    directory: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Show all that is known of one unit."""
    wanted = unit.upper()
    found = next((each for each in _seen(context, directory, None) if each.unit_id == wanted), None)
    if found is None:
        raise StackError(f"there is no unit {unit}: `./siaga units list` shows all")
    if as_json:
        sys.stdout.write(json.dumps(found.plain, ensure_ascii=False) + "\n")
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, value in found.plain.items():
        table.add_row(name, escape(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)))
    out.print(table)


def _seen(context: typer.Context, directory: Path | None, tenant: str | None) -> list[Shown]:
    try:
        return seen(context.obj, directory or project_root() / "tenants", tenant)
    except TenantError as error:
        raise StackError(str(error)) from error


def _tenant_of(read: UnitFile, tenants: Tenants, named: str | None) -> Tenant:
    """The regency that is named, else the only one that the units' ids begin with, else the only one."""
    if named is None:
        ids = [row.cells["unit_id"] for row in read.rows if "unit_id" in row.cells]
        codes = [code for code in tenants if any(each.startswith(code.replace(".", "") + "-") for each in ids)]
        codes = codes if ids else list(tenants)
        if len(codes) != 1:
            raise StackError(f"which regency? say --tenant, one of {', '.join(sorted(tenants))}")
        named = codes[0]
    if named not in tenants:
        raise StackError(f"there is no tenant {named}: name one of {', '.join(sorted(tenants))}")
    return tenants[named]


def _folder(directory: Path, code: str) -> Path:
    return next(path for path in sorted(directory.glob(f"{code}-*")) if path.is_dir())


def _told(found: Import, read: UnitFile, retired: tuple[str, ...], *, dry_run: bool) -> dict[str, Any]:
    """The result for scripts. Numbers of crews are counted, not told."""
    return {
        "dry_run": dry_run,
        "new": [{"unit_id": each.unit.unit_id, "line": each.line, "name": each.unit.name} for each in found.new],
        "changed": [
            {
                "unit_id": each.unit.unit_id,
                "line": each.line,
                "fields": {name: list(_plain(pair)) for name, pair in each.fields.items()},
                "moved_m": round(each.moved_m, 1),
            }
            for each in found.changed
        ],
        "unchanged": found.unchanged,
        "missing": [unit.unit_id for unit in found.missing],
        "retired": list(retired),
        "unused_columns": list(read.unused),
        "rejected": [_plain_finding(each) for each in found.rejected],
        "remarks": [_plain_finding(each) for each in found.remarks],
    }


def _plain(pair: tuple[Any, Any]) -> tuple[Any, Any]:
    before, after = pair
    if isinstance(before, tuple) and any(not isinstance(each, str) for each in (*before, *after)):
        return len(before), len(after)
    return before, after


def _plain_finding(finding: Finding) -> dict[str, Any]:
    return {"line": finding.line, "field": finding.field, "reason": finding.what}


def _show(file: Path, found: Import, retired: tuple[str, ...], *, dry_run: bool, kept_back: bool) -> None:
    out.print(
        f"{escape(str(file))}: {len(found.new)} new, {len(found.changed)} changed, {found.unchanged} unchanged, "
        f"{len(found.missing)} missing, {len(found.rejected)} rejected"
    )
    _lines(f"  + {each.unit.unit_id} {each.unit.kind} {each.unit.name}" for each in found.new)
    _lines(f"  ~ {each.unit.unit_id} {_difference(each)}" for each in found.changed)
    gone = "would be taken out" if dry_run else "is taken out"
    _lines(f"  - {unit.unit_id} {unit.name}: {gone}" for unit in found.missing if unit.unit_id in retired)
    staying = [unit.unit_id for unit in found.missing if unit.unit_id not in retired]
    if staying:
        out.print(f"  not in the file, and stay: {', '.join(staying)}")
    for title, findings in (("", found.rejected), ("taken; ", found.remarks)):
        _lines(
            f"  {file}:{each.line}: {f'{each.field}: ' if each.field else ''}{title}{each.what}" for each in findings
        )
    if kept_back:
        out.print(
            "Nothing is taken out while rows are rejected: one of them may be a unit that only seems to be missing."
        )
    if dry_run:
        out.print("Nothing is written; without --dry-run it would be.")
    elif found.changes or retired:
        out.print("Written to units.yaml; a running dispatcher takes it over within seconds.")


def _lines(lines: Any) -> None:
    every = list(lines)
    for line in every[:SHOWN]:
        out.print(escape(line))
    if len(every) > SHOWN:
        out.print(f"  and {len(every) - SHOWN} more; --json tells all")


def _difference(change: Change) -> str:
    parts = []
    for name, pair in change.fields.items():
        if name == "contacts":
            parts.append("other contacts")
        elif name not in {"lat", "lon"}:
            before, after = (_words(value) for value in pair)
            parts.append(f"{name}: {before} → {after}")
    if change.moved_m:
        parts.append(f"moved by {change.moved_m:.0f} m")
    return "; ".join(parts)


def _words(value: Any) -> str:
    """A value of a unit for people; - for nothing."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return (" ".join(value) if isinstance(value, tuple) else str(value)) or "-"
