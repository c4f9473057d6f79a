"""`notify`: messages to crews and callers."""

import typer

from siaga_cli import mass

app = typer.Typer(help="Messages to crews and callers.", no_args_is_help=True)
app.command("mass")(mass.mass)
app.command("approve")(mass.approve)


def register(root: typer.Typer) -> None:
    """Add the group."""
    root.add_typer(app, name="notify")
