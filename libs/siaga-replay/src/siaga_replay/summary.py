"""What one replay came to: found by comparing what was posted with what was received, never from a service's counters."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from siaga_replay.answers import Refusal
from siaga_replay.latency import Spread, intake_to_assessment, intake_to_notification
from siaga_replay.ledger import Incident, Ledger
from siaga_replay.requests import BadLine
from siaga_replay.sms_ledger import match_sms

ADVICES: Final = ("dispatch", "review", "record")
# An incident that was merged into another keeps its calls, and so does the other: that is no doubling.
NO_INCIDENT: Final = frozenset({"merged"})


@dataclass(frozen=True, slots=True)
class Losses:
    """What is missing, by where it went missing."""

    events_not_on_topic: int
    items_unaccounted: int
    calls_not_assessed: int
    # Judged to need help now, and no incident has them.
    calls_without_incident: int
    orders_without_sms: int

    @property
    def total(self) -> int:
        return (
            self.events_not_on_topic
            + self.items_unaccounted
            + self.calls_not_assessed
            + self.calls_without_incident
            + self.orders_without_sms
        )


@dataclass(frozen=True, slots=True)
class Doubles:
    """What is there twice."""

    calls_in_two_incidents: int
    orders_for_one_assignment: int
    sms_for_one_order: int

    @property
    def total(self) -> int:
        return self.calls_in_two_incidents + self.orders_for_one_assignment + self.sms_for_one_order


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """One incident for people: its units, how far each got, and what became of its SMS."""

    incident: Incident
    sms_states: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Run:
    """Facts of the run itself."""

    source: str
    speed: float | None
    wall_seconds: float
    drained: bool
    # What did not come to rest within all patience; empty when drained.
    waiting_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """The reconciliation of one replay."""

    run: Run
    requests: int
    accepted: int
    rejected: int
    ignored: int
    calls: int
    known_calls: int
    outcomes: Mapping[str, int]
    assessments: Mapping[str, int]
    incidents: tuple[IncidentRow, ...]
    dispatch_orders: Mapping[str, int]
    notifications: Mapping[str, int]
    sanctions: Mapping[str, int]
    dead_letters: Mapping[str, int]
    losses: Losses
    doubles: Doubles
    to_assessment: Spread
    to_notification: Spread
    bad_line_count: int
    bad_lines: tuple[BadLine, ...]
    refusals: tuple[Refusal, ...]
    # Per call and per caller, for whoever knows the truth; too long for `as_json`.
    call_outcomes: Mapping[str, str]
    caller_states: Mapping[str, str]

    @property
    def ok(self) -> bool:
        """Nothing lost, doubled or set aside as unreadable, and everything came to rest."""
        clean = self.losses.total == 0 and self.doubles.total == 0 and not self.dead_letters
        return clean and self.run.drained

    def as_json(self) -> dict[str, Any]:
        """The summary that scripts read; its names are stable."""
        return {
            "source": self.run.source,
            "speed": "max" if self.run.speed is None else self.run.speed,
            "requests": self.requests,
            "accepted": self.accepted,
            "rejected": self.rejected,
            "ignored": self.ignored,
            "bad_lines": self.bad_line_count,
            "calls": self.calls,
            "known_calls": self.known_calls,
            "outcomes": dict(self.outcomes),
            "assessments": dict(self.assessments),
            "incidents": len(self.incidents),
            "dispatch_orders": {"by_kind": dict(self.dispatch_orders)},
            "notifications": {"by_status": dict(self.notifications)},
            "sanctions": {"by_state": dict(self.sanctions)},
            "dead_letters": dict(self.dead_letters),
            "lost": self.losses.total,
            "duplicated": self.doubles.total,
            "lost_by_place": _fields(self.losses),
            "duplicated_by_place": _fields(self.doubles),
            "latency_ms": {
                "intake_to_assessment": self.to_assessment.as_json(),
                "intake_to_notification": self.to_notification.as_json(),
            },
            "wall_seconds": round(self.run.wall_seconds, 3),
            "drained": self.run.drained,
            "waiting_for": list(self.run.waiting_for),
            "ok": self.ok,
        }


def summarise(ledger: Ledger, run: Run) -> Summary:
    """The ledger judged."""
    ours = {call_id: found for call_id, found in ledger.assessments.items() if call_id in ledger.acked_calls}
    advices = Counter(found.advice for found in ours.values())
    states = {key: _state_at(found.state, found.until_ms, ledger.clock_ms) for key, found in ledger.sanctions.items()}
    return Summary(
        run=run,
        requests=ledger.requests,
        accepted=ledger.accepted,
        rejected=ledger.rejected,
        ignored=ledger.ignored,
        calls=len(ledger.acked_calls),
        known_calls=len(ledger.known_calls & ledger.acked_calls),
        outcomes=_sorted(Counter(found.outcome for found in ours.values())),
        assessments={advice: advices[advice] for advice in ADVICES},
        incidents=tuple(_rows(ledger)),
        dispatch_orders=_sorted(Counter(order.kind for order in ledger.orders.values())),
        notifications=_reached(ledger),
        sanctions=_sorted(Counter(states.values())),
        dead_letters=_sorted(ledger.dead_letters),
        losses=_losses(ledger),
        doubles=_doubles(ledger),
        to_assessment=intake_to_assessment(ledger),
        to_notification=intake_to_notification(ledger),
        bad_line_count=ledger.bad_line_count,
        bad_lines=tuple(ledger.bad_lines),
        refusals=tuple(ledger.refusals),
        call_outcomes={call_id: found.outcome for call_id, found in ours.items()},
        caller_states=states,
    )


def _losses(ledger: Ledger) -> Losses:
    return Losses(
        events_not_on_topic=len(ledger.acked_events - ledger.seen_events),
        items_unaccounted=ledger.unaccounted,
        calls_not_assessed=sum(1 for call_id in ledger.acked_calls if call_id not in ledger.assessments),
        calls_without_incident=len(ledger.calls_without_incident),
        orders_without_sms=len(match_sms(ledger).without_sms),
    )


def _doubles(ledger: Ledger) -> Doubles:
    linked = Counter(
        call_id
        for incident in ledger.incidents.values()
        if incident.status not in NO_INCIDENT
        for call_id in set(incident.call_ids)
    )
    assigned = Counter(
        (order.incident_id, order.unit_id, order.fence) for order in ledger.orders.values() if order.kind == "dispatch"
    )
    return Doubles(
        calls_in_two_incidents=sum(1 for count in linked.values() if count > 1),
        orders_for_one_assignment=sum(count - 1 for count in assigned.values()),
        sms_for_one_order=match_sms(ledger).doubled,
    )


def _state_at(state: str, until_ms: int, clock_ms: int) -> str:
    """A temporary sanction whose end has passed on the event clock is over, whether or not anybody has said so."""
    return "clean" if state == "temporary" and 0 < until_ms <= clock_ms else state


def _reached(ledger: Ledger) -> dict[str, int]:
    """How many notifications reached each state: a message acknowledged in the end was also delivered."""
    return _sorted(Counter(state for _, state in {(each.notification_id, each.state) for each in ledger.notifications}))


def _rows(ledger: Ledger) -> list[IncidentRow]:
    """Incidents of this replay's calls, in the order they were opened, with the best state of each order's SMS."""
    states: dict[str, set[str]] = {}
    for each in ledger.notifications:
        states.setdefault(each.order_id, set()).add(each.state)
    rows = []
    for incident in sorted(ledger.incidents.values(), key=lambda each: (each.opened_at_ms, each.incident_id)):
        if ledger.acked_calls.isdisjoint(incident.call_ids):
            continue
        sms = {unit.order_id: _best(states.get(unit.order_id, set())) for unit in incident.units}
        rows.append(IncidentRow(incident, sms))
    return rows


def _best(states: set[str]) -> str:
    """What matters most of what became of an SMS; its acknowledgement by the crew stands apart, as the unit's step."""
    best = ("delivered", "submitted", "expired", "failed_permanent", "failed_temporary", "queued")
    return next((state for state in best if state in states), "none")


def _fields(found: Losses | Doubles) -> dict[str, int]:
    return {name: getattr(found, name) for name in type(found).__slots__}


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return {name: counts[name] for name in sorted(counts)}
