"""`replay`: recorded front-door requests through a running stack, or one of its own."""

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from siaga_kit.embedded import state
from siaga_kit.embedded.addresses import StackAddresses
from siaga_kit.embedded.errors import StackError
from siaga_kit.embedded.home import Home, project_root
from siaga_kit.embedded.stack import Stack

from siaga_cli.console import Exit, bar, err, fetching, out

if TYPE_CHECKING:
    from siaga_replay import Progress, Summary

STAGES = {"generate": "Making the calls", "post": "Posting", "drain": "Waiting for the last"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("replay")(replay_command)


def replay_command(
    context: typer.Context,
    source: Annotated[
        str, typer.Argument(metavar="FILE|SCENARIO", help="JSON Lines (.gz), serang-month or serang-slice.")
    ],
    *,
    speed: Annotated[str, typer.Option(help="Times faster than it was recorded, or max.", metavar="N|max")] = "max",
    crews: Annotated[str, typer.Option(help="Whether crews answer their orders.", metavar="none|play")] = "play",
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Post recorded requests, wait until all is through, and compare what came out with what went in."""
    factor = _speed(speed)
    _check(source)
    if crews not in ("none", "play"):
        raise typer.BadParameter("must be none or play", param_hint="--crews")
    # `--home`, or SIAGA_HOME; without either `context.obj` is the usual folder, which a replay must not fill.
    chosen = context.find_root().params.get("home") is not None
    with _stack(context.obj, chosen=chosen) as addresses:
        summary = play(source, addresses, factor, crews=crews == "play")
    show(source, summary, as_json=as_json)
    if not summary.ok:
        raise typer.Exit(Exit.FAILED)


def play(source: str, addresses: StackAddresses, speed: float | None, *, crews: bool) -> "Summary":
    """Replay with a progress bar; `speed` None = as fast as it goes."""
    # Half a second to import, which no other command should pay.
    from siaga_replay import FrontDoorLocked, SmsUnseen, replay  # noqa: PLC0415

    with bar() as progress:
        tasks = {}

        def watch(step: "Progress") -> None:
            if step.stage not in tasks:
                tasks[step.stage] = progress.add_task(STAGES.get(step.stage, step.stage), total=None, detail="")
            progress.update(tasks[step.stage], completed=step.done, total=step.total or None, detail=step.detail)

        try:
            return asyncio.run(replay(source, addresses, speed, crews, watch, _scenarios()))
        except FrontDoorLocked as error:
            raise StackError(str(error)) from error
        except SmsUnseen as error:
            raise StackError(str(error), "replay on a stack of its own: `./siaga --home FOLDER replay …`") from error


def show(source: str, summary: "Summary", *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(summary.as_json()) + "\n")
    else:
        from siaga_replay import SCENARIOS, render, scenario_files  # noqa: PLC0415

        # What a scenario was made to hold stands beside what was counted.
        truth = scenario_files(source, _scenarios()).load_truth() if source in SCENARIOS else None
        render(summary, out, truth)


def _scenarios() -> Path:
    return project_root() / ".siaga" / "scenarios"


def _check(source: str) -> None:
    """Refuse an unknown source before a stack is started for it."""
    from siaga_replay import SCENARIOS  # noqa: PLC0415

    if source not in SCENARIOS and not Path(source).is_file():
        raise typer.BadParameter(f"{source} is neither a file nor a scenario ({', '.join(sorted(SCENARIOS))})")


def _speed(told: str) -> float | None:
    if told == "max":
        return None
    try:
        factor = float(told)
    except ValueError:
        factor = 0.0
    if factor <= 0:
        raise typer.BadParameter("must be a number above 0, or max", param_hint="--speed")
    return factor


@contextmanager
def _stack(home: Home, *, chosen: bool) -> Iterator[StackAddresses]:
    """The running stack, else one for the length of the replay: on the chosen folder, else on one that it leaves nothing of."""
    told = state.read(home)
    if told is not None and state.is_running(home):
        if told.phase != "ready" or told.addresses is None:
            raise StackError(f"the stack on {home.root} is {told.phase}", "wait until `./siaga status` shows all ready")
        yield told.addresses
        return
    err.print(f"No stack is running: starting one for this replay{f', on {home.root}' if chosen else ''}.")
    with fetching() as progress, Stack(home.root if chosen else None, progress=progress) as own:
        yield own.addresses
