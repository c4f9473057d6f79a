"""How long things took, by the wall clock of the services."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from siaga_replay.ledger import CallSeen, Ledger


@dataclass(frozen=True, slots=True)
class Spread:
    """Percentiles in milliseconds; None when nothing was measured."""

    p50: float | None
    p95: float | None
    p99: float | None

    def as_json(self) -> dict[str, float | None]:
        return {"p50": self.p50, "p95": self.p95, "p99": self.p99}


def spread(values: Sequence[float]) -> Spread:
    """Nearest-rank percentiles."""
    ordered = sorted(values)
    if not ordered:
        return Spread(None, None, None)

    def at(percent: int) -> float:
        return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]

    return Spread(at(50), at(95), at(99))


def intake_to_assessment(ledger: Ledger) -> Spread:
    """From a call's latest event to the first assessment that can contain it."""
    return spread([value for call in ledger.calls.values() for value in _to_assessment(call)])


def _to_assessment(call: CallSeen) -> Iterator[int]:
    received = sorted(call.received_ms)
    answered = 0
    for at_ms in sorted(call.assessed_ms):
        contained = bisect_right(received, at_ms)
        # A later assessment of the same events comes of another call (a number's first one, found late): not a delay.
        if contained > answered:
            yield at_ms - received[contained - 1]
            answered = contained


def intake_to_notification(ledger: Ledger) -> Spread:
    """From the form or message that asked for help to its SMS handed to the SMS centre."""
    submitted: dict[str, int] = {}
    for each in ledger.notifications:
        if each.state == "submitted":
            submitted[each.order_id] = min(each.at_ms, submitted.get(each.order_id, each.at_ms))
    waits = []
    for order_id, at_ms in submitted.items():
        order = ledger.orders.get(order_id)
        asked_ms = _asked_ms(ledger, order.incident_id, at_ms) if order and order.kind == "dispatch" else None
        if asked_ms is not None:
            waits.append(at_ms - asked_ms)
    return spread(waits)


def _asked_ms(ledger: Ledger, incident_id: str, at_ms: int) -> int | None:
    """Arrival of the opening call's first form before a moment; of its last other event when it had none."""
    incident = ledger.incidents.get(incident_id)
    call = ledger.calls.get(incident.call_ids[0]) if incident and incident.call_ids else None
    if call is None:
        return None
    asked = [each for each in call.asked_ms if each <= at_ms]
    if asked:
        return min(asked)
    return max((each for each in call.received_ms if each <= at_ms), default=None)
