"""Which ways there are to a crew, and their names: `sms:0` is its first phone."""

from collections.abc import Mapping, Sequence
from typing import Final

from siaga_contracts.callers import e164

from siaga_notifier.core.model import FCM, MQTT, OPERATOR, OTHER, SMS, WEBPUSH, WHATSAPP, Contact

NUMBERED: Final = frozenset({SMS, WHATSAPP})
NAMED: Final = frozenset({MQTT, WEBPUSH, FCM, OTHER})
# Whoever is asked to call the crew by voice.
OPERATOR_ROUTE: Final = f"{OPERATOR}:0"


def routes(contacts: Sequence[Contact]) -> dict[str, Contact]:
    """Each contact that can be used, by the name of its route: counted by channel, so that a new channel shifts nothing.

    One that cannot be used (a number that is none, an unknown channel) is left out; none left means that the unit cannot
    be reached, which somebody must be told.
    """
    counts: dict[str, int] = {}
    found: dict[str, Contact] = {}
    for contact in contacts:
        usable = _usable(contact)
        if usable is None or usable in found.values():
            continue
        index = counts.get(usable.channel, 0)
        counts[usable.channel] = index + 1
        found[f"{usable.channel}:{index}"] = usable
    return found


def channel_of(route: str) -> str:
    """The channel of a route."""
    return route.partition(":")[0]


def of_channel(named: Mapping[str, Contact], channel: str) -> tuple[str, ...]:
    """The routes of a channel."""
    return tuple(route for route, contact in named.items() if contact.channel == channel)


def _usable(contact: Contact) -> Contact | None:
    if contact.channel in NUMBERED:
        number = e164(contact.address)
        return Contact(contact.channel, number) if number is not None else None
    return contact if contact.channel in NAMED and contact.address else None
