"""Between the contracts and what the notifier talks about."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from siaga.v1 import common_pb2, notification_pb2, order_pb2, unit_pb2
from siaga_contracts.catalogue import NOTIFICATION_EVENTS, UNIT_REPORTS
from siaga_kit.records import Outgoing

from siaga_notifier.core import names
from siaga_notifier.core.model import Contact, Order, OrderKind, Task
from siaga_notifier.core.states import State

_KINDS: Final[Mapping[order_pb2.OrderKind.ValueType, OrderKind]] = {
    order_pb2.ORDER_KIND_DISPATCH: OrderKind.DISPATCH,
    order_pb2.ORDER_KIND_STAND_DOWN: OrderKind.STAND_DOWN,
    order_pb2.ORDER_KIND_UPDATE: OrderKind.UPDATE,
    order_pb2.ORDER_KIND_REMIND: OrderKind.REMIND,
    order_pb2.ORDER_KIND_TRIAL: OrderKind.TRIAL,
}
_KIND_NUMBERS: Final = {kind: number for number, kind in _KINDS.items()}


def order(message: order_pb2.DispatchOrder) -> Order:
    """An order; raises ValueError for one that says nothing a crew could act on."""
    kind = _KINDS.get(message.kind)
    if kind is None or not message.order_id or not message.unit_id:
        raise ValueError("an order needs an id, a unit and a known kind")
    position = message.place.position if message.place.HasField("position") else None
    # 0/0 is in the Atlantic: it means "not set".
    located = position is not None and (position.lat != 0 or position.lon != 0)
    return Order(
        order_id=message.order_id,
        tenant=message.tenant,
        incident_id=message.incident_id,
        ticket_no=message.ticket_no,
        unit_id=message.unit_id,
        kind=kind,
        task_code=message.task_code,
        type=message.type,
        priority=_priority(message.priority),
        confidential=message.confidential,
        address=message.place.address or message.place.area_name,
        lat=position.lat if position is not None and located else None,
        lon=position.lon if position is not None and located else None,
        text=message.text,
        callback_number=message.callback_number,
        contacts=tuple(Contact(contact.channel, contact.address) for contact in message.contacts),
        event_at_ms=message.event_at_ms,
        unit_kind=_unit_kind(message.unit_kind),
        unit_name=message.unit_name,
        about_order_id=message.about_order_id,
        reason=message.reason,
        only_channel=message.only_channel,
        only_provider=message.only_provider,
        off_duty=message.off_duty,
    )


def _unit_kind(value: unit_pb2.UnitKind.ValueType) -> str:
    if not value or value not in unit_pb2.UnitKind.values():
        return ""
    return unit_pb2.UnitKind.Name(value).removeprefix("UNIT_KIND_").lower()


def _priority(value: common_pb2.Priority.ValueType) -> str:
    if not value or value not in common_pb2.Priority.values():
        return ""
    return common_pb2.Priority.Name(value).removeprefix("PRIORITY_")


@dataclass(frozen=True, slots=True)
class Step:
    """An attempt reached a state."""

    attempt_id: str
    channel: str
    state: State
    at_ms: int
    provider_id: str = ""
    reason: str = ""
    segments: int = 0
    provider: str = ""
    step: int = 0
    repeat: bool = False


def notification_event(about: Order | Task, step: Step, traceparent: str | None) -> Outgoing:
    """The record that says so."""
    notification = names.notification_id(about.order_id)
    event_id = names.notification_event_id(step.attempt_id or notification, step.state)
    message = notification_pb2.NotificationEvent(
        event_id=event_id,
        notification_id=notification,
        attempt_id=step.attempt_id,
        order_id=about.order_id,
        order_kind=_KIND_NUMBERS[about.kind],
        incident_id=about.incident_id,
        tenant=about.tenant,
        unit_id=about.unit_id,
        channel=step.channel,
        state=notification_pb2.NotificationState.Value(f"NOTIFICATION_STATE_{step.state.name}"),
        provider_id=step.provider_id,
        reason=step.reason,
        at_ms=step.at_ms,
        segments=step.segments,
        provider=step.provider,
        step=step.step,
        repeat=step.repeat,
    )
    return Outgoing(NOTIFICATION_EVENTS, about.order_id, message, event_id, step.at_ms, traceparent)


@dataclass(frozen=True, slots=True)
class CrewWord:
    """A crew said something of its task; `status` is a UnitStatus name in lower case."""

    tenant: str
    unit_id: str
    order_id: str
    status: str
    via: str
    at_ms: int
    text: str = ""
    lat: float | None = None
    lon: float | None = None
    # The centre's own code, where `status` is none of ours.
    status_code: str = ""


# Of a report that says only where the unit is.
NO_STATUS: Final = "unspecified"


def unit_statuses() -> frozenset[str]:
    """The statuses the contract knows."""
    return frozenset(name.removeprefix("UNIT_STATUS_").lower() for name in unit_pb2.UnitStatus.keys() if name) - {  # noqa: SIM118
        NO_STATUS
    }


def status_name(status: unit_pb2.UnitStatus.ValueType) -> str:
    """A status as the notifier names it; empty for one that the contract does not know."""
    if not status or status not in unit_pb2.UnitStatus.values():
        return ""
    return unit_pb2.UnitStatus.Name(status).removeprefix("UNIT_STATUS_").lower()


def unit_report(word: CrewWord, traceparent: str | None) -> Outgoing:
    """The record that carries a crew's word."""
    # Without an order there is no cause to derive from but the moment itself.
    status = word.status_code or word.status
    report_id = names.report_id(word.order_id or f"{word.unit_id}@{word.at_ms}", word.via, status)
    message = unit_pb2.UnitReport(
        report_id=report_id,
        tenant=word.tenant,
        unit_id=word.unit_id,
        order_id=word.order_id,
        status=unit_pb2.UnitStatus.Value(f"UNIT_STATUS_{word.status.upper()}"),
        event_at_ms=word.at_ms,
        via=word.via,
        text=word.text,
        status_code=word.status_code,
    )
    if word.lat is not None and word.lon is not None:
        message.position.lat = word.lat
        message.position.lon = word.lon
        message.position.source = "gps"
        message.position.fixed_at_ms = word.at_ms
    return Outgoing(UNIT_REPORTS, word.unit_id, message, report_id, word.at_ms, traceparent)
