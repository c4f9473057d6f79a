"""Captured positions come apart: documents of PIDF-LO, and messages of AML as their lines."""

import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import parse_qsl

from siaga_intake.core.captured import Broken, Piece, excerpt, json_values
from siaga_intake.core.position import aml, pidf_lo
from siaga_intake.core.position.aml import is_aml

_DOCUMENT: Final = re.compile(r"(?=<\?xml\b)")
# A captured document names no call; a captured message seldom its sender.
_NAMELESS: Final = {"source": "sip", "call_ref": "captured"}
_NOBODY: Final = {"from": "unknown"}
# `+6281234567890 A"ML=1;…`, as a log of an SMS gateway has it.
_LOGGED: Final = re.compile(r"(?:(\+?\b\d{8,15})\W*)?\b(A[\"\u201c\u201d]ML\s*=.*)")
_FIELD: Final = "location_latitude="
# Of a form; longer ones are no phone's.
_MAX_FIELDS: Final = 100


def documents(text: str) -> Iterator[Piece | Broken]:
    """Each XML document of a file, or JSON as the door takes it."""
    if text.lstrip().startswith(("{", "[")):
        yield from (_with(_NAMELESS, each) for each in json_values(text))
        return
    found = [each for each in _DOCUMENT.split(text) if each.strip("\ufeff \t\r\n")]
    for number, each in enumerate(found, 1):
        yield Piece(f"document {number}", {**_NAMELESS, pidf_lo.FIELD: each})


def messages(text: str) -> Iterator[Piece | Broken]:
    """Each line: an SMS, perhaps after its sender, or the body of a post; or JSON as the door takes it."""
    if text.lstrip().startswith(("{", "[")):
        yield from (_with(_NOBODY, each) for each in json_values(text))
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip("\ufeff \t\0"):
            yield _message(f"line {number}", line.strip("\ufeff \t\0"))


def _message(where: str, line: str) -> Piece | Broken:
    if logged := _LOGGED.search(line):
        return Piece(where, {"from": logged[1] or _NOBODY["from"], aml.TEXT: logged[2]})
    if is_aml(line):
        return Piece(where, {**_NOBODY, aml.TEXT: line})
    if _FIELD in line:
        try:
            return Piece(where, dict(parse_qsl(line, keep_blank_values=True, max_num_fields=_MAX_FIELDS)))
        except ValueError:
            return Broken(where, f"is no form: more than {_MAX_FIELDS} fields", excerpt(line))
    return Broken(where, "is no AML: neither an SMS nor a form", excerpt(line))


def _with(names: Mapping[str, str], each: Piece | Broken) -> Piece | Broken:
    if isinstance(each, Piece) and isinstance(each.payload, Mapping) and "device_number" not in each.payload:
        return Piece(each.where, {**names, **each.payload})
    return each
