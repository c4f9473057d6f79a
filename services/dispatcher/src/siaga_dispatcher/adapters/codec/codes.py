"""Enum numbers of the messages by our codes, and back: "en_route" is UNIT_STATUS_EN_ROUTE."""

from typing import Final

from siaga.v1 import assessment_pb2, common_pb2, incident_pb2, notification_pb2, order_pb2, unit_pb2

from siaga_dispatcher.core.values import IncidentStatus, MessageState, OrderKind, Priority, UnitStatus

UNIT_STATUS: Final = {code: unit_pb2.UnitStatus.Value(f"UNIT_STATUS_{code.name}") for code in UnitStatus}
INCIDENT_STATUS: Final = {
    code: incident_pb2.IncidentStatus.Value(f"INCIDENT_STATUS_{code.name}") for code in IncidentStatus
}
PRIORITY: Final = {level: common_pb2.Priority.Value(f"PRIORITY_{level.name}") for level in Priority}
ORDER_KIND: Final = {kind: order_pb2.OrderKind.Value(f"ORDER_KIND_{kind.name}") for kind in OrderKind}
UNIT_KIND: Final = {
    name.removeprefix("UNIT_KIND_").lower(): number for name, number in unit_pb2.UnitKind.items() if number
}
MESSAGE_STATE: Final = {
    MessageState.SENT: notification_pb2.NOTIFICATION_STATE_SUBMITTED,
    MessageState.DELIVERED: notification_pb2.NOTIFICATION_STATE_DELIVERED,
    MessageState.READ: notification_pb2.NOTIFICATION_STATE_READ,
}
UNIT_STATUS_OF: Final = {number: code for code, number in UNIT_STATUS.items()}
INCIDENT_STATUS_OF: Final = {number: code for code, number in INCIDENT_STATUS.items()}
# A channel that never confirms has sent it all the same.
MESSAGE_STATE_OF: Final = {
    **{number: state for state, number in MESSAGE_STATE.items()},
    notification_pb2.NOTIFICATION_STATE_SENT_UNCONFIRMED: MessageState.SENT,
}
PRIORITY_OF: Final = {number: level for level, number in PRIORITY.items()}
UNIT_KIND_OF: Final = {number: kind for kind, number in UNIT_KIND.items()}
ADVICE_OF: Final = {n: name.removeprefix("ADVICE_").lower() for name, n in assessment_pb2.Advice.items()}
OUTCOME_OF: Final = {n: name.removeprefix("OUTCOME_").lower() for name, n in assessment_pb2.Outcome.items()}
