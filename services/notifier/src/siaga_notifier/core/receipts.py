"""Delivery receipts: whose they are and what they say, whatever dialect the SMS centre speaks."""

import re
from dataclasses import dataclass, replace
from typing import Final

from siaga_notifier.core.states import State

# SMPP 3.4 §5.2.28 (TLV) and appendix B (text).
_STATES: Final = {
    2: State.DELIVERED,
    3: State.EXPIRED,
    4: State.FAILED_PERMANENT,
    5: State.FAILED_PERMANENT,
    8: State.FAILED_PERMANENT,
}
_WORDS: Final = {"DELIVRD": 2, "EXPIRED": 3, "DELETED": 4, "UNDELIV": 5, "ACCEPTD": 6, "UNKNOWN": 7, "REJECTD": 8}
_NAMES: Final = {3: "expired", 4: "deleted", 5: "undelivered", 8: "rejected"}
_ID: Final = re.compile(r"\bid:\s*([^\s:]+)", re.IGNORECASE)
_STAT: Final = re.compile(r"\bstat:\s*(\w+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the SMS centre says became of a message; `state` None = nothing final yet."""

    provider_id: str
    state: State | None
    reason: str


def read(text: str, receipted_id: str | None, message_state: int | None) -> Receipt | None:
    """A receipt from its optional parameters, else from its text; None when it names no message."""
    named = _ID.search(text)
    provider_id = receipted_id or (named[1] if named else None)
    if not provider_id:
        return None
    stated = _STAT.search(text)
    state = message_state if message_state is not None else _WORDS.get(stated[1].upper()[:7] if stated else "")
    if state is None:
        return Receipt(provider_id, None, "")
    return Receipt(provider_id, _STATES.get(state), _NAMES.get(state, ""))


def spellings(provider_id: str) -> tuple[str, ...]:
    """The ways one id may have been written at submission, likeliest first.

    Real centres answer with a hexadecimal id and put the same number in decimal into the receipt, or the reverse, or
    with leading zeros and in the other case.
    """
    exact = provider_id.strip()
    lower = exact.lower()
    bare = lower.lstrip("0") or "0"
    found = [exact, lower, bare]
    if bare.isdecimal() and bare.isascii():
        found.append(f"{int(bare):x}")
    if re.fullmatch(r"[0-9a-f]{1,16}", bare):
        found.append(str(int(bare, 16)))
    return tuple(dict.fromkeys(found))


def canonical(provider_id: str) -> str:
    """The form under which an id is remembered at submission: lower case, no leading zeros."""
    return provider_id.strip().lower().lstrip("0") or "0"


def respelled(receipt: Receipt, receipts_in: str) -> Receipt:
    """The receipt with its id as the answer had it, of a centre known to write `hex` or `decimal` into receipts only."""
    provider_id = receipt.provider_id.strip()
    try:
        if receipts_in == "decimal":
            return replace(receipt, provider_id=f"{int(provider_id):x}")
        if receipts_in == "hex":
            return replace(receipt, provider_id=str(int(provider_id, 16)))
    except ValueError:
        # Not what the centre is known for: all spellings are tried, as of any other.
        pass
    return receipt
