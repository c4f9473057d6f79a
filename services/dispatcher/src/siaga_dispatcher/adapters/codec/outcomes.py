"""Orders and alerts as messages."""

from siaga.v1 import alert_pb2, common_pb2, notification_pb2, order_pb2, unit_pb2

from siaga_dispatcher.adapters.codec.codes import MESSAGE_STATE_OF, ORDER_KIND, PRIORITY, PRIORITY_OF, UNIT_KIND
from siaga_dispatcher.adapters.codec.places import place_message
from siaga_dispatcher.core.values import Alert, NotDelivered, Order, Progress, Told, Unacknowledged


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
        place=place_message(incident.place),
        text="" if incident.confidential else incident.text,
        callback_number="" if incident.confidential else incident.callback_number,
        contacts=[unit_pb2.Contact(channel=c.channel, address=c.address) for c in unit.contacts],
        event_at_ms=order.event_at_ms,
        reason=order.reason,
        about_order_id=order.about_order_id,
    )


def alert_message(alert: Alert) -> alert_pb2.Alert:
    """The alert as the topic shows it."""
    return alert_pb2.Alert(
        alert_id=alert.alert_id,
        tenant=alert.tenant,
        kind=alert.kind,
        incident_id=alert.incident_id,
        unit_id=alert.unit_id,
        priority=common_pb2.PRIORITY_UNSPECIFIED if alert.priority is None else PRIORITY[alert.priority],
        detail=alert.detail,
        raised_at_ms=alert.raised_at_ms,
        cleared_at_ms=alert.cleared_at_ms,
        suggested_unit_id=alert.suggested_unit_id,
        post_id=alert.post_id,
        version=alert.version,
    )


def alert_of(message: alert_pb2.Alert) -> Alert:
    """The alert as it was stored."""
    return Alert(
        alert_id=message.alert_id,
        tenant=message.tenant,
        kind=message.kind,
        detail=message.detail,
        raised_at_ms=message.raised_at_ms,
        cleared_at_ms=message.cleared_at_ms,
        incident_id=message.incident_id,
        unit_id=message.unit_id,
        priority=PRIORITY_OF.get(message.priority),
        suggested_unit_id=message.suggested_unit_id,
        post_id=message.post_id,
        version=message.version,
    )


def not_delivered_of(message: notification_pb2.NotificationEvent) -> NotDelivered:
    """An order's message that will not reach its crew."""
    return NotDelivered(
        message.event_id,
        message.tenant,
        message.unit_id,
        message.order_id,
        message.attempt_id,
        message.channel,
    )


def progress_of(message: notification_pb2.NotificationEvent) -> Progress:
    """An order's message that left, arrived or was read."""
    told = Told(MESSAGE_STATE_OF[message.state], message.channel, message.at_ms)
    return Progress(message.event_id, message.tenant, message.unit_id, message.order_id, told)


def unacknowledged_of(message: notification_pb2.NotificationEvent) -> Unacknowledged:
    """An order of which every way was tried."""
    return Unacknowledged(message.event_id, message.tenant, message.unit_id, message.order_id)
