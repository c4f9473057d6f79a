"""What an INVITE brings beside the call: locations (RFC 6442) and Additional Data (RFC 7852), in its body or by reference.

A part that cannot be read is a defect; the call goes on without it.
"""

import re
from collections.abc import Iterable
from typing import Final

from siaga_intake.core.events import Defect
from siaga_intake.core.position import pidf_lo
from siaga_intake.core.position.additional_data import additional, joined
from siaga_intake.core.position.pidf_lo import Located
from siaga_intake.core.rules import INDONESIA, Area
from siaga_intake.core.switches import sip_address
from siaga_intake.core.switches.sip_text import Part

_LOCATION: Final = "application/pidf+xml"
_DATA: Final = "application/emergencycalldata."
_XML: Final = "+xml"
_PURPOSE: Final = re.compile(r"purpose\s*=\s*\"?emergencycalldata\.", re.IGNORECASE)
# What another machine must be asked for; it is handed on, for intake asks nobody.
_FETCHED: Final = ("http://", "https://", "sip:", "sips:", "pres:")
# More documents than any network sends; a record must stay far below a megabyte.
_MOST: Final = 16


def extras(
    parts: Iterable[Part], geolocation: Iterable[str], call_info: Iterable[str], at_ms: int, area: Area = INDONESIA
) -> Located:
    """All of it: where the caller is, and in `additional` what is known of the call. Never raises."""
    parts, places = tuple(parts), tuple(sip_address.uri(each) for each in geolocation)
    located = [pidf_lo.locations(part.text, at_ms, area) for part in parts if _locates(part)][:_MOST]
    blocks = [part.text for part in parts if part.kind.startswith(_DATA) and part.kind.endswith(_XML)][:_MOST]
    data = [sip_address.uri(each) for each in call_info if _PURPOSE.search(each)]
    references = [each for each in (*places, *data) if each.lower().startswith(_FETCHED)]
    known, defects = additional(blocks, references)
    for each in located:
        known = joined(known, each.additional)
    return Located(
        tuple(dict.fromkeys(fix for each in located for fix in each.positions)),
        next((each.civic for each in located if each.civic is not None), None),
        (*dict.fromkeys(defect for each in located for defect in each.defects), *defects, *_absent(parts, places)),
        tuple(far for each in located for far in each.unusable),
        known,
    )


def _locates(part: Part) -> bool:
    """Some senders call a location by another name, or by none."""
    return part.kind == _LOCATION or "location-info" in part.text


def _absent(parts: Iterable[Part], places: Iterable[str]) -> tuple[Defect, ...]:
    named = {each[4:] for each in places if each.lower().startswith("cid:")}
    absent = len(named - {part.content_id for part in parts})
    return (Defect("geolocation", f"names {absent} of the body's parts that are not there"),) if absent else ()
