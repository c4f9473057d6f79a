"""Which order each signed link is for, what its page shows, and what was said by it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from siaga_notifier.adapters.hashes import TTL_S, Hashes
from siaga_notifier.core import links
from siaga_notifier.core.links import Signed
from siaga_notifier.core.message import map_link, shown_address
from siaga_notifier.core.model import Order, OrderKind, UnitStatus

_SAID: Final = "said:"
HOUR_MS: Final = 3_600_000
# The page is remembered no longer than the rest of its order.
LONGEST_HOURS: Final = TTL_S / 3600


@dataclass(frozen=True, slots=True)
class Page:
    """What a crew sees behind its link; of a confidential order neither type nor number, as in its SMS."""

    order_id: str
    tenant: str
    unit_id: str
    unit_name: str
    task_code: str
    priority: str
    # Type code; empty = not shown.
    type: str
    address: str
    map: str
    confidential: bool


class LinkBook:
    """Makes links and knows them again. `hours` tells how long a centre's links are good."""

    def __init__(self, hashes: Hashes, secret: bytes, public_url: str, hours: Callable[[str], float]) -> None:
        self._hashes = hashes
        self._key = links.key_of(secret)
        self._public_url = public_url
        self._hours = hours

    def link(self, order: Order, taken_at_ms: int) -> str:
        """The link for the crew of an order taken at that wall clock; a reminder has its order's.

        Empty where there is no door outside, and for a stand-down, which has nothing to choose from.
        """
        if not self._public_url or order.kind is OrderKind.STAND_DOWN:
            return ""
        order_id = order.about_order_id or order.order_id
        reference = links.reference_of(self._key, order_id, order.unit_id)
        page = Page(
            order_id=order_id,
            tenant=order.tenant,
            unit_id=order.unit_id,
            unit_name=order.unit_name,
            task_code=order.task_code,
            priority=order.priority,
            type="" if order.confidential else order.type,
            address=shown_address(order),
            map=map_link(order),
            confidential=order.confidential,
        )
        self._hashes.put(_key(reference), {"page": msgspec.json.encode(page)})
        good_ms = int(min(self._hours(order.tenant), LONGEST_HOURS) * HOUR_MS)
        return links.address(self._public_url, links.sign(self._key, reference, taken_at_ms + good_ms))

    def verify(self, token: str) -> Signed | None:
        """What a token says; None when it was not made here."""
        return links.verify(self._key, token)

    async def page(self, reference: str) -> tuple[Page, Mapping[UnitStatus, int]] | None:
        """What the link's page shows, and what was said by it, when; None when it is not remembered any more."""
        fields = (await self._hashes.read([_key(reference)]))[0]
        if "page" not in fields:
            return None
        said = {
            UnitStatus(name.removeprefix(_SAID)): int(at_ms) for name, at_ms in fields.items() if name.startswith(_SAID)
        }
        return msgspec.json.decode(fields["page"], type=Page), said

    async def say(self, reference: str, status: UnitStatus, at_ms: int) -> None:
        """Remember that the crew said this by its link."""
        self._hashes.put(_key(reference), {f"{_SAID}{status}": str(at_ms).encode()})
        await self._hashes.flush()

    async def flush(self) -> None:
        """Bring the pages to Redis."""
        await self._hashes.flush()


def _key(reference: str) -> str:
    return f"siaga:ntf:link:{reference}"
