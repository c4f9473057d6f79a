"""What Redis holds of an incident, a unit and an alert: the snapshot, and the indexes that follow from it.

The commit and the rebuilding of the working state write through the same functions, so that the two cannot differ.
"""

from dataclasses import dataclass
from typing import Any, Final, Protocol

from siaga_dispatcher.adapters.keys import Keys
from siaga_dispatcher.core.lifecycle import ENDED, FINISHED
from siaga_dispatcher.core.likeness import family_of
from siaga_dispatcher.core.silence import alone
from siaga_dispatcher.core.values import Alert, Incident, IncidentStatus, Unit

# A finished incident and its calls stay at hand for corrections and reopening; after that Kafka has them.
FINISHED_KEPT_S: Final = 30 * 24 * 3600
# Above every opening time in milliseconds, so that priority sorts first.
PRIORITY_STEP: Final = 10**13


class Writer(Protocol):
    """Takes Redis commands for one tenant's keys."""

    @property
    def keys(self) -> Keys:
        """The tenant's keys."""
        ...

    def op(self, *command: Any) -> None:
        """One Redis command."""
        ...


@dataclass(slots=True)
class Commands:
    """A writer that keeps the commands as they are."""

    keys: Keys
    ops: list[tuple[Any, ...]]

    def op(self, *command: Any) -> None:
        """One Redis command."""
        self.ops.append(command)


def put_incident(write: Writer, before: Incident | None, incident: Incident, snapshot: Any, kept_s: int) -> None:
    """An incident's new state; `before` is the one stored, None = none is.

    A finished one is kept `kept_s` seconds longer.
    """
    keys, incident_id = write.keys, incident.incident_id
    key = keys.incident(incident_id)
    write.op("HSET", key, "v", str(incident.version), "pb", snapshot)
    _put_calls(write, before, incident, kept_s)
    write.op("ZADD", keys.incidents, str(incident.opened_at_ms), incident_id)
    _keep(write, keys.active, incident, incident.opened_at_ms, holds=incident.status not in ENDED)
    finished = incident.status in FINISHED
    waits = bool(incident.shortfalls or alone(incident)) and not finished
    _keep(write, keys.waiting, incident, incident.priority * PRIORITY_STEP + incident.opened_at_ms, holds=waits)
    if finished:
        write.op("EXPIRE", key, str(kept_s))
    elif before is not None and before.status in FINISHED:
        write.op("PERSIST", key)
    _put_open(write, before, incident)
    _put_timers(write, before, incident)


def _put_calls(write: Writer, before: Incident | None, incident: Incident, kept_s: int) -> None:
    """Whose a call is. A merged incident keeps its calls for the story only: they are the other one's now."""
    if incident.status is IncidentStatus.MERGED:
        return
    known = frozenset(before.call_ids) if before is not None and before.status is not IncidentStatus.MERGED else ()
    for call_id in incident.call_ids:
        if call_id not in known:
            write.op("SET", write.keys.call(call_id), incident.incident_id, "EX", str(kept_s))


def _put_open(write: Writer, before: Incident | None, incident: Incident) -> None:
    """Keep the index of incidents that calls may join; whoever decided on its older state must decide again."""
    keys = write.keys
    was = family_of(before.type) if before is not None and before.status not in FINISHED else None
    now = family_of(incident.type) if incident.status not in FINISHED else None
    if was is not None and was != now:
        write.op("ZREM", keys.open(was), incident.incident_id)
    if now is not None:
        write.op("ZADD", keys.open(now), str(incident.last_call_at_ms), incident.incident_id)
        if was != now:
            write.op("HINCRBY", keys.open_versions, now, "1")


def _put_timers(write: Writer, before: Incident | None, incident: Incident) -> None:
    """Keep the index of what comes due; the timers themselves are in the snapshot."""
    keys = write.keys
    was = {timer.key: timer for timer in before.timers} if before is not None else {}
    now = {timer.key: timer for timer in incident.timers}
    for name in was.keys() - now.keys():
        write.op("ZREM", keys.timers, timer_member(incident.incident_id, name))
    for name, timer in now.items():
        if was.get(name) != timer:
            write.op("ZADD", keys.timers, str(timer.due_ms), timer_member(incident.incident_id, name))


def timer_member(incident_id: str, timer_key: str) -> str:
    """A timer in the index: the incident's id up to the first bar, then its key."""
    return f"{incident_id}|{timer_key}"


def _keep(write: Writer, index: str, incident: Incident, score: int, *, holds: bool) -> None:
    if holds:
        write.op("ZADD", index, str(score), incident.incident_id)
    else:
        write.op("ZREM", index, incident.incident_id)


def put_unit(write: Writer, unit: Unit, snapshot: Any) -> None:
    """A unit's new state."""
    keys = write.keys
    write.op("HSET", keys.unit(unit.unit_id), "v", str(unit.version), "pb", snapshot)
    write.op("HSET", keys.units, unit.unit_id, unit.kind)
    there, elsewhere = keys.free(unit.kind), keys.unfree(unit.kind)
    if not unit.free:
        there, elsewhere = elsewhere, there
    write.op("ZREM", elsewhere, unit.unit_id)
    if unit.retired and not unit.incident_id:
        write.op("ZREM", there, unit.unit_id)
    else:
        write.op("GEOADD", there, repr(unit.position.lon), repr(unit.position.lat), unit.unit_id)


def put_alert(write: Writer, alert: Alert, snapshot: Any) -> None:
    """An alert that holds, or its end."""
    if alert.cleared_at_ms:
        write.op("HDEL", write.keys.alerts, alert.alert_id)
    else:
        write.op("HSET", write.keys.alerts, alert.alert_id, snapshot)
