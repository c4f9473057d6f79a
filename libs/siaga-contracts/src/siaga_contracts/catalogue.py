"""The topic catalogue: one table from which topics are created, documented and tested."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from google.protobuf.message import Message
from siaga.v1 import (
    alert_pb2,
    assessment_pb2,
    audit_pb2,
    call_pb2,
    callback_pb2,
    dead_letter_pb2,
    decision_pb2,
    device_pb2,
    example_pb2,
    incident_pb2,
    mass_pb2,
    notification_pb2,
    order_pb2,
    posture_pb2,
    sanction_pb2,
    unit_pb2,
)

# Call topics carry the load: 12 partitions let 12 processes share them. Changing the number later moves keys to other
# partitions and breaks the order of calls under way, so it is chosen for a nation, not for one regency.
CALL_PARTITIONS: Final = 12
# Everything that exists only for the few real calls, and what is kept per caller.
PARTITIONS: Final = 6

DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic: its key, its message and how long it is kept. `retention` None = for ever."""

    name: str
    key: str
    message: type[Message]
    partitions: int
    written_by: str
    purpose: str
    retention: timedelta | None = None
    compacted: bool = False

    def config(self) -> dict[str, str]:
        """Broker settings of the topic, as `name: value`; they never depend on a broker's defaults."""
        config = {
            "cleanup.policy": "compact" if self.compacted else "delete",
            "retention.ms": "-1" if self.retention is None else str(int(self.retention.total_seconds() * 1000)),
            # A record is one event or one snapshot; the largest (an incident with hundreds of calls) stays far below.
            "max.message.bytes": str(1024 * 1024),
        }
        if self.compacted and self.retention is not None:
            config["cleanup.policy"] = "compact,delete"
        return config


CALL_EVENTS: Final = Topic(
    "siaga.call-events.v1", "call_id", call_pb2.CallEvent, CALL_PARTITIONS, "intake",
    "one record per thing that happened on a call", 30 * DAY,
)  # fmt: skip
CALL_ASSESSMENTS: Final = Topic(
    "siaga.call-assessments.v1", "call_id", assessment_pb2.CallAssessment, CALL_PARTITIONS, "classifier",
    "what a call is now; the last one of a call holds", 30 * DAY,
)  # fmt: skip
CALLER_OUTCOMES: Final = Topic(
    "siaga.caller-outcomes.v1", "caller_key", assessment_pb2.CallerOutcome, PARTITIONS, "classifier",
    "a call's outcome by its caller, for the ledger", 180 * DAY,
)  # fmt: skip
SANCTIONS: Final = Topic(
    "siaga.sanctions.v1", "caller_key", sanction_pb2.CallerSanction, PARTITIONS, "classifier (ledger)",
    "state of one caller", compacted=True,
)  # fmt: skip
CALLER_DECISIONS: Final = Topic(
    "siaga.caller-decisions.v1", "caller_key", decision_pb2.CallerDecision, PARTITIONS, "classifier",
    "what people decide about callers; the ledger counts it in", 365 * DAY,
)  # fmt: skip
CALLBACK_TASKS: Final = Topic(
    "siaga.callback-tasks.v1", "caller_key", callback_pb2.CallbackTask, PARTITIONS, "classifier",
    "callers who must be called back", 90 * DAY, compacted=True,
)  # fmt: skip
POSTURES: Final = Topic(
    "siaga.postures.v1", "tenant", posture_pb2.TenantPosture, PARTITIONS, "classifier",
    "how hard a centre is pressed", compacted=True,
)  # fmt: skip
LABELLED_EXAMPLES: Final = Topic(
    "siaga.labelled-examples.v1", "call_id", example_pb2.LabelledExample, PARTITIONS, "classifier",
    "calls that an operator has labelled, without identity", 365 * DAY,
)  # fmt: skip
INCIDENTS: Final = Topic(
    "siaga.incidents.v1", "incident_id", incident_pb2.Incident, PARTITIONS, "dispatcher",
    "full snapshot after every change, plus the change", compacted=True,
)  # fmt: skip
DISPATCH_ORDERS: Final = Topic(
    "siaga.dispatch-orders.v1", "unit_id", order_pb2.DispatchOrder, PARTITIONS, "dispatcher",
    "a unit is asked to go, to stand down, or is updated", 30 * DAY,
)  # fmt: skip
UNITS: Final = Topic(
    "siaga.units.v1", "unit_id", unit_pb2.Unit, PARTITIONS, "dispatcher",
    "directory and status of units", compacted=True,
)  # fmt: skip
UNIT_REPORTS: Final = Topic(
    "siaga.unit-reports.v1", "unit_id", unit_pb2.UnitReport, PARTITIONS, "intake, notifier, console",
    "what crews and trackers say", 7 * DAY,
)  # fmt: skip
NOTIFICATION_EVENTS: Final = Topic(
    "siaga.notification-events.v1", "order_id", notification_pb2.NotificationEvent, PARTITIONS, "notifier",
    "queued, submitted, delivered, read, acknowledged, failed", 30 * DAY,
)  # fmt: skip
UNIT_DEVICES: Final = Topic(
    "siaga.unit-devices.v1", "device_key", device_pb2.UnitDevice, PARTITIONS, "notifier",
    "devices that crews have signed in with, for push; the notifier's own", compacted=True,
)  # fmt: skip
MASS_REQUESTS: Final = Topic(
    "siaga.mass-requests.v1", "mass_id", mass_pb2.MassRequest, PARTITIONS, "people, by `siaga notify`",
    "texts that somebody wants sent to the unanswered callers of an area", 90 * DAY, compacted=True,
)  # fmt: skip
MASS_MESSAGES: Final = Topic(
    "siaga.mass-messages.v1", "message_id", mass_pb2.MassMessage, PARTITIONS, "people, by `siaga notify`",
    "one such text to one caller, once it is approved", DAY,
)  # fmt: skip
PUBLIC_INCIDENTS: Final = Topic(
    "siaga.public-incidents.v1", "incident_id", incident_pb2.PublicIncident, PARTITIONS, "dispatcher",
    "the redacted mirror of incidents for integrators", compacted=True,
)  # fmt: skip
PUBLIC_UNITS: Final = Topic(
    "siaga.public-units.v1", "unit_id", unit_pb2.PublicUnit, PARTITIONS, "dispatcher",
    "the redacted mirror of units for integrators", compacted=True,
)  # fmt: skip
ALERTS: Final = Topic(
    "siaga.alerts.v1", "alert_id", alert_pb2.Alert, PARTITIONS, "dispatcher, notifier",
    "what a supervisor has to see now; the last record of an alert holds", 90 * DAY, compacted=True,
)  # fmt: skip
AUDIT: Final = Topic(
    "siaga.audit.v1", "tenant", audit_pb2.AuditRecord, PARTITIONS, "all",
    "who saw or changed what, hash-chained", 365 * DAY,
)  # fmt: skip
DEAD_LETTERS: Final = Topic(
    "siaga.dead-letters.v1", "key of the source record", dead_letter_pb2.DeadLetter, PARTITIONS, "all",
    "what could not be processed, with reason and origin", 90 * DAY,
)  # fmt: skip

TOPICS: Final = (
    CALL_EVENTS, CALL_ASSESSMENTS, CALLER_OUTCOMES, CALLER_DECISIONS, SANCTIONS, CALLBACK_TASKS, POSTURES,
    LABELLED_EXAMPLES, INCIDENTS, DISPATCH_ORDERS, UNITS, UNIT_REPORTS,
    NOTIFICATION_EVENTS, UNIT_DEVICES, MASS_REQUESTS, MASS_MESSAGES, PUBLIC_INCIDENTS, PUBLIC_UNITS, ALERTS, AUDIT, DEAD_LETTERS,
)  # fmt: skip
BY_NAME: Final = {topic.name: topic for topic in TOPICS}
