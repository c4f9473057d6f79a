"""The words of an order: one SMS, however long its parts are."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from siaga_notifier.core.gsm7 import SMS_SEPTETS, cut, septets, transliterate
from siaga_notifier.core.model import Order, OrderKind

# Marks a message that may have arrived before: a repeat must never look like a second alarm.
REPEAT: Final = "ULANG "
# People say and type the code; beyond this it is no code but a fault upstream, and the text could not hold it.
LONGEST_CODE: Final = 32
# The dispatcher's own reasons are shorter; a longer one may not push the address out.
LONGEST_REASON: Final = 48
# Less of an address than this leads nowhere; then the coordinates go before it.
SHORTEST_ADDRESS: Final = 40
# Less of the operator's note than this is no note.
SHORTEST_NOTE: Final = 10

DEFAULT_TEMPLATES: Final[Mapping[str, str]] = {
    "sms_dispatch": "#{task} {priority} {type}: {address} {map} HP {callback} {ticket} {link} 1 jalan 2 tiba 3 selesai 0 tolak",
    "sms_update": "#{task} PERUBAHAN {priority} {type}: {address} {map} HP {callback} {link}",
    "sms_stand_down": "#{task} DIBATALKAN: {address}. Tidak perlu ke lokasi, kembali siaga. Balas OK #{task}",
    "sms_confidential": "#{task} {priority} {address} {map} Gunakan pendekatan senyap. {link} 1 jalan 2 tiba 3 selesai 0 tolak",
}
# No centre has words of its own for it: a trial must never read like an alarm.
TRIAL_TEMPLATE: Final = (
    "UJI COBA #{task}: ini BUKAN tugas, jangan berangkat. Jika pesan ini sampai, balas OK #{task} {link}"
)
_BARE: Final = "#{task} {priority} {address} {map}"

# A label before nothing ("Tlp" without a number) reads like a fault.
_LABELLED: Final = re.compile(r"\b(?:Tlp|Telp|HP|Hub|CP|No|Tiket)[.:]?\s+(?=\{(\w+)\})")

# An operator may type the type into the address; the phone's lock screen must not show it (UU 23/2004 art. 10).
_SENSITIVE: Final = re.compile(
    r"\b(kdrt|per?kosa\w*|pemerkosa\w*|kekerasan\w*|dianiaya|penganiayaan|aniaya|pelecehan\w*|dilecehkan|cabul\w*"
    r"|pencabulan|asusila|seksual\w*|penelantaran)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of one tenant: templates by name, Indonesian labels by type code."""

    templates: Mapping[str, str]
    type_labels: Mapping[str, str]


# Of a centre that is not known: the usual templates, types by their codes.
NO_WORDS: Final = Words({}, {})


def compose(order: Order, words: Words, *, repeat: bool = False, link: str = "") -> str:
    """The SMS of an order: at most 160 GSM-7 places, always with `#<task code>`; `link` is where a browser can answer.

    What does not fit goes in this order: operator's note, ticket, the map's web link (for the short `geo:` form), the
    link to answer by (digits do that, too), call-back number, end of the address, coordinates. Raises ValueError for
    an order whose code is no code.
    """
    code = transliterate(order.task_code)
    if not code or len(code) > LONGEST_CODE:
        raise ValueError("the order's task code is empty or too long to be said or typed")
    if order.kind is OrderKind.TRIAL:
        return _trial(code, link, repeat=repeat)
    prefix = (REPEAT if repeat or order.again else "") + _why(order)
    room = SMS_SEPTETS - len(prefix)
    template = _template(order, words)
    values = _values(order, words, code) | {"link": link}
    for change in ({}, {"ticket": ""}, {"map": _geo(order)}, {"link": ""}, {"callback": ""}):
        values.update(change)
        text = _fill(template, values)
        if septets(text) <= room:
            return prefix + _with_note(text, order, room)
    for last in (template, _BARE):
        for keep_map in (True, False):
            trimmed = _trimmed(last, values | ({} if keep_map else {"map": ""}), room)
            if trimmed is not None:
                return prefix + trimmed
    raise AssertionError("a bare message has room for any code within its limit")


def _trial(code: str, link: str, *, repeat: bool) -> str:
    prefix = REPEAT if repeat else ""
    text = prefix + TRIAL_TEMPLATE.format(task=code, link=link).rstrip()
    return text if septets(text) <= SMS_SEPTETS else prefix + TRIAL_TEMPLATE.format(task=code, link="").rstrip()


def _why(order: Order) -> str:
    """Why a crew is sent, before all else: whoever is under way elsewhere must see that this takes the place of it."""
    if order.kind is not OrderKind.DISPATCH or not order.reason:
        return ""
    return f"{cut(transliterate(order.reason), LONGEST_REASON).rstrip()}. "


def _template(order: Order, words: Words) -> str:
    if order.kind is OrderKind.STAND_DOWN:
        name = "sms_stand_down"
    elif order.confidential:
        name = "sms_confidential"
    else:
        name = "sms_update" if order.kind is OrderKind.UPDATE else "sms_dispatch"
    return words.templates.get(name) or DEFAULT_TEMPLATES[name]


def shown_address(order: Order) -> str:
    """The address as it was typed; of a confidential order without the words that say what happened there."""
    return _SENSITIVE.sub("", order.address) if order.confidential else order.address


def map_link(order: Order) -> str:
    """The place on a map, for a browser; empty when it is not known."""
    where = _geo(order).removeprefix("geo:")
    return f"maps.google.com/?q={where}" if where else ""


def _values(order: Order, words: Words, code: str) -> dict[str, str]:
    # No type word and no number to call back in a confidential case: whoever did it may hold the phone or read along.
    return {
        "task": code,
        "priority": transliterate(order.priority),
        "type": "" if order.confidential else transliterate(words.type_labels.get(order.type, order.type)),
        "address": transliterate(shown_address(order)),
        "map": map_link(order),
        "ticket": transliterate(order.ticket_no),
        "callback": "" if order.confidential else transliterate(order.callback_number),
    }


def _geo(order: Order) -> str:
    # Four digits are eleven metres: nearer than any address is typed.
    return "" if order.lat is None or order.lon is None else f"geo:{order.lat:.4f},{order.lon:.4f}"


def _fill(template: str, values: Mapping[str, str]) -> str:
    spoken = _LABELLED.sub(lambda label: label[0] if values[label[1]] else "", template)
    text = transliterate(spoken.format_map(values))
    code = f"#{values['task']}"
    return text if code in text else f"{code} {text}"


def _with_note(text: str, order: Order, room: int) -> str:
    note = "" if order.confidential else transliterate(order.text)
    left = room - septets(text) - 1
    if not note or left < SHORTEST_NOTE:
        return text
    return f"{text} {cut(note, left)}".rstrip()


def _trimmed(template: str, values: Mapping[str, str], room: int) -> str | None:
    left = room - septets(_fill(template, {**values, "address": "x"})) + 1
    address = values["address"]
    if left < min(SHORTEST_ADDRESS, septets(address)) and (values["map"] or template != _BARE):
        return None
    text = _fill(template, {**values, "address": cut(address, max(left, 0)).rstrip()})
    return text if septets(text) <= room else None
