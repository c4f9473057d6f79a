"""Finding names in words: as they are written, as they begin, and a slip of the finger off."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from siaga_classifier.core.place.model import NEIGHBOUR_M, Kind, Spot, distance_m
from siaga_classifier.core.place.names import MAX_NAME_WORDS, OwnNames, Similar
from siaga_classifier.core.place.tokens import ROLES, Role
from siaga_classifier.core.place.weighing import (
    RANKS,
    STREET_NAME_WORDS,
    Context,
    Mention,
    pass_name,
    take_role,
    weighed,
    weight_of,
)

SHORT_FACTOR: Final = 0.92
SLIP_FACTORS: Final = (1.0, 0.9, 0.8)
# Words that misspelt names are looked for behind; each look-up costs some microseconds.
MAX_SIMILAR: Final = 8
LONGER_BY_WORDS: Final = 2
# "ini 112 Serang ya": the centre's name is no place of an event.
EMERGENCY_NUMBER: Final = "112"

_BREAKS: Final = frozenset(",;()\n")
# Belong to the names of streets and say nothing: "Jalan Raya Cilegon" is named Cilegon.
_STREET_FILLERS: Final = frozenset(
    {"raya", "besar", "utama", "lintas", "protokol", "tol", "baru", "lama", "kh", "ki", "dr", "jend", "letjend", "ir"}
)
# After these any word may come, and most that are like a name are none.
_CAREFUL: Final = frozenset({Role.AT, Role.NEAR})
_SIMILAR_AFTER: Final = frozenset({Role.DESA, Role.KECAMATAN, Role.HAMLET, Role.AT, Role.NEAR})


def mentions_of(words: Sequence[str], names: OwnNames, *, in_address: bool) -> list[Mention]:
    """All names in these words, in their order. Bounded: a few look-ups for each word."""
    found: list[Mention] = []
    context = Context()
    similar_left = MAX_SIMILAR
    index = 0
    while index < len(words):
        word = words[index]
        if word in _BREAKS or word[0].isdigit():
            context.end_part()
            context.street_words = None
            if word == EMERGENCY_NUMBER:
                context.role = Role.OFFICE
            index += 1
            continue
        role = ROLES.get(word)
        length, own, abroad = _exact(words, index, names, far=context.role is Role.KECAMATAN)
        longer = _longer(words, index, length, names) if length and context.street_words is None else None
        if longer is not None:
            length, own, abroad = longer[0], longer[1].spots, ()
        if length and (role is None or length > 1 or (own and context.role in RANKS)):
            after = words[index + length] if index + length < len(words) else "\n"
            # "kebakaran ruko di Curup, Rejang Lebong": a name that is a part of its own is one of an address.
            if context.role is None and index and words[index - 1] in _BREAKS and after in _BREAKS:
                context.role = Role.AT
            read = weighed(words[index : index + length], own, abroad, context, names, after, in_address)
            found += [replace(mention, at=_at(index, in_address)) for mention in read]
            index += length
            # A street that is named after a place has no other name.
            pass_name(context, STREET_NAME_WORDS)
            continue
        if role is not None:
            take_role(context, role)
            index += 1
            continue
        length = 1
        if similar_left and _may_be_misspelt(word, context, names, in_address):
            similar_left -= 1
            length, mention = _misspelt(words, index, names, context, in_address)
            if mention is not None:
                found.append(replace(mention, at=_at(index, in_address)))
        index += length
        pass_name(context, length if word not in _STREET_FILLERS else 0)
    return found


def _at(index: int, in_address: bool) -> int:
    """A number of its own for each word of an address and of a text."""
    return index if in_address else ~index


def _exact(
    words: Sequence[str], start: int, names: OwnNames, *, far: bool
) -> tuple[int, tuple[Spot, ...], tuple[Spot, ...]]:
    """The longest name that begins here, in the tenant's map and in the country's, `far` ones too."""
    own, national = names.own, names.national
    best: tuple[int, tuple[Spot, ...], tuple[Spot, ...]] = (0, (), ())
    key = ""
    for length, word in enumerate(words[start : start + MAX_NAME_WORDS], start=1):
        key += word
        mine, theirs = own.exact.get(key, ()), national.exact.get(key, ())
        if mine or (theirs and (far or _known_here(key, theirs, names))):
            best = (length, mine, theirs)
        if key not in own.beginnings and key not in national.beginnings:
            break
    return best


def _longer(words: Sequence[str], start: int, length: int, names: OwnNames) -> tuple[int, Similar] | None:
    """The longer name that a name and a misspelt word after it make: "kandang lmun" is not Kandang."""
    key = "".join(words[start : start + length])
    for more in range(length + 1, min(length + LONGER_BY_WORDS, len(words) - start) + 1):
        word = words[start + more - 1]
        if key not in names.own.beginnings or not word.isalpha() or word in ROLES or word in names.ordinary:
            return None
        key += word
        near = names.similar(key)
        if near is not None and near.slips == 1:
            return more, near
    return None


def _known_here(key: str, spots: Sequence[Spot], names: OwnNames) -> bool:
    """Whether the name is meant: of a regency, or of a kecamatan near by.

    A far one only where the word is no other: not of everyday, not the beginning of a name here, nor one letter off one.
    """
    if any(spot.kind is Kind.KABUPATEN for spot in spots):
        return True
    if key in names.ordinary:
        return False
    if any(distance_m(spot.lat, spot.lon, *names.middle) <= NEIGHBOUR_M for spot in spots):
        return True
    return key not in names.own.beginnings and names.similar(key) is None


def _may_be_misspelt(word: str, context: Context, names: OwnNames, in_address: bool) -> bool:
    if context.denied or context.street_words is not None:
        return False
    # "sumur pcung": a word of everyday may begin a misspelt name, but is none itself.
    if word in names.ordinary and not (in_address or context.role in RANKS):
        return False
    return context.role in _SIMILAR_AFTER or (in_address and context.role is None)


def _misspelt(
    words: Sequence[str], start: int, names: OwnNames, context: Context, in_address: bool
) -> tuple[int, Mention | None]:
    """A name nearly written here, of one to three words, the nearest first; else the short form of one."""
    best: tuple[float, int, tuple[Spot, ...]] | None = None
    key = ""
    for length, word in enumerate(words[start : start + 3], start=1):
        if not word.isalpha() or (length > 1 and word in ROLES):
            break
        key += word
        if word in names.ordinary and length == 1:
            continue
        near = names.similar(key, careful=not in_address and context.role in _CAREFUL)
        if near is not None and (best is None or SLIP_FACTORS[near.slips] >= best[0]):
            best = (SLIP_FACTORS[near.slips], length, near.spots)
    short = names.short(words[start])
    if short and (best is None or best[0] < SHORT_FACTOR):
        best = (SHORT_FACTOR, 1, short)
    if best is None:
        return 1, None
    factor, length, spots = best
    rank = RANKS.get(context.role) if context.role else None
    of_rank = tuple(spot for spot in spots if spot.kind is rank)
    weight = factor * weight_of(context.role, bool(of_rank), ordinary=False, context=context, in_address=in_address)
    kept = of_rank or spots
    return length, Mention(kept, weight, f"{kept[0].kind.value}_similar", context.near, ranked=bool(of_rank))
