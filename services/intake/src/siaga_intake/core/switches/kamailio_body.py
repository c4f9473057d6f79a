"""The parts of an INVITE's body as Kamailio hands them on: the whole body in base64, or a location by itself."""

import binascii
from base64 import b64decode
from typing import Final

from siaga_intake.core.fields import Payload
from siaga_intake.core.switches import sip_text
from siaga_intake.core.switches.sip_text import Part

_LOCATION: Final = "application/pidf+xml"


def parts_told(event: Payload) -> tuple[Part, ...]:
    """All parts that the event brings; what is no text is passed over, what is no base64 is shown as it stands."""
    body, kind = event.get("body_base64"), event.get("content_type")
    found: tuple[Part, ...] = ()
    if isinstance(body, str) and isinstance(kind, str):
        found = sip_text.parts(kind[: sip_text.MAX_LINE], _decoded(body))
    told = event.get("pidf_lo")
    alone = told if isinstance(told, list) else [told]
    return (*found, *(Part(_LOCATION, _without_head(each)) for each in alone if isinstance(each, str) and each.strip()))


def _decoded(body: str) -> str:
    try:
        return b64decode(body).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return body


def _without_head(document: str) -> str:
    """Kamailio's get_body_part gives the part's own headers as well."""
    if document.lstrip().startswith("<"):
        return document
    head, gap, rest = document.replace("\r\n", "\n").partition("\n\n")
    return rest if gap and rest.strip() and ":" in head else document
