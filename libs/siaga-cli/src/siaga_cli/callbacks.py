"""`callbacks`: who must be called back, and what came of it. Told by the form, through the front door like any operator's."""

import json
import sys
import time
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final

import typer
from google.protobuf.json_format import MessageToDict
from rich.table import Column, Table
from siaga.v1.assessment_pb2 import CallAssessment, Outcome
from siaga.v1.callback_pb2 import CALLBACK_STATE_OPEN, CallbackTask
from siaga_contracts.catalogue import CALL_ASSESSMENTS, CALLBACK_TASKS
from siaga_intake.core.doors import FORM
from siaga_kit.embedded import state
from siaga_kit.embedded.errors import StackError
from siaga_kit.embedded.home import Home

from siaga_cli.callers import AsJson, word
from siaga_cli.cluster import cluster
from siaga_cli.console import Exit, out
from siaga_cli.importing import Post
from siaga_cli.reading import read_all

app = typer.Typer(help="Callers whom nobody spoke with.", no_args_is_help=True)

Operator = Annotated[
    str, typer.Option("--operator", envvar="SIAGA_ACTOR", help="Who called back: one of the operators of tenant.yaml.")
]
Which = Annotated[
    str, typer.Argument(metavar="TASK|CALL", help="An open task, or a call of it; its first characters do.")
]
OneTenant = Annotated[str | None, typer.Option("--tenant", envvar="SIAGA_TENANT", help="Only this regency, as 36.73.")]
# As many characters of an id as people read out to one another.
SHORT: Final = 8


def register(root: typer.Typer) -> None:
    """Add the group."""
    root.add_typer(app, name="callbacks")


@app.command("list")
def list_(
    context: typer.Context,
    *,
    tenant: OneTenant = None,
    numbers: Annotated[
        bool, typer.Option("--numbers", help="With the numbers to call, where it is safe to call them.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show who must be called back, the longest waiting first."""
    found = open_tasks(context.obj, tenant)
    known = _numbers(context.obj, found) if numbers else {}
    if as_json:
        sys.stdout.write(json.dumps([_plain(task, known) for task in found]) + "\n")
        return
    if not found:
        out.print("Nobody has to be called back.")
        return
    shown = Table(Column("task", no_wrap=True), "tenant", "waits", "missed", "tried", "last call", "number", box=None)
    now_ms = time.time() * 1000
    for task in found:
        last = task.calls[-1]
        silent = ", silent" if last.silent_confirmed else ""
        shown.add_row(
            task.task_id[:SHORT], task.tenant, _age(now_ms - task.opened_at_ms), str(task.missed), str(task.attempts),
            word(Outcome, last.outcome, "OUTCOME_") + silent,
            "only if safe" if task.only_if_safe else known.get(task.task_id, ""),
        )  # fmt: skip
    out.print(shown)


@app.command()
def close(
    context: typer.Context,
    which: Which,
    *,
    operator: Operator,
    reason: Annotated[str, typer.Option("--reason", help="Why nobody has to call back, or what was said.")] = "",
    answered: Annotated[bool, typer.Option("--answered", help="Called back, and somebody answered.")] = False,
) -> None:
    """Close a task: somebody answered, or it is not needed for a reason."""
    if not answered and not reason:
        raise typer.BadParameter("say why nobody has to call back", param_hint="--reason")
    _tell(context.obj, which, operator, "answered" if answered else "not_needed", reason)


@app.command()
def tried(
    context: typer.Context,
    which: Which,
    *,
    operator: Operator,
    reason: Annotated[str, typer.Option("--reason", help="What was heard.")] = "",
) -> None:
    """Say that a call back was not answered; the task stays open."""
    _tell(context.obj, which, operator, "no_answer", reason)


def open_tasks(home: Home, tenant: str | None = None) -> list[CallbackTask]:
    """The open tasks, of one tenant or of all, the oldest first."""
    latest: dict[tuple[str, str], CallbackTask] = {}
    for record in read_all(cluster(home), CALLBACK_TASKS):
        if record.value is not None:
            task = CallbackTask.FromString(record.value)
            latest[task.tenant, task.caller_key] = task
    found = [task for task in latest.values() if task.state == CALLBACK_STATE_OPEN and tenant in (None, task.tenant)]
    return sorted(found, key=lambda task: (task.opened_at_ms, task.task_id))


def chosen(tasks: Iterable[CallbackTask], which: str) -> CallbackTask:
    """The one task that these first characters of its id or of a call of it mean; raises StackError when none or many."""
    start = which.strip().lower()
    found = [
        task
        for task in tasks
        if start and any(name.startswith(start) for name in (task.task_id, *(call.call_id for call in task.calls)))
    ]
    if len(found) != 1:
        what = "no open task or call of one is" if not found else f"{len(found)} open tasks are"
        raise StackError(f"{what} named {which}", "look with `./siaga callbacks list`, and give more of the name")
    return found[0]


def _tell(home: Home, which: str, operator: str, result: str, reason: str) -> None:
    task = chosen(open_tasks(home), which)
    told = state.read(home)
    if told is None or told.addresses is None or not state.is_running(home):
        raise StackError(f"no stack runs on {home.root}", "start it with `./siaga up`")
    post = Post(told.addresses.intake_url, told.addresses.token or "", task.tenant, FORM.path)
    form = {"call_id": task.calls[-1].call_id, "operator": operator, "callback": result, "callback_reason": reason}
    answer = post([form])
    for each in answer["rejected"]:
        raise StackError(f"the front door refuses {each['field']}: {each['reason']}")
    if not answer["accepted"]:
        out.print("The front door took nothing.")
        raise typer.Exit(Exit.FAILED)
    out.print(f"Told of task {task.task_id[:SHORT]}: {result.replace('_', ' ')}.")


def _numbers(home: Home, tasks: Iterable[CallbackTask]) -> Mapping[str, str]:
    """By task the number to call, as the calls' assessments have it; none where it may be the wrong person's to pick up."""
    task_of = {call.call_id: task.task_id for task in tasks if not task.only_if_safe for call in task.calls}
    found: dict[str, str] = {}
    for record in read_all(cluster(home), CALL_ASSESSMENTS) if task_of else ():
        if record.value is None or (record.key or b"").decode() not in task_of:
            continue
        assessment = CallAssessment.FromString(record.value)
        if assessment.callback_number:
            found[task_of[assessment.call_id]] = assessment.callback_number
    return found


def _plain(task: CallbackTask, numbers: Mapping[str, str]) -> dict[str, Any]:
    told = MessageToDict(task, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
    return {**told, "number": numbers[task.task_id]} if task.task_id in numbers else told


def _age(ms: float) -> str:
    hours, seconds = divmod(max(0, round(ms / 1000)), 3_600)
    return f"{hours}:{seconds // 60:02}:{seconds % 60:02}"
