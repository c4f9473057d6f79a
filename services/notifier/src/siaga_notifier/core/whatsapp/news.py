"""What Meta posts to the webhook: many entries, changes, statuses and messages in one; each is read for itself."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from siaga_notifier.core.receipts import Receipt
from siaga_notifier.core.states import State
from siaga_notifier.core.whatsapp.errors import reason_of
from siaga_notifier.core.whatsapp.template import spoken

# `sent` says no more than the answer to the request did; a voice note `played` is none of ours.
STATES: Final[Mapping[str, State | None]] = {
    "sent": None,
    "delivered": State.DELIVERED,
    "read": State.READ,
    "failed": State.FAILED_PERMANENT,
}
_DIGITS: Final = re.compile(r"[0-9]{6,15}")
# Nobody answers an order with more; what is longer is no answer.
LONGEST_ANSWER: Final = 1000


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody wrote, pressed or showed; `text` as a crew would write it."""

    number: str
    text: str
    lat: float | None = None
    lon: float | None = None


@dataclass(frozen=True, slots=True)
class News:
    """One post: what is for this number of the centre, what for others, and what says nothing to us."""

    statuses: tuple[Receipt, ...] = ()
    said: tuple[Said, ...] = ()
    elsewhere: int = 0
    unread: int = 0


def read_news(body: object, phone_number_id: str) -> News:
    """All that a post says; raises ValueError when it is no post of the Cloud API."""
    if not isinstance(body, Mapping) or not isinstance(body.get("entry"), list):
        raise ValueError("`entry` must be a list, as in a post of the WhatsApp Cloud API")  # noqa: TRY004
    statuses: list[Receipt] = []
    said: list[Said] = []
    elsewhere = unread = 0
    for value in _values(body):
        pieces = [*_each(value, "statuses"), *_each(value, "messages")]
        if _part(value, "metadata").get("phone_number_id") != phone_number_id:
            elsewhere += len(pieces) or 1
            continue
        for piece in pieces:
            found = _status(piece) if "status" in piece else _said(piece)
            if isinstance(found, Receipt):
                statuses.append(found)
            elif isinstance(found, Said):
                said.append(found)
            else:
                unread += 1
    return News(tuple(statuses), tuple(said), elsewhere, unread)


def _values(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for entry in _each(body, "entry"):
        for change in _each(entry, "changes"):
            if change.get("field", "messages") == "messages":
                yield _part(change, "value")


def _status(piece: Mapping[str, Any]) -> Receipt | None:
    name, word = piece.get("id"), piece.get("status")
    if not isinstance(name, str) or not name or not isinstance(word, str) or word not in STATES:
        return None
    state = STATES[word]
    why = ""
    if state is State.FAILED_PERMANENT:
        code = next((error.get("code") for error in _each(piece, "errors")), None)
        why = reason_of(code if isinstance(code, int) else None)
    return Receipt(name, state, why)


def _said(piece: Mapping[str, Any]) -> Said | None:
    number = _number(piece.get("from"))
    if not number:
        return None
    match piece.get("type"):
        case "text":
            text = _part(piece, "text").get("body")
        case "button":
            text = _pressed(_part(piece, "button"), "payload", "text")
        case "interactive":
            told = _part(piece, "interactive")
            text = _pressed(_part(told, "button_reply") or _part(told, "list_reply"), "id", "title")
        case "location":
            return _located(number, _part(piece, "location"))
        case _:
            return None
    return Said(number, text[:LONGEST_ANSWER]) if isinstance(text, str) and text.strip() else None


def _pressed(told: Mapping[str, Any], payload: str, title: str) -> object:
    """What a button of ours says; of another's, the words on it, which may be an answer, too."""
    ours = told.get(payload)
    return (spoken(ours) if isinstance(ours, str) else None) or told.get(title) or ours


def _located(number: str, told: Mapping[str, Any]) -> Said | None:
    lat, lon = told.get("latitude"), told.get("longitude")
    # With a name or an address it is a place picked from a list, not where the crew is.
    if told.get("name") or told.get("address") or not _is_number(lat) or not _is_number(lon):
        return None
    assert lat is not None
    assert lon is not None
    if abs(lat) > 90 or abs(lon) > 180:
        return None
    return Said(number, "", float(lat), float(lon))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: object) -> str:
    return f"+{value}" if isinstance(value, str) and _DIGITS.fullmatch(value) else ""


def _part(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = told.get(name)
    return value if isinstance(value, Mapping) else {}


def _each(told: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    value = told.get(name)
    return (one for one in value if isinstance(one, Mapping)) if isinstance(value, list) else iter(())
