"""Receipts of messages that went in parts: the message is delivered when all its parts are."""

import asyncio
from collections import OrderedDict, defaultdict
from typing import Final

from siaga_notifier.core.receipts import Receipt, canonical, spellings
from siaga_notifier.core.states import State

# Parts whose receipts have not come. What falls out, or was sent by a process that is gone, counts by its last part
# alone: by the id of that one the message is remembered.
REMEMBERED: Final = 20_000


class Parts:
    """The parts of one message, while they are submitted and until their receipts are here."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.submitted = asyncio.Event()
        self.last_id = ""
        self._undelivered = set(range(1, count + 1))
        # Not all of it went out: the message will be sent anew, and what becomes of these parts is nobody's news.
        self.broken = False

    def heard(self, number: int, receipt: Receipt) -> Receipt | None:
        """What a part's receipt says of the message; None = nothing yet."""
        if self.broken or receipt.state is None:
            return None
        if receipt.state is State.DELIVERED:
            self._undelivered.discard(number)
            return Receipt(self.last_id, State.DELIVERED, "") if not self._undelivered else None
        return Receipt(self.last_id, receipt.state, f"part {number} of {self.count}: {receipt.reason}")


class Awaiting:
    """Knows the parts by the ids that the centre gave them, however its receipts spell those."""

    def __init__(self, response_s: float) -> None:
        self._response_s = response_s
        self._by_id: OrderedDict[str, tuple[Parts, int]] = OrderedDict()
        self._submitting: defaultdict[str, set[Parts]] = defaultdict(set)

    def begin(self, phone: str, count: int) -> Parts:
        """A message of so many parts is about to go out."""
        parts = Parts(count)
        self._submitting[phone].add(parts)
        return parts

    def taken(self, parts: Parts, number: int, message_id: str) -> None:
        """The centre has a part."""
        if number == parts.count:
            parts.last_id = message_id
        self._by_id[canonical(message_id)] = (parts, number)
        if len(self._by_id) > REMEMBERED:
            self._by_id.popitem(last=False)

    def end(self, phone: str, parts: Parts, *, broken: bool) -> None:
        """All parts were answered, or will not be."""
        parts.broken = broken
        parts.submitted.set()
        self._submitting[phone].discard(parts)
        if not self._submitting[phone]:
            del self._submitting[phone]

    async def told(self, receipt: Receipt, phone: str) -> Receipt | None:
        """What a receipt says of a whole message; one of a single SMS comes back as it is, None = nothing yet."""
        known = self._known(receipt)
        under_way = list(self._submitting.get(phone, ()))
        if under_way and (known is None or not known[0].submitted.is_set()):
            # It may have overtaken the answers to its own message.
            waiting = [asyncio.create_task(parts.submitted.wait()) for parts in under_way]
            await asyncio.wait(waiting, timeout=self._response_s)
            for one in waiting:
                one.cancel()
            known = self._known(receipt)
        return receipt if known is None else known[0].heard(known[1], receipt)

    def _known(self, receipt: Receipt) -> tuple[Parts, int] | None:
        for spelling in spellings(receipt.provider_id):
            found = self._by_id.get(canonical(spelling))
            if found is not None:
                return found
        return None
