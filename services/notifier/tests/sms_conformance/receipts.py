"""Receipts in the dialects of centres: made from what the centre at hand says."""

import re
from collections.abc import Collection
from dataclasses import replace

from sms_conformance import frames
from sms_conformance.faults import Receipts
from sms_conformance.frames import Message

STATES = {
    "ENROUTE": 1,
    "DELIVRD": 2,
    "EXPIRED": 3,
    "DELETED": 4,
    "UNDELIV": 5,
    "ACCEPTD": 6,
    "UNKNOWN": 7,
    "REJECTD": 8,
}


def rewritten(receipt: Message, style: Receipts, ids: Collection[str]) -> list[Message]:
    """What is offered to the client instead of the centre's receipt: intermediate states, then the last, as often as asked.

    `ids` are those of the centre's answers.
    """
    text = receipt.octets.decode("latin-1")
    named, stated = re.search(r"id:(\S+)", text), re.search(r"stat:(\w+)", text)
    assert named is not None, text
    assert stated is not None, text
    message_id = _spelled(named[1], style.ids, ids)
    states = [*style.before, *[style.state or stated[1]] * style.times]
    return [_receipt(receipt, text, message_id, state, style) for state in states]


def _receipt(receipt: Message, text: str, message_id: str, state: str, style: Receipts) -> Message:
    text = re.sub(r"id:\S+", f"id:{message_id}", text, count=1)
    text = re.sub(r"stat:\w+", f"stat:{state}", text, count=1)
    has = bool(receipt.tlvs) if style.tlvs is None else style.tlvs
    told = {
        frames.RECEIPTED_MESSAGE_ID: message_id.encode() + b"\0",
        frames.MESSAGE_STATE: bytes([STATES[state]]),
    }
    return replace(receipt, octets=text.encode("latin-1") if style.text else b"", tlvs=told if has else {})


def _spelled(message_id: str, style: str, ids: Collection[str]) -> str:
    """The id in another spelling. All centres here answer in hexadecimal; what is in no answer is decimal already."""
    number = int(message_id, 16 if message_id in ids else 10)
    match style:
        case "decimal":
            return str(number)
        case "hex":
            return f"{number:x}"
        case "upper":
            return f"{number:X}"
        case "zeros":
            return f"{number:012x}"
        case _:
            return message_id
