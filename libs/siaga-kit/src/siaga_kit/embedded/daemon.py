"""The supervisor as a program: in the foreground for `up`, detached for everything else."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from siaga_kit.embedded import state
from siaga_kit.embedded.errors import StackError
from siaga_kit.embedded.home import Home
from siaga_kit.embedded.jars import Progress
from siaga_kit.embedded.plan import ALL_SERVICES, Choices, Planner
from siaga_kit.embedded.processes import started_at
from siaga_kit.embedded.supervisor import Owner, Report, Supervisor, hold


def serve(
    home: Home,
    choices: Choices,
    owner: Owner | None = None,
    progress: Progress | None = None,
    report: Report | None = None,
) -> None:
    """Hold the home, start the stack and keep it until told to stop. Raises StackError."""
    with hold(home):
        home.prepare()
        # What an earlier stack said of itself is no longer true.
        state.state_file(home).unlink(missing_ok=True)
        plan = Planner(home, choices).plan(progress)
        asyncio.run(Supervisor(home, plan, owner, report).run())


def arguments(home: Home, choices: Choices, owner: Owner | None) -> list[str]:
    """The command line of a detached supervisor."""
    made = [sys.executable, "-m", "siaga_kit.embedded.daemon", "--home", str(home.root), "--ports", choices.ports]
    made += ["--services", ",".join(choices.services)]
    if choices.demo:
        made.append("--demo")
    if choices.real_sms:
        made.append("--real-sms")
    if owner is not None:
        made += ["--owner", str(owner.pid)]
    return made


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="siaga_kit.embedded.daemon", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--ports", choices=("fixed", "free"), default="fixed")
    parser.add_argument("--services", default=",".join(ALL_SERVICES), help="names with commas between; empty = none")
    parser.add_argument("--demo", action="store_true")
    parser.add_argument("--real-sms", action="store_true")
    parser.add_argument("--owner", type=int)
    asked = parser.parse_args(arguments)
    owner = Owner(asked.owner, started_at(asked.owner) or 0.0) if asked.owner else None
    services = tuple(filter(None, asked.services.split(",")))
    try:
        serve(Home.at(asked.home), Choices(asked.ports, services, asked.demo, asked.real_sms), owner)
    except StackError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
