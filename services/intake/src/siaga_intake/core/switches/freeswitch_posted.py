"""What mod_json_cdr sends, and leaves in its error folder, as the JSON it was made from.

`encode` is false, true or base64, and the content type does not always say which: with `disable-100-continue` the module
loses the one it set. With `encode=true` and its default of encoding values as well, the module spares what looks encoded
already; one decoding then undoes both, and a quotation mark or a line's end within a value stands bare in the JSON. A
session description does so in nearly every call, so such records have to be read.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote_to_bytes

import msgspec

from siaga_intake.core.captured import Broken, Piece, excerpt

_FIELD: Final = b"cdr="
_JSON_BEGINS: Final = (b"{", b"[")
_URL_ENCODED_BEGINS: Final = (b"%7B", b"%5B")
# How one can tell that a quotation mark ends a text of JSON and is not one within it: the module writes no spaces between.
_ENDS_TEXT: Final = re.compile(r'[}\]]|:["{\[\d]|,["{\[]|$')
_ESCAPED: Final = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})')
_CONTROL_BELOW: Final = " "


def record(body: bytes) -> object:
    """The JSON value in a body or file, by whatever encoding; raises ValueError when there is none."""
    text = body.strip().removeprefix(_FIELD)
    if not text.startswith(_JSON_BEGINS):
        text = _decoded(text)
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Names of callers come in any encoding as well.
        return msgspec.json.decode(mended(text.decode("utf-8", "replace")))


def lines(text: str) -> Iterator[Piece | Broken]:
    """The records of a file that holds one a line, as the module's own files do."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield Piece(f"line {number}", record(line.encode()))
            except (ValueError, RecursionError) as error:
                yield Broken(f"line {number}", str(error) or "is nested too deeply", excerpt(line))


def _decoded(text: bytes) -> bytes:
    if text[:3].upper() in _URL_ENCODED_BEGINS:
        # A space the module writes as %20; other clients that fill in forms write a plus.
        return unquote_to_bytes(text.replace(b"+", b" "))
    # A plus sign of base64 may have been taken for a form's space; line ends are allowed.
    tight = b"".join(text.replace(b" ", b"+").split())
    try:
        return base64.b64decode(unquote_to_bytes(tight), validate=True)
    except binascii.Error as error:
        raise ValueError(f"is neither JSON nor URL-encoded nor base64: {error}") from None


def mended(text: str) -> str:
    """JSON whose texts have lost their escapes, with them; a whole one stays what it is."""
    out: list[str] = []
    place, within = 0, False
    while place < len(text):
        letter = text[place]
        step = letter
        if not within:
            within = letter == '"'
        elif letter == '"':
            within = _ENDS_TEXT.match(text, place + 1) is None
            step = '\\"' if within else letter
        elif letter == "\\":
            escape = _ESCAPED.match(text, place)
            step = escape[0] if escape else "\\\\"
            place += len(step) - 1 if escape else 0
        elif letter < _CONTROL_BELOW:
            step = f"\\u{ord(letter):04x}"
        out.append(step)
        place += 1
    return "".join(out)
