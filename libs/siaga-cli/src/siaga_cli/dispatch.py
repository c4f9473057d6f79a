"""`dispatch`: whom the dispatcher would send, and how its choice compares with what other centres really did."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from siaga_dispatcher.evaluation.county_log import read_county_log
from siaga_dispatcher.evaluation.county_score import evaluate_county_log
from siaga_dispatcher.evaluation.fire_log import read_fire_log, read_stations
from siaga_dispatcher.evaluation.fire_score import evaluate_fire_log
from siaga_dispatcher.evaluation.tables import Fault, LogError
from siaga_kit.embedded.errors import StackError
from siaga_kit.embedded.home import project_root
from siaga_tenants import TenantError, load_tenants

from siaga_cli.console import err
from siaga_cli.dispatch_tables import print_county_evaluation, print_fire_evaluation
from siaga_cli.previewing import preview

# After so many a log is another format, not a few bad lines; the count says how many there are.
SHOWN_FAULTS: Final = 20

app = typer.Typer(help="What the dispatcher would have done.", no_args_is_help=True)
evaluate = typer.Typer(help="Play the log of another centre again, and compare.", no_args_is_help=True)
app.add_typer(evaluate, name="evaluate")
app.command()(preview)

JsonOption = Annotated[bool, typer.Option("--json", help="For scripts.")]


def register(root: typer.Typer) -> None:
    """Add the group."""
    root.add_typer(app, name="dispatch")


@evaluate.command("sf-fire")
def sf_fire(
    file: Annotated[Path, typer.Argument(help="Rows of San Francisco's fire calls, as CSV or CSV.gz.")],
    *,
    stations: Annotated[
        Path | None, typer.Option(help="CSV of station, lat, lon. Default: the stations shipped.")
    ] = None,
    history: Annotated[
        Path | None, typer.Option(help="Other days to learn areas from, as FILE. Default: the days shipped.")
    ] = None,
    no_history: Annotated[bool, typer.Option("--no-history", help="Learn from the file's own past only.")] = False,
    as_json: JsonOption = False,
) -> None:
    """How often the engine really sent first is the one chosen, or among the first 2, 3, 5."""
    shipped = project_root() / "data"
    try:
        log = read_fire_log(file)
        at, faults = read_stations(stations or shipped / "sf_fire_stations" / "stations.csv")
        known = None if no_history else read_fire_log(history or shipped / "sf_fire" / "engines.csv.gz")
    except LogError as error:
        raise StackError(str(error)) from error
    found = evaluate_fire_log(log, at, known)
    if as_json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        print_fire_evaluation(found)
    _tell_faults([*log.faults, *faults])


@evaluate.command()
def montco(
    file: Annotated[Path, typer.Argument(help="Montgomery County's list of 911 calls, as CSV or CSV.gz.")],
    *,
    tenant: Annotated[str, typer.Option(help="Whose plan and rule of joining are tried.")] = "36.73",
    tenants: Annotated[
        Path | None, typer.Option("--tenants", envvar="SIAGA_TENANTS_DIR", help="Default: tenants in the project.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Which calls would join one incident, and whether the plan sends the service that was really called."""
    try:
        log = read_county_log(file)
        found = load_tenants(tenants or project_root() / "tenants")
    except (LogError, TenantError) as error:
        raise StackError(str(error)) from error
    if tenant not in found:
        raise StackError(f"--tenant {tenant}: no such tenant; there are {', '.join(sorted(found))}")
    told = evaluate_county_log(log, found[tenant].plan, found[tenant].dispatch)
    if as_json:
        sys.stdout.write(json.dumps(told) + "\n")
    else:
        print_county_evaluation(told)
    _tell_faults(log.faults)


def _tell_faults(faults: Sequence[Fault]) -> None:
    """Each on stderr. No log is without some: they are no failure of the comparison, whose figures count them."""
    for fault in faults[:SHOWN_FAULTS]:
        err.print(str(fault), markup=False)
    if faults:
        err.print(f"{len(faults)} line{'s' if len(faults) > 1 else ''} could not be read; all others were.")
