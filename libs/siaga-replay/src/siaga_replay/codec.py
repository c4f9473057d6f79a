"""Records of the topics as observations: the only place here that knows Protobuf."""

from collections.abc import Callable, Mapping
from typing import Final

from google.protobuf.descriptor import EnumDescriptor
from siaga.v1 import (
    assessment_pb2,
    call_pb2,
    common_pb2,
    dead_letter_pb2,
    incident_pb2,
    notification_pb2,
    order_pb2,
    sanction_pb2,
    unit_pb2,
)
from siaga_contracts import catalogue

from siaga_replay.ledger import Assessment, AssignedUnit, Incident, Ledger, Notification, Order, Sanction

Take = Callable[[Ledger, bytes, bytes | None, int], None]
# Events that can start a dispatch by themselves.
_ASKING: Final = frozenset({call_pb2.CALL_EVENT_KIND_FORM, call_pb2.CALL_EVENT_KIND_MESSAGE})


def _names(enum: EnumDescriptor, prefix: str) -> dict[int, str]:
    """Values of an enum by number, as people write them: `ANSWERED_PRANK` → `answered_prank`."""
    return {value.number: value.name.removeprefix(prefix).lower() for value in enum.values}


_OUTCOMES: Final = _names(assessment_pb2.Outcome.DESCRIPTOR, "OUTCOME_")
_ADVICES: Final = _names(assessment_pb2.Advice.DESCRIPTOR, "ADVICE_")
_STATES: Final = _names(common_pb2.SanctionState.DESCRIPTOR, "SANCTION_STATE_")
_STATUSES: Final = _names(incident_pb2.IncidentStatus.DESCRIPTOR, "INCIDENT_STATUS_")
_UNIT_STATUSES: Final = _names(unit_pb2.UnitStatus.DESCRIPTOR, "UNIT_STATUS_")
_ORDER_KINDS: Final = _names(order_pb2.OrderKind.DESCRIPTOR, "ORDER_KIND_")
_NOTIFICATIONS: Final = _names(notification_pb2.NotificationState.DESCRIPTOR, "NOTIFICATION_STATE_")
_PRIORITIES: Final = _names(common_pb2.Priority.DESCRIPTOR, "PRIORITY_")


def _call_event(ledger: Ledger, _key: bytes, value: bytes | None, _at_ms: int) -> None:
    if value is not None:
        event = call_pb2.CallEvent.FromString(value)
        asks = event.kind in _ASKING
        ledger.call_event(event.event_id, event.call_id, event.received_at_ms, event.event_at_ms, asks=asks)


def _assessment(ledger: Ledger, _key: bytes, value: bytes | None, at_ms: int) -> None:
    if value is not None:
        ledger.assessment(*read_assessment(value), at_ms)


def read_call_event_id(value: bytes) -> str:
    return call_pb2.CallEvent.FromString(value).event_id


def read_assessment(value: bytes) -> tuple[str, Assessment]:
    """A call's id and what the record says it is."""
    found = assessment_pb2.CallAssessment.FromString(value)
    return found.call_id, Assessment(found.revision, _OUTCOMES[found.outcome], _ADVICES[found.advice])


def _sanction(ledger: Ledger, key: bytes, value: bytes | None, _at_ms: int) -> None:
    if value is None:
        ledger.sanction(key.decode(), None)
        return
    found = sanction_pb2.CallerSanction.FromString(value)
    ledger.sanction(key.decode(), Sanction(_STATES[found.state], found.until_ms))


def _incident(ledger: Ledger, _key: bytes, value: bytes | None, _at_ms: int) -> None:
    if value is None:
        return
    found = incident_pb2.Incident.FromString(value)
    units = tuple(
        AssignedUnit(each.unit_id, each.unit_name, each.order_id, _UNIT_STATUSES[each.status])
        for each in found.assignments
    )
    ledger.incident(
        Incident(
            incident_id=found.incident_id,
            version=found.version,
            ticket_no=found.ticket_no,
            type=found.type,
            priority=_PRIORITIES[found.priority].upper(),
            status=_STATUSES[found.status],
            confidential=found.confidential,
            area=found.place.area_name,
            opened_at_ms=found.opened_at_ms,
            call_ids=tuple(found.call_ids),
            units=units,
            shortfalls=tuple(f"{each.role}: {each.code}" for each in found.shortfalls),
        )
    )


def _order(ledger: Ledger, _key: bytes, value: bytes | None, _at_ms: int) -> None:
    if value is None:
        return
    found = order_pb2.DispatchOrder.FromString(value)
    ledger.order(
        Order(
            order_id=found.order_id,
            incident_id=found.incident_id,
            unit_id=found.unit_id,
            fence=found.fence,
            kind=_ORDER_KINDS[found.kind],
            task_code=found.task_code,
            numbers=tuple(each.address.lstrip("+") for each in found.contacts if each.channel == "sms"),
            channels=tuple(each.channel for each in found.contacts),
        )
    )


def _unit_report(ledger: Ledger, _key: bytes, value: bytes | None, _at_ms: int) -> None:
    if value is not None:
        found = unit_pb2.UnitReport.FromString(value)
        ledger.unit_report(found.unit_id, found.order_id, _UNIT_STATUSES[found.status])


def _notification(ledger: Ledger, _key: bytes, value: bytes | None, _at_ms: int) -> None:
    if value is None:
        return
    found = notification_pb2.NotificationEvent.FromString(value)
    ledger.notification(
        Notification(
            found.notification_id, found.order_id, found.channel, _NOTIFICATIONS[found.state], found.provider_id, found.at_ms
        )
    )  # fmt: skip


def _dead_letter(ledger: Ledger, _key: bytes, value: bytes | None, _at_ms: int) -> None:
    if value is not None:
        ledger.dead_letter(dead_letter_pb2.DeadLetter.FromString(value).service)


TAKERS: Final[Mapping[str, Take]] = {
    catalogue.CALL_EVENTS.name: _call_event,
    catalogue.CALL_ASSESSMENTS.name: _assessment,
    catalogue.SANCTIONS.name: _sanction,
    catalogue.INCIDENTS.name: _incident,
    catalogue.DISPATCH_ORDERS.name: _order,
    catalogue.UNIT_REPORTS.name: _unit_report,
    catalogue.NOTIFICATION_EVENTS.name: _notification,
    catalogue.DEAD_LETTERS.name: _dead_letter,
}
