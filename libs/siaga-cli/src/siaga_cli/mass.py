"""`notify mass`, `notify approve`: one text to every unanswered caller of a drawn area, looked at before it is sent."""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import shapely
import typer
from redis.asyncio import Redis
from siaga.v1.assessment_pb2 import CallAssessment
from siaga.v1.mass_pb2 import MASS_STATE_APPROVED, MASS_STATE_ASKED, MassMessage, MassRequest
from siaga_contracts.callers import e164
from siaga_contracts.catalogue import CALL_ASSESSMENTS, MASS_MESSAGES, MASS_REQUESTS
from siaga_contracts.ids import derived
from siaga_kit.audit import AuditLog, Deed
from siaga_kit.embedded.errors import StackError
from siaga_kit.embedded.home import Home
from siaga_kit.publishing import Publisher
from siaga_kit.records import Outgoing
from siaga_notifier.core.mass import (
    MOST_RECIPIENTS,
    Chosen,
    Heard,
    Left,
    Unanswered,
    asking_refused,
    choose,
    message_id,
    refusal,
)
from siaga_notifier.core.sms_parts import segments
from siaga_tenants import load_tenants
from siaga_tenants.model import Tenant

from siaga_cli.callbacks import SHORT, open_tasks
from siaga_cli.callers import TenantOf
from siaga_cli.cluster import cluster, redis_url, tenants_dir
from siaga_cli.console import out
from siaga_cli.durations import duration
from siaga_cli.reading import read_all

By = Annotated[
    str, typer.Option("--by", envvar="SIAGA_ACTOR", help="Who you are: one of mass.approvers of notify.yaml.")
]
Price = Annotated[float, typer.Option("--price", min=0, help="Rupiah that one SMS costs, to reckon the whole.")]
# A drawing with every bend of a river; more is a map, not an area.
MOST_AREA_BYTES: Final = 200_000
# How much is published at once.
BATCH: Final = 500

_WHY: Final = {
    Left.BEFORE: "were missed before that time",
    Left.UNSAFE: "only if it is safe: a confidential case",
    Left.NO_NUMBER: "without a number",
    Left.NO_MOBILE: "with a number that takes no SMS",
    Left.OUTSIDE: "outside the area",
    Left.UNPLACED: "of whom no place is known (--unplaced takes them, too)",
    Left.TWICE: "with the number of another",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A request as it stands now: its text, and whom it would reach."""

    request: MassRequest
    text: str
    chosen: Chosen


def mass(
    context: typer.Context,
    *,
    tenant: TenantOf,
    area: Annotated[Path, typer.Option("--area", help="The area as GeoJSON: polygons.")],
    since: Annotated[str, typer.Option("--since", metavar="TIME", help="Callers missed within this time, as 2h.")],
    text_name: Annotated[str, typer.Option("--text-name", help="One of mass_texts of messages.yaml.")],
    by: By,
    unplaced: Annotated[bool, typer.Option("--unplaced", help="Also callers of whom no place is known.")] = False,
    price: Price = 0.0,
    send: Annotated[bool, typer.Option("--send", help="Ask for it; without it, only look.")] = False,
) -> None:
    """Look whom a text would reach and what it costs; with --send, ask for it (or send it, where one approver is enough)."""
    now_ms = time.time_ns() // 1_000_000
    request = MassRequest(
        mass_id=derived("mass", tenant, text_name, by, str(now_ms)),
        tenant=tenant,
        state=MASS_STATE_ASKED,
        text_name=text_name,
        area=_read_area(area),
        since_ms=now_ms - duration(since, "--since") * 1000,
        unplaced=unplaced,
        asked_by=by,
        asked_at_ms=now_ms,
    )
    centre = _centre(context.obj, tenant)
    draft = _draft(context.obj, centre, request)
    _show(draft, price)
    refused = asking_refused(centre.notify.mass, by)
    if refused is not None:
        raise StackError(f"it may not be sent: {refused}")
    if not send:
        out.print("Nothing was sent. The same with --send asks for it.")
        return
    request.recipients = len(draft.chosen.numbers)
    if centre.notify.mass.second_approval:
        asyncio.run(_publish(context.obj, draft, "mass_ask", by, now_ms, messages=False))
        out.print(f"Asked for. Another approver: ./siaga notify approve {request.mass_id[:SHORT]} --by …")
        return
    _approve(context.obj, draft, by, now_ms)


def approve(
    context: typer.Context,
    which: Annotated[str, typer.Argument(metavar="MASS", help="What was asked for; its first characters do.")],
    *,
    by: By,
    price: Price = 0.0,
    send: Annotated[bool, typer.Option("--send", help="Have it sent; without it, only look.")] = False,
) -> None:
    """Look at what another approver has asked for, as it would go out now; with --send, have it sent."""
    request = _asked(context.obj, which)
    centre = _centre(context.obj, request.tenant)
    refused = refusal(centre.notify.mass, request.asked_by, by)
    if refused is not None:
        raise StackError(f"it may not be sent: {refused}")
    draft = _draft(context.obj, centre, request)
    _show(draft, price)
    if not send:
        out.print(f"Asked for by {request.asked_by}. Nothing was sent; the same with --send sends it.")
        return
    _approve(context.obj, draft, by, time.time_ns() // 1_000_000)


def _approve(home: Home, draft: Draft, by: str, now_ms: int) -> None:
    request = draft.request
    request.state = MASS_STATE_APPROVED
    request.approved_by = by
    # Said again after a kill, it is the same approval: what went out then does not go out again.
    request.approved_at_ms = now_ms
    request.recipients = len(draft.chosen.numbers)
    asyncio.run(_publish(home, draft, "mass_approve", by, now_ms, messages=True))
    out.print(
        f"{request.recipients} messages are on their way. Each caller gets the text once, even if this is repeated."
    )


def _read_area(file: Path) -> str:
    text = file.read_text("utf-8") if file.is_file() else ""
    try:
        drawn = shapely.from_geojson(text)
    except shapely.errors.GEOSException as error:
        raise StackError(f"{file}: is no GeoJSON: {error}") from error
    parts = shapely.get_parts(shapely.get_parts(drawn)) if drawn is not None else ()
    if not len(parts) or any(part.geom_type != "Polygon" or not part.is_valid for part in parts):
        raise StackError(
            f"{file}: holds no area", "draw polygons that do not cross themselves, and save them as GeoJSON"
        )
    if len(text) > MOST_AREA_BYTES:
        raise StackError(f"{file}: {len(text)} bytes are more than {MOST_AREA_BYTES}", "draw it with fewer points")
    return json.dumps(json.loads(text), separators=(",", ":"))


def _inside(area: str) -> Callable[[float, float], bool]:
    drawn = shapely.union_all(shapely.get_parts(shapely.get_parts(shapely.from_geojson(area))))
    shapely.prepare(drawn)
    return lambda lat, lon: bool(shapely.intersects(drawn, shapely.Point(lon, lat)))


def _centre(home: Home, code: str) -> Tenant:
    tenants = load_tenants(tenants_dir(home))
    if code not in tenants:
        raise StackError(f"no tenant {code!r}", f"those there are: {', '.join(sorted(tenants))}")
    return tenants[code]


def _draft(home: Home, centre: Tenant, request: MassRequest) -> Draft:
    text = centre.messages.mass_texts.get(request.text_name)
    if text is None:
        known = ", ".join(sorted(centre.messages.mass_texts)) or "none"
        raise StackError(f"the centre has approved no text {request.text_name!r}", f"those of messages.yaml: {known}")
    callers = [
        Unanswered(task.caller_key, task.only_if_safe, task.latest_at_ms, tuple(call.call_id for call in task.calls))
        for task in open_tasks(home, request.tenant)
    ]
    heard = _heard(home, {call_id for caller in callers for call_id in caller.call_ids})
    chosen = choose(callers, heard, _inside(request.area), request.since_ms, unplaced=request.unplaced)
    if len(chosen.numbers) > MOST_RECIPIENTS:
        raise StackError(f"{len(chosen.numbers)} callers are more than {MOST_RECIPIENTS}", "draw a smaller area")
    return Draft(request, text, chosen)


def _heard(home: Home, wanted: set[str]) -> dict[str, Heard]:
    found: dict[str, Heard] = {}
    for record in read_all(cluster(home), CALL_ASSESSMENTS) if wanted else ():
        if record.value is None or (record.key or b"").decode() not in wanted:
            continue
        told = CallAssessment.FromString(record.value)
        placed = told.place.HasField("position")
        number = "" if told.test or told.backfilled else e164(told.callback_number) or ""
        found[told.call_id] = Heard(
            told.call_id,
            number,
            told.confidential,
            told.place.position.lat if placed else None,
            told.place.position.lon if placed else None,
        )
    return found


def _show(draft: Draft, price: float) -> None:
    people, parts = len(draft.chosen.numbers), segments(draft.text)
    out.print(f"[bold]{draft.text}[/]", highlight=False)
    cost = f", Rp {people * parts * price:,.0f}" if price else ""
    out.print(f"{people} callers, {parts} SMS each: {people * parts} SMS{cost}")
    for why, count in sorted(draft.chosen.left.items()):
        out.print(f"  {count} left out: {_WHY[why]}")


def _asked(home: Home, which: str) -> MassRequest:
    latest: dict[str, MassRequest] = {}
    for record in read_all(cluster(home), MASS_REQUESTS):
        if record.value is not None:
            request = MassRequest.FromString(record.value)
            latest[request.mass_id] = request
    found = [request for name, request in latest.items() if which and name.startswith(which.strip().lower())]
    if len(found) != 1:
        what = "nothing that was asked for is" if not found else f"{len(found)} of what was asked for are"
        raise StackError(f"{what} named {which}", "take the name that `notify mass --send` has told")
    return found[0]


async def _publish(home: Home, draft: Draft, action: str, by: str, now_ms: int, *, messages: bool) -> None:
    """The audit first, then the messages, then what became of the request: after a kill it can be approved again."""
    publisher = Publisher(cluster(home).settings, "notify", "cli")
    redis = Redis.from_url(redis_url(home))
    request = draft.request
    try:
        reason = f"{request.text_name}, {request.recipients} recipients"
        deed = Deed(request.tenant, by, action, f"mass/{request.mass_id}", reason, now_ms)
        await AuditLog(redis, publisher.publish).write(deed)
        if messages:
            made = _messages(draft)
            for begin in range(0, len(made), BATCH):
                await publisher.publish(made[begin : begin + BATCH])
        event_id = derived("mass-request", request.mass_id, str(request.state), by)
        await publisher.publish([Outgoing(MASS_REQUESTS, request.mass_id, request, event_id, now_ms)])
    finally:
        await publisher.close()
        await redis.aclose()


def _messages(draft: Draft) -> Sequence[Outgoing]:
    request = draft.request
    made = [
        MassMessage(
            message_id=message_id(request.mass_id, caller_key),
            mass_id=request.mass_id,
            tenant=request.tenant,
            caller_key=caller_key,
            number=number,
            text_name=request.text_name,
            text=draft.text,
            asked_by=request.asked_by,
            approved_by=request.approved_by,
            at_ms=request.approved_at_ms,
        )
        for caller_key, number in draft.chosen.numbers.items()
    ]
    return [Outgoing(MASS_MESSAGES, one.message_id, one, one.message_id, one.at_ms) for one in made]
