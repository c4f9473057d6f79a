"""Words an order for one contact and hands it over."""

from collections.abc import Callable
from dataclasses import dataclass

from siaga_kit import telemetry

from siaga_notifier.channel import Channel
from siaga_notifier.core import names
from siaga_notifier.core.message import Words, compose
from siaga_notifier.core.model import SMS, Attempt, Contact, Order
from siaga_notifier.core.plans.values import Notification, Sending
from siaga_notifier.core.routes import channel_of
from siaga_notifier.core.tries import HANDED_OVER, MOST_TRIES
from siaga_notifier.registry import Handed, Registry

# How the order's own link is made: of the order and the wall clock when it was taken.
Link = Callable[[Order, int], str]


@dataclass(slots=True)
class InHand:
    """A notification that this process looks after now, with its order and the crew's contacts by route."""

    notification: Notification
    order: Order
    named: dict[str, Contact]
    raw: bytes
    traceparent: str | None
    link: str = ""
    # States that became true and are not known to be published.
    untold: bool = False
    # The tasks that a stand-down ends are ended.
    task_closed: bool = False
    # How the crew answered, and what it said, where that is still to be told.
    answered_by: str = ""
    answer: str = ""


class Sender:
    """Makes the message of an attempt, marked where it may read as a second alarm."""

    def __init__(self, registry: Registry, words: Callable[[str], Words]) -> None:
        self._registry = registry
        self._words = words

    def text(self, order: Order, *, repeat: bool = False, link: str = "") -> str:
        """The order's SMS; raises ValueError for an order that cannot be put into words."""
        return compose(order, self._words(order.tenant), repeat=repeat, link=link)

    async def send(self, hand: InHand, sending: Sending) -> Handed:
        """Hand a message over; the outcome says what came of it."""
        order = hand.order
        channel = channel_of(sending.route)
        attributes = {
            "messaging.system": "smpp" if channel == SMS else channel,
            "messaging.operation.name": "send",
            "messaging.operation.type": "send",
            "messaging.destination.name": channel,
            "siaga.order.id": order.order_id,
            "siaga.tenant": order.tenant,
        }
        with telemetry.span(f"send {channel}", "client", hand.traceparent, attributes):
            handed = await self._registry.send(
                order.tenant, channel, lambda by: self._attempt(hand, sending, by), order.only_provider
            )
        telemetry.counter("siaga.notify.attempts").add(
            1, {"channel": channel, "result": type(handed.outcome).__name__.lower(), "provider": handed.provider}
        )
        return handed

    def _attempt(self, hand: InHand, sending: Sending, by: Channel) -> Attempt:
        order = hand.order
        return Attempt(
            attempt_id(order.order_id, sending.route, sending.number),
            by.channel,
            hand.named[sending.route].address,
            sending.number,
            self.text(order, repeat=sending.repeat and not self._shows_once(hand, sending, by), link=hand.link),
            order,
            key=names.attempt_key(order.order_id, sending.route),
            repeat=sending.repeat,
            link=hand.link,
            told=told(hand.notification),
        )

    @staticmethod
    def _shows_once(hand: InHand, sending: Sending, by: Channel) -> bool:
        """Whether a repeat shows as one message: under the same key, by the provider that may have it, in the same words."""
        before = hand.notification.tries[sending.route].may_have
        return by.keyed and all(provider == by.provider_id for provider in before)


def told(known: Notification) -> tuple[str, ...]:
    """Channels that have taken it."""
    return tuple(channel_of(route) for route, one in known.tries.items() if one.stage in HANDED_OVER)


def attempt_id(order_id: str, route: str, number: int) -> str:
    """A try by a route; each contact of a channel has its own range of numbers."""
    channel, _, index = route.partition(":")
    return names.attempt_id(order_id, channel, int(index) * MOST_TRIES + number)
