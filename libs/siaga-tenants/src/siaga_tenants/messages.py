"""Message templates: which there are, what they must hold, and that they fit one SMS."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from string import Formatter
from typing import Final

from siaga_tenants.document import Table, Value
from siaga_tenants.model import Messages
from siaga_tenants.vocabulary import LINK, PLACEHOLDERS, TYPES

# One SMS in the GSM 7-bit alphabet. A longer text is sent in parts, which arrive late, apart or not at all.
SMS_LENGTH: Final = 160

# 3GPP TS 23.038: the basic alphabet, and what costs two places.
GSM7: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_EXTENDED: Final = frozenset("^{}\\[~]|€\f")

# What a normal task fills in; an address longer than this makes a second part, which is the notifier's to handle.
SAMPLE: Final[Mapping[str, str]] = {
    "task": "114",
    "priority": "P1",
    "address": "Jl Raya Pandeglang 12 dkt masjid",
    "map": "maps.google.com/?q=-6.1326,106.1951",
    "ticket": "3673-2019-000114",
    "callback": "081234567890",
    # Only where the notifier has a door outside, and the first thing after ticket and map's web link that gives way.
    LINK: "",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """What a template must and must not hold."""

    needs: tuple[str, ...]
    forbids: tuple[str, ...] = ()
    reader: str = "crew"


TEMPLATES: Final[Mapping[str, Rule]] = {
    "sms_dispatch": Rule(needs=PLACEHOLDERS),
    "sms_stand_down": Rule(needs=("task",), forbids=("type",)),
    "sms_update": Rule(needs=("task", "priority", "address")),
    # The abuser may read along: neither what happened nor the victim's number.
    "sms_confidential": Rule(needs=("task", "address", "map"), forbids=("type", "callback")),
}
# Callers read these, and whoever holds their phone: a ticket, and nothing of what it is about.
_TO_CALLERS: Final = Rule((), ("task", "priority", "type", "address", "map", "callback", LINK), "caller")
CALLER_TEMPLATES: Final[Mapping[str, Rule]] = {
    "feedback_received": replace(_TO_CALLERS, needs=("ticket",)),
    "feedback_unit_sent": _TO_CALLERS,
    "feedback_cancelled": _TO_CALLERS,
}
# A text to many at once has nobody's ticket in it.
MASS_TEXT: Final = replace(_TO_CALLERS, forbids=(*_TO_CALLERS.forbids, "ticket"))
MASS_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")


def gsm7_length(text: str) -> int | None:
    """Places the text takes in the GSM 7-bit alphabet; None when it needs another alphabet (70 characters an SMS)."""
    length = 0
    for character in text:
        if character in GSM7:
            length += 1
        elif character in GSM7_EXTENDED:
            length += 2
        else:
            return None
    return length


def read_messages(document: Value) -> Messages:
    """`messages.yaml`: templates and type_labels, and texts for many callers at once."""
    table = document.table(("templates", "type_labels"), ("mass_texts",))
    labels = {name: _label(value) for name, value in table.table("type_labels", TYPES).values.items()}
    longest = max(labels.values(), key=len, default="")
    rules = {**TEMPLATES, **CALLER_TEMPLATES}
    templates = {
        name: _template(value, rules[name], longest)
        for name, value in table.table("templates", tuple(TEMPLATES), tuple(CALLER_TEMPLATES)).values.items()
        if name in rules
    }
    return Messages(templates, labels, _mass_texts(table))


def _mass_texts(document: Table) -> Mapping[str, str]:
    texts = {}
    for name, value in document.values["mass_texts"].entries().items() if "mass_texts" in document else ():
        if not MASS_NAME.fullmatch(name):
            value.wrong(f"{name!r} is not a short name like banjir; use small letters, digits, - and _")
        texts[name] = _template(value, MASS_TEXT, "")
    return texts


def _label(value: Value) -> str:
    label = value.text(wanted="a label in quotes")
    if gsm7_length(label) is None:
        value.wrong("has a character outside the GSM 7-bit alphabet; write it without")
    return label


def _template(value: Value, rule: Rule, longest_label: str) -> str:
    template = value.text(wanted="a template in quotes")
    try:
        used = {name for _, name, form, how in Formatter().parse(template) if name is not None and not form and not how}
        filled = template.format(**SAMPLE, type=longest_label)
    except (ValueError, KeyError, IndexError, AttributeError):
        value.wrong(
            f"has a broken placeholder; those there are: {', '.join(f'{{{name}}}' for name in (*PLACEHOLDERS, LINK))}"
        )
        return template
    for name in rule.needs:
        if name not in used:
            value.wrong(f"lacks {{{name}}}; the {rule.reader} needs it")
    for name in rule.forbids:
        if name in used:
            value.wrong(f"must not hold {{{name}}}; who reads along must not learn it")
    length = gsm7_length(filled)
    if length is None:
        strange = sorted({character for character in filled if gsm7_length(character) is None})
        value.wrong(f"has characters outside the GSM 7-bit alphabet: {' '.join(strange)}; write it without them")
    elif length > SMS_LENGTH:
        value.wrong(f"takes {length} characters when filled ({filled!r}); an SMS has {SMS_LENGTH}, shorten it")
    return template
