"""What people decide about callers, as commands: each publishes one decision, and says where to see its effect."""

import time
import uuid
from collections.abc import Callable
from typing import Annotated, Any, Final

import typer
from siaga.v1.call_pb2 import CallerTag
from siaga.v1.decision_pb2 import DecisionKind
from siaga.v1.sanctions_service_pb2 import DecideRequest
from siaga_kit.embedded.home import Home

from siaga_cli.callers import ANSWER_S, Actor, AsJson, Caller, Reason, TenantOf, ask, name_caller, tell_json
from siaga_cli.console import out
from siaga_cli.durations import duration

RequestId = Annotated[
    str, typer.Option("--request-id", help="The same once more is the same decision. Default: a new one.")
]
# Command, kind, and what its help says: decisions that need nothing but who and why.
PLAIN: Final = (
    ("lift", "LIFT", "End the sanction in force."),
    ("approve", "APPROVE_PERMANENT", "Be one of the two persons whom a permanent sanction needs."),
    ("reject", "REJECT_PERMANENT", "Say that a sanction shall not be permanent."),
    ("appeal", "APPEAL", "File the owner's appeal; it is due within three working days."),
    ("share", "SHARE", "Say that many people use the number: it never gets above watch."),
    ("unshare", "UNSHARE", "Say that one person has the number again."),
    ("new-holder", "NEW_HOLDER", "Say that the number has a new holder: what was before is forgotten."),
    ("erase", "ERASE", "Erase the details of the abuse."),
)
_TAGS: Final = {name.removeprefix("CALLER_TAG_").lower(): number for name, number in CallerTag.items() if number}


def register(app: typer.Typer) -> None:
    """Add a command for each kind of decision."""
    for name, kind, told in PLAIN:
        app.command(name, help=told)(_plain(kind))
    app.command("decide-appeal")(decide_appeal)
    app.command("tag", help="Note what the caller is: child, mental_health.")(_tagging("TAG"))
    app.command("untag", help="Take such a note back.")(_tagging("UNTAG"))
    app.command()(protect)


def _plain(kind: str) -> Callable[..., None]:
    def decide(
        context: typer.Context,
        caller: Caller,
        *,
        tenant: TenantOf,
        actor: Actor,
        reason: Reason,
        request_id: RequestId = "",
        as_json: AsJson = False,
    ) -> None:
        _decide(context.obj, kind, caller, tenant, actor, reason, request_id, as_json)

    return decide


def _tagging(kind: str) -> Callable[..., None]:
    def decide(
        context: typer.Context,
        caller: Caller,
        tags: Annotated[list[str], typer.Argument(metavar="TAG...", help=f"One or more of {', '.join(_TAGS)}.")],
        *,
        tenant: TenantOf,
        actor: Actor,
        reason: Reason,
        request_id: RequestId = "",
        as_json: AsJson = False,
    ) -> None:
        unknown = [tag for tag in tags if tag not in _TAGS]
        if unknown:
            raise typer.BadParameter(f"no tag {unknown[0]!r}; there are {', '.join(_TAGS)}", param_hint="TAG")
        numbers = [_TAGS[tag] for tag in tags]
        _decide(context.obj, kind, caller, tenant, actor, reason, request_id, as_json, caller_tags=numbers)

    return decide


def decide_appeal(
    context: typer.Context,
    caller: Caller,
    *,
    accept: Annotated[bool, typer.Option("--accept/--deny", help="Whether the owner is right.")],
    call: Annotated[
        list[str] | None,
        typer.Option("--call", help="A call that no longer counts; may be repeated. None: all in memory."),
    ] = None,
    tenant: TenantOf,
    actor: Actor,
    reason: Reason,
    request_id: RequestId = "",
    as_json: AsJson = False,
) -> None:
    """Decide the owner's appeal: accepted calls no longer count; the audit keeps both."""
    kind = "APPEAL_ACCEPTED" if accept else "APPEAL_DENIED"
    _decide(context.obj, kind, caller, tenant, actor, reason, request_id, as_json, call_ids=call or [])


def protect(
    context: typer.Context,
    caller: Caller,
    *,
    for_: Annotated[
        str, typer.Option("--for", metavar="TIME", help="How long, as 24h or 30d. Default: as after a real call.")
    ] = "",
    tenant: TenantOf,
    actor: Actor,
    reason: Reason,
    request_id: RequestId = "",
    as_json: AsJson = False,
) -> None:
    """Let no sanction touch the number until the time is over."""
    until_ms = int(time.time() + duration(for_, "--for")) * 1000 if for_ else 0
    _decide(context.obj, "PROTECT", caller, tenant, actor, reason, request_id, as_json, until_ms=until_ms)


def _decide(
    home: Home,
    kind: str,
    caller: str,
    tenant: str,
    actor: str,
    reason: str,
    request_id: str,
    as_json: bool,
    **fields: Any,
) -> None:
    request = DecideRequest(
        # So that a try that is repeated within this command is no second decision.
        request_id=request_id or str(uuid.uuid4()),
        tenant=tenant,
        kind=DecisionKind.Value(f"DECISION_KIND_{kind}"),
        actor=actor,
        reason=reason,
        **fields,
    )
    name_caller(request, caller)
    made = ask(home, lambda stub: stub.Decide(request, timeout=ANSWER_S)).decision
    if as_json:
        tell_json(made)
        return
    told = kind.lower().replace("_", " ")
    out.print(f"{told}: caller {made.caller_key} of {made.tenant}, decision {made.decision_id}")
    out.print(f"Its effect, within seconds: ./siaga sanctions show --caller {made.caller_key}")
