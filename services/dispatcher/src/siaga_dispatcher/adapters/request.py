"""Builds the commit script's request: checks, numbers to give out, commands, and the bytes they refer to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Final

import msgspec

from siaga_dispatcher.adapters import events
from siaga_dispatcher.adapters.events import Event, Records
from siaga_dispatcher.adapters.keys import Keys
from siaga_dispatcher.adapters.state import FINISHED_KEPT_S, put_alert, put_incident, put_unit
from siaga_dispatcher.core.decision import Decision, Timeline
from siaga_dispatcher.core.values import Order, Unit

# How long a cause is remembered: longer than any replay that happens by itself after a crash.
CAUSE_KEPT_S: Final = 3 * 24 * 3600

Argument = str | int | list[Any]


@dataclass(frozen=True, slots=True)
class Guard:
    """A version that must still hold for the decision to be right."""

    key: str
    field: str
    version: int


@dataclass(frozen=True, slots=True)
class Absent:
    """A key that must still not exist for the decision to be right."""

    key: str


@dataclass(slots=True)
class Request:
    """One commit in the making."""

    keys: Keys
    cause: str | None
    blobs: list[bytes] = field(default_factory=list)
    checks: list[list[str]] = field(default_factory=list)
    # Keys that must still not exist.
    absent: list[str] = field(default_factory=list)
    ops: list[list[Argument]] = field(default_factory=list)
    tasks: list[list[str]] = field(default_factory=list)
    tickets: list[list[str]] = field(default_factory=list)

    def arguments(self, *, init: bool) -> tuple[list[str], list[bytes]]:
        """KEYS and ARGV of the script."""
        body = {
            "init": init,
            "keep_s": 0 if self.cause is None else CAUSE_KEPT_S,
            "checks": self.checks,
            "absent": self.absent,
            "tickets": self.tickets,
            "tasks": self.tasks,
            "task_counter": self.keys.task_counter,
            "open_tasks": self.keys.tasks,
            "ops": self.ops,
        }
        touched = {str(op[1]) for op in self.ops} | {check[0] for check in self.checks} | {*self.absent}
        touched |= {self.keys.task_counter, self.keys.tasks} if self.tasks else set()
        touched |= {counter for _, counter, _ in self.tickets}
        return (
            [self.keys.epoch, self.keys.done(self.cause or ""), *sorted(touched)],
            [msgspec.json.encode(body), *self.blobs],
        )

    def blob(self, data: bytes) -> int:
        """The number by which an argument refers to these bytes."""
        self.blobs.append(data)
        return len(self.blobs)

    def op(self, *command: Argument) -> None:
        """One Redis command."""
        self.ops.append(list(command))

    def check(self, guard: Guard | Absent) -> None:
        """The version must hold, or the key still be missing."""
        if isinstance(guard, Absent):
            self.absent.append(guard.key)
            return
        self.checks.append([guard.key, guard.field, str(guard.version)])


def request_of(
    request: Request, decision: Decision, records: Records, traceparent: str | None, zone: tzinfo
) -> Request:  # fmt: skip
    """The request with everything that a decision writes. `zone` is the tenant's: tickets are counted by its years."""
    keys = request.keys
    # What the working state keeps of an incident or a unit is what its topic gets: the bytes are sent once for both.
    payloads = {record.event_id: _payload(request, record) for record in records.all}
    for timeline in decision.timelines:
        record = records.incidents[timeline.after.incident_id]
        _write_incident(request, timeline, payloads[record.event_id], zone)
    sent = events.sent_by(decision)
    for unit in decision.units:
        _write_unit(request, unit, payloads[records.units[unit.unit_id].event_id], sent)
    for unit in decision.released:
        request.op("HDEL", keys.tasks, unit.task_code)
    for alert in decision.alerts:
        put_alert(request, alert, payloads[records.alerts[alert.alert_id].event_id])
    for record in records.all:
        _append(request, record, payloads[record.event_id], traceparent or "")
    return request


def _write_incident(request: Request, timeline: Timeline, payload: Argument, zone: tzinfo) -> None:
    keys, incident = request.keys, timeline.after
    request.check(Guard(keys.incident(incident.incident_id), "v", timeline.snapshots[0].version - 1))
    if not incident.ticket_no:
        year = datetime.fromtimestamp(incident.opened_at_ms / 1000, zone).year
        prefix = f"{incident.tenant.replace('.', '')}-{year}-"
        request.tickets.append([events.ticket_name(incident), keys.ticket(year), prefix])
    put_incident(request, timeline.before, incident, payload, FINISHED_KEPT_S)


def _write_unit(request: Request, unit: Unit, payload: Argument, sent: Mapping[str, Order]) -> None:
    request.check(Guard(request.keys.unit(unit.unit_id), "v", unit.version - 1))
    if unit.unit_id in sent:
        request.tasks.append([events.task_name(unit.unit_id), sent[unit.unit_id].order_id])
    put_unit(request, unit, payload)


def _append(request: Request, record: Event, payload: Argument, traceparent: str) -> None:
    request.op(
        "XADD", request.keys.outbox, "*", "topic", record.topic, "key", record.key, "id", record.event_id,
        "at", str(record.event_at_ms), "trace", traceparent, "value", payload,
    )  # fmt: skip


def _payload(request: Request, record: Event) -> Argument:
    """A record's bytes with its stamps."""
    blob = request.blob(record.payload)
    if not record.stamps:
        return blob
    return [blob, *(part for stamp in record.stamps for part in (stamp.name, stamp.tag))]
