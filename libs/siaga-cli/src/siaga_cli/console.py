"""What the commands print with, and what their exit codes mean."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from siaga_kit.embedded.jars import Progress as JarProgress

# Tables in a file or a log: 80 columns, which would be taken for no terminal, cut every address.
PIPE_WIDTH: Final = 160

# Without emoji, for rich reads `gazetteer.csv:100:` as the name of one. Results go to stdout, so that `--json` can be piped; everything about the way there goes to stderr.
out: Final = Console(emoji=False, soft_wrap=True, width=None if sys.stdout.isatty() else PIPE_WIDTH)
err: Final = Console(emoji=False, stderr=True, soft_wrap=True, width=None if sys.stderr.isatty() else PIPE_WIDTH)


class Exit(IntEnum):
    """Exit codes of every command."""

    OK = 0
    # What was asked did not succeed, or calls were lost or doubled.
    FAILED = 1
    # The command line is wrong.
    USAGE = 2
    # The machine lacks something: run `siaga doctor`.
    MISSING = 3


def fail(error: BaseException) -> None:
    """Tell an error: what and where in red, the remedy below."""
    err.print(f"[bold red]✗[/] {escape(str(error))}")


@contextmanager
def bar() -> Iterator[Progress]:
    """A progress display on stderr that vanishes when done."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[detail]}"),
    )
    with Progress(*columns, console=err, transient=True) as progress:
        yield progress


@contextmanager
def fetching() -> Iterator[JarProgress]:
    """Shows the first start's download; nothing when everything is there already."""
    with bar() as progress:
        task = None

        def step(done: int, total: int) -> None:
            nonlocal task
            if task is None:
                task = progress.add_task("Fetching Kafka (the first time only)", total=total, detail="")
                if not err.is_terminal:
                    err.print("Fetching Kafka's jars from the Maven registry (the first time only) …")
            progress.update(task, completed=done)

        yield step
