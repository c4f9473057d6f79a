"""Where a call's event is: a position somebody gave, else the area its address names.

Names are compared exactly, after the same normalisation as the gazetteer's. An address that could be two places is no
place: it goes to a person.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from siaga_classifier.core.events import Fix

# "Cipocok Jaya", "Tanjung Karang Pusat": no name of a seed regency has more words.
MAX_NAME_WORDS: Final = 4
# An address is a line or two; a paste must not cost a thousand look-ups.
MAX_ADDRESS_WORDS: Final = 60
SOURCE_GAZETTEER: Final = "gazetteer"

_WORD_OR_BREAK: Final = re.compile(r"[a-z0-9]+|[,.;:/()\n]")
_RANKS: Final = {
    "kel": "desa", "kelurahan": "desa", "desa": "desa", "ds": "desa",
    "kec": "kecamatan", "kecamatan": "kecamatan", "kcmtn": "kecamatan",
    "kota": "kabupaten", "kab": "kabupaten", "kabupaten": "kabupaten",
}  # fmt: skip
_STREET: Final = frozenset({"jl", "jln", "jalan", "gg", "gang", "lorong"})
# They follow an abbreviation and end nothing: "Jl. Veteran", "Kel.: Drangong".
_POINTS: Final = frozenset(".:")
# Where the name of a street ends when nobody typed a comma.
_STREET_ENDS: Final = frozenset({"no", "nomor", "km", "rt", "rw", "dekat", "depan", "samping", "belakang", "blok", "kp", "kampung", "komplek", "perum", "perumahan", "lingkungan", "link"})  # fmt: skip


class Area(Protocol):
    """An area of the gazetteer."""

    @property
    def code(self) -> str: ...
    @property
    def level(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def parent_code(self) -> str: ...
    @property
    def lat(self) -> float: ...
    @property
    def lon(self) -> float: ...
    @property
    def radius_m(self) -> float: ...


class Areas(Protocol):
    """What of a tenant's gazetteer is asked here."""

    def at(self, lat: float, lon: float) -> Area | None: ...
    def by_name(self, name: str) -> Sequence[Area]: ...
    def by_code(self, code: str) -> Area | None: ...


@dataclass(frozen=True, slots=True)
class Place:
    """A place as people and maps name it. `inside` is False when its position lies beyond the tenant's border."""

    fix: Fix | None = None
    address: str = ""
    area_code: str = ""
    area_name: str = ""
    inside: bool = True


@dataclass(frozen=True, slots=True)
class _Mention:
    """A name in an address, and the areas of that name."""

    areas: tuple[Area, ...]
    # The word before says which rank is meant: "Kec. Taktakan".
    ranked: bool
    # Part of a street's name: "Jl. Raya Taktakan" may run through three kecamatan.
    in_street: bool


def locate(address: str, text: str, fix: Fix | None, areas: Areas | None) -> Place:
    """The place of a call. A fix beats names; of names, the address beats the text, and the text must say them fully."""
    if areas is None:
        return Place(fix, address)
    if fix is not None:
        area = areas.at(fix.lat, fix.lon)
        if area is None:
            return Place(fix, address, inside=False)
        return Place(fix, address, area.code, _full_name(area, areas))
    named = _find(address, areas, loosely=True) or _find(text, areas, loosely=False)
    if named is None:
        return Place(None, address)
    centre = Fix(named.lat, named.lon, named.radius_m, 0, SOURCE_GAZETTEER)
    return Place(centre, address, named.code, _full_name(named, areas))


def _full_name(area: Area, areas: Areas) -> str:
    """`Kelurahan Banjarsari, Kecamatan Cipocok Jaya`: the area and what it lies in, without the kabupaten."""
    parent = areas.by_code(area.parent_code)
    if parent is None or parent.level == "kabupaten":
        return area.title
    return f"{area.title}, {parent.title}"


def _find(address: str, areas: Areas, *, loosely: bool) -> Area | None:
    """The one area meant; None when there is none or more than one. Strictly, only ranked names and pairs count."""
    mentions = _mentions(address, areas)
    pairs = _pairs(mentions)
    if pairs:
        return pairs[0] if len(pairs) == 1 else None
    outside = [mention for mention in mentions if not mention.in_street]
    meant = [mention for mention in outside if mention.ranked] or (outside if loosely else [])
    choices = {area.code: area for mention in meant for area in _widest(mention)}
    return next(iter(choices.values())) if len(choices) == 1 else None


def _pairs(mentions: Sequence[_Mention]) -> list[Area]:
    """Desas named together with their own kecamatan: certain, wherever in the line the two stand."""
    found = {
        desa.code: desa
        for mention in mentions
        for other in mentions
        if other is not mention
        for desa in mention.areas
        if desa.level == "desa" and any(desa.parent_code == area.code for area in other.areas)
    }
    return list(found.values())


def _widest(mention: _Mention) -> tuple[Area, ...]:
    """A bare name that is a kecamatan's and a desa's means the kecamatan: its circle holds both, if they are nested."""
    kecamatan = tuple(area for area in mention.areas if area.level == "kecamatan")
    if len(kecamatan) == 1 and all(
        area.parent_code == kecamatan[0].code for area in mention.areas if area.level == "desa"
    ):
        return kecamatan
    return mention.areas


def _mentions(address: str, areas: Areas) -> list[_Mention]:
    plain = unicodedata.normalize("NFKD", address).encode("ascii", "ignore").decode().lower()
    words = _WORD_OR_BREAK.findall(plain)[:MAX_ADDRESS_WORDS]
    mentions: list[_Mention] = []
    in_street, index = False, 0
    while index < len(words):
        word = words[index]
        rank = _RANKS.get(word)
        if word in _STREET:
            in_street = True
        elif rank or word in _STREET_ENDS or (not word.isalpha() and word not in _POINTS):
            in_street = False
        # "kel." and its name have a full stop between them.
        start = index + 1 if rank else index
        while rank and start < len(words) and words[start] in _POINTS:
            start += 1
        length, found = _longest_name(words, start, areas)
        if found and rank != "kabupaten":
            of_rank = tuple(area for area in found if area.level == rank)
            kept = of_rank or tuple(area for area in found if area.level != "kabupaten")
            if kept:
                mentions.append(_Mention(kept, bool(of_rank), in_street))
        index = start + length if found else index + 1
    return mentions


def _longest_name(words: Sequence[str], start: int, areas: Areas) -> tuple[int, tuple[Area, ...]]:
    for length in range(min(MAX_NAME_WORDS, len(words) - start), 0, -1):
        part = words[start : start + length]
        if all(word[0].isalnum() for word in part):
            found = tuple(areas.by_name(" ".join(part)))
            if found:
                return length, found
    return 0, ()
