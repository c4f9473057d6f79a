"""What the notifier talks about."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

SMS: Final = "sms"
MQTT: Final = "mqtt"
WEBPUSH: Final = "webpush"
FCM: Final = "fcm"
WHATSAPP: Final = "whatsapp"
OTHER: Final = "other"
OPERATOR: Final = "operator"
# How an answer came that was given in a browser.
LINK: Final = "link"


class OrderKind(StrEnum):
    """What a unit is asked."""

    DISPATCH = "dispatch"
    STAND_DOWN = "stand_down"
    UPDATE = "update"
    REMIND = "remind"
    # Whether messages arrive is tried; nobody is asked to go, and nothing is changed.
    TRIAL = "trial"


class UnitStatus(StrEnum):
    """What a crew may say by message."""

    ACKNOWLEDGED = "acknowledged"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    CLEAR = "clear"
    DECLINED = "declined"
    MAYDAY = "mayday"
    STAGING = "staging"
    PATIENT_CONTACT = "patient_contact"
    TRANSPORTING = "transporting"
    AT_HOSPITAL = "at_hospital"
    DELAYED = "delayed"
    OUT_OF_SERVICE = "out_of_service"
    AVAILABLE = "available"
    AVAILABLE_MOBILE = "available_mobile"
    OFF_DUTY = "off_duty"


@dataclass(frozen=True, slots=True)
class Contact:
    """One way to reach a crew: `sms` and `whatsapp` with a number in E.164, `mqtt` with a topic, push with a device's name."""

    channel: str
    address: str


@dataclass(frozen=True, slots=True)
class Order:
    """A unit is asked to go, to stand down, or told of a change."""

    order_id: str
    tenant: str
    incident_id: str
    ticket_no: str
    unit_id: str
    kind: OrderKind
    task_code: str
    type: str
    priority: str
    confidential: bool
    address: str
    lat: float | None
    lon: float | None
    text: str
    callback_number: str
    contacts: tuple[Contact, ...]
    event_at_ms: int
    # Kind and name of the unit; what the plan goes by, and what an operator calls it.
    unit_kind: str = ""
    unit_name: str = ""
    # The order that this one says again; empty = it is the first word.
    about_order_id: str = ""
    # Why, in the dispatcher's words, e.g. that it takes the place of another task.
    reason: str = ""
    # Of a trial: the only channel and provider to use (empty = as the plan has it), and whether those off duty are told.
    only_channel: str = ""
    only_provider: str = ""
    off_duty: bool = False

    @property
    def again(self) -> bool:
        """Whether the crew has been told before: it must read as a repeat, never as a second alarm."""
        return self.kind is OrderKind.REMIND or bool(self.about_order_id)


@dataclass(frozen=True, slots=True)
class Task:
    """What must be remembered of an order to understand receipts and answers to it."""

    order_id: str
    tenant: str
    incident_id: str
    unit_id: str
    kind: OrderKind
    task_code: str
    event_at_ms: int
    # Wall clock when the notifier first worked on it.
    taken_at_ms: int
    traceparent: str | None = None
    # Ended by the crew's word or by a stand-down: found by its code only.
    open: bool = True


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to reach one contact, ready to be handed to a channel."""

    attempt_id: str
    channel: str
    address: str
    # From 1 on; a later one is of the same message to the same contact.
    number: int
    text: str
    order: Order
    # The same for each try of an order at a contact: by it providers and devices know a repeat.
    key: str = ""
    # It may have arrived before.
    repeat: bool = False
    # Wall clock after which the message is worth nothing; 0 = never.
    expires_at_ms: int = 0
    # Where a crew can answer by a browser; empty = the centre has no door outside.
    link: str = ""
    # Channels that have taken the order before, for whoever has to know what was tried.
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PhoneMessage:
    """What a phone sent us by SMS or WhatsApp; `source` in E.164, or as it came when it is no phone's number."""

    source: str
    text: str
    channel: str = SMS
    # Where the phone says that it is; with an empty text that is all it says.
    lat: float | None = None
    lon: float | None = None
    # Whose provider brought it, which vouches for that centre's tasks only; empty = all centres'.
    tenant: str = ""


@dataclass(frozen=True, slots=True)
class UnitAnswer:
    """What a unit's device or link says; `status` is a UnitStatus name in lower case."""

    unit_id: str
    order_id: str
    status: str
    # 0 = now.
    at_ms: int = 0
    lat: float | None = None
    lon: float | None = None
    # How it came: mqtt, app, whatsapp, link.
    via: str = MQTT
    # The centre whose own broker brought it, which vouches for its own units only; empty = one that all share.
    tenant: str = ""


def task_of(order: Order, taken_at_ms: int, traceparent: str | None) -> Task:
    """The order as a task to remember."""
    return Task(
        order.order_id,
        order.tenant,
        order.incident_id,
        order.unit_id,
        order.kind,
        order.task_code,
        order.event_at_ms,
        taken_at_ms,
        traceparent,
        open=order.kind is not OrderKind.STAND_DOWN,
    )
