"""Builds the commit script's request: checks, numbers to give out, commands, and the bytes they refer to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Final

import msgspec

from siaga_dispatcher.adapters import codec, events
from siaga_dispatcher.adapters.events import Event, Stamp
from siaga_dispatcher.adapters.keys import Keys
from siaga_dispatcher.core.decision import Decision, Timeline
from siaga_dispatcher.core.lifecycle import ENDED, FINISHED
from siaga_dispatcher.core.values import Alert, Incident, Order, Unit

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
    tickets: list[list[str]] = field(default_factory=list)

    def arguments(self, *, init: bool) -> tuple[list[str], list[bytes]]:
        """KEYS and ARGV of the script."""
        body = {
            "init": init,
            "keep_s": 0 if self.cause is None else CAUSE_KEPT_S,
            "checks": self.checks,
            "tickets": self.tickets,
            "tasks": self.tasks,
            "task_counter": self.keys.task_counter,
            "open_tasks": self.keys.tasks,
            "ops": self.ops,
        }
        touched = {str(op[1]) for op in self.ops} | {check[0] for check in self.checks}
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

    def check(self, guard: Guard) -> None:
        """The version must hold."""
        self.checks.append([guard.key, guard.field, str(guard.version)])


def request_of(
    request: Request, decision: Decision, records: Sequence[Event], traceparent: str | None, zone: tzinfo
) -> Request:  # fmt: skip
    """The request with everything that a decision writes. `zone` is the tenant's: tickets are counted by its years."""
    keys = request.keys
    for timeline in decision.timelines:
        _write_incident(request, timeline, zone)
    sent = events.sent_by(decision)
    for unit in decision.units:
        _write_unit(request, unit, sent)
    for unit in decision.released:
        request.op("HDEL", keys.tasks, unit.task_code)
    for alert in decision.alerts:
        _write_alert(request, alert)
    for record in records:
        _append(request, record, traceparent or "")
    return request


def _write_incident(request: Request, timeline: Timeline, zone: tzinfo) -> None:
    keys, before, incident = request.keys, timeline.before, timeline.after
    key = keys.incident(incident.incident_id)
    request.check(Guard(key, "v", timeline.snapshots[0].version - 1))
    stamps = events.incident_stamps(incident)
    if stamps:
        year = datetime.fromtimestamp(incident.opened_at_ms / 1000, zone).year
        prefix = f"{incident.tenant.replace('.', '')}-{year}-"
        request.tickets.append([events.ticket_name(incident), keys.ticket(year), prefix])
    snapshot = _stamped(request.blob(codec.incident_message(incident).SerializeToString()), stamps)
    request.op("HSET", key, "v", str(incident.version), "pb", snapshot)
    known_calls = frozenset(before.call_ids) if before is not None else frozenset()
    for call_id in incident.call_ids:
        if call_id not in known_calls:
            request.op("SET", keys.call(call_id), incident.incident_id, "EX", str(FINISHED_KEPT_S))
    request.op("ZADD", keys.incidents, str(incident.opened_at_ms), incident.incident_id)
    _keep(request, keys.active, incident, incident.opened_at_ms, holds=incident.status not in ENDED)
    finished = incident.status in FINISHED
    waits = bool(incident.shortfalls) and not finished
    _keep(request, keys.waiting, incident, incident.priority * PRIORITY_STEP + incident.opened_at_ms, holds=waits)
    request.op(*(("EXPIRE", key, str(FINISHED_KEPT_S)) if finished else ("PERSIST", key)))
    _write_open(request, before, incident)
    _write_timers(request, before, incident)


def _write_timers(request: Request, before: Incident | None, incident: Incident) -> None:
    """Keep the index of what comes due; the timers themselves are in the snapshot."""
    keys = request.keys
    was = {timer.key: timer for timer in before.timers} if before is not None else {}
    now = {timer.key: timer for timer in incident.timers}
    for name in was.keys() - now.keys():
        request.op("ZREM", keys.timers, timer_member(incident.incident_id, name))
    for name, timer in now.items():
        if was.get(name) != timer:
            request.op("ZADD", keys.timers, str(timer.due_ms), timer_member(incident.incident_id, name))


def timer_member(incident_id: str, timer_key: str) -> str:
    """A timer in the index: the incident's id up to the first bar, then its key."""
    return f"{incident_id}|{timer_key}"


def _write_alert(request: Request, alert: Alert) -> None:
    keys = request.keys
    if alert.cleared_at_ms:
        request.op("HDEL", keys.alerts, alert.alert_id)
    else:
        request.op("HSET", keys.alerts, alert.alert_id, request.blob(codec.alert_message(alert).SerializeToString()))


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


def _write_unit(request: Request, unit: Unit, sent: Mapping[str, Order]) -> None:
    keys = request.keys
    key = keys.unit(unit.unit_id)
    request.check(Guard(key, "v", unit.version - 1))
    if unit.unit_id in sent:
        request.tasks.append([events.task_name(unit.unit_id), sent[unit.unit_id].order_id])
    snapshot = _stamped(request.blob(codec.unit_message(unit).SerializeToString()), events.unit_stamps(unit, sent))
    request.op("HSET", key, "v", str(unit.version), "pb", snapshot)
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
