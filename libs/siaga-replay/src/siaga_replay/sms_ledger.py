"""Which SMS belongs to which order: by the centre's message id, else by number and task code."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from siaga_replay.ledger import Ledger, Order, Sms


@dataclass(frozen=True, slots=True)
class SmsMatch:
    """Orders that no SMS was sent for, and how many SMS were sent twice."""

    without_sms: tuple[str, ...]
    doubled: int


def match_sms(ledger: Ledger) -> SmsMatch:
    """Compare the orders with the SMS centre's journal.

    The notifier's own report (provider id) says which message is which order's. A message it never reported, because it
    died in between, is found by the unit's number and the `#code` in the text.
    """
    order_of = {_same_id(each.provider_id): each.order_id for each in ledger.notifications if each.provider_id}
    linked = {order_of[name] for each in ledger.messages.values() if (name := _same_id(each.message_id)) in order_of}
    unlinked = [each for each in ledger.messages.values() if _same_id(each.message_id) not in order_of]
    without = tuple(
        order.order_id
        for order in ledger.orders.values()
        if order.by_sms and order.order_id not in linked and not any(is_for(each, order) for each in unlinked)
    )
    return SmsMatch(without, _doubled(ledger, order_of))


def is_for(message: Sms, order: Order) -> bool:
    """Whether a message could be that order's: its number and its task code."""
    code = rf"#{re.escape(order.task_code)}(?!\w)"
    return message.number in order.numbers and re.search(code, message.text) is not None


def _doubled(ledger: Ledger, order_of: dict[str, str]) -> int:
    """The same words to the same number more often than there are orders for them; marked repeats do not count."""
    alike: defaultdict[tuple[str, str], list[Sms]] = defaultdict(list)
    for message in ledger.messages.values():
        if not message.repeat and _about_an_order(message, ledger.orders.values()):
            alike[message.number, message.text].append(message)
    doubled = 0
    for messages in alike.values():
        orders = {order_of[name] for each in messages if (name := _same_id(each.message_id)) in order_of}
        doubled += len(messages) - max(1, len(orders))
    return doubled + _worded_anew(ledger, order_of)


def _worded_anew(ledger: Ledger, order_of: dict[str, str]) -> int:
    """Unmarked messages of one order in different words to one number."""
    texts: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for message in ledger.messages.values():
        order_id = order_of.get(_same_id(message.message_id))
        if order_id is not None and not message.repeat:
            texts[order_id, message.number].add(message.text)
    return sum(len(found) - 1 for found in texts.values())


def _about_an_order(message: Sms, orders: Iterable[Order]) -> bool:
    return any(is_for(message, order) for order in orders)


def _same_id(message_id: str) -> str:
    """Centres write one id in several ways."""
    return message_id.strip().lower().lstrip("0")
