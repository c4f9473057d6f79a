"""Builds the commit script's request: checks, numbers to give out, commands, and the bytes they refer to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from siaga_dispatcher.adapters import codec, events
from siaga_dispatcher.adapters.events import Event, Stamp
from siaga_dispatcher.adapters.keys import Keys
from siaga_dispatcher.core.draft import Decision
from siaga_dispatcher.core.lifecycle import ENDED, FINISHED
from siaga_dispatcher.core.values import Incident, Order, OrderKind, Unit

# How long a cause is remembered: longer than any replay that happens by itself after a crash.
CAUSE_KEPT_S: Final = 3 * 24 * 3600
# A finished incident and its calls stay at hand for corrections and reopening; after that Kafka has them.
FINISHED_KEPT_S: Final = 30 * 24 * 3600
# Above every opening time in milliseconds, so that priority sorts first.
PRIORITY_STEP: Final = 10**13

Argument = str | int | list[Any]


@dataclass(frozen=True, slots=True)
class Guard:
    """A version that must still hold for the decision to be right."""

    key: str
    field: str
    version: int


@dataclass(slots=True)
class Request:
    """One commit in the making."""

    keys: Keys
    cause: str | None
    blobs: list[bytes] = field(default_factory=list)
    checks: list[list[str]] = field(default_factory=list)
    ops: list[list[Argument]] = field(default_factory=list)
    tasks: list[list[str]] = field(default_factory=list)
    ticket: list[str] | None = None

    def arguments(self, *, init: bool) -> tuple[list[str], list[bytes]]:
        """KEYS and ARGV of the script."""
        body = {
            "init": init,
            "keep_s": 0 if self.cause is None else CAUSE_KEPT_S,
            "checks": self.checks,
            "ticket": self.ticket,
            "tasks": self.tasks,
            "task_counter": self.keys.task_counter,
            "open_tasks": self.keys.tasks,
            "ops": self.ops,
        }
        if self.ticket is None:
            del body["ticket"]
        touched = {str(op[1]) for op in self.ops} | {check[0] for check in self.checks}
        touched |= {self.keys.task_counter, self.keys.tasks} if self.tasks else set()
        touched |= {self.ticket[0]} if self.ticket else set()
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

    def check(self, guard: Guard) -> None:
        """The version must hold."""
        self.checks.append([guard.key, guard.field, str(guard.version)])


def request_of(
    request: Request, decision: Decision, records: Sequence[Event], traceparent: str | None, year: int
) -> Request:  # fmt: skip
    """The request with everything that a decision writes. `year` is the ticket number's, by the tenant's clock."""
    keys = request.keys
    if decision.snapshots:
        _write_incident(request, decision.before, decision.snapshots, year)
    sent = {order.unit.unit_id: order for order in decision.orders if order.kind is OrderKind.DISPATCH}
    for unit in decision.units:
        _write_unit(request, unit, sent.get(unit.unit_id))
    for unit in decision.released:
        request.op("HDEL", keys.tasks, unit.task_code)
    for record in records:
        _append(request, record, traceparent or "")
    return request


def _write_incident(request: Request, before: Incident | None, snapshots: Sequence[Incident], year: int) -> None:
    keys, incident = request.keys, snapshots[-1]
    key = keys.incident(incident.incident_id)
    request.check(Guard(key, "v", snapshots[0].version - 1))
    stamps = events.incident_stamps(incident)
    if stamps:
        request.ticket = [keys.ticket(year), f"{incident.tenant.replace('.', '')}-{year}-"]
    snapshot = _stamped(request.blob(codec.incident_message(incident).SerializeToString()), stamps)
    private = request.blob(codec.incident_private(incident))
    request.op("HSET", key, "v", str(incident.version), "pb", snapshot, "x", private)
    for call_id in incident.call_ids[len(before.call_ids) if before else 0 :]:
        request.op("SET", keys.call(call_id), incident.incident_id, "EX", str(FINISHED_KEPT_S))
    request.op("ZADD", keys.incidents, str(incident.opened_at_ms), incident.incident_id)
    _keep(request, keys.active, incident, incident.opened_at_ms, holds=incident.status not in ENDED)
    finished = incident.status in FINISHED
    waits = bool(incident.shortfalls) and not finished
    _keep(request, keys.waiting, incident, incident.priority * PRIORITY_STEP + incident.opened_at_ms, holds=waits)
    request.op(*(("EXPIRE", key, str(FINISHED_KEPT_S)) if finished else ("PERSIST", key)))
    _write_open(request, before, incident)


def _write_open(request: Request, before: Incident | None, incident: Incident) -> None:
    """Keep the index of incidents that calls may join; whoever decided on its older state must decide again."""
    keys = request.keys
    was = before.type if before is not None and before.status not in FINISHED else None
    now = incident.type if incident.status not in FINISHED else None
    if was is not None and was != now:
        request.op("ZREM", keys.open(was), incident.incident_id)
    if now is not None:
        request.op("ZADD", keys.open(now), str(incident.last_call_at_ms), incident.incident_id)
        if was != now:
            request.op("HINCRBY", keys.open_versions, now, "1")


def _keep(request: Request, index: str, incident: Incident, score: int, *, holds: bool) -> None:
    if holds:
        request.op("ZADD", index, str(score), incident.incident_id)
    else:
        request.op("ZREM", index, incident.incident_id)


def _write_unit(request: Request, unit: Unit, sent: Order | None) -> None:
    keys = request.keys
    key = keys.unit(unit.unit_id)
    request.check(Guard(key, "v", unit.version - 1))
    task: Argument = unit.task_code
    if sent is not None:
        name = events.task_name(unit)
        request.tasks.append([name, sent.order_id])
        task = [name]
    snapshot = request.blob(codec.unit_message(unit).SerializeToString())
    request.op("HSET", key, "v", str(unit.version), "pb", snapshot, "task", task)
    request.op("HSET", keys.units, unit.unit_id, unit.kind)
    free = keys.free(unit.kind)
    if unit.free:
        request.op("GEOADD", free, repr(unit.position.lon), repr(unit.position.lat), unit.unit_id)
    else:
        request.op("ZREM", free, unit.unit_id)


def _append(request: Request, record: Event, traceparent: str) -> None:
    payload = _stamped(request.blob(record.payload), record.stamps)
    request.op(
        "XADD", request.keys.outbox, "*", "topic", record.topic, "key", record.key, "id", record.event_id,
        "at", str(record.event_at_ms), "trace", traceparent, "value", payload,
    )  # fmt: skip


def _stamped(blob: int, stamps: Sequence[Stamp]) -> Argument:
    if not stamps:
        return blob
    return [blob, *(part for stamp in stamps for part in (stamp.name, stamp.tag))]
