"""Orders for a modem."""

from siaga_notifier.core.model import Attempt, Contact, Order, OrderKind

PHONE = "+6281100000114"


def attempt(key: str = "k-1", priority: str = "P1", text: str = "#114 P1 Kebakaran Jl. Merdeka 1") -> Attempt:
    order = Order(
        order_id=f"o-{key}", tenant="36.73", incident_id="i-1", ticket_no="T-1", unit_id="u-1", kind=OrderKind.DISPATCH,
        task_code="114", type="fire_building", priority=priority, confidential=False, address="", lat=None, lon=None,
        text="", callback_number="", contacts=(Contact("sms", PHONE),), event_at_ms=1_760_000_000_000,
    )  # fmt: skip
    return Attempt(f"a-{key}", "sms", PHONE, 1, text, order, key=key)
