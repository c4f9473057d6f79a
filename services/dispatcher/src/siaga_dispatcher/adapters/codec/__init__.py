"""Between messages and the core's values; the only place that knows protobuf."""

from siaga_dispatcher.adapters.codec.calls import assessment_of
from siaga_dispatcher.adapters.codec.codes import (
    INCIDENT_STATUS,
    MESSAGE_STATE_OF,
    ORDER_KIND,
    PRIORITY,
    PRIORITY_OF,
    UNIT_KIND,
    UNIT_KIND_OF,
    UNIT_STATUS,
)
from siaga_dispatcher.adapters.codec.incidents import (
    answer_message,
    incident_message,
    incident_of,
    public_incident_message,
)
from siaga_dispatcher.adapters.codec.outcomes import (
    alert_message,
    alert_of,
    not_delivered_of,
    order_message,
    progress_of,
    unacknowledged_of,
)
from siaga_dispatcher.adapters.codec.units import public_unit_message, report_of, unit_answer, unit_message, unit_of

__all__ = [
    "INCIDENT_STATUS", "MESSAGE_STATE_OF", "ORDER_KIND", "PRIORITY", "PRIORITY_OF", "UNIT_KIND", "UNIT_KIND_OF",
    "UNIT_STATUS", "alert_message", "alert_of", "answer_message", "assessment_of", "incident_message", "incident_of",
    "not_delivered_of", "order_message", "progress_of", "public_incident_message", "public_unit_message", "report_of",
    "unacknowledged_of", "unit_answer", "unit_message", "unit_of",
]  # fmt: skip
