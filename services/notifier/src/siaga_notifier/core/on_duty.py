"""Whom an alarm may still reach: a crew that has gone home since the order was made is not woken by a later step."""

from collections.abc import Mapping
from datetime import tzinfo

from siaga_contracts.callers import e164
from siaga_tenants.model import Contact as ListedContact
from siaga_tenants.model import Roster

from siaga_notifier.core.model import Contact, Order, OrderKind
from siaga_notifier.core.routes import NUMBERED


def on_duty(
    order: Order, named: Mapping[str, Contact], own: frozenset[Contact], roster: Roster, zone: tzinfo, now_ms: int
) -> frozenset[str]:
    """Routes of an order that reach the unit itself, or somebody whose shift lasts now; `own` are the unit's contacts.

    The clock on the wall decides, as it does where the unit is chosen. What follows on an alarm (an update, a stand-down)
    goes to whoever was told of it, at home or not.
    """
    duty = roster.of(order.unit_id, order.unit_kind)
    if duty is None or order.kind not in (OrderKind.DISPATCH, OrderKind.TRIAL) or order.off_duty:
        return frozenset(named)
    at_work = {plain(contact) for shift in duty.shifts_at(zone, now_ms) for contact in shift.contacts}
    gone = {plain(contact) for contact in duty.all_contacts()} - at_work - own
    return frozenset(route for route, contact in named.items() if contact not in gone)


def plain(contact: ListedContact) -> Contact:
    """A contact of the centre's files as orders have it."""
    number = e164(contact.address) if contact.channel in NUMBERED else None
    return Contact(contact.channel, number or contact.address)
