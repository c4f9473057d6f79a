"""`sanctions`: where callers stand, what waits for people, and what people decide."""

import json
import sys
import time
from typing import Annotated, Any, Final

import typer
from rich.table import Column, Table
from siaga.v1.assessment_pb2 import CallerOutcome, Outcome
from siaga.v1.common_pb2 import RoutingAdvice, SanctionState
from siaga.v1.sanction_pb2 import CallerSanction
from siaga.v1.sanctions_service_pb2 import GetCallerRequest
from siaga_classifier.ledger.core.bias import Answered, OperatorTally, operator_report
from siaga_contracts.catalogue import CALLER_OUTCOMES

from siaga_cli import deciding
from siaga_cli.callers import ANSWER_S, Actor, AsJson, Reason, ask, name_caller, standings, tell_json, when, word
from siaga_cli.cluster import cluster
from siaga_cli.console import out
from siaga_cli.reading import read_all
from siaga_cli.waiting import Waiting, waiting_of

app = typer.Typer(help="Sanctions of callers who keep calling for nothing.", no_args_is_help=True)

OneTenant = Annotated[str | None, typer.Option("--tenant", envvar="SIAGA_TENANT", help="Only this regency, as 36.73.")]
_STATE: Final = "SANCTION_STATE_"


def register(root: typer.Typer) -> None:
    """Add the group."""
    deciding.register(app)
    root.add_typer(app, name="sanctions")


@app.command()
def show(
    context: typer.Context,
    who: Annotated[
        str | None,
        typer.Argument(
            metavar="[CALLER]", help="One caller: key, number, or - for standard input. It is kept who looked."
        ),
    ] = None,
    *,
    tenant: OneTenant = None,
    caller: Annotated[str | None, typer.Option(help="Only this caller key.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the highest scores first.")] = 50,
    actor: Actor = "",
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Show callers with their state and score. They are known by keys, never by number."""
    if who is not None:
        if tenant is None:
            raise typer.BadParameter("a caller is one of a regency: which?", param_hint="--tenant")
        request = GetCallerRequest(tenant=tenant, actor=actor, reason=reason)
        name_caller(request, who)
        answer = ask(context.obj, lambda stub: stub.GetCaller(request, timeout=ANSWER_S))
        if as_json:
            tell_json(answer)
        else:
            _show_one(answer.caller_key, answer.sanction if answer.HasField("sanction") else None)
        return
    found = [each for each in standings(context.obj, tenant) if caller in (None, each.caller_key)]
    found.sort(key=lambda sanction: (-sanction.abuse_score, sanction.caller_key))
    if as_json:
        tell_json(found[:limit])
        return
    shown = Table(
        Column("caller", no_wrap=True), "tenant", "state", "score", "until", "reason", box=None, pad_edge=False
    )
    for each in found[:limit]:
        state = word(SanctionState, each.state, _STATE)
        shown.add_row(
            each.caller_key, each.tenant, state, f"{each.abuse_score:g}", when(each.until_ms), each.reason
        )  # fmt: skip
    out.print(shown if found else "No caller has a record yet.")
    if len(found) > limit:
        out.print(f"… and {len(found) - limit} more (--limit).")


def _show_one(key: str, sanction: CallerSanction | None) -> None:
    out.print(f"caller {key}")
    if sanction is None:
        out.print("Nothing is remembered of this caller.")
        return
    told = {
        "state": f"{word(SanctionState, sanction.state, _STATE)} since {when(sanction.since_ms)}",
        "until": when(sanction.until_ms),
        "next call": word(RoutingAdvice, sanction.routing_advice, "ROUTING_ADVICE_"),
        "score": f"{sanction.abuse_score:g}",
        "calls": ", ".join(f"{name} {count}" for name, count in sorted(sanction.calls_by_outcome.items())),
        "reason": sanction.reason,
        "approved by": ", ".join(sanction.approved_by),
        "review by": when(sanction.review_by_ms),
        "protected until": when(sanction.protected_until_ms),
        "shared": "yes" if sanction.shared else "",
        "policy": sanction.policy_version,
        "to look at": ", ".join(each.what for each in waiting_of([sanction])),
    }
    shown = Table(box=None, pad_edge=False, show_header=False)
    for name, value in told.items():
        if value not in ("", "-"):
            shown.add_row(name, value)
    out.print(shown)


@app.command()
def pending(
    context: typer.Context,
    *,
    tenant: OneTenant = None,
    as_json: AsJson = False,
) -> None:
    """Show what waits for people: appeals by due date, approvals, reviews, welfare checks, false reports."""
    found = waiting_of(standings(context.obj, tenant))
    if as_json:
        sys.stdout.write(json.dumps([each.plain() for each in found]) + "\n")
        return
    now_ms = int(time.time() * 1000)
    shown = Table("what", Column("caller", no_wrap=True), "tenant", "state", "since", "due", box=None, pad_edge=False)
    for each in found:
        shown.add_row(each.what, each.caller_key, each.tenant, each.state, when(each.since_ms), _due(each, now_ms))
    out.print(shown if found else "Nothing waits for anybody.")


def _due(each: Waiting, now_ms: int) -> str:
    overdue = bool(each.due_ms) and each.due_ms < now_ms
    return f"{when(each.due_ms)}{' overdue' if overdue else ''}"


@app.command()
def operators(
    context: typer.Context,
    *,
    tenant: OneTenant = None,
    as_json: AsJson = False,
) -> None:
    """Show of each operator how many calls were pranks by their word, and who is far above the colleagues."""
    by_tenant: dict[str, list[Answered]] = {}
    for record in read_all(cluster(context.obj), CALLER_OUTCOMES):
        if record.value is None:
            continue
        message = CallerOutcome.FromString(record.value)
        if message.operator and not message.test and tenant in (None, message.tenant):
            outcome = word(Outcome, message.outcome, "OUTCOME_")
            answered = Answered(message.call_id, message.operator, outcome, message.revision)
            by_tenant.setdefault(message.tenant, []).append(answered)
    reports = {code: operator_report(calls) for code, calls in sorted(by_tenant.items())}
    if as_json:
        told = [_tally(code, tally) for code, report in reports.items() for tally in report]
        sys.stdout.write(json.dumps(told) + "\n")
        return
    shown = Table("tenant", "operator", "calls", "pranks", "share", "sigmas", "", box=None, pad_edge=False)
    for code, report in reports.items():
        for tally in report:
            note = "for a supervisor to listen in" if tally.needs_review else ""
            shown.add_row(
                code, tally.operator, str(tally.calls), str(tally.confirmed), f"{tally.share:.0%}",
                f"{tally.sigmas:+.1f}", note,
            )  # fmt: skip
    out.print(shown if reports else "No operator has said of a call yet what it was.")


def _tally(code: str, tally: OperatorTally) -> dict[str, Any]:
    return {
        "tenant": code,
        "operator": tally.operator,
        "calls": tally.calls,
        "confirmed": tally.confirmed,
        "share": round(tally.share, 4),
        "sigmas": tally.sigmas,
        "needs_review": tally.needs_review,
    }
