"""An explanation as JSON, with the contract's names, and with callers' numbers hidden where that is asked for."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from siaga_intake.adapters import codec
from siaga_intake.core.remedies import remedy
from siaga_intake.explaining import Explanation, Told

# Anything that may be a number of a person. Names of calls are often ten digits, an epoch: only what begins like
# a number of this country is hidden in them.
_DIGITS: Final = re.compile(r"\+?\d{7,}")
_NUMBER_IN_NAME: Final = re.compile(r"(?<![\d.])(?:\+?62|0)\d{7,}")
# Made from their cause, these tell nobody.
_IDS: Final = frozenset({"event_id", "call_id", "tenant", "source", "key"})
_NAMES: Final = frozenset({"call_ref", "media_id", "sha256"})


def as_json(found: Explanation, source: str, file: str) -> dict[str, object]:
    """The explanation for scripts."""
    return {
        "source": source,
        "file": file,
        "payloads": found.payloads,
        "calls": [_call(call_id, events) for call_id, events in found.calls().items()],
        "events": [{"index": told.index, "where": told.where, **event(told)} for told in found.told],
        "irrelevant": dict(sorted(found.irrelevant.items())),
        "unknown": dict(sorted(found.unknown.items())),
        "left_out": [
            {
                "index": each.index, "where": each.where, "field": each.defect.field, "reason": each.defect.reason,
                "remedy": remedy(each.defect.reason), "found": each.defect.found,
            }
            for each in found.left_out
        ],
        "refused": [
            {
                "index": each.index, "where": each.where, "field": each.field, "reason": each.reason,
                "remedy": remedy(each.reason), "found": each.found, "excerpt": each.excerpt,
            }
            for each in found.refused
        ],
        "repeated": found.repeated(),
        "ahead": found.ahead,
        "abroad": found.abroad,
    }  # fmt: skip


def _call(call_id: str, events: Sequence[Told]) -> dict[str, object]:
    first = events[0].event
    return {
        "call_id": call_id,
        "call_ref": next((told.event.call_ref for told in events if told.event.call_ref), ""),
        "source": first.source,
        "channel": first.channel.name,
        "kinds": [told.event.kind.name for told in events],
        "first_at_ms": first.event_at_ms,
        "last_at_ms": events[-1].event.event_at_ms,
    }


def event(told: Told) -> dict[str, object]:
    """One event under the contract's names. The caller's key is left out: it is made with a centre's own secret."""
    made = _message(codec.message(told.event))
    caller = made.get("caller")
    if isinstance(caller, dict):
        caller.pop("key", None)
    return made


def _message(message: Message) -> dict[str, object]:
    return {field.name: _value(field, value) for field, value in message.ListFields()}


def _value(field: FieldDescriptor, value: object) -> object:
    if not isinstance(value, (str, Message)) and isinstance(value, Sequence):
        return [_value(field, each) for each in value]
    if isinstance(value, Message):
        return _message(value)
    if field.enum_type is not None:
        assert isinstance(value, int)
        return field.enum_type.values_by_number[value].name
    return value


def masked(told: Mapping[str, object]) -> dict[str, object]:
    """The same with what may be a person's number hidden but for its beginning and end."""
    return {name: _masked(inner, name) for name, inner in told.items()}


def _masked(value: object, name: str) -> object:
    if isinstance(value, Mapping):
        return masked(value)
    if isinstance(value, list):
        return [_masked(each, name) for each in value]
    if not isinstance(value, str) or name in _IDS:
        return value
    return (_NUMBER_IN_NAME if name in _NAMES else _DIGITS).sub(lambda found: _hidden(found[0]), value)


def _hidden(number: str) -> str:
    shown = number[: 4 if number.startswith("+") else 3]
    return f"{shown}{'*' * (len(number) - len(shown) - 2)}{number[-2:]}"
