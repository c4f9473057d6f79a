"""Which ways to a crew are used, in which order."""

from collections.abc import Sequence

from siaga_contracts.callers import e164

from siaga_notifier.core.model import MQTT, SMS, Contact


def routes(contacts: Sequence[Contact], *, mqtt: bool) -> tuple[Contact, ...]:
    """MQTT first where the centre has a broker, for it is there in milliseconds; SMS always, for it needs no data link.

    A contact that cannot be used (a number that is none, a channel nobody serves) is left out; none left means that
    the unit cannot be reached, which somebody must be told.
    """
    tablets = [contact for contact in contacts if mqtt and contact.channel == MQTT and contact.address]
    phones = [
        Contact(SMS, number)
        for contact in contacts
        if contact.channel == SMS and (number := e164(contact.address)) is not None
    ]
    return tuple(dict.fromkeys((*tablets, *phones)))
