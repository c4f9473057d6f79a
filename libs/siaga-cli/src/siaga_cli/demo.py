"""`demo`: the main job, a month of a real 112 centre through the whole stack."""

import shutil
from typing import Annotated, Final

import typer
from siaga_kit.embedded import control, state
from siaga_kit.embedded.errors import StackError
from siaga_kit.embedded.home import Home
from siaga_kit.embedded.plan import Choices

from siaga_cli.console import Exit, err, out
from siaga_cli.replaying import play, show
from siaga_cli.running import DEMO_MARK, PORTS, port_mode, start_watched, table

SCENARIO: Final = "serang-month"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    context: typer.Context,
    *,
    end: Annotated[bool, typer.Option("--exit", help="Stop everything at the end.")] = False,
    ports: PORTS = "fixed",
) -> None:
    """Replay the Kota Serang month (53,794 calls, 14 of them real) and show that each real call got its crew."""
    given: Home = context.obj
    err.print(
        "[bold]Siaga112 demo[/]: a real Kafka, Redis, SMS centre and all services start on this machine; then the calls of\n"
        "Kota Serang's 112 of 11 February to 11 March 2019 go through the front door: 53,794 calls, 14 of them real."
    )
    home = _home(given)
    told = start_watched(home, Choices(port_mode(ports), demo=True))
    if told.addresses is None:
        raise StackError("the stack has told no addresses", f"see {home.log('supervisor')}")
    err.print(f"All {len(told.processes)} processes are ready. Now the month:")
    try:
        summary = play(SCENARIO, told.addresses, None, crews=True)
    except BaseException:
        if end:
            control.stop(home)
        raise
    show(SCENARIO, summary, as_json=False)
    if end:
        control.stop(home)
    else:
        out.print(table(home))
        out.print(
            "\nEverything is still running: `./siaga status` shows it, `./siaga sanctions show` the callers, "
            f"{home.logs} the logs. Stop with `./siaga down`."
        )
    if not summary.ok:
        err.print("[bold red]✗[/] calls were lost or doubled: see the table above")
        raise typer.Exit(Exit.FAILED)


def _home(home: Home) -> Home:
    """The folder to run on, with empty data, as the same month twice is one month.

    A centre's own data is never touched: the demo then has a folder of its own beside it.
    """
    if (home.data / "kafka").exists() and not (home.root / DEMO_MARK).exists():
        own = Home.at(home.root / "demo")
        err.print(
            f"{home.data} holds a centre's own data: the demo runs beside it, on {own.root} (use --home {own.root})."
        )
        home = own
    if state.is_running(home):
        err.print("Stopping the stack of the last demo.")
    control.stop(home)
    shutil.rmtree(home.data, ignore_errors=True)
    home.prepare()
    (home.root / DEMO_MARK).touch()
    return home
