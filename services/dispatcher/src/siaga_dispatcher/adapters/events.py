"""What a decision makes known, as records ready for the outbox."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from google.protobuf.message import Message
from siaga.v1 import incident_pb2, order_pb2
from siaga_contracts import catalogue, ids
from siaga_contracts.catalogue import Topic

from siaga_dispatcher.adapters import codec
from siaga_dispatcher.adapters.places import Places
from siaga_dispatcher.core.draft import Decision
from siaga_dispatcher.core.redact import public_view
from siaga_dispatcher.core.values import Incident, Order, OrderKind, Unit


@dataclass(frozen=True, slots=True)
class Topics:
    """Where the records go; tests have their own."""

    incidents: Topic = catalogue.INCIDENTS
    orders: Topic = catalogue.DISPATCH_ORDERS
    units: Topic = catalogue.UNITS
    public_incidents: Topic = catalogue.PUBLIC_INCIDENTS
    public_units: Topic = catalogue.PUBLIC_UNITS

    @property
    def by_name(self) -> dict[str, Topic]:
        """The topics by their names."""
        topics = (self.incidents, self.orders, self.units, self.public_incidents, self.public_units)
        return {topic.name: topic for topic in topics}


@dataclass(frozen=True, slots=True)
class Stamp:
    """A number that only the commit gives out, to be appended to a serialised message as the field with this tag."""

    name: str
    tag: int


@dataclass(frozen=True, slots=True)
class Event:
    """One record: serialised, with the stamps still to be put on."""

    topic: str
    key: str
    event_id: str
    event_at_ms: int
    payload: bytes
    stamps: tuple[Stamp, ...] = ()


TICKET: Final = "ticket"


def _tag(message: type[Message], field: str) -> int:
    """Tag byte of a string field; one byte holds field numbers up to 15."""
    number = message.DESCRIPTOR.fields_by_name[field].number
    assert number < 16
    return number << 3 | 2


INCIDENT_TICKET: Final = Stamp(TICKET, _tag(incident_pb2.Incident, "ticket_no"))
ORDER_TICKET: Final = Stamp(TICKET, _tag(order_pb2.DispatchOrder, "ticket_no"))
ORDER_TASK_TAG: Final = _tag(order_pb2.DispatchOrder, "task_code")


def task_name(unit: Unit) -> str:
    """Name under which the commit gives out the task code of a unit's new order."""
    return f"task:{unit.unit_id}"


def incident_stamps(incident: Incident) -> tuple[Stamp, ...]:
    """A new incident has no ticket number yet."""
    return () if incident.ticket_no else (INCIDENT_TICKET,)


def events_of(decision: Decision, topics: Topics, places: Places) -> Iterator[Event]:
    """All records of a decision: the incident's versions, its public mirror, the units, the orders."""
    for incident in decision.snapshots:
        yield _incident_event(incident, topics)
    if decision.snapshots:
        yield _public_incident_event(decision.snapshots[-1], topics, places)
    for unit in decision.units:
        yield from _unit_events(unit, topics)
    for order in decision.orders:
        yield _order_event(order, topics)


def _incident_event(incident: Incident, topics: Topics) -> Event:
    return Event(
        topics.incidents.name,
        incident.incident_id,
        ids.derived("incident-version", incident.incident_id, str(incident.version)),
        incident.event_at_ms,
        codec.incident_message(incident).SerializeToString(),
        incident_stamps(incident),
    )


def _public_incident_event(incident: Incident, topics: Topics, places: Places) -> Event:
    view = public_view(incident, places.kecamatan_name(incident.tenant, incident.place))
    return Event(
        topics.public_incidents.name,
        incident.incident_id,
        ids.derived("public-incident-version", incident.incident_id, str(incident.version)),
        incident.event_at_ms,
        codec.public_incident_message(incident, view).SerializeToString(),
    )


def _unit_events(unit: Unit, topics: Topics) -> Iterator[Event]:
    version = (unit.tenant, unit.unit_id, str(unit.version))
    for kind, topic, message in (
        ("unit-version", topics.units, codec.unit_message(unit)),
        ("public-unit-version", topics.public_units, codec.public_unit_message(unit)),
    ):
        yield Event(
            topic.name, unit.unit_id, ids.derived(kind, *version), unit.event_at_ms, message.SerializeToString()
        )


def _order_event(order: Order, topics: Topics) -> Event:
    stamps = () if order.incident.ticket_no else (ORDER_TICKET,)
    if order.kind is OrderKind.DISPATCH:
        stamps = (*stamps, Stamp(task_name(order.unit), ORDER_TASK_TAG))
    return Event(
        topics.orders.name,
        order.unit.unit_id,
        order.order_id,
        order.event_at_ms,
        codec.order_message(order).SerializeToString(),
        stamps,
    )
