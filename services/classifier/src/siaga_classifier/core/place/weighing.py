"""What a name in the words is worth: by the word before it, by whose name it is, and by who says it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from siaga_classifier.core.place.model import Kind, Spot
from siaga_classifier.core.place.names import OwnNames, core_of
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

RANKS: Final = {Role.DESA: Kind.DESA, Role.KECAMATAN: Kind.KECAMATAN}


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
class Context:
    """What the words before say of the next name."""

    role: Role | None = None
    away: bool = False
    denied: bool = False
    near: bool = False
    # Words since "jalan"; None outside a street's name.
    street_words: int | None = None

    def end_part(self) -> None:
        self.role, self.away, self.denied, self.near = None, False, False, False


def take_role(context: Context, role: Role) -> None:
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


def pass_name(context: Context, length: int) -> None:
    if context.street_words is not None:
        context.street_words += length
    context.end_part()


def weighed(
    said: Sequence[str], own: tuple[Spot, ...], abroad: tuple[Spot, ...], context: Context, names: OwnNames,
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
        mine = _own(own, role, ordinary or role not in RANKS, context, in_address)
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
    spots: tuple[Spot, ...], role: Role | None, ordinary: bool, context: Context, in_address: bool
) -> list[Mention]:
    if not spots:
        return []
    rank = RANKS.get(role) if role else None
    of_rank = tuple(spot for spot in spots if spot.kind is rank) if rank else ()
    kept = of_rank or spots
    weight = weight_of(role, bool(of_rank), ordinary, context, in_address)
    basis = "street" if context.street_words is not None and role is not None and not of_rank else kept[0].kind.value
    return [Mention(kept, weight, basis, context.near, ranked=bool(of_rank))] if weight else []


def weight_of(role: Role | None, of_rank: bool, ordinary: bool, context: Context, in_address: bool) -> float:
    if of_rank:
        weight = RANKED
    elif role in RANKS:
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


def _regencies(abroad: tuple[Spot, ...], role: Role, context: Context, names: OwnNames) -> list[Mention]:
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
    context: Context,
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
