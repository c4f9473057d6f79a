"""Civic addresses (RFC 4776, 5139) by the profile for Indonesia: A1 provinsi, A2 kabupaten or kota, … A5 RW, A6 RT."""

from collections.abc import Mapping
from typing import Final
from xml.etree.ElementTree import Element

from siaga_intake.core import rules
from siaga_intake.core.events import Civic
from siaga_intake.core.position.markup import local, said

# The element of each of our fields; several make one field, in this order (a number and its suffix, say).
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "country": ("country",),
    "province": ("A1",),
    "regency": ("A2",),
    "district": ("A3",),
    "village": ("A4",),
    "rw": ("A5",),
    "rt": ("A6",),
    "road": ("PRM", "PRD", "STP", "RD", "STS", "POD", "POM"),
    "house_number": ("HNP", "HNO", "HNS"),
    "landmark": ("LMK", "LOC"),
    "name": ("NAM", "BLD", "UNIT", "ROOM"),
    "floor": ("FLR",),
    "postal_code": ("PC",),
}
INDONESIA: Final = "ID"
# Of one element; a whole address is bounded by its rule.
_MAX_PART: Final = 128


def civic(address: Element) -> Civic | None:
    """The address of a civicAddress element; None when it says nothing that we know."""
    parts: dict[str, str] = {}
    for each in address:
        # The first of a name counts: others repeat it in another language.
        parts.setdefault(local(each), said(each)[:_MAX_PART])
    told = {field: " ".join(part for name in names if (part := parts.get(name))) for field, names in FIELDS.items()}
    if not any(text for field, text in told.items() if field != "country"):
        return None
    told["country"] = told["country"].upper()
    return Civic(**told, written=_written(told)[: rules.MAX_LENGTH["address"]])


def _written(told: Mapping[str, str]) -> str:
    """In one line as Indonesians write it, from the house outwards."""
    neighbourhood = "/".join(filter(None, (_numbered("RT", told["rt"]), _numbered("RW", told["rw"]))))
    floor = f"Lt. {told['floor']}" if told["floor"] else ""
    road = " ".join(filter(None, (told["road"], _numbered("No.", told["house_number"]))))
    province = " ".join(filter(None, (told["province"], told["postal_code"])))
    country = told["country"] if told["country"] != INDONESIA else ""
    parts = (
        told["name"], floor, road, neighbourhood, told["village"], told["district"], told["regency"], province,
        country, f"({told['landmark']})" if told["landmark"] else "",
    )  # fmt: skip
    return ", ".join(filter(None, parts)).replace(", (", " (")


def _numbered(word: str, number: str) -> str:
    """`RT 07` of `07`, and of `RT 07` too."""
    return f"{word} {number}" if number and not number.upper().startswith(word.upper()) else number
