"""What a provider tells us by itself: receipts, and what phones have sent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from siaga_contracts.callers import e164
from siaga_tenants.http_sms.definition import Messages, Receipts, ReceiptState

from siaga_notifier.core.http_sms import paths
from siaga_notifier.core.model import PhoneMessage
from siaga_notifier.core.receipts import Receipt
from siaga_notifier.core.states import State

# A provider's own fields with a message's; more is an attempt to keep us busy.
MOST_FIELDS: Final = 100
# Providers that gather receipts send them by the hundred. Each that nobody remembers is looked for again for two seconds:
# a thousand at once would keep Redis from the orders.
MOST_ENTRIES: Final = 200
_LONGEST_ID: Final = 128
_LONGEST_NUMBER: Final = 32
# A message in ten parts.
_LONGEST_TEXT: Final = 1_600
_LONGEST_REASON: Final = 60
STATES: Final[Mapping[ReceiptState, State | None]] = {
    "delivered": State.DELIVERED,
    "read": State.READ,
    "failed": State.FAILED_PERMANENT,
    "expired": State.EXPIRED,
    "waiting": None,
}


class Unreadable(ValueError):  # noqa: N818  (it carries an answer to the sender)
    """What came is not what the definition says; its text tells what is wrong, without repeating what came."""


@dataclass(frozen=True, slots=True)
class Told:
    """A request of a provider: what stood behind the `?`, and the body with its media type."""

    query: str = field(repr=False)
    media_type: str = ""
    body: bytes = field(default=b"", repr=False)

    @property
    def form(self) -> tuple[tuple[str, str], ...]:
        """The fields of the body when it is a form. Raises Unreadable when there are too many."""
        is_json = self.body.lstrip().startswith((b"{", b"["))
        return () if is_json or "json" in self.media_type else _fields(self.body.decode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class Heard:
    """A receipt with the number it names, in E.164 where it is one; empty = it names none."""

    receipt: Receipt
    number: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """What a phone sent, and by which id the provider would send it again."""

    message: PhoneMessage
    message_id: str


def receipts(how: Receipts, told: Told) -> tuple[list[Heard], int]:
    """The receipts in a request, and how many entries of it are none. Raises Unreadable."""
    heard = [_receipt(how, entry) for entry in _entries(told, how.entries)]
    return [each for each in heard if each is not None], heard.count(None)


def _receipt(how: Receipts, entry: Any) -> Heard | None:
    message_id, status = paths.word(entry, how.message_id), paths.word(entry, how.status)
    if not message_id or not status or len(message_id) > _LONGEST_ID:
        return None
    # A status that nobody has named says nothing final; the plan goes on by its own time.
    meant = STATES[how.states.get(status.casefold(), "waiting")]
    reason = paths.word(entry, how.reason) if meant in {State.FAILED_PERMANENT, State.EXPIRED} else ""
    return Heard(Receipt(message_id, meant, _shown(reason or status)), _number(paths.word(entry, how.number)))


def _shown(reason: str) -> str:
    """A provider's word, with its digits cut: it may name a phone."""
    digits = sum(character.isdigit() for character in reason)
    return reason[:_LONGEST_REASON] if digits < 8 else ""


def messages(how: Messages, told: Told) -> tuple[list[Arrived], int]:
    """What phones sent, and how many entries of the request are no message. Raises Unreadable."""
    arrived = [_message(how, entry) for entry in _entries(told, how.entries)]
    return [each for each in arrived if each is not None], arrived.count(None)


def _message(how: Messages, entry: Any) -> Arrived | None:
    number = _number(paths.word(entry, how.number))
    text = paths.found(entry, how.text)
    if not number or not isinstance(text, str):
        return None
    return Arrived(PhoneMessage(number, text[:_LONGEST_TEXT]), paths.word(entry, how.message_id)[:_LONGEST_ID])


def _number(written: str) -> str:
    """In E.164; many providers leave the plus of an international number away, and e164 reads `62…` as no such number."""
    if len(written) > _LONGEST_NUMBER:
        return ""
    if written.isdecimal() and written.startswith("62"):
        return e164(f"+{written}") or written
    return e164(written) or e164(f"+{written}") or written


def _entries(told: Told, path: str) -> Sequence[Any]:
    value = _value(told)
    at = paths.found(value, path) if path else value
    entries = at if isinstance(at, list) else [at]
    if at is None:
        raise Unreadable(f"there is nothing at {path!r}; correct 'list' of the provider's definition")
    if len(entries) > MOST_ENTRIES:
        raise Unreadable(f"more than {MOST_ENTRIES} entries in one request")
    return entries


def _value(told: Told) -> Any:
    beside = dict(_first(_fields(told.query)))
    if not told.body:
        return beside
    if told.form:
        return {**beside, **dict(_first(told.form))}
    value = paths.parsed(told.body)
    if value is None:
        raise Unreadable("the body is neither JSON nor a form")
    return {**beside, **value} if isinstance(value, Mapping) else value


def _fields(text: str) -> tuple[tuple[str, str], ...]:
    try:
        return tuple(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError as error:
        raise Unreadable(f"more than {MOST_FIELDS} fields") from error


def _first(fields: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    seen: set[str] = set()
    for name, value in fields:
        if name not in seen:
            seen.add(name)
            yield name, value
