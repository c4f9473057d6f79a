"""WhatsApp Cloud API: one webhook post carries many messages and statuses; each is read for itself.

Whoever has written must be heard: a message of a type that nobody has seen yet, or whose content cannot be read, is a
message all the same, with what could not be read as a defect.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from siaga_intake.core.events import AdditionalData, Channel, Civic, Defect, Ignored, Kind, Media, Position
from siaga_intake.core.fields import EMPTY, Payload, Refused, cut, needed, number, part, parts, position, text
from siaga_intake.core.happening import Desk, Happening, Identity, OfSession, Read, Reading
from siaga_intake.core.times import moment_or

# What Meta may put into one post; a smaller limit would turn away, for a week, all that waits behind the largest.
MAX_BODY_BYTES: Final = 3 * 1024 * 1024
# A thumb under somebody's message says nothing new; everything else that a citizen sends does.
_SAYS_NOTHING: Final = frozenset({"reaction"})
_MEDIA: Final = frozenset({"image", "audio", "video", "document", "sticker"})


@dataclass(frozen=True, slots=True)
class _Content:
    """What a message holds, by its type; of most types only one of these."""

    text: str = ""
    position: Position | None = None
    civic: Civic | None = None
    media: tuple[Media, ...] = ()
    defects: tuple[Defect, ...] = ()


def split(body: Payload) -> list[object]:
    """The messages and statuses of one post, each with what the post says around it; other news as one piece each."""
    return [piece for entry in parts(body, "entry") for piece in _pieces_of(entry)] or [body]


def _pieces_of(entry: Payload) -> Iterator[Payload]:
    for change in parts(entry, "changes"):
        value = change.get("value")
        told: Payload = value if isinstance(value, Mapping) else EMPTY
        around = {"field": change.get("field"), "metadata": told.get("metadata")}
        found = False
        for message in parts(told, "messages"):
            found = True
            yield {**around, "contact": _contact(told, message), "message": message}
        for status in parts(told, "statuses"):
            found = True
            yield {**around, "status": status}
        if not found:
            yield {**around, "value": value}


def _contact(told: Payload, message: Payload) -> Payload | None:
    contacts = parts(told, "contacts")
    sender = message.get("from")
    mine = [each for each in contacts if sender is not None and each.get("wa_id") == sender]
    return next(iter(mine or contacts), None)


def read(piece: Payload, desk: Desk) -> Read:
    """Read one message or status as `split` leaves it."""
    message = piece.get("message")
    if isinstance(message, Mapping):
        return _message(message, piece, desk)
    if "status" in piece:
        status = piece["status"]
        word = status.get("status") if isinstance(status, Mapping) else None
        return Ignored("message_status", word[:64] if isinstance(word, str) else "")
    if "field" not in piece:
        raise Refused("entry", "missing; a post of the WhatsApp Cloud API is expected")
    # News of the account, calls and templates: not a citizen's message.
    return Ignored("unknown_event", str(piece["field"])[:64])


def _message(message: Payload, piece: Payload, desk: Desk) -> Read:
    native_id, type_ = needed(message, "id", "call_ref", "message."), _type(message)
    if type_ in _SAYS_NOTHING:
        return Ignored("irrelevant_event", type_)
    # A citizen who hides his number is known by an id of this business's own.
    sender = text(message, "from", "number", "message.") or text(message, "from_user_id", "number", "message.")
    if not sender:
        raise Refused("message.from", "missing")
    at_ms, late = _sent_at(message, desk)
    content = _content(message, type_)
    happening = Happening(
        Kind.MESSAGE,
        "",
        at_ms,
        Identity(f"+{sender}" if sender.isascii() and sender.isdigit() else ""),
        text=content.text,
        position=content.position,
        civic=content.civic,
        media=content.media,
        additional=_who(piece),
    )
    return Reading(
        (happening,),
        channel=Channel.WHATSAPP,
        native_id=native_id,
        reached_at=_reached_at(piece),
        defects=(*late, *content.defects),
        belongs=OfSession(sender, native_id),
    )


def _type(message: Payload) -> str:
    value = message.get("type")
    return value[:64] if isinstance(value, str) else ""


def _sent_at(message: Payload, desk: Desk) -> tuple[int, tuple[Defect, ...]]:
    try:
        return moment_or(message, "timestamp", desk.arrived_at_ms, "message."), ()
    except Refused as refused:
        return desk.arrived_at_ms, (Defect(refused.field, refused.reason),)


def _reached_at(piece: Payload) -> str:
    metadata = piece.get("metadata")
    value = metadata.get("phone_number_id") if isinstance(metadata, Mapping) else None
    return value if isinstance(value, str) else ""


def _who(piece: Payload) -> AdditionalData | None:
    contact = piece.get("contact")
    profile = contact.get("profile") if isinstance(contact, Mapping) else None
    name, _ = cut(profile, "name", "name") if isinstance(profile, Mapping) else ("", ())
    return AdditionalData(subscriber_name=name) if name else None


def _content(message: Payload, type_: str) -> _Content:
    try:
        if type_ == "edit":
            # The words as they are now; the first ones have been told and stay.
            message = part(part(message, "edit"), "message", "edit.")
            type_ = _type(message)
        if type_ == "contacts":
            return _cards(parts(message, "contacts"))
        if type_ in _MEDIA:
            return _with_media(part(message, type_), type_)
        reader = _READERS.get(type_)
        # A type of tomorrow may carry words where text messages do.
        return _words(part(message, "text"), "body", "text.") if reader is None else reader(part(message, type_))
    except Refused as refused:
        return _Content(defects=(Defect(f"message.{refused.field}", refused.reason),))


def _words(told: Payload, name: str, path: str) -> _Content:
    said, defects = cut(told, name, "text", f"message.{path}")
    return _Content(said, defects=defects)


def _with_media(told: Payload, type_: str) -> _Content:
    caption, defects = cut(told, "caption", "text", f"message.{type_}.")
    media = Media(
        needed(told, "id", "call_ref", f"{type_}."),
        type_,
        cut(told, "mime_type", "name")[0],
        cut(told, "sha256", "name")[0],
    )
    return _Content(caption, media=(media,), defects=defects)


def _cards(cards: tuple[Payload, ...]) -> _Content:
    """Cards of the phone book, a line each: somebody tells whom to call."""
    lines: list[str] = []
    for card in cards:
        name = text(part(card, "name", "contacts."), "formatted_name", "address", "contacts.name.")
        phones = [text(phone, "phone", "number", "contacts.phones.") for phone in parts(card, "phones")]
        lines.append(" ".join((name, *phones)).strip())
    return _words({"card": "\n".join(lines)}, "card", "contacts.")


def _located(told: Payload) -> _Content:
    name, address = cut(told, "name", "name")[0], cut(told, "address", "address")[0]
    civic = Civic(name=name, written=address or name) if name or address else None
    point = {"lat": number(told, "latitude", "location."), "lon": number(told, "longitude", "location.")}
    try:
        return _Content(position=position(point, "whatsapp", path="location."), civic=civic)
    except Refused as refused:
        return _Content(civic=civic, defects=(Defect(f"message.{refused.field}", refused.reason),))


def _chosen(told: Payload) -> _Content:
    """A button or an entry of a list, by the words that the citizen saw; of a form what its note says."""
    for kind, name in (("button_reply", "title"), ("list_reply", "title"), ("nfm_reply", "body")):
        reply = part(told, kind, "interactive.")
        if reply:
            return _words(reply, name, f"interactive.{kind}.")
    return _Content()


_READERS: Final[Mapping[str, Callable[[Payload], _Content]]] = {
    "text": lambda told: _words(told, "body", "text."),
    "location": _located,
    "button": lambda told: _words(told, "text", "button."),
    "interactive": _chosen,
    "order": lambda told: _words(told, "text", "order."),
    "system": lambda told: _words(told, "body", "system."),
}
