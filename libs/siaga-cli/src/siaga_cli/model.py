"""`model`: what reads the words of calls. Trains it, measures it, explains it, and reads files of texts with it."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from siaga_classifier.adapters.model_files import write_table
from siaga_classifier.core.assessment import TenantView
from siaga_classifier.tenants import TenantViews
from siaga_classifier.training.corpus import CorpusError
from siaga_classifier.training.evaluating import evaluation
from siaga_kit.embedded.errors import PrerequisiteError, StackError
from siaga_kit.embedded.home import project_root
from siaga_tenants import TenantError, Tenants, load_tenants

from siaga_cli import model_reporting
from siaga_cli.console import Exit, err, out
from siaga_cli.model_classifying import classify_file
from siaga_cli.model_explaining import print_explanation
from siaga_cli.model_tables import print_evaluation

app = typer.Typer(help="What reads words: rules and trained model.", no_args_is_help=True)

TenantOption = Annotated[
    str | None, typer.Option(help="A regency's words, plan and places, as 36.73. Default: the national rules, no map.")
]
DirectoryOption = Annotated[
    Path | None, typer.Option("--tenants", envvar="SIAGA_TENANTS_DIR", help="Default: tenants in the project.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="For scripts.")]


def register(root: typer.Typer) -> None:
    """Add the group."""
    model_reporting.register(app)
    root.add_typer(app, name="model")


@app.command()
def train(
    *,
    extra: Annotated[
        list[Path] | None, typer.Option(help="Texts of a centre's own beside them, as `model examples` writes them.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Default: where the package is shipped with it.")] = None,
) -> None:
    """Train on data/utterances and write the table of weights. The same texts give the same table."""
    try:
        # Needs what only a machine for development has.
        from siaga_classifier.training.build import build, shipped_path  # noqa: PLC0415
    except ImportError as error:
        raise PrerequisiteError(f"training needs {error.name}; run SIAGA_DEV=1 ./siaga doctor once") from error
    root = project_root()
    try:
        training = build(root, extra or ())
    except CorpusError as error:
        raise StackError(str(error)) from error
    path = output or shipped_path(root)
    write_table(training.table, path)
    heads = ", ".join(f"{fitted.head.name} {len(fitted.head.labels)}" for fitted in training.fitted)
    out.print(f"{path}: version {training.table.version}, {len(training.table.features)} features, {heads}")
    out.print(f"{path.stat().st_size / 1e6:.2f} MB")


@app.command()
def evaluate(*, as_json: JsonOption = False) -> None:
    """Measure rules, model and both on the unseen texts. Tells figures, never a text."""
    try:
        found = evaluation(project_root())
    except CorpusError as error:
        raise StackError(str(error)) from error
    if as_json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        print_evaluation(found)


@app.command()
def explain(text: str, *, tenant: TenantOption = None, tenants: DirectoryOption = None) -> None:
    """Show how a text is read: its words, the phrases that fired, the model's answers, and what both make of it."""
    print_explanation(text, _rules(tenant, tenants))


@app.command()
def classify(
    file: Annotated[str, typer.Argument(help='Lines of {"id", "text", "channel"}; - for the standard input.')],
    *,
    tenant: TenantOption = None,
    tenants: DirectoryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read texts and tell type, priority, agencies, advice and place of each. A line that is none is told on stderr."""
    faults = classify_file(file, _view(tenant, tenants), as_json=as_json)
    if faults:
        err.print(f"{faults} line{'s' if faults > 1 else ''} could not be read; all others were.")
        raise typer.Exit(Exit.FAILED)


def _view(code: str | None, directory: Path | None) -> TenantView:
    """The view of one tenant; without one, what every tenant shares."""
    return TenantViews(_tenants(code, directory)).of(code or "")


def _rules(code: str | None, directory: Path | None) -> Sequence[Mapping[str, Any]]:
    return _tenants(code, directory)[code].rules if code else ()


def _tenants(code: str | None, directory: Path | None) -> Tenants:
    """Of all tenants the one asked for. Raise StackError when there is none such."""
    if code is None:
        return Tenants({})
    try:
        found = load_tenants(directory or project_root() / "tenants")
    except TenantError as error:
        raise StackError(str(error)) from error
    if code not in found:
        raise StackError(f"--tenant {code}: no such tenant; there are {', '.join(sorted(found))}")
    return Tenants({code: found[code]})
