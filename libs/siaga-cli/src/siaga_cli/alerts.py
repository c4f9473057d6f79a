"""`alerts`: what a supervisor has to see now, and as it comes."""

import asyncio
import json
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Final

import typer
from aiokafka.errors import KafkaError
from google.protobuf.json_format import MessageToDict
from rich.table import Column, Table
from siaga.v1.alert_pb2 import Alert
from siaga.v1.common_pb2 import Priority
from siaga_contracts.catalogue import ALERTS
from siaga_kit import reading
from siaga_kit.embedded.errors import StackError

from siaga_cli.callers import AsJson, tell_json, when, word
from siaga_cli.cluster import Cluster, cluster
from siaga_cli.console import out
from siaga_cli.reading import read_all

_COLOURS: Final = {"p0": "bold red", "p1": "red", "p2": "yellow"}


class Held:
    """Alerts as their records come, repeated and in any order; the highest version holds."""

    def __init__(self, tenant: str | None = None) -> None:
        self._tenant = tenant
        self._latest: dict[str, Alert] = {}

    def take(self, value: bytes | None) -> Alert | None:
        """The alert, if the record says something new of it."""
        if value is None:
            return None
        alert = Alert.FromString(value)
        known = self._latest.get(alert.alert_id)
        if self._tenant not in (None, alert.tenant) or (known is not None and known.version >= alert.version):
            return None
        self._latest[alert.alert_id] = alert
        return alert

    def alerts(self, *, cleared: bool = False) -> list[Alert]:
        """Those that hold, or all; the most urgent first, then the oldest."""
        found = [alert for alert in self._latest.values() if cleared or not alert.cleared_at_ms]
        return sorted(found, key=lambda alert: (bool(alert.cleared_at_ms), alert.priority or 99, alert.raised_at_ms))


def register(root: typer.Typer) -> None:
    """Add the command."""
    root.command()(alerts)


def alerts(
    context: typer.Context,
    *,
    tenant: Annotated[str | None, typer.Option(envvar="SIAGA_TENANT", help="Only this regency, as 36.73.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on, line by line, until Ctrl-C.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the alerts that hold: crews that must be called, silent ones, posts that stand empty."""
    where, held = cluster(context.obj), Held(tenant)
    if follow:
        tell = _tell_json_line if as_json else _tell_line
        with suppress(KeyboardInterrupt):
            asyncio.run(follow_alerts(where, held, tell, everything=everything))
        return
    for record in read_all(where, ALERTS):
        held.take(record.value)
    found = held.alerts(cleared=everything)
    if as_json:
        tell_json(found)
    elif found:
        out.print(_table(found))
    else:
        out.print("No alert holds.")


async def follow_alerts(where: Cluster, held: Held, tell: Callable[[Alert], None], *, everything: bool) -> None:
    """Tell those that hold, then whatever is raised, told again or cleared; without an end."""
    fresh: asyncio.Queue[bytes | None] = asyncio.Queue()
    started = asyncio.Event()

    # Begun before the past is read: nothing falls between the two.
    async def listen() -> None:
        async for record in reading.news(where.settings, [ALERTS], started):
            fresh.put_nowait(record.value)

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(listen())
            await started.wait()
            async for record in reading.records(where.settings, [ALERTS]):
                held.take(record.value)
            for alert in held.alerts(cleared=everything):
                tell(alert)
            while True:
                changed = held.take(await fresh.get())
                if changed is not None:
                    tell(changed)
    except* KafkaError as errors:
        raise StackError(
            f"Kafka at {where.bootstrap}: {errors.exceptions[0]}", "is the broker up? `./siaga status`"
        ) from errors


def _table(found: list[Alert]) -> Table:
    shown = Table(
        Column("since", no_wrap=True), "priority", "kind", "tenant", "unit", "detail", Column("over", no_wrap=True),
        box=None,
    )  # fmt: skip
    for alert in found:
        priority = _priority(alert)
        shown.add_row(
            when(alert.raised_at_ms), f"[{_COLOURS.get(priority, 'default')}]{priority.upper()}[/]", alert.kind,
            alert.tenant, alert.unit_id or alert.post_id or "-", alert.detail, when(alert.cleared_at_ms),
        )  # fmt: skip
    return shown


def _priority(alert: Alert) -> str:
    return word(Priority, alert.priority, "PRIORITY_") if alert.priority else "-"


def _tell_line(alert: Alert) -> None:
    state = "over " if alert.cleared_at_ms else "ALERT"
    at = when(alert.cleared_at_ms or alert.raised_at_ms)
    unit = alert.unit_id or alert.post_id or "-"
    out.print(
        f"{at}  {state}  {_priority(alert).upper()}  {alert.kind}  {alert.tenant}  {unit}  {alert.detail}", markup=False
    )


def _tell_json_line(alert: Alert) -> None:
    sys.stdout.write(json.dumps(MessageToDict(alert, preserving_proto_field_name=True)) + "\n")
    sys.stdout.flush()
