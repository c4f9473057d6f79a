"""Between messages and the core's values; the only place that knows protobuf."""

from typing import Final

import msgspec
from siaga.v1 import assessment_pb2, common_pb2, incident_pb2, order_pb2, place_pb2, unit_pb2
from siaga_tenants.model import Contact

from siaga_dispatcher.core.redact import PublicView
from siaga_dispatcher.core.values import (
    Assessment,
    Assignment,
    Change,
    Incident,
    IncidentStatus,
    Order,
    OrderKind,
    Place,
    Position,
    Priority,
    Reason,
    Shortfall,
    Unit,
    UnitReport,
    UnitStatus,
)

# Enum numbers by our codes, and back: "en_route" is UNIT_STATUS_EN_ROUTE.
UNIT_STATUS: Final = {code: unit_pb2.UnitStatus.Value(f"UNIT_STATUS_{code.name}") for code in UnitStatus}
INCIDENT_STATUS: Final = {
    code: incident_pb2.IncidentStatus.Value(f"INCIDENT_STATUS_{code.name}") for code in IncidentStatus
}
PRIORITY: Final = {level: common_pb2.Priority.Value(f"PRIORITY_{level.name}") for level in Priority}
ORDER_KIND: Final = {kind: order_pb2.OrderKind.Value(f"ORDER_KIND_{kind.name}") for kind in OrderKind}
UNIT_KIND: Final = {
    name.removeprefix("UNIT_KIND_").lower(): number for name, number in unit_pb2.UnitKind.items() if number
}
_UNIT_STATUS_OF: Final = {number: code for code, number in UNIT_STATUS.items()}
_INCIDENT_STATUS_OF: Final = {number: code for code, number in INCIDENT_STATUS.items()}
_PRIORITY_OF: Final = {number: level for level, number in PRIORITY.items()}
UNIT_KIND_OF: Final = {number: kind for kind, number in UNIT_KIND.items()}
_ADVICE_OF: Final = {n: name.removeprefix("ADVICE_").lower() for name, n in assessment_pb2.Advice.items()}
_OUTCOME_OF: Final = {n: name.removeprefix("OUTCOME_").lower() for name, n in assessment_pb2.Outcome.items()}


class _Private(msgspec.Struct, omit_defaults=True):
    """An incident's working state that no message carries."""

    callback_number: str = ""
    reopened: bool = False
    last_call_at_ms: int = 0
    revisions: tuple[tuple[str, int], ...] = ()
    further_types: tuple[str, ...] = ()


def assessment_of(message: assessment_pb2.CallAssessment) -> Assessment:
    """The classifier's judgement; an unstated priority stays unstated."""
    return Assessment(
        assessment_id=message.assessment_id,
        call_id=message.call_id,
        tenant=message.tenant,
        revision=message.revision,
        event_at_ms=message.event_at_ms,
        advice=_ADVICE_OF[message.advice],
        outcome=_OUTCOME_OF[message.outcome],
        type=message.type,
        priority=_PRIORITY_OF.get(message.priority),
        confidential=message.confidential,
        test=message.test,
        place=_place_of(message.place),
        text=message.text,
        callback_number=message.callback_number,
        operator=message.operator,
        reasons=tuple(Reason(r.rule, r.detail, r.weight) for r in message.reasons),
    )


def report_of(message: unit_pb2.UnitReport) -> UnitReport:
    """A crew's word."""
    return UnitReport(
        report_id=message.report_id,
        tenant=message.tenant,
        unit_id=message.unit_id,
        order_id=message.order_id.removeprefix("#"),
        status=_UNIT_STATUS_OF.get(message.status),
        event_at_ms=message.event_at_ms,
        via=message.via,
        text=message.text,
        position=_position_of(message.position) if message.HasField("position") else None,
    )


def unit_message(unit: Unit) -> unit_pb2.Unit:
    """The unit as the topic and the directory show it."""
    return unit_pb2.Unit(
        unit_id=unit.unit_id,
        tenant=unit.tenant,
        kind=UNIT_KIND[unit.kind],
        name=unit.name,
        capabilities=unit.capabilities,
        station=_position_message(unit.station),
        position=_position_message(unit.position),
        status=UNIT_STATUS[unit.status],
        incident_id=unit.incident_id,
        order_id=unit.order_id,
        fence=unit.fence,
        version=unit.version,
        contacts=[unit_pb2.Contact(channel=c.channel, address=c.address) for c in unit.contacts],
        event_at_ms=unit.event_at_ms,
        example=unit.example,
    )


def unit_of(message: unit_pb2.Unit, task_code: str) -> Unit:
    """The unit as it was stored."""
    return Unit(
        unit_id=message.unit_id,
        tenant=message.tenant,
        kind=UNIT_KIND_OF[message.kind],
        name=message.name,
        capabilities=tuple(message.capabilities),
        station=_position_of(message.station),
        position=_position_of(message.position),
        status=_UNIT_STATUS_OF[message.status],
        incident_id=message.incident_id,
        order_id=message.order_id,
        fence=message.fence,
        version=message.version,
        contacts=tuple(Contact(c.channel, c.address) for c in message.contacts),
        event_at_ms=message.event_at_ms,
        example=message.example,
        task_code=task_code,
    )


def public_unit_message(unit: Unit) -> unit_pb2.PublicUnit:
    """No position, no contacts, no incident."""
    return unit_pb2.PublicUnit(
        unit_id=unit.unit_id,
        tenant=unit.tenant,
        kind=UNIT_KIND[unit.kind],
        name=unit.name,
        status=UNIT_STATUS[unit.status],
        event_at_ms=unit.event_at_ms,
    )


def incident_message(incident: Incident) -> incident_pb2.Incident:
    """The snapshot as the topic shows it."""
    change = incident.change
    return incident_pb2.Incident(
        incident_id=incident.incident_id,
        tenant=incident.tenant,
        ticket_no=incident.ticket_no,
        version=incident.version,
        status=INCIDENT_STATUS[incident.status],
        type=incident.type,
        priority=PRIORITY[incident.priority],
        confidential=incident.confidential,
        place=_place_message(incident.place),
        call_ids=incident.call_ids,
        assignments=[_assignment_message(assignment) for assignment in incident.assignments],
        shortfalls=[
            incident_pb2.Shortfall(role=gap.role, code=gap.code, detail=gap.detail) for gap in incident.shortfalls
        ],
        reasons=[
            assessment_pb2.Reason(rule=reason.rule, detail=reason.detail, weight=reason.weight)
            for reason in incident.reasons
        ],
        disposition=incident.disposition,
        opened_at_ms=incident.opened_at_ms,
        event_at_ms=incident.event_at_ms,
        change=incident_pb2.IncidentChange(
            kind=change.kind,
            actor=change.actor,
            reason=change.reason,
            event_at_ms=change.event_at_ms,
            cause_id=change.cause_id,
        ),
        text=incident.text,
    )


def incident_private(incident: Incident) -> bytes:
    """What is stored beside the snapshot."""
    return msgspec.json.encode(
        _Private(
            incident.callback_number,
            incident.reopened,
            incident.last_call_at_ms,
            incident.revisions,
            incident.further_types,
        )
    )


def incident_of(message: incident_pb2.Incident, private: bytes) -> Incident:
    """The incident as it was stored."""
    kept = msgspec.json.decode(private, type=_Private)
    change = message.change
    return Incident(
        incident_id=message.incident_id,
        tenant=message.tenant,
        status=_INCIDENT_STATUS_OF[message.status],
        type=message.type,
        priority=_PRIORITY_OF[message.priority],
        confidential=message.confidential,
        place=_place_of(message.place),
        opened_at_ms=message.opened_at_ms,
        event_at_ms=message.event_at_ms,
        change=Change(change.kind, change.actor, change.reason, change.event_at_ms, change.cause_id),
        version=message.version,
        ticket_no=message.ticket_no,
        call_ids=tuple(message.call_ids),
        assignments=tuple(_assignment_of(assignment) for assignment in message.assignments),
        shortfalls=tuple(Shortfall(gap.role, gap.code, gap.detail) for gap in message.shortfalls),
        reasons=tuple(Reason(reason.rule, reason.detail, reason.weight) for reason in message.reasons),
        disposition=message.disposition,
        text=message.text,
        callback_number=kept.callback_number,
        reopened=kept.reopened,
        last_call_at_ms=kept.last_call_at_ms,
        revisions=kept.revisions,
        further_types=kept.further_types,
    )


def public_incident_message(incident: Incident, view: PublicView) -> incident_pb2.PublicIncident:
    """The redacted snapshot."""
    return incident_pb2.PublicIncident(
        incident_id=incident.incident_id,
        tenant=incident.tenant,
        version=incident.version,
        status=INCIDENT_STATUS[incident.status],
        type=view.type,
        priority=common_pb2.PRIORITY_UNSPECIFIED if view.priority is None else PRIORITY[view.priority],
        place=_place_message(view.place),
        opened_at_ms=incident.opened_at_ms,
        event_at_ms=incident.event_at_ms,
        unit_kinds=[UNIT_KIND[kind] for kind in view.unit_kinds],
    )


def order_message(order: Order) -> order_pb2.DispatchOrder:
    """The order as the notifier sends it; nobody calls back, and no words stand in it, when it is confidential."""
    incident, unit = order.incident, order.unit
    return order_pb2.DispatchOrder(
        order_id=order.order_id,
        tenant=incident.tenant,
        incident_id=incident.incident_id,
        ticket_no=incident.ticket_no,
        unit_id=unit.unit_id,
        unit_name=unit.name,
        unit_kind=UNIT_KIND[unit.kind],
        kind=ORDER_KIND[order.kind],
        fence=unit.fence,
        task_code=unit.task_code,
        type=incident.type,
        priority=PRIORITY[incident.priority],
        confidential=incident.confidential,
        place=_place_message(incident.place),
        text="" if incident.confidential else incident.text,
        callback_number="" if incident.confidential else incident.callback_number,
        contacts=[unit_pb2.Contact(channel=c.channel, address=c.address) for c in unit.contacts],
        event_at_ms=order.event_at_ms,
    )


def _assignment_message(assignment: Assignment) -> incident_pb2.Assignment:
    return incident_pb2.Assignment(
        unit_id=assignment.unit_id,
        unit_name=assignment.unit_name,
        unit_kind=UNIT_KIND[assignment.unit_kind],
        order_id=assignment.order_id,
        fence=assignment.fence,
        status=UNIT_STATUS[assignment.status],
        role=assignment.role,
        distance_m=assignment.distance_m,
        eta_s=assignment.eta_s,
        selection_reason=assignment.selection_reason,
        dispatched_at_ms=assignment.dispatched_at_ms,
        acknowledged_at_ms=assignment.acknowledged_at_ms,
        en_route_at_ms=assignment.en_route_at_ms,
        on_scene_at_ms=assignment.on_scene_at_ms,
        clear_at_ms=assignment.clear_at_ms,
    )


def _assignment_of(message: incident_pb2.Assignment) -> Assignment:
    return Assignment(
        message.unit_id,
        message.unit_name,
        UNIT_KIND_OF[message.unit_kind],
        message.order_id,
        message.fence,
        _UNIT_STATUS_OF[message.status],
        message.role,
        message.distance_m,
        message.eta_s,
        message.selection_reason,
        message.dispatched_at_ms,
        message.acknowledged_at_ms,
        message.en_route_at_ms,
        message.on_scene_at_ms,
        message.clear_at_ms,
    )


def _position_of(message: place_pb2.Position) -> Position:
    return Position(message.lat, message.lon, message.radius_m, message.fixed_at_ms, message.source)


def _position_message(position: Position) -> place_pb2.Position:
    return place_pb2.Position(
        lat=position.lat,
        lon=position.lon,
        radius_m=position.radius_m,
        fixed_at_ms=position.fixed_at_ms,
        source=position.source,
    )


def _place_of(message: place_pb2.Place) -> Place:
    position = _position_of(message.position) if message.HasField("position") else None
    return Place(position, message.address, message.area_code, message.area_name)


def _place_message(place: Place) -> place_pb2.Place:
    position = _position_message(place.position) if place.position is not None else None
    return place_pb2.Place(
        position=position, address=place.address, area_code=place.area_code, area_name=place.area_name
    )
