"""Names to look up: as they are written in the gazetteer, shortened, or misspelt."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from rapidfuzz.distance import OSA

from siaga_classifier.core.place.model import Centre, Kind, Spot
from siaga_classifier.core.place.tokens import ROLES, squeezed, words_of

# Below this many letters one other letter makes another name: Unyur, Unjur.
MIN_SIMILAR_CHARS: Final = 5
MIN_CAREFUL_CHARS: Final = 10
# From here on two slips of the finger still leave one name only.
TWO_SLIPS_CHARS: Final = 10
# The first word of a longer name stands for it when it is this long: Cipocok for Cipocok Jaya.
MIN_SHORT_CHARS: Final = 6
# "Puskesmas Cipocok": what it is and the first word of its name.
LANDMARK_SHORT_WORDS: Final = 2
# "Sei Tanjung Karang Pusat": no name has more words, and a look-up at each word tries this many lengths.
MAX_NAME_WORDS: Final = 5

_VOWELS: Final = str.maketrans("", "", "aeiou")


@dataclass(frozen=True, slots=True)
class Similar:
    """Names that a misspelt one may mean, and how many letters it is off."""

    spots: tuple[Spot, ...]
    slips: int


@dataclass(frozen=True, slots=True)
class Names:
    """Spots by squeezed name."""

    exact: dict[str, tuple[Spot, ...]]
    # Beginnings of longer names: most words are none, and are done with two look-ups.
    beginnings: frozenset[str]

    @classmethod
    def of(cls, named: Iterable[tuple[str, Spot]]) -> Self:
        """These spots by these names; a spot may have several."""
        exact: dict[str, tuple[Spot, ...]] = {}
        for name, spot in named:
            key = squeezed(name)
            if key and spot not in exact.get(key, ()):
                exact[key] = (*exact.get(key, ()), spot)
        return cls(exact, frozenset(key[:length] for key in exact for length in range(1, len(key))))


@dataclass(frozen=True, slots=True)
class OwnNames:
    """A tenant's names beside those of the rest of the country."""

    own: Names
    national: Names
    # Words of everyday: as a name they count only after a word like "kelurahan".
    ordinary: Collection[str]
    centre: Centre
    # "serang": in the tenant's own mouth this is no other place, whatever else bears the name.
    core: str
    middle: tuple[float, float]
    _short: dict[str, tuple[Spot, ...]] = field(repr=False)
    _by_skeleton: dict[str, tuple[str, ...]] = field(repr=False)

    @classmethod
    def of(cls, named: Sequence[tuple[str, Spot]], regency: Spot, national: Names, ordinary: Collection[str]) -> Self:
        """The index of a tenant's areas and landmarks."""
        landmarks = _landmarks_shortened(named, ordinary)
        own = Names.of((name, spot) for name, spot in (*named, *landmarks) if spot.kind is not Kind.KABUPATEN)
        by_skeleton: dict[str, tuple[str, ...]] = {}
        for key in own.exact:
            if len(key) >= MIN_SIMILAR_CHARS:
                for skeleton in _skeletons(key):
                    by_skeleton[skeleton] = (*by_skeleton.get(skeleton, ()), key)
        return cls(
            own, national, ordinary, Centre(regency.code, regency.title), core_of(regency.title),
            (regency.lat, regency.lon), _shortened(named, own, ordinary), by_skeleton,
        )  # fmt: skip

    def short(self, word: str) -> tuple[Spot, ...]:
        """What the first word of a name alone may mean, where it means one name only."""
        return self._short.get(word, ())

    def similar(self, written: str, *, careful: bool = False) -> Similar | None:
        """The names nearest to a misspelt one: the same first letter, one letter off, in long names two.

        Careful where anything may be written: in a short word another letter makes another word, a missing one does not.
        """
        if len(written) < MIN_SIMILAR_CHARS:
            return None
        allowed = 2 if len(written) >= TWO_SLIPS_CHARS else 1
        names = {name for skeleton in _skeletons(written) for name in self._by_skeleton.get(skeleton, ())}
        near = [
            (slips, name)
            for name in names
            if name[0] == written[0]
            and not (careful and len(written) == len(name) < MIN_CAREFUL_CHARS)
            and (slips := OSA.distance(written, name, score_cutoff=allowed)) <= allowed
        ]
        if not near:
            return None
        least = min(near)[0]
        return Similar(
            tuple(spot for slips, name in sorted(near) if slips == least for spot in self.own.exact[name]), least
        )


def core_of(title: str) -> str:
    """The name of a regency without its rank, squeezed: `Kota Serang` is `serang`."""
    return squeezed(title.removeprefix("Kabupaten ").removeprefix("Kota ").removeprefix("Administrasi "))


def _shortened(named: Sequence[tuple[str, Spot]], own: Names, ordinary: Collection[str]) -> dict[str, tuple[Spot, ...]]:
    """Areas by the first word of a longer name, where it means one name and no word of everyday."""
    short: dict[str, tuple[Spot, ...]] = {}
    for name, spot in named:
        first, *rest = words_of(name) or [""]
        if rest and len(first) >= MIN_SHORT_CHARS and spot.kind in (Kind.DESA, Kind.KECAMATAN):
            short[first] = (*short.get(first, ()), spot)
    return {
        first: spots
        for first, spots in short.items()
        if first not in own.exact and first not in ordinary and first not in ROLES and _one_name(spots)
    }


def _landmarks_shortened(named: Sequence[tuple[str, Spot]], ordinary: Collection[str]) -> list[tuple[str, Spot]]:
    """`Puskesmas Cipocok` for Puskesmas Cipocok Jaya, where no other begins so."""
    short: dict[str, list[Spot]] = {}
    for name, spot in named:
        words = words_of(name)
        if (
            spot.kind is Kind.LANDMARK
            and len(words) > LANDMARK_SHORT_WORDS
            and words[1] not in ordinary
            and words[1] not in ROLES
        ):
            short.setdefault(" ".join(words[:LANDMARK_SHORT_WORDS]), []).append(spot)
    taken = {" ".join(words_of(name)) for name, _ in named}
    return [(name, spots[0]) for name, spots in short.items() if len(spots) == 1 and name not in taken]


def _one_name(spots: Sequence[Spot]) -> bool:
    return len({spot.title.partition(" ")[2] for spot in spots}) == 1


def _skeletons(name: str) -> set[str]:
    """The consonants of a name, doubled ones once, and the same with one of them missing: what slips leave alike."""
    bare = name.translate(_VOWELS)
    bone = "".join(letter for index, letter in enumerate(bare) if index == 0 or bare[index - 1] != letter)
    return {bone, *(bone[:index] + bone[index + 1 :] for index in range(len(bone)))} if len(bone) > 1 else {bone}
