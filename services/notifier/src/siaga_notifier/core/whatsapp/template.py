"""An order as a template message: whoever did not write first may be told only words that Meta has approved.

The template has four parameters in its body (code, what, where, map) and quick replies, which say a status each.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

from siaga_notifier.core.message import REPEAT, Words, map_link, shown_address
from siaga_notifier.core.model import Attempt, Order, OrderKind, UnitStatus

# A body with its parameters may have 1024 characters (Meta); with these, and a short map link, 400 are left to the template.
LONGEST_WHAT: Final = 280
LONGEST_WHERE: Final = 280
# Meta refuses an empty parameter.
NOTHING: Final = "-"
# The answer needed within seconds comes first: of four quick replies a phone shows two, the rest behind "all options".
USUAL_BUTTONS: Final = (UnitStatus.EN_ROUTE, UnitStatus.DECLINED, UnitStatus.ON_SCENE, UnitStatus.CLEAR)
MARK: Final = "ACK"
_PAYLOAD: Final = re.compile(rf"{MARK}:([^:\s]{{1,32}}):([a-z_]+)")
# How a crew would write it; that way a button is understood, matched and refused as an SMS is.
SPOKEN: Final = {
    UnitStatus.ACKNOWLEDGED: "OK",
    UnitStatus.EN_ROUTE: "1",
    UnitStatus.ON_SCENE: "2",
    UnitStatus.CLEAR: "3",
    UnitStatus.DECLINED: "0",
}


@dataclass(frozen=True, slots=True)
class Template:
    """The approved template of a centre; `buttons` are its quick replies in their order."""

    name: str
    language: str
    buttons: tuple[UnitStatus, ...] = USUAL_BUTTONS
    # Of an order to stand down: code and address in its body, and one quick reply. Empty = it goes by the other.
    stand_down: str = ""


def template_message(attempt: Attempt, number: str, template: Template, words: Words) -> dict[str, Any]:
    """The request's body; `number` in E.164."""
    order = attempt.order
    stand_down = order.kind is OrderKind.STAND_DOWN
    name: str
    body: tuple[str, ...]
    if stand_down and template.stand_down:
        name, body, buttons = template.stand_down, (order.task_code, _where(order)), template.buttons[:1]
    else:
        name, body, buttons = template.name, _body(attempt, words), template.buttons
    # Whatever is pressed under an order to stand down, it shows that the crew has read it.
    said = (UnitStatus.ACKNOWLEDGED,) * len(buttons) if stand_down else buttons
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": number.removeprefix("+"),
        "biz_opaque_callback_data": attempt.key,
        "type": "template",
        "template": {
            "name": name,
            "language": {"code": template.language},
            "components": [
                {"type": "body", "parameters": [{"type": "text", "text": text} for text in body]},
                *(_button(index, order.task_code, status) for index, status in enumerate(said)),
            ],
        },
    }


def text_message(number: str, text: str) -> dict[str, Any]:
    """Free words, for whoever has written within the last 24 hours."""
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": number.removeprefix("+"),
        "type": "text",
        "text": {"preview_url": False, "body": text},
    }


def spoken(payload: str) -> str | None:
    """What pressing a quick reply says, as a crew would write it; None for a payload that is not ours."""
    found = _PAYLOAD.fullmatch(payload)
    if found is None or found[2] not in SPOKEN:
        return None
    return f"{SPOKEN[UnitStatus(found[2])]} #{found[1]}"


def _button(index: int, code: str, status: UnitStatus) -> dict[str, Any]:
    return {
        "type": "button",
        "sub_type": "quick_reply",
        "index": str(index),
        "parameters": [{"type": "payload", "payload": f"{MARK}:{code}:{status}"}],
    }


def _body(attempt: Attempt, words: Words) -> tuple[str, ...]:
    order = attempt.order
    link = map_link(order)
    return (
        order.task_code,
        _one_line(_what(attempt, words), LONGEST_WHAT),
        _where(order),
        f"https://{link}" if link else NOTHING,
    )


def _what(attempt: Attempt, words: Words) -> str:
    order = attempt.order
    again = REPEAT if attempt.repeat or order.again else ""
    match order.kind:
        case OrderKind.STAND_DOWN:
            return f"{again}DIBATALKAN. Tidak perlu ke lokasi, kembali siaga"
        case OrderKind.TRIAL:
            return f"{again}UJI COBA, bukan tugas. Jangan berangkat; balas bahwa pesan ini sampai"
        case OrderKind.UPDATE:
            again += "PERUBAHAN "
        case OrderKind.DISPATCH if order.reason:
            again += f"{order.reason}. "
        case _:
            pass
    if order.confidential:
        # Shown on a lock screen: no word of what it is, none of the caller's (UU 23/2004 art. 10).
        return f"{again}{order.priority}. Gunakan pendekatan senyap"
    kind = words.type_labels.get(order.type, order.type)
    return f"{again}{order.priority} {kind}{f'. {order.text}' if order.text else ''}"


def _where(order: Order) -> str:
    calls_back = order.callback_number and not order.confidential and order.kind is not OrderKind.STAND_DOWN
    number = f", HP {order.callback_number}" if calls_back else ""
    return _one_line(shown_address(order), LONGEST_WHERE - len(number)) + number


def _one_line(text: str, longest: int) -> str:
    """Meta refuses line ends, tabs and more than four spaces on end in a parameter."""
    return " ".join(text.split())[:longest].rstrip() or NOTHING
