"""A centre's texts as they will be read, filled with an example, with what each takes of an SMS."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from siaga_notifier.core import feedback
from siaga_notifier.core.feedback import Kind, Report
from siaga_notifier.core.gsm7 import septets, transliterate
from siaga_notifier.core.message import Words, compose
from siaga_notifier.core.model import Order, OrderKind
from siaga_notifier.core.sms_parts import segments

EXAMPLE: Final = Order(
    order_id="example", tenant="", incident_id="", ticket_no="3673-2026-000114", unit_id="", kind=OrderKind.DISPATCH,
    task_code="114", type="fire_building", priority="P1", confidential=False, address="Jl Raya Pandeglang 12 dkt masjid",
    lat=-6.1326, lon=106.1951, text="", callback_number="081234567890", contacts=(), event_at_ms=0,
)  # fmt: skip
_ORDERS: Final[Mapping[str, Order]] = {
    "sms_dispatch": EXAMPLE,
    "sms_dispatch, again": replace(EXAMPLE, kind=OrderKind.REMIND, about_order_id="example"),
    "sms_update": replace(EXAMPLE, kind=OrderKind.UPDATE),
    "sms_stand_down": replace(EXAMPLE, kind=OrderKind.STAND_DOWN),
    "sms_confidential": replace(EXAMPLE, confidential=True, type="kdrt"),
}
_REPORT: Final = Report("", EXAMPLE.ticket_no, "", False, "", 0, (), staffed=True, under_way=True, arrived=False)


@dataclass(frozen=True, slots=True)
class Previewed:
    """A text as it is read; `places` of the GSM 7-bit alphabet."""

    name: str
    text: str
    places: int
    segments: int


def preview(words: Words, mass_texts: Mapping[str, str], link: str) -> tuple[Previewed, ...]:
    """Every text of a centre; `link` is one as its orders carry it, empty = it has no door outside."""
    texts = {name: compose(order, words, link=link) for name, order in _ORDERS.items()}
    texts |= {f"feedback_{kind}": feedback.text(kind, _REPORT, words) for kind in Kind}
    texts |= {f"mass_texts.{name}": transliterate(text) for name, text in mass_texts.items()}
    return tuple(Previewed(name, text, septets(text), segments(text)) for name, text in texts.items())
