"""Who is on duty: by the roster, and by what the crew said since the last change of shift.

The clock on the wall decides, not the time of the call: people are sent now, and a crew that has gone home does not roll because
the call was made before it did.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import tzinfo
from typing import Final

from siaga_tenants.model import Contact, Duty

from siaga_dispatcher.core.decision import Decision
from siaga_dispatcher.core.values import Order, OrderKind, Rules, Unit, UnitReport, UnitStatus

# A weekly roster has a change within a week on either side, and a shift may reach into the next day.
DAYS_LOOKED_AT: Final = 8
DAY_MS: Final = 24 * 3600 * 1000
_ON: Final = frozenset({UnitStatus.AVAILABLE, UnitStatus.AVAILABLE_MOBILE})
# By these words a crew goes on or off duty.
DUTY_WORDS: Final = _ON | {UnitStatus.OFF_DUTY}


def last_change_ms(duty: Duty, zone: tzinfo, at_ms: int) -> int:
    """When a shift last began or ended, at this time or before; 0 = not within a week."""
    return max((change for change in _changes(duty, zone, at_ms) if change <= at_ms), default=0)


def next_change_ms(duties: Iterable[Duty], zone: tzinfo, at_ms: int) -> int:
    """When a shift of any of these next begins or ends; a day later where none does within a week."""
    changes = (change for duty in duties for change in _changes(duty, zone, at_ms) if change > at_ms)
    return min(changes, default=at_ms + DAY_MS)


def standing(unit: Unit, rules: Rules, now: int) -> Unit:
    """The unit, on or off duty as of now. The crew's own word holds until the shift changes; a task goes on over its end."""
    duty = rules.roster.of(unit.unit_id, unit.kind)
    if duty is None:
        return replace(unit, off_shift=False) if unit.off_shift else unit
    on = bool(duty.shifts_at(rules.zone, now))
    said = 0 < unit.duty_word_at_ms >= last_change_ms(duty, rules.zone, now)
    back = unit.status is UnitStatus.OFF_DUTY and on and not said and not unit.incident_id
    status = UnitStatus.AVAILABLE if back else unit.status
    off_shift = not on and not (said and unit.status in _ON)
    changed = (status, off_shift) != (unit.status, unit.off_shift)
    return replace(unit, status=status, off_shift=off_shift) if changed else unit


def changed_standing(unit: Unit, rules: Rules, now: int) -> Unit | None:
    """The unit to be written with another standing; None = it is as it was."""
    found = standing(unit, rules, now)
    return None if found is unit else replace(found, version=unit.version + 1, event_at_ms=max(unit.event_at_ms, now))


def with_word(unit: Unit, report: UnitReport, rules: Rules, now: int) -> Unit:
    """A unit without a task after its crew's word of what it does."""
    assert report.status is not None
    said = replace(unit, status=report.status, status_code=report.status_code)
    if report.status in DUTY_WORDS and (said != unit or unit.off_shift):
        said = replace(said, duty_word_at_ms=max(unit.duty_word_at_ms, report.event_at_ms))
    return standing(said, rules, now)


def addressed(decision: Decision, rules: Rules, now: int) -> Decision:
    """The decision, each order to the unit's own contacts and those of the crew that is to go, or has gone.

    A unit that stays at its task over the end of its shift is still told of it: by the shift that it left in.
    """
    if not decision.orders or not (rules.roster.by_unit or rules.roster.by_kind):
        return decision
    return replace(decision, orders=tuple(_addressed(order, rules, now) for order in decision.orders))


def _addressed(order: Order, rules: Rules, now: int) -> Order:
    duty = rules.roster.of(order.unit.unit_id, order.unit.kind)
    if duty is None:
        return order
    at_ms = now if order.kind is OrderKind.DISPATCH else _sent_at_ms(order) or now
    contacts = (*order.unit.contacts, *_on_call(duty, rules.zone, at_ms))
    return replace(order, unit=replace(order.unit, contacts=tuple(dict.fromkeys(contacts))))


def _sent_at_ms(order: Order) -> int:
    """When the unit was sent to the incident that the order is about; 0 = it never was."""
    times = (a.dispatched_at_ms for a in order.incident.assignments if a.unit_id == order.unit.unit_id)
    return max(times, default=0)


def _on_call(duty: Duty, zone: tzinfo, at_ms: int) -> Iterator[Contact]:
    for shift in duty.shifts_at(zone, at_ms):
        yield from shift.contacts


def _changes(duty: Duty, zone: tzinfo, at_ms: int) -> Iterator[int]:
    for _, begin_ms, end_ms in duty.spans(zone, at_ms, DAYS_LOOKED_AT):
        yield begin_ms
        yield end_ms
