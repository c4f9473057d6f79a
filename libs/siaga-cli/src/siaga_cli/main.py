"""The `siaga` command: puts the command groups together and turns errors into exit codes."""

import logging
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Final

import typer
from siaga_kit.embedded.errors import PrerequisiteError, StackError
from siaga_kit.embedded.home import Home

from siaga_cli.console import Exit, fail

# Which module has which command, in the order of the help. Only the module asked for is imported: all of them take
# a second, which a script that polls `status` would pay every time.
COMMANDS: Final = {
    "demo": "demo",
    "up": "running",
    "down": "running",
    "status": "running",
    "replay": "replaying",
    "test": "testing",
    "doctor": "doctor",
    "topics": "topics",
    "dlq": "dlq",
    "tenants": "tenants",
    "units": "units",
    "rebuild": "rebuilding",
    "source": "source",
    "quarantine": "quarantine",
    "intake": "intake",
    "sanctions": "sanctions",
    "callbacks": "callbacks",
    "posture": "posture",
    "audit": "audit",
    "bench": "bench",
    "model": "model",
    "roads": "roads",
    "dispatch": "dispatch",
    "alerts": "alerts",
    "notify": "notify",
}
OPTIONS_WITH_VALUE: Final = frozenset({"--home"})


def common(
    context: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option(
            envvar="SIAGA_HOME", help="Folder of the stack: data, logs, secrets. Default: .siaga in the project."
        ),
    ] = None,
) -> None:
    """Siaga112: takes the calls of an Indonesian 112 centre and sends the right crew."""
    context.obj = Home.at(home)


def command_of(words: Sequence[str]) -> str | None:
    """The command in a command line; None when there is none that we know (the help then shows all)."""
    rest: Iterator[str] = iter(words)
    for word in rest:
        if word in OPTIONS_WITH_VALUE:
            next(rest, None)
        elif not word.startswith("-"):
            return word if word in COMMANDS else None
    return None


def build(command: str | None = None) -> typer.Typer:
    """The application with that command's module, or with all."""
    app = typer.Typer(name="siaga", no_args_is_help=True, add_completion=False)
    app.callback()(common)
    modules = dict.fromkeys(COMMANDS.values() if command is None else [COMMANDS[command]])
    for module in modules:
        import_module(f"siaga_cli.{module}").register(app)
    return app


def main() -> None:
    # A broker that restarts is told by ourselves, once and in words; the client says it five times a second.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        build(command_of(sys.argv[1:]))(prog_name="siaga")
    except PrerequisiteError as error:
        fail(error)
        sys.exit(Exit.MISSING)
    except StackError as error:
        fail(error)
        sys.exit(Exit.FAILED)
