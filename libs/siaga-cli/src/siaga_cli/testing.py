"""`test`: everything that must hold before a change goes in, step by step; the first failure ends it."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

import typer
from siaga_kit.embedded.home import project_root

from siaga_cli.console import Exit, err

BIN: Final = Path(sys.executable).parent
# Marks of tests that need more than Python, and what their step is called.
MARKED: Final = {
    "stack": "tests on Kafka and Redis", "e2e": "end to end", "faults": "faults", "telephony": "a real SIP edge",
    "peers": "servers of other makers",
}  # fmt: skip
NO_STACK: Final = " and ".join(f"not {mark}" for mark in MARKED)


@dataclass(frozen=True, slots=True)
class Step:
    """One command that must end with 0. `pytest` steps take the extra arguments, and read only files with their mark."""

    name: str
    argv: Sequence[str]
    env: dict[str, str] = field(default_factory=dict)
    is_pytest: bool = False
    mark: str = ""


def _pytest(name: str, expression: str, mark: str = "") -> Step:
    # A test that cannot run here must say so and fail, never be passed over.
    argv = [sys.executable, "-m", "pytest", "-m", expression]
    return Step(name, argv, {"SIAGA_NO_SKIP": "1"}, is_pytest=True, mark=mark)


def _marked(name: str) -> Step:
    return _pytest(MARKED[name], name, name)


def files_marked(root: Path, mark: str) -> list[str]:
    """The files that have tests of a mark: reading all others takes longer than some steps themselves."""
    found = (path for part in ("libs", "services", "tests") for path in (root / part).rglob("test_*.py"))
    return sorted(str(path.relative_to(root)) for path in found if f"mark.{mark}" in path.read_text("utf-8"))


def _siaga(name: str, *arguments: str) -> Step:
    return Step(name, [sys.executable, "-m", "siaga_cli", *arguments])


def _sources() -> list[str]:
    root = project_root()
    return sorted(str(path.relative_to(root)) for part in ("libs", "services") for path in (root / part).glob("*/src"))


# Tests hand over wrong things on purpose and build values from tables; the product may not. Never "misc": with it mypy
# also hides the errors that it stops at, and calls everything that it has not looked at then a success.
_TEST_CODES: Final = (
    "arg-type", "call-arg", "comparison-overlap", "attr-defined", "index", "union-attr", "unused-ignore", "valid-type",
)  # fmt: skip
TESTS_MAY: Final = [*(f"--disable-error-code={code}" for code in _TEST_CODES), "--no-warn-unreachable"]

GROUPS: Final[dict[str, tuple[Step, ...]]] = {
    "lint": (
        Step("ruff check", [str(BIN / "ruff"), "check", ".", "siaga"]),
        Step("ruff format", [str(BIN / "ruff"), "format", "--check", ".", "siaga"]),
        Step("mypy", [str(BIN / "mypy"), *_sources(), "siaga", "protos"]),
        Step(
            "mypy, tests", [str(BIN / "mypy"), "libs", "services", "tests", "--exclude", "/conftest[.]py$", *TESTS_MAY]
        ),
        Step("imports", [str(BIN / "lint-imports")]),
    ),
    "contracts": (
        Step("buf lint", [str(BIN / "buf"), "lint"]),
        Step("generated code", [sys.executable, "protos/generate.py", "--check"]),
        _siaga("tenants", "tenants", "check"),
    ),
    "unit": (_pytest("unit tests", NO_STACK),),
    "stack": (_marked("stack"),),
    "e2e": (_marked("e2e"),),
    "faults": (_marked("faults"),),
    "telephony": (
        Step("Kamailio and sipp", [sys.executable, "-m", "siaga_cli.debian", "telephony"]),
        _marked("telephony"),
    ),
    "peers": (
        Step("mosquitto, Kannel, gammu-smsd and Chromium", [sys.executable, "-m", "siaga_cli.debian", "peers"]),
        _marked("peers"),
    ),
    "month": (_siaga("the whole month", "--home", "{scratch}", "demo", "--exit", "--ports", "free"),),
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("test", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(run_tests)


def run_tests(
    context: typer.Context,
    groups: Annotated[
        list[str] | None, typer.Argument(metavar=f"[all|{'|'.join(GROUPS)}]… [-- pytest arguments]")
    ] = None,
) -> None:
    """Run the tests; without a name all of them."""
    asked = [group for group in groups or ["all"] if group == "all" or group in GROUPS]
    extra = [*(word for word in groups or [] if word not in asked), *context.args]
    if not asked:
        asked = ["all"]
    if extra and not extra[0].startswith("-") and not Path(extra[0].split("::")[0]).exists():
        raise typer.BadParameter(f"no group {extra[0]!r}; there are: all, {', '.join(GROUPS)}")
    names = list(GROUPS) if "all" in asked else asked
    steps = [step for name in names for step in GROUPS[name]]
    if extra:
        # Arguments for pytest mean a choice of tests: the other steps have none to choose from.
        steps = [step for step in steps if step.is_pytest]
    begin = time.monotonic()
    for step in steps:
        _run(step, extra)
    err.print(f"[bold green]✓[/] {len(steps)} steps in {time.monotonic() - begin:.0f} s")


def _run(step: Step, extra: Sequence[str]) -> None:
    err.print(f"[bold]▶ {step.name}[/]")
    begin = time.monotonic()
    scratch = Path(tempfile.mkdtemp(prefix="siaga-test-"))
    try:
        argv = [word.replace("{scratch}", str(scratch)) for word in step.argv]
        if step.mark and all(word.startswith("-") for word in extra):
            argv += files_marked(project_root(), step.mark)
        argv += extra if step.is_pytest else ()
        done = subprocess.run(argv, cwd=project_root(), env={**os.environ, **step.env}, check=False)  # noqa: S603  (ours)
    except FileNotFoundError as error:
        err.print(f"[bold red]✗[/] {step.name}: {error.filename} is missing: set up with SIAGA_DEV=1 ./siaga test")
        raise typer.Exit(Exit.MISSING) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if done.returncode:
        # pytest says 5 when it found no test: then nothing was tested, which is no success.
        err.print(f"[bold red]✗[/] {step.name} failed (exit code {done.returncode}): {' '.join(argv)}")
        raise typer.Exit(Exit.FAILED)
    err.print(f"[green]✓[/] {step.name} ({time.monotonic() - begin:.0f} s)")
