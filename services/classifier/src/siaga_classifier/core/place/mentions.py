"""Finding names in words: which spots each may mean, and how much it says that the event is there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from siaga_classifier.core.place.model import NEIGHBOUR_M, Kind, Spot, distance_m
from siaga_classifier.core.place.names import MAX_NAME_WORDS, OwnNames, Similar, core_of
from siaga_classifier.core.place.tokens import ROLES, Role

# How likely a name is where the event is, by the word before it. Checked against the table of addresses and the everyday
# texts of the tests: more, and chatter names places; less, and a plain address names none.
RANKED: Final = 0.9
# "Kec. Banjarsari", which is a kelurahan: the name counts, the rank was a slip.
OTHER_RANK: Final = 0.5
BARE_IN_ADDRESS: Final = 0.7
AFTER_AT: Final = 0.65
AFTER_HAMLET: Final = 0.55
AFTER_FACILITY: Final = 0.5
AFTER_ESTATE: Final = 0.3
BARE_IN_TEXT: Final = 0.3
ORDINARY: Final = 0.35
# The first words after "jalan" are its name; what follows without a comma may be where it is.
STREET_NAME: Final = 0.2
AFTER_STREET_NAME: Final = 0.45
STREET_NAME_WORDS: Final = 2
# "dari Kasemen", "arah Cilegon".
AWAY_FACTOR: Final = 0.4
SHORT_FACTOR: Final = 0.92
SLIP_FACTORS: Final = (1.0, 0.9, 0.8)
# Words that misspelt names are looked for behind; each look-up costs some microseconds.
MAX_SIMILAR: Final = 8
LONGER_BY_WORDS: Final = 2
# "ini 112 Serang ya": the centre's name is no place of an event.
EMERGENCY_NUMBER: Final = "112"

_BREAKS: Final = frozenset(",;()\n")
_RANKS: Final = {Role.DESA: Kind.DESA, Role.KECAMATAN: Kind.KECAMATAN}
# Belong to the names of streets and say nothing: "Jalan Raya Cilegon" is named Cilegon.
_STREET_FILLERS: Final = frozenset(
    {"raya", "besar", "utama", "lintas", "protokol", "tol", "baru", "lama", "kh", "ki", "dr", "jend", "letjend", "ir"}
)
# After these any word may come, and most that are like a name are none.
_CAREFUL: Final = frozenset({Role.AT, Role.NEAR})
_SIMILAR_AFTER: Final = frozenset({Role.DESA, Role.KECAMATAN, Role.HAMLET, Role.AT, Role.NEAR})


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in the words, and what it may be the name of."""

    spots: tuple[Spot, ...]
    weight: float
    # What it was found by, for people: the word before, or how the name was written.
    basis: str
    near: bool = False
    # Index of its first word: names of one word do not support each other.
    at: int = 0
    # The tenant's own regency, in its own mouth: no place, but it makes the name beside it likelier.
    own_regency: bool = False
    ranked: bool = False


@dataclass(slots=True)
class _Context:
    """What the words before say of the next name."""

    role: Role | None = None
    away: bool = False
    denied: bool = False
    near: bool = False
    # Words since "jalan"; None outside a street's name.
    street_words: int | None = None

    def end_part(self) -> None:
        self.role, self.away, self.denied, self.near = None, False, False, False


def mentions_of(words: Sequence[str], names: OwnNames, *, in_address: bool) -> list[Mention]:
    """All names in these words, in their order. Bounded: a few look-ups for each word."""
    found: list[Mention] = []
    context = _Context()
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
        if length and (role is None or length > 1 or (own and context.role in _RANKS)):
            after = words[index + length] if index + length < len(words) else "\n"
            # "kebakaran ruko di Curup, Rejang Lebong": a name that is a part of its own is one of an address.
            if context.role is None and index and words[index - 1] in _BREAKS and after in _BREAKS:
                context.role = Role.AT
            read = _weighed(words[index : index + length], own, abroad, context, names, after, in_address)
            found += [replace(mention, at=_at(index, in_address)) for mention in read]
            index += length
            # A street that is named after a place has no other name.
            _pass_name(context, STREET_NAME_WORDS)
            continue
        if role is not None:
            _take_role(context, role)
            index += 1
            continue
        length = 1
        if similar_left and _may_be_misspelt(word, context, names, in_address):
            similar_left -= 1
            length, mention = _misspelt(words, index, names, context, in_address)
            if mention is not None:
                found.append(replace(mention, at=_at(index, in_address)))
        index += length
        _pass_name(context, length if word not in _STREET_FILLERS else 0)
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


def _take_role(context: _Context, role: Role) -> None:
    if role is Role.FILLER:
        return
    if role is Role.NOT:
        context.denied = True
        return
    if role is Role.AWAY:
        context.away = True
        return
    # "kantor disdukcapil kota Serang" is the office's whole name.
    if context.role is Role.OFFICE and role in (Role.KOTA, Role.KABUPATEN):
        return
    if role is Role.STREET:
        context.street_words = 0
    elif role not in (Role.KOTA, Role.OFFICE):
        context.street_words = None
    context.near = context.near or role is Role.NEAR
    # "di dekat pasar Plered", "orang di pabrik di Karawang": of several words before a name the last says most.
    context.role = role


def _pass_name(context: _Context, length: int) -> None:
    if context.street_words is not None:
        context.street_words += length
    context.end_part()


def _weighed(
    said: Sequence[str], own: tuple[Spot, ...], abroad: tuple[Spot, ...], context: _Context, names: OwnNames,
    after: str, in_address: bool,
) -> list[Mention]:  # fmt: skip
    role = context.role
    if context.denied or role is Role.OFFICE:
        return []
    # "Serang kabupaten".
    if role in (None, Role.AT) and ROLES.get(after) in (Role.KABUPATEN, Role.KOTA):
        role = ROLES[after]
    ordinary = len(said) == 1 and said[0] in names.ordinary
    if role in (Role.KABUPATEN, Role.KOTA):
        return _regencies(abroad, role, context, names) or _own(own, None, ordinary, context, in_address)
    if _is_home(said, own, abroad, names):
        mine = _own(own, role, ordinary or role not in _RANKS, context, in_address)
        return [*mine, Mention((), ORDINARY, "kabupaten", own_regency=True)]
    # "pasar Rau" says by itself what it is.
    told = Role.FACILITY if role is None and len(said) > 1 and any(spot.kind is Kind.LANDMARK for spot in own) else role
    mine = _own(own, role if in_address else told, ordinary, context, in_address)
    if ordinary or context.street_words is not None:
        return mine
    everyday = all(word in names.ordinary or word in ROLES for word in said)
    return mine + _abroad(own, abroad, role, context, names, everyday=everyday, in_address=in_address)


def _is_home(said: Sequence[str], own: tuple[Spot, ...], abroad: tuple[Spot, ...], names: OwnNames) -> bool:
    """Whether the name is the tenant's own, bare: in its mouth no other place, and no desa of that name for certain."""
    return (bool(own) and "".join(said) == names.core) or any(
        spot.kind is Kind.KABUPATEN and names.core == core_of(spot.title) for spot in abroad
    )


def _own(
    spots: tuple[Spot, ...], role: Role | None, ordinary: bool, context: _Context, in_address: bool
) -> list[Mention]:
    if not spots:
        return []
    rank = _RANKS.get(role) if role else None
    of_rank = tuple(spot for spot in spots if spot.kind is rank) if rank else ()
    kept = of_rank or spots
    weight = _weight(role, bool(of_rank), ordinary, context, in_address)
    basis = "street" if context.street_words is not None and role is not None and not of_rank else kept[0].kind.value
    return [Mention(kept, weight, basis, context.near, ranked=bool(of_rank))] if weight else []


def _weight(role: Role | None, of_rank: bool, ordinary: bool, context: _Context, in_address: bool) -> float:
    if of_rank:
        weight = RANKED
    elif role in _RANKS:
        weight = OTHER_RANK
    elif context.street_words is not None:
        weight = STREET_NAME if context.street_words < STREET_NAME_WORDS else AFTER_STREET_NAME
    elif role in _BY_ROLE:
        weight = _BY_ROLE[role]
    else:
        weight = BARE_IN_ADDRESS if in_address else BARE_IN_TEXT
    if ordinary and not of_rank:
        weight = min(weight, ORDINARY) if in_address or role is not None else 0.0
    return weight * AWAY_FACTOR if context.away else weight


_BY_ROLE: Final = {
    Role.HAMLET: AFTER_HAMLET, Role.ESTATE: AFTER_ESTATE, Role.FACILITY: AFTER_FACILITY, Role.AT: AFTER_AT,
    Role.NEAR: AFTER_AT, Role.KOTA: BARE_IN_TEXT, Role.KABUPATEN: BARE_IN_TEXT,
}  # fmt: skip


def _regencies(abroad: tuple[Spot, ...], role: Role, context: _Context, names: OwnNames) -> list[Mention]:
    """What "kab. X" or "kota X" names: a regency of that rank, or any of the name."""
    named = [spot for spot in abroad if spot.kind is Kind.KABUPATEN]
    rank = "Kota " if role is Role.KOTA else "Kabupaten "
    kept = [spot for spot in named if spot.title.startswith(rank)] or named
    if not kept:
        return []
    if any(spot.code == names.centre.code for spot in kept):
        return [Mention((), ORDINARY, "kabupaten", own_regency=True)]
    return [Mention(tuple(kept), RANKED * (AWAY_FACTOR if context.away else 1.0), "kabupaten", ranked=True)]


def _abroad(
    own: tuple[Spot, ...],
    abroad: tuple[Spot, ...],
    role: Role | None,
    context: _Context,
    names: OwnNames,
    *,
    everyday: bool,
    in_address: bool,
) -> list[Mention]:
    """Places beyond the border: a regency by its bare name, a kecamatan where no place here bears the name."""
    if role not in (None, Role.AT, Role.NEAR, Role.KECAMATAN):
        return []
    factor = AWAY_FACTOR if context.away else 1.0
    regencies = tuple(spot for spot in abroad if spot.kind is Kind.KABUPATEN)
    found: list[Mention] = []
    if regencies and role is not Role.KECAMATAN:
        weight = AFTER_AT + 0.1 if role is not None else BARE_IN_ADDRESS - 0.1 if in_address else BARE_IN_TEXT
        found.append(Mention(regencies, weight * factor, "kabupaten"))
    kecamatan = tuple(spot for spot in abroad if spot.kind is Kind.KECAMATAN and spot.regency_code != names.centre.code)
    if kecamatan and not own and (role is Role.KECAMATAN or not everyday):
        weight = RANKED if role is Role.KECAMATAN else AFTER_AT - 0.1 if role is not None else BARE_IN_TEXT
        found.append(Mention(kecamatan, weight * factor, "kecamatan", ranked=role is Role.KECAMATAN))
    return found


def _may_be_misspelt(word: str, context: _Context, names: OwnNames, in_address: bool) -> bool:
    if context.denied or context.street_words is not None:
        return False
    # "sumur pcung": a word of everyday may begin a misspelt name, but is none itself.
    if word in names.ordinary and not (in_address or context.role in _RANKS):
        return False
    return context.role in _SIMILAR_AFTER or (in_address and context.role is None)


def _misspelt(
    words: Sequence[str], start: int, names: OwnNames, context: _Context, in_address: bool
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
    rank = _RANKS.get(context.role) if context.role else None
    of_rank = tuple(spot for spot in spots if spot.kind is rank)
    weight = factor * _weight(context.role, bool(of_rank), ordinary=False, context=context, in_address=in_address)
    kept = of_rank or spots
    return length, Mention(kept, weight, f"{kept[0].kind.value}_similar", context.near, ranked=bool(of_rank))
