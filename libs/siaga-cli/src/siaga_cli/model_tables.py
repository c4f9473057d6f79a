"""The figures of an evaluation, for people."""

from typing import Any, Final

from rich.table import Table

from siaga_cli.console import out

NO_FIGURE: Final = "-"


def print_evaluation(found: dict[str, Any]) -> None:
    """Print every table of an evaluation."""
    out.print(f"rules {found['rules_version']}, model {found['model_version']}")
    for name, split in found["splits"].items():
        out.print(f"\n[bold]{name}[/]: {split['texts']} texts")
        targets = Table("measure", "figure", "target", "", box=None, pad_edge=False)
        for row in split["targets"]:
            met = {True: "met", False: "missed", None: ""}[row["met"]]
            targets.add_row(row["measure"], _figure(row["figure"]), row["target"], met)
        out.print(targets)
        layers = Table("layers", *split["layers"], box=None, pad_edge=False)
        for measure in split["layers"]["both"]:
            layers.add_row(measure, *(_figure(layer[measure]) for layer in split["layers"].values()))
        out.print(layers)
        types = Table("type", "texts", "precision", "recall", "F1", "taken for", box=None, pad_edge=False)
        for kind, row in split["types"].items():
            numbers = (f"{row['texts']:g}", *(f"{row[key]:.3f}" for key in ("precision", "recall", "f1")))
            types.add_row(kind, *numbers, str(row["taken_for"]))
        out.print(types)
        for group in ("regions", "kinds"):
            _print_groups(group, split[group])


def _print_groups(title: str, groups: dict[str, dict[str, float | None]]) -> None:
    columns = list(next(iter(groups.values())))
    shown = Table(title, *columns, box=None, pad_edge=False)
    for name, row in groups.items():
        shown.add_row(name, *(_figure(row[column]) for column in columns))
    out.print(shown)


def _figure(value: float | None) -> str:
    return NO_FIGURE if value is None else f"{value:g}"
