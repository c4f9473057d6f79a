"""Observations of one replay: what was posted, what the topics and the SMS centre received. No judgement here.

Values only, no I/O: the same observations in any order of arrival make the same ledger, so that a test can write them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from siaga_replay.answers import Receipt, Refusal
from siaga_replay.requests import BadLine

# Refusals and bad lines kept for the report; a file of nothing else must not fill the memory.
MOST_KEPT: Final = 1_000
# Marks an SMS that may have been sent before: never a second alarm.
REPEAT_MARK: Final = "ULANG"


@dataclass(slots=True)
class CallSeen:
    """Arrival times of a call's events (epoch ms), all and those that can start a dispatch (forms, messages)."""

    received_ms: list[int] = field(default_factory=list)
    asked_ms: list[int] = field(default_factory=list)
    assessed_ms: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a call is, as its newest assessment says; names in lower case."""

    revision: int
    outcome: str
    advice: str


@dataclass(frozen=True, slots=True)
class Sanction:
    """State of a caller, as the newest record says."""

    state: str
    until_ms: int


@dataclass(frozen=True, slots=True)
class AssignedUnit:
    """One unit on an incident; `step` is its status, in lower case."""

    unit_id: str
    name: str
    order_id: str
    step: str


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident's newest snapshot."""

    incident_id: str
    version: int
    ticket_no: str
    type: str
    priority: str
    status: str
    confidential: bool
    area: str
    opened_at_ms: int
    call_ids: tuple[str, ...]
    units: tuple[AssignedUnit, ...]
    shortfalls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """An order to a unit; `numbers` are its SMS numbers without a plus, `channels` all ways to reach it."""

    order_id: str
    incident_id: str
    unit_id: str
    fence: int
    kind: str
    task_code: str
    numbers: tuple[str, ...]
    channels: tuple[str, ...] = ("sms",)

    @property
    def by_sms(self) -> bool:
        """An order that names no channel at all is to be sent by SMS as well: then its absence is a fault."""
        return "sms" in self.channels or not self.channels


@dataclass(frozen=True, slots=True)
class Notification:
    """One state of one order's message."""

    notification_id: str
    order_id: str
    channel: str
    state: str
    provider_id: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Sms:
    """A message in the SMS centre's journal."""

    message_id: str
    number: str
    text: str
    at_ms: int

    @property
    def repeat(self) -> bool:
        return self.text.startswith(REPEAT_MARK)


@dataclass(slots=True)
class Ledger:
    """What one replay posted and what came of it."""

    requests: int = 0
    items: int = 0
    accepted: int = 0
    ignored: int = 0
    rejected: int = 0
    unaccounted: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    bad_lines: list[BadLine] = field(default_factory=list)
    bad_line_count: int = 0
    acked_events: set[str] = field(default_factory=set)
    acked_calls: set[str] = field(default_factory=set)
    seen_events: set[str] = field(default_factory=set)
    calls: dict[str, CallSeen] = field(default_factory=dict)
    assessments: dict[str, Assessment] = field(default_factory=dict)
    sanctions: dict[str, Sanction] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    notifications: list[Notification] = field(default_factory=list)
    messages: dict[str, Sms] = field(default_factory=dict)
    steps: dict[str, set[str]] = field(default_factory=dict)
    known_calls: set[str] = field(default_factory=set)
    dead_letters: Counter[str] = field(default_factory=Counter)
    # The event clock: time of the latest thing that a switch reported.
    clock_ms: int = 0
    # Records of any kind: as long as it grows, something is still under way.
    records: int = 0
    # Kept while posting, so that asking "is anything missing?" costs nothing on a quarter of a million events.
    unseen_events: set[str] = field(default_factory=set)
    unassessed_calls: set[str] = field(default_factory=set)

    def posted(self, receipt: Receipt) -> None:
        self.requests += 1
        self.items += receipt.items
        self.accepted += receipt.accepted
        self.ignored += receipt.ignored
        self.rejected += len(receipt.refused)
        self.unaccounted += receipt.unaccounted
        self.refusals += receipt.refused[: MOST_KEPT - len(self.refusals)]
        self.acked_events.update(receipt.event_ids)
        self.acked_calls.update(receipt.call_ids)
        self.unseen_events.update(each for each in receipt.event_ids if each not in self.seen_events)
        self.unassessed_calls.update(each for each in receipt.call_ids if each not in self.assessments)

    def bad_line(self, bad: BadLine) -> None:
        self.bad_line_count += 1
        if len(self.bad_lines) < MOST_KEPT:
            self.bad_lines.append(bad)

    def call_event(self, event_id: str, call_id: str, received_ms: int, event_ms: int, *, asks: bool) -> None:
        """A record of call-events; `asks` = a form or a message, which can start a dispatch."""
        self.records += 1
        self.seen_events.add(event_id)
        self.unseen_events.discard(event_id)
        call = self.calls.get(call_id) or self.calls.setdefault(call_id, CallSeen())
        call.received_ms.append(received_ms)
        if asks:
            call.asked_ms.append(received_ms)
        else:
            # A form's own time may be the time of the replay.
            self.clock_ms = max(self.clock_ms, event_ms)

    def assessment(self, call_id: str, found: Assessment, record_ms: int) -> None:
        self.records += 1
        (self.calls.get(call_id) or self.calls.setdefault(call_id, CallSeen())).assessed_ms.append(record_ms)
        self._assess(call_id, found)

    def known_before(self, events: Iterable[str], assessments: Mapping[str, Assessment]) -> None:
        """What the topics held already when the replay began: an earlier replay of the same file."""
        self.seen_events.update(events)
        self.unseen_events -= self.seen_events
        self.known_calls.update(assessments)
        for call_id, found in assessments.items():
            self._assess(call_id, found)

    def _assess(self, call_id: str, found: Assessment) -> None:
        newest = self.assessments.get(call_id)
        if newest is None or newest.revision <= found.revision:
            self.assessments[call_id] = found
        self.unassessed_calls.discard(call_id)

    @property
    def calls_without_incident(self) -> set[str]:
        """Calls of this replay that need help by their newest assessment, and that no incident has."""
        linked = {call_id for incident in self.incidents.values() for call_id in incident.call_ids}
        return {
            call_id
            for call_id in self.acked_calls - self.known_calls - linked
            if call_id in self.assessments and self.assessments[call_id].advice == "dispatch"
        }

    def sanction(self, caller_key: str, found: Sanction | None) -> None:
        """None = the caller is forgotten."""
        self.records += 1
        if found is None:
            self.sanctions.pop(caller_key, None)
        else:
            self.sanctions[caller_key] = found

    def incident(self, found: Incident) -> None:
        self.records += 1
        newest = self.incidents.get(found.incident_id)
        if newest is None or newest.version <= found.version:
            self.incidents[found.incident_id] = found
        for unit in found.units:
            self.steps.setdefault(unit.order_id, set()).add(unit.step)

    def order(self, found: Order) -> None:
        self.records += 1
        self.orders[found.order_id] = found

    def notification(self, found: Notification) -> None:
        self.records += 1
        self.notifications.append(found)

    def unit_report(self, unit_id: str, order_id: str, status: str) -> None:
        """A crew's word; one that names no order answers the unit's only open one."""
        self.records += 1
        answered = (
            [order_id] if order_id else [each.order_id for each in self.orders.values() if each.unit_id == unit_id]
        )
        for each in answered:
            self.steps.setdefault(each, set()).add(status)

    def dead_letter(self, service: str) -> None:
        self.records += 1
        self.dead_letters[service] += 1

    def sms(self, found: Sms) -> None:
        self.messages.setdefault(found.message_id, found)
