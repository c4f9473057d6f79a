"""What may be kept of a payload that could not be taken: enough to mend its sender, nothing that tells who called or where.

Values decide, not the names of fields: a number is masked wherever it stands. Names only add to that, for texts.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_plus

import msgspec

# A sample is for a person to look at. Larger ones would push others out of a quarantine of bounded size.
MAX_SAMPLE_BYTES: Final = 8_192
# Read of one text; what follows is left away unread, as patterns on a megabyte would take the processor from calls.
MAX_TEXT: Final = 1_000
_MAX_BODY: Final = 4_000
# So many words are a sentence, and a sentence is a citizen's or an operator's.
_SENTENCE_WORDS: Final = 4
_LONG_NUMBER: Final = 10
_ELLIPSIS: Final = "…"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of a payload is kept."""

    depth: int
    entries: int
    text: int


# The next one is tried where the one before leaves too much.
_BOUNDS: Final = (Bounds(8, 100, 200), Bounds(5, 40, 60), Bounds(2, 40, 30))

# Their values are texts of people, however short; the name of a field as `_plain` leaves it ends with one of these.
_TEXTS: Final = (
    "text", "teks", "body", "message", "pesan", "note", "notes", "catatan", "comment", "comments", "description",
    "keterangan", "uraian", "isi", "aduan", "laporan", "caption", "content", "title", "judul", "address", "alamat",
    "landmark", "patokan", "lokasi", "road", "street", "jalan", "nama", "pelapor", "calleridname", "linename",
    "displayname", "subscribername", "callername", "fullname", "firstname", "lastname", "username",
)  # fmt: skip
# A `name` within one of these is a person's; elsewhere it names a channel or a queue.
_PERSONS: Final = frozenset({"profile", "caller", "connected", "contact", "reporter", "dialplan", "citizen", "user"})
_SECRETS: Final = (
    "token", "secret", "password", "passwd", "authorization", "apikey", "signature", "credential", "cookie", "pin",
)  # fmt: skip

_DISPLAY_NAME: Final = re.compile(r"(?:\"[^\"]*\"|[^\s<>\"][^<>\"]*?)(?=\s*<\s*(?:sips?:|tel:|[+\d]))")
_ESCAPED: Final = re.compile(r"\\u[0-9a-fA-F]{4}")
_XML_TEXT: Final = re.compile(r">([^<]+)<")
# Of the numbers that may be times, 1628… in milliseconds may as well be an Indonesian one behind a digit.
_SHAPES: Final = re.compile(
    r"""
      (?P<bearer>\b(?:Bearer|Basic|Digest)\s+\S+)
    | (?P<mail>(?<![\w.%+-])[\w.%+-]{1,128}@(?P<host>[\w.-]+))
    | (?P<uuid>(?<![\w-])[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![\w-]))
    | (?P<opaque>(?<![A-Za-z0-9+_-])(?=[A-Za-z+_-]*\d)[A-Za-z0-9+_-]{24,})
    | (?P<date>(?<![\d-])(?:19|20)\d\d-[01]\d-[0-3]\d
        (?:[T\ ][0-2]\d:[0-5]\d(?::[0-5]\d(?:[.,]\d{1,9})?)?(?:Z|[+-][0-2]\d:?[0-5]\d)?)?(?![\d-]))
    | (?P<epoch>(?<![\d+.])(?!1628\d{9})1[4-9]\d{8}(?:\d{3})?(?:\.\d{1,6})?(?![\d.]|[\W_]{1,3}\d))
    | (?P<arc>\d{1,3}\s*[°º]\s*\d{1,2})\s*['\u2032]\s*\d[\d.,]*\s*["\u2033]?
    | (?P<decimal>(?<![\d.])[+-]?(?:0|[1-9]\d{0,2})\.\d{2})\d+(?![\d.]|[-/]\d)
    | (?P<minutes>(?<![\d.])\d{4,5})\.\d{2,}(?=,?\s?[NSEW]\b)
    | (?P<number>\d(?:[\W_]{0,3}\d){6,})
    """,
    re.VERBOSE,
)  # fmt: skip


def masked(payload: object) -> str:
    """The payload as JSON of at most MAX_SAMPLE_BYTES, with nothing in it that names a person or a place."""
    for bounds in _BOUNDS:
        written = msgspec.json.encode(_value(payload, "", "", bounds, 0))
        if len(written) <= MAX_SAMPLE_BYTES:
            return written.decode()
    return msgspec.json.encode(f"[{type(payload).__name__} too large to be kept]").decode()


def masked_body(body: bytes) -> str:
    """A body that is no JSON, as the text of at most some thousand characters that its sender may recognise."""
    text = body[: 4 * _MAX_BODY].decode("utf-8", "replace")
    if not text.lstrip().startswith(("{", "[", "<")):
        text = unquote_plus(text)
    # The digits of an escaped letter would make another number of the one behind it.
    text = _ESCAPED.sub("?", text)
    pieces = _shortened(text, _MAX_BODY).split('"')
    shown = [
        # Between quotes stand a key, a colon, a value: the text that belongs to a name is two further on.
        masked_text(piece, pieces[index - 2] if index >= 2 and ":" in pieces[index - 1] else "", _MAX_BODY)
        for index, piece in enumerate(pieces)
    ]
    return '"'.join(shown)


def masked_text(text: str, name: str = "", most: int = MAX_TEXT) -> str:
    """A text that may stand in a field of that name, or as a name itself."""
    plain = _plain(name)
    if plain.endswith(_SECRETS):
        return f"[secret of {len(text)} characters]"
    if plain.endswith(_TEXTS):
        return _counted(text)
    read = _shortened(text, most)
    if read.lstrip().startswith("<") and "<![CDATA[" not in read and "<!DOCTYPE" not in read:
        return _SHAPES.sub(_shape, _XML_TEXT.sub(_element, read))
    if len(re.findall(r"[^\W\d_]{2,}", read)) >= _SENTENCE_WORDS and len(read.split()) >= _SENTENCE_WORDS:
        return _counted(text)
    return _SHAPES.sub(_shape, _DISPLAY_NAME.sub(lambda found: _counted(found[0].strip('"')) + " ", read))


def masked_words(text: str) -> str:
    """Words of our own, like a reason, in which something of a payload may be quoted."""
    return _SHAPES.sub(_shape, _shortened(text, MAX_TEXT))


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name[:MAX_TEXT].lower())


def _counted(text: str) -> str:
    return f"[text of {len(text)} characters]"


def _shortened(text: str, most: int) -> str:
    """At most so much of it; a number that is cut goes with what is left away, for its half would not be known as one."""
    return text if len(text) <= most else re.sub(r"[\w.%+@-]*[\W_\d]*$", "", text[:most]) + _ELLIPSIS


def _element(found: re.Match[str]) -> str:
    content = found[1]
    return f">{_counted(content.strip())}<" if re.search(r"[^\W\d_]{2,}", content) else found[0]


def _shape(found: re.Match[str]) -> str:
    match found.lastgroup:
        case "bearer":
            return f"{found[0].split()[0]} [secret]"
        case "mail" | "host":
            return f"{found[0][:2]}***@{_SHAPES.sub(_shape, found['host'])}"
        case "uuid" | "date" | "epoch":
            return found[0]
        case "opaque":
            return f"{found[0][:6]}[{len(found[0])} characters]"
        case "arc" | "decimal" | "minutes" as coordinate:
            return found[coordinate] + _ELLIPSIS
        case _:
            return _number(found[0])


def _number(written: str) -> str:
    """Its first digits, which tell the kind of number, and its last two; of a short one less."""
    digits = sum(letter.isdigit() for letter in written)
    first = 3 if digits >= _LONG_NUMBER else 1
    shown, seen = [], 0
    for letter in written:
        seen += letter.isdigit()
        hidden = letter.isdigit() and first < seen <= digits - 2
        shown.append("*" if hidden else letter)
    return "".join(shown)


def _value(value: object, name: str, within: str, bounds: Bounds, depth: int) -> object:
    if isinstance(value, str):
        if _plain(name) == "name" and _plain(within) in _PERSONS:
            return _counted(value)
        # A payload that is a text as a whole (XML, say) is all there is to see.
        most = bounds.text if depth else _MAX_BODY
        shown = masked_text(value, name, max(most, MAX_TEXT))
        return shown if len(shown) <= most else shown[:most] + _ELLIPSIS
    if isinstance(value, Mapping):
        if depth >= bounds.depth:
            return f"[{len(value)} fields]"
        entries = list(value.items())
        kept = {
            masked_text(str(key))[: bounds.text]: _value(each, str(key), name, bounds, depth + 1)
            for key, each in entries[: bounds.entries]
        }
        return kept if len(entries) == len(kept) else {**kept, _ELLIPSIS: f"[{len(entries)} fields]"}
    if isinstance(value, list | tuple):
        if depth >= bounds.depth:
            return f"[{len(value)} entries]"
        listed = [_value(each, name, within, bounds, depth + 1) for each in value[: bounds.entries]]
        return listed if len(listed) == len(value) else [*listed, f"[{len(value)} entries]"]
    return _scalar(value)


def _scalar(value: object) -> object:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float) and abs(value) < 1_000:
        return round(value, 2)
    try:
        written = str(value)
    except ValueError:
        return "[a number without end]"
    shown = masked_text(written)
    return value if shown == written else shown
