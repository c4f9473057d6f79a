"""Units and what crews say, between messages and values."""

from siaga.v1 import unit_pb2
from siaga_tenants.model import Contact
from siaga_tenants.terms import Terms

from siaga_dispatcher.adapters.codec.codes import UNIT_KIND, UNIT_KIND_OF, UNIT_STATUS, UNIT_STATUS_OF
from siaga_dispatcher.adapters.codec.places import position_message, position_of
from siaga_dispatcher.core.status_codes import label_of, shown_status
from siaga_dispatcher.core.values import Unit, UnitReport


def report_of(message: unit_pb2.UnitReport) -> UnitReport:
    """A crew's word."""
    return UnitReport(
        report_id=message.report_id,
        tenant=message.tenant,
        unit_id=message.unit_id,
        order_id=message.order_id.removeprefix("#"),
        status=UNIT_STATUS_OF.get(message.status),
        event_at_ms=message.event_at_ms,
        via=message.via,
        text=message.text,
        position=position_of(message.position) if message.HasField("position") else None,
        status_code=message.status_code,
    )


def unit_message(unit: Unit) -> unit_pb2.Unit:
    """The unit as the topic and the directory show it."""
    return unit_pb2.Unit(
        unit_id=unit.unit_id,
        tenant=unit.tenant,
        kind=UNIT_KIND[unit.kind],
        name=unit.name,
        capabilities=unit.capabilities,
        station=position_message(unit.station),
        position=position_message(unit.position),
        status=UNIT_STATUS[unit.status],
        incident_id=unit.incident_id,
        order_id=unit.order_id,
        fence=unit.fence,
        version=unit.version,
        contacts=[unit_pb2.Contact(channel=c.channel, address=c.address) for c in unit.contacts],
        event_at_ms=unit.event_at_ms,
        example=unit.example,
        task_code=unit.task_code,
        task_serial=unit.task_serial,
        off_shift=unit.off_shift,
        free_since_ms=unit.free_since_ms,
        retired=unit.retired,
        doubtful_position=None if unit.doubtful_position is None else position_message(unit.doubtful_position),
        stood_down_from=unit.stood_down_from,
        duty_word_at_ms=unit.duty_word_at_ms,
        status_code=unit.status_code,
    )


def unit_of(message: unit_pb2.Unit) -> Unit:
    """The unit as it was stored."""
    return Unit(
        unit_id=message.unit_id,
        tenant=message.tenant,
        kind=UNIT_KIND_OF[message.kind],
        name=message.name,
        capabilities=tuple(message.capabilities),
        station=position_of(message.station),
        position=position_of(message.position),
        status=UNIT_STATUS_OF[message.status],
        incident_id=message.incident_id,
        order_id=message.order_id,
        fence=message.fence,
        version=message.version,
        contacts=tuple(Contact(c.channel, c.address) for c in message.contacts),
        event_at_ms=message.event_at_ms,
        example=message.example,
        task_code=message.task_code,
        task_serial=message.task_serial,
        off_shift=message.off_shift,
        free_since_ms=message.free_since_ms,
        retired=message.retired,
        doubtful_position=position_of(message.doubtful_position) if message.HasField("doubtful_position") else None,
        stood_down_from=tuple(message.stood_down_from),
        duty_word_at_ms=message.duty_word_at_ms,
        status_code=message.status_code,
    )


def unit_answer(unit: Unit, terms: Terms) -> unit_pb2.Unit:
    """The unit as questions are answered: with what the centre calls its status."""
    message = unit_message(unit)
    message.status_label = label_of(unit, terms)
    return message


def public_unit_message(unit: Unit) -> unit_pb2.PublicUnit:
    """No position, no contacts, no incident."""
    return unit_pb2.PublicUnit(
        unit_id=unit.unit_id,
        tenant=unit.tenant,
        kind=UNIT_KIND[unit.kind],
        name=unit.name,
        status=UNIT_STATUS[shown_status(unit)],
        event_at_ms=unit.event_at_ms,
    )
