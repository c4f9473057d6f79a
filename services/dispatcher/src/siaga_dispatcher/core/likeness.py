"""Whether two types, positions, addresses, areas may be of the same event."""

import re
from collections.abc import Mapping
from typing import Final

from siaga_tenants.model import DispatchPolicy
from siaga_tenants.vocabulary import TYPES

from siaga_dispatcher.core.accounts import UNCLEAR
from siaga_dispatcher.core.values import Place, Position

# Types among which an event is looked for, and a merge suggested. All others stand by themselves.
FAMILIES: Final[Mapping[str, frozenset[str]]] = {
    "fire": frozenset({"fire_building", "fire_land", "fire_vehicle", "gas_leak"}),
    "medical": frozenset({"medical_ambulance", "medical_cardiac", "medical_unconscious"}),
    "accident": frozenset({"accident_traffic", "accident_work", "injury"}),
    "weather": frozenset({"flood", "landslide", "storm", "fallen_tree", "fallen_pole"}),
    "order": frozenset({"public_order", "riot", "crime"}),
}
_FAMILY_OF: Final = {kind: family for family, kinds in FAMILIES.items() for kind in kinds}

# What many see at once and each names differently: one fire is told as a fire, as a smell of gas, as a burning car.
_SEEN_BY_MANY: Final = (
    FAMILIES["fire"],
    frozenset({"fallen_tree", "fallen_pole"}),
    frozenset({"public_order", "riot"}),
)
# What befalls one person: the next door's patient is another one, who needs an ambulance of his own.
PERSONAL: Final = FAMILIES["medical"] | {
    "medical_birth", "injury", "mental_health", "kdrt", "sexual_violence", "child",
}  # fmt: skip
PERSONAL_M: Final = 100.0
# A call that cannot say what it is never joins these: it would hide them, or be hidden with them.
_APART: Final = frozenset({"kdrt", "sexual_violence", "child", "non_emergency", "prank"})

# Words of every address, which tell none from another.
_EVERYWHERE: Final = frozenset(
    {"jl", "jln", "jalan", "gg", "gang", "no", "nomor", "rt", "rw", "kel", "kelurahan", "kec", "kecamatan", "desa", "kota",
     "kab", "kabupaten", "kampung", "kp", "kav", "blok", "komplek", "kompleks", "perum", "perumahan", "di", "dekat",
     "depan", "belakang", "samping", "sebelah", "rumah", "dan"}
)  # fmt: skip
_WORDS: Final = re.compile(r"[a-z]+|\d+")
_STREETS: Final = frozenset({"jl", "jln", "jalan"})
# One word alone ("pasar", "rumah") is said of many places.
_TELLING_WORDS: Final = 2


def family_of(kind: str) -> str:
    """The family under which open incidents of a type are kept."""
    return _FAMILY_OF.get(kind, kind or UNCLEAR)


def families_alike(kind: str) -> tuple[str, ...]:
    """The families in which a call of this type may find its incident, its own first."""
    own = family_of(kind)
    if own == UNCLEAR:
        return (UNCLEAR, *sorted({family_of(other) for other in TYPES} - _APART - {UNCLEAR}))
    return (own,) if own in _APART else (own, UNCLEAR)


def same_event(one: str, other: str) -> bool:
    """Whether people who see the same may call it by these two types."""
    if one == other:
        return True
    if UNCLEAR in (one, other) or "" in (one, other):
        return not _APART & {one, other}
    return any(one in group and other in group for group in _SEEN_BY_MANY)


def reach_m(one: str, other: str, policy: DispatchPolicy) -> float:
    """How far apart two positions of the same event may be."""
    return min(policy.join_distance_m, PERSONAL_M) if {one, other} & PERSONAL else policy.join_distance_m


def precise(position: Position | None, policy: DispatchPolicy) -> bool:
    """Whether it says more than "around here"; a radius of 0 is one that is not stated, as of a pin on a map."""
    return position is not None and position.radius_m <= policy.join_distance_m


def area_told(place: Place, policy: DispatchPolicy) -> bool:
    """Whether the area was told, or follows from a fine position: the area around a vague fix is a guess."""
    if not place.area_code:
        return False
    return place.position is None or place.position.source == "gazetteer" or precise(place.position, policy)


def same_address(one: str, other: str, *, numbered: bool) -> bool:
    """Whether both were typed for the same door: the same telling words; `numbered` = only with a number among them."""
    ours = _telling(one)
    if ours != _telling(other) or not _names_a_door(one):
        return False
    return not numbered or any(word.isdigit() for word in ours)


def contradict(one: str, other: str) -> bool:
    """Whether both name a door, and not the same one."""
    return _telling(one) != _telling(other) and _names_a_door(one) and _names_a_door(other)


def _telling(address: str) -> frozenset[str]:
    words = _WORDS.findall(address.lower())
    return frozenset(word.lstrip("0") or "0" for word in words if word not in _EVERYWHERE)


def _names_a_door(address: str) -> bool:
    """A name with a number; or a name of two words that is no street's, for a street may be kilometres long."""
    words = _telling(address)
    if len(words) < _TELLING_WORDS or all(word.isdigit() for word in words):
        return False
    street = not _STREETS.isdisjoint(_WORDS.findall(address.lower()))
    return not street or any(word.isdigit() for word in words)
