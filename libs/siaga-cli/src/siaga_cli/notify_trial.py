"""`notify test`: a message to a unit's crew by the way that an alarm takes, with each state as it comes."""

import asyncio
import json
import secrets
import sys
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Final

import typer
from aiokafka import ConsumerRecord
from aiokafka.errors import KafkaError
from rich.markup import escape
from siaga.v1 import common_pb2, notification_pb2, order_pb2, place_pb2, unit_pb2
from siaga_contracts.catalogue import DISPATCH_ORDERS, NOTIFICATION_EVENTS
from siaga_contracts.ids import derived
from siaga_kit import reading
from siaga_kit.embedded.errors import StackError
from siaga_kit.publishing import Publisher
from siaga_kit.records import Outgoing
from siaga_tenants import Tenant, UnitSpec, load_tenants
from siaga_tenants.document import suggest

from siaga_cli.callers import AsJson
from siaga_cli.cluster import Cluster, cluster, tenants_dir
from siaga_cli.console import Exit, out

# Longer than codes of tasks are: a number typed back is never taken for a task's.
CODES_FROM: Final = 90_000
CODES: Final = 10_000
# Without it a dead broker would be waited for as long as a crew.
PLAN_MOST_S: Final = 300.0
# Shown wherever an order's place and note are.
ADDRESS: Final = "UJI COBA, bukan tugas"

_State = notification_pb2.NotificationState
_ENDS: Final = frozenset(
    {notification_pb2.NOTIFICATION_STATE_ACKNOWLEDGED, notification_pb2.NOTIFICATION_STATE_UNACKNOWLEDGED}
)
_COLOURS: Final = {"ACKNOWLEDGED": "bold green", "DELIVERED": "green", "READ": "green", "UNACKNOWLEDGED": "bold red"}
_REMEDIES: Final = {
    "FAILED_TEMPORARY": "tried again by itself; `./siaga status` tells what is amiss with the provider",
    "FAILED_PERMANENT": "look at the unit's contact in units.yaml, and at the provider in notify.yaml",
    "EXPIRED": "the phone was off or out of reach; try another channel",
    "UNACKNOWLEDGED": "nobody answered: ask the crew by voice whether the message is there",
}


@dataclass(frozen=True, slots=True)
class Only:
    """What a trial is limited to; empty = as the plan has it."""

    channel: str = ""
    provider: str = ""
    off_duty: bool = False


def trial(
    context: typer.Context,
    *,
    unit: Annotated[str, typer.Option("--unit", help="Id of the unit, as `units list` shows it.")],
    channel: Annotated[str, typer.Option("--channel", help="Only this: sms, mqtt, …; else the whole plan.")] = "",
    provider: Annotated[str, typer.Option("--provider", help="Only this one, as notify.yaml names it.")] = "",
    priority: Annotated[str, typer.Option("--priority", help="Whose plan is walked: P0 to P4.")] = "P3",
    off_duty: Annotated[bool, typer.Option("--off-duty", help="Also whoever is not on duty now.")] = False,
    wait_s: Annotated[float, typer.Option("--wait", min=1, help="Seconds to look on at the most.")] = PLAN_MOST_S,
    as_json: AsJson = False,
) -> None:
    """Send a unit's crew a message marked UJI COBA, and show each state live until somebody answers."""
    centre, found = _unit(load_tenants(tenants_dir(context.obj)), unit)
    only = _only(centre, found, Only(channel, provider, off_duty))
    order = trial_order(centre, found, _priority(priority), only, time.time_ns() // 1_000_000)
    if not as_json:
        out.print(f"{found.unit_id} {found.name}: trial #{order.task_code}; the crew answers OK #{order.task_code}")
    where = cluster(context.obj)
    try:
        last = asyncio.run(_follow(where, order, wait_s, as_json=as_json))
    except KafkaError as error:
        raise StackError(f"Kafka at {where.bootstrap}: {error}", "is the broker up? `./siaga status`") from error
    if last is None:
        raise StackError(
            f"nobody answered within {wait_s:g} s",
            "ask the crew whether the message is there; if no state was shown, see whether the notifier is up: `./siaga status`",
        )
    if last != notification_pb2.NOTIFICATION_STATE_ACKNOWLEDGED:
        raise typer.Exit(Exit.FAILED)


def trial_order(
    centre: Tenant, unit: UnitSpec, priority: common_pb2.Priority.ValueType, only: Only, now_ms: int
) -> order_pb2.DispatchOrder:
    """A trial as it goes to the notifier: of no incident and no assignment, whatever the unit does now."""
    order_id = derived("trial", unit.unit_id, str(now_ms))
    kind = unit_pb2.UnitKind.Value(f"UNIT_KIND_{unit.kind.upper()}")
    return order_pb2.DispatchOrder(
        order_id=order_id,
        tenant=centre.code,
        incident_id=derived("trial-incident", order_id),
        unit_id=unit.unit_id,
        unit_name=unit.name,
        unit_kind=kind,
        kind=order_pb2.ORDER_KIND_TRIAL,
        task_code=str(CODES_FROM + secrets.randbelow(CODES)),
        priority=priority,
        place=place_pb2.Place(address=ADDRESS),
        text=ADDRESS,
        contacts=[unit_pb2.Contact(channel=one.channel, address=one.address) for one in centre.contacts_of(unit)],
        event_at_ms=now_ms,
        only_channel=only.channel,
        only_provider=only.provider,
        off_duty=only.off_duty,
    )


def _unit(tenants: Mapping[str, Tenant], wanted: str) -> tuple[Tenant, UnitSpec]:
    listed = {unit.unit_id: (tenant, unit) for tenant in tenants.values() for unit in tenant.units}
    if wanted in listed:
        return listed[wanted]
    raise StackError(f"no unit {wanted!r}", suggest(wanted, sorted(listed)))


def _only(centre: Tenant, unit: UnitSpec, asked: Only) -> Only:
    """The limits as they can be kept; raises StackError for a channel or provider that the unit cannot be told by."""
    channel = asked.channel
    if asked.provider:
        named = {spec.provider_id: spec for spec in centre.notify.providers}
        if asked.provider not in named:
            known = suggest(asked.provider, sorted(named)) if named else "the centre's notify.yaml names none"
            raise StackError(f"no provider {asked.provider!r} in {centre.code}", known)
        served = named[asked.provider].channel
        if channel not in ("", served):
            raise StackError(f"provider {asked.provider} serves {served}, not {channel}", f"--channel {served}")
        channel = served
    has = sorted({one.channel for one in centre.contacts_of(unit)})
    if not has or (channel and channel not in has):
        raise StackError(
            f"{unit.unit_id} has no contact for {channel or 'any channel'}",
            f"it has: {', '.join(has)}" if has else "write its contacts into units.yaml",
        )
    return Only(channel, asked.provider, asked.off_duty)


def _priority(told: str) -> common_pb2.Priority.ValueType:
    known = [name.removeprefix("PRIORITY_") for name in common_pb2.Priority.keys()][1:]  # noqa: SIM118
    if told.upper() not in known:
        raise StackError(f"no priority {told!r}", suggest(told.upper(), known))
    return common_pb2.Priority.Value(f"PRIORITY_{told.upper()}")


async def _follow(
    where: Cluster, order: order_pb2.DispatchOrder, wait_s: float, *, as_json: bool
) -> _State.ValueType | None:
    """Publish the order and show what is told of it; the state that ended it, None where none did in time."""
    started = asyncio.Event()
    events = reading.news(where.settings, [NOTIFICATION_EVENTS], started)
    told = asyncio.create_task(_until_end(events, order, as_json=as_json))
    try:
        async with asyncio.timeout(wait_s):
            ready = asyncio.create_task(started.wait())
            await asyncio.wait({told, ready}, return_when=asyncio.FIRST_COMPLETED)
            publisher = Publisher(where.settings, "notify", "cli")
            try:
                await publisher.publish(
                    [Outgoing(DISPATCH_ORDERS, order.unit_id, order, order.order_id, order.event_at_ms)]
                )
            finally:
                await publisher.close()
            return await told
    except TimeoutError:
        return None
    finally:
        told.cancel()
        await asyncio.gather(told, return_exceptions=True)


async def _until_end(
    events: AsyncIterator[ConsumerRecord[bytes, bytes]], order: order_pb2.DispatchOrder, *, as_json: bool
) -> _State.ValueType | None:
    seen: set[str] = set()
    async for record in events:
        event = notification_pb2.NotificationEvent.FromString(record.value or b"")
        if event.order_id != order.order_id or event.event_id in seen:
            continue
        seen.add(event.event_id)
        _show(event, order.event_at_ms, as_json=as_json)
        if event.state in _ENDS:
            return event.state
    return None


def _show(event: notification_pb2.NotificationEvent, began_ms: int, *, as_json: bool) -> None:
    state = _State.Name(event.state).removeprefix("NOTIFICATION_STATE_")
    remedy = _REMEDIES.get(state, "")
    if as_json:
        line = {
            "state": state.lower(), "after_ms": event.at_ms - began_ms, "step": event.step, "channel": event.channel,
            "provider": event.provider, "provider_id": event.provider_id, "segments": event.segments,
            "repeat": event.repeat, "reason": event.reason, "remedy": remedy,
        }  # fmt: skip
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
        return
    parts = [
        f"step {event.step}" if event.step else "",
        event.channel,
        f"by {event.provider}" if event.provider else "",
        f"as {event.provider_id}" if event.provider_id else "",
        f"{event.segments} SMS" if event.segments else "",
        f"({event.reason})" if event.reason else "",
    ]
    about = escape("  ".join(part for part in parts if part))
    colour = _COLOURS.get(state, "red" if remedy else "default")
    out.print(f"{(event.at_ms - began_ms) / 1000:8.2f} s  [{colour}]{state:<16}[/]  {about}", highlight=False)
    if remedy:
        out.print(f"            → {remedy}", markup=False, highlight=False)
