"""`notify`: messages to crews and callers."""

import typer

from siaga_cli import mass, notify_preview, notify_trial, push_keys

app = typer.Typer(help="Messages to crews and callers.", no_args_is_help=True)
app.command("mass")(mass.mass)
app.command("approve")(mass.approve)
app.command("preview")(notify_preview.notify_preview)
app.command("test")(notify_trial.trial)
app.command("keys")(push_keys.keys)


def register(root: typer.Typer) -> None:
    """Add the group."""
    root.add_typer(app, name="notify")
