"""What a decision makes known, as records ready for the outbox."""

from collections.abc import Collection, Mapping
from typing import Final

from google.protobuf.message import Message
from siaga.v1 import incident_pb2, order_pb2, unit_pb2
from siaga_contracts import catalogue, ids
from siaga_contracts.catalogue import Topic
from siaga_contracts.values import value

from siaga_dispatcher.adapters import codec
from siaga_dispatcher.adapters.places import Places
from siaga_dispatcher.core.decision import Decision
from siaga_dispatcher.core.redact import public_view
from siaga_dispatcher.core.values import Alert, Incident, Order, OrderKind, Unit


@value(frozen=True, slots=True)
class Topics:
    """Where the records go; tests have their own."""

    incidents: Topic = catalogue.INCIDENTS
    orders: Topic = catalogue.DISPATCH_ORDERS
    units: Topic = catalogue.UNITS
    public_incidents: Topic = catalogue.PUBLIC_INCIDENTS
    public_units: Topic = catalogue.PUBLIC_UNITS
    alerts: Topic = catalogue.ALERTS

    @property
    def by_name(self) -> dict[str, Topic]:
        """The topics by their names."""
        topics = (
            self.incidents, self.orders, self.units, self.public_incidents, self.public_units, self.alerts,
        )  # fmt: skip
        return {topic.name: topic for topic in topics}


@value(frozen=True, slots=True)
class Stamp:
    """A number that only the commit gives out, to be appended to a serialised message as the field with this tag."""

    name: str
    tag: int


@value(frozen=True, slots=True)
class Event:
    """One record: serialised, with the stamps still to be put on."""

    topic: str
    key: str
    event_id: str
    event_at_ms: int
    payload: bytes
    stamps: tuple[Stamp, ...] = ()


def _tag(message: type[Message], field: str) -> int:
    """Tag of a string field."""
    return message.DESCRIPTOR.fields_by_name[field].number << 3 | 2


INCIDENT_TICKET_TAG: Final = _tag(incident_pb2.Incident, "ticket_no")
ORDER_TICKET_TAG: Final = _tag(order_pb2.DispatchOrder, "ticket_no")
ORDER_TASK_TAG: Final = _tag(order_pb2.DispatchOrder, "task_code")
UNIT_TASK_TAG: Final = _tag(unit_pb2.Unit, "task_code")
UNIT_SERIAL_TAG: Final = _tag(unit_pb2.Unit, "task_serial")


def task_name(unit_id: str) -> str:
    """Name under which the commit gives out the task code of a unit's new order."""
    return f"task:{unit_id}"


def ticket_name(incident: Incident) -> str:
    """Name under which the commit gives out a new incident's ticket number."""
    return f"ticket:{incident.incident_id}"


def incident_stamps(incident: Incident) -> tuple[Stamp, ...]:
    """A new incident has no ticket number yet."""
    return () if incident.ticket_no else (Stamp(ticket_name(incident), INCIDENT_TICKET_TAG),)


def unit_stamps(unit: Unit, sent: Collection[str]) -> tuple[Stamp, ...]:
    """A unit that is `sent` now has no task code yet, nor the number behind it."""
    if unit.unit_id not in sent:
        return ()
    name = task_name(unit.unit_id)
    return Stamp(name, UNIT_TASK_TAG), Stamp(f"{name}:serial", UNIT_SERIAL_TAG)


@value(frozen=True, slots=True)
class Records:
    """All records of a decision in order, and by id the newest one of each incident, unit and alert."""

    all: tuple[Event, ...]
    incidents: Mapping[str, Event]
    units: Mapping[str, Event]
    alerts: Mapping[str, Event]


def records_of(decision: Decision, topics: Topics, places: Places) -> Records:
    """All records of a decision: the incidents' versions, the units, the public mirrors of both, the orders, the alerts."""
    everything: list[Event] = []
    incidents: dict[str, Event] = {}
    for timeline in decision.timelines:
        everything += (_incident_event(incident, topics) for incident in timeline.snapshots)
        incidents[timeline.after.incident_id] = everything[-1]
        if not timeline.only_told:
            everything.append(_public_incident_event(timeline.after, topics, places))
    sent = sent_by(decision)
    units = {unit.unit_id: _unit_event(unit, topics, sent) for unit in decision.units}
    for unit in decision.units:
        everything.append(units[unit.unit_id])
        if not decision.only_moved:
            everything.append(_public_unit_event(unit, topics))
    everything += (_order_event(order, topics) for order in decision.orders)
    alerts = {alert.alert_id: _alert_event(alert, topics) for alert in decision.alerts}
    return Records((*everything, *alerts.values()), incidents, units, alerts)


def sent_by(decision: Decision) -> dict[str, Order]:
    """The units that the decision sends, with their orders."""
    return {order.unit.unit_id: order for order in decision.orders if order.kind is OrderKind.DISPATCH}


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


def _unit_event(unit: Unit, topics: Topics, sent: Collection[str]) -> Event:
    return Event(
        topics.units.name,
        unit.unit_id,
        ids.derived("unit-version", unit.tenant, unit.unit_id, str(unit.version)),
        unit.event_at_ms,
        codec.unit_message(unit).SerializeToString(),
        unit_stamps(unit, sent),
    )


def _public_unit_event(unit: Unit, topics: Topics) -> Event:
    return Event(
        topics.public_units.name,
        unit.unit_id,
        ids.derived("public-unit-version", unit.tenant, unit.unit_id, str(unit.version)),
        unit.event_at_ms,
        codec.public_unit_message(unit).SerializeToString(),
    )


def _order_event(order: Order, topics: Topics) -> Event:
    stamps = () if order.incident.ticket_no else (Stamp(ticket_name(order.incident), ORDER_TICKET_TAG),)
    if order.kind is OrderKind.DISPATCH:
        stamps = (*stamps, Stamp(task_name(order.unit.unit_id), ORDER_TASK_TAG))
    return Event(
        topics.orders.name,
        order.unit.unit_id,
        order.order_id,
        order.event_at_ms,
        codec.order_message(order).SerializeToString(),
        stamps,
    )


def _alert_event(alert: Alert, topics: Topics) -> Event:
    return Event(
        topics.alerts.name,
        alert.alert_id,
        ids.derived("alert-version", alert.alert_id, str(alert.version)),
        alert.cleared_at_ms or alert.raised_at_ms,
        codec.alert_message(alert).SerializeToString(),
    )
