"""An order as crews' devices get it, whatever channel brings it."""

import json
from typing import Any, Final

from siaga_notifier.core.model import Attempt

# An alarm that a tablet shows when it is switched on the next morning is a false one.
EXPIRY_S: Final = 600
# What may lose its end, in this order; the text of the SMS beside them has the address once more.
SHORTENED: Final = ("note", "address")
# One octet takes up to so many in JSON.
LONGEST_ESCAPE: Final = 6


def payload(attempt: Attempt, most_bytes: int | None = None) -> bytes:
    """An order for a device; it shows one alarm per `order_id`, however often the order comes, or a reminder of it.

    Where a channel has room for `most_bytes` only, the operator's note goes first, then the end of the address.
    """
    order = attempt.order
    content: dict[str, Any] = {
        "order_id": order.about_order_id or order.order_id,
        "attempt_id": attempt.attempt_id,
        "kind": order.kind,
        "unit_id": order.unit_id,
        "task_code": order.task_code,
        "ticket_no": order.ticket_no,
        "priority": order.priority,
        "confidential": order.confidential,
        "address": order.address,
        "lat": order.lat,
        "lon": order.lon,
        "text": attempt.text,
        "event_at_ms": order.event_at_ms,
        "expires_in_s": EXPIRY_S,
    }
    if order.confidential:
        # The text has been cleared of what must not be seen on a lock screen; the typed address has not.
        del content["address"]
    else:
        content |= {"type": order.type, "note": order.text, "callback_number": order.callback_number}
    if attempt.link:
        content["link"] = attempt.link
    for field in SHORTENED:
        while most_bytes is not None and content.get(field) and (over := len(_encoded(content)) - most_bytes) > 0:
            text = str(content[field]).encode()
            content[field] = text[: -max(1, over // LONGEST_ESCAPE)].decode(errors="ignore")
    return _encoded(content)


def _encoded(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()
