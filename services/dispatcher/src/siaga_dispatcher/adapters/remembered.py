"""What the compacted topics know of a tenant, and the Redis commands that make its working state again from it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from siaga.v1 import alert_pb2, incident_pb2, unit_pb2
from siaga_contracts.alerts import CALL_CREW
from siaga_contracts.catalogue import Topic
from siaga_kit.reading import records
from siaga_kit.settings import KafkaSettings

from siaga_dispatcher.adapters import codec
from siaga_dispatcher.adapters.events import Topics
from siaga_dispatcher.adapters.keys import Keys
from siaga_dispatcher.adapters.state import FINISHED_KEPT_S, Commands, put_alert, put_incident, put_unit
from siaga_dispatcher.core.lifecycle import FINISHED

_FINISHED_CODES: Final = frozenset(codec.INCIDENT_STATUS[status] for status in FINISHED)
# "3673-2019-000014": centre, year, number.
TICKET_PARTS: Final = 3


@dataclass(slots=True)
class Remembered:
    """One tenant's latest snapshots as the very bytes of the topics; incidents with the time they were written."""

    incidents: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    # Finished so long ago that only their ticket numbers count: when they were opened.
    old: dict[str, int] = field(default_factory=dict)
    units: dict[str, bytes] = field(default_factory=dict)
    alerts: dict[str, bytes] = field(default_factory=dict)
    # Highest ticket number by year.
    tickets: dict[int, int] = field(default_factory=dict)
    # Latest version of each unit, incident and alert.
    versions: dict[str, int] = field(default_factory=dict)

    def is_latest(self, name: str, version: int) -> bool:
        """Whether the topics have not told of a later version: an outbox may publish an old one again."""
        if version < self.versions.get(name, 0):
            return False
        self.versions[name] = version
        return True

    def commands(self, tenant: str, now_ms: int) -> Iterator[Sequence[tuple[Any, ...]]]:
        """What to write, a few hundred commands at a time; `now_ms` says how long finished incidents stay."""
        keys = Keys(tenant)
        serial = 0
        for snapshot in self.units.values():
            unit = codec.unit_of(unit_pb2.Unit.FromString(snapshot))
            write = Commands(keys, [])
            put_unit(write, unit, snapshot)
            if unit.task_code:
                write.op("HSET", keys.tasks, unit.task_code, unit.order_id)
            serial = max(serial, int(unit.task_serial or 0))
            yield write.ops
        for snapshot, written_at_ms in self.incidents.values():
            incident = codec.incident_of(incident_pb2.Incident.FromString(snapshot))
            write = Commands(keys, [])
            left_s = max(1, FINISHED_KEPT_S - max(0, now_ms - written_at_ms) // 1000)
            put_incident(write, None, incident, snapshot, left_s)
            yield write.ops
        write = Commands(keys, [])
        for incident_id, opened_at_ms in self.old.items():
            write.op("ZADD", keys.incidents, str(opened_at_ms), incident_id)
        for snapshot in self.alerts.values():
            put_alert(write, codec.alert_of(alert_pb2.Alert.FromString(snapshot)), snapshot)
        for year, number in self.tickets.items():
            write.op("SET", keys.ticket(year), str(number))
        if serial:
            write.op("SET", keys.task_counter, str(serial))
        yield write.ops


class Memory:
    """Takes the records of the topics in their order; knows then what is latest of each."""

    def __init__(self, tenants: Sequence[str], topics: Topics, now_ms: int) -> None:
        self.of: Mapping[str, Remembered] = {tenant: Remembered() for tenant in tenants}
        self._oldest_ms = now_ms - FINISHED_KEPT_S * 1000
        self._takers = {
            topics.incidents.name: self._incident,
            topics.units.name: self._unit,
            topics.alerts.name: self._alert,
        }

    def take(self, topic: str, value: bytes, written_at_ms: int) -> None:
        """One record; other tenants' are passed over."""
        self._takers[topic](value, written_at_ms)

    def _incident(self, value: bytes, written_at_ms: int) -> None:
        message = incident_pb2.Incident.FromString(value)
        known = self.of.get(message.tenant)
        if known is None or not known.is_latest(message.incident_id, message.version):
            return
        parts = message.ticket_no.split("-")
        if len(parts) == TICKET_PARTS:
            year, number = int(parts[1]), int(parts[2])
            known.tickets[year] = max(known.tickets.get(year, 0), number)
        if message.status in _FINISHED_CODES and written_at_ms < self._oldest_ms:
            known.incidents.pop(message.incident_id, None)
            known.old[message.incident_id] = message.opened_at_ms
        else:
            known.old.pop(message.incident_id, None)
            known.incidents[message.incident_id] = (value, written_at_ms)

    def _unit(self, value: bytes, _written_at_ms: int) -> None:
        message = unit_pb2.Unit.FromString(value)
        known = self.of.get(message.tenant)
        if known is not None and known.is_latest(message.unit_id, message.version):
            known.units[message.unit_id] = value

    def _alert(self, value: bytes, _written_at_ms: int) -> None:
        message = alert_pb2.Alert.FromString(value)
        # The notifier's, which raises and clears it by itself.
        known = self.of.get(message.tenant) if message.kind != CALL_CREW else None
        if known is not None and known.is_latest(message.alert_id, message.version):
            known.alerts[message.alert_id] = value


async def remembered(
    kafka: KafkaSettings, tenants: Sequence[str], read: Sequence[Topic], topics: Topics, now_ms: int
) -> Memory:
    """What these topics know of the tenants, up to where they end now."""
    memory = Memory(tenants, topics, now_ms)
    async for record in records(kafka, read):
        if record.value is not None:
            memory.take(record.topic, record.value, record.timestamp)
    return memory
