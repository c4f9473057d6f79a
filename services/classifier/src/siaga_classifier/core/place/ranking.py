"""From mentions to candidates: names that support each other, names that contradict, and which place is meant."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from siaga_classifier.core.place.model import NEIGHBOUR_M, Kind, Spot, distance_m
from siaga_classifier.core.place.weighing import Mention

# A candidate below this is no place; two closer than the margin are told apart by asking.
MIN_SCORE: Final = 0.5
MARGIN: Final = 0.2
# A candidate weaker than this helps nobody who asks.
MIN_TOLD: Final = 0.2
MAX_TOLD: Final = 5
KECAMATAN_DOTS: Final = 2
# How much the name of what a place lies in adds to it.
SUPPORT: Final = 0.7
OWN_REGENCY_SUPPORT: Final = 0.3
# A desa beside the name of a kecamatan that it does not lie in.
CONTRADICTED: Final = 0.4
# "dekat Kasemen" may be over its edge.
NEAR_FACTOR: Final = 1.5


@dataclass(frozen=True, slots=True)
class Ranked:
    """A spot that the words may mean."""

    spot: Spot
    score: float
    basis: str
    radius_m: float
    abroad: bool


def rank(mentions: Sequence[Mention], home: str, middle: tuple[float, float]) -> list[Ranked]:
    """Candidates, the best first, of a tenant with this code and middle."""
    own = _domestic(mentions, home)
    found = [*own, *_foreign(mentions, home, middle)]
    found.sort(key=lambda one: (-one.score, one.spot.radius_m, one.spot.code, one.spot.title))
    told = [one for one in found if one.score >= MIN_TOLD][:MAX_TOLD]
    # "depan puskesmas Unyur, Unyur": both are meant, and the landmark is where to stop.
    closest = next((one for one in told if one.spot.kind is Kind.LANDMARK), None)
    if (
        closest
        and closest.score >= MIN_SCORE
        and told[0].score - closest.score < MARGIN
        and _together(told[0], closest)
    ):
        told.remove(closest)
        told.insert(0, closest)
    return told


def rivals(ranked: Sequence[Ranked]) -> bool:
    """Whether the second candidate is about as good as the first and another place."""
    if not ranked:
        return False
    best = ranked[0]
    return any(best.score - other.score < MARGIN and not _together(best, other) for other in ranked[1:])


def _domestic(mentions: Sequence[Mention], home: str) -> list[Ranked]:
    scores: dict[Spot, float] = {}
    bases: dict[Spot, Mention] = {}
    named: dict[str, Mention] = {}
    for mention in mentions:
        own = [spot for spot in mention.spots if spot.regency_code == home]
        for spot in own:
            if spot.code and spot.kind is not Kind.LANDMARK:
                held = named.get(spot.code)
                named[spot.code] = mention if held is None or held.weight < mention.weight else held
        for spot in own if mention.ranked else _widest(own):
            scores[spot] = _either(scores.get(spot, 0.0), mention.weight)
            if spot not in bases or bases[spot].weight < mention.weight:
                bases[spot] = mention
    supported = {spot: _supported(spot, score, bases[spot], mentions, named) for spot, score in scores.items()}
    kept = [spot for spot in supported if not _absorbed(spot, supported)]
    return [
        Ranked(
            spot, round(supported[spot], 3), bases[spot].basis,
            spot.radius_m * (NEAR_FACTOR if bases[spot].near else 1.0), abroad=False,
        )
        for spot in kept
    ]  # fmt: skip


def _supported(
    spot: Spot, score: float, by: Mention, mentions: Sequence[Mention], named: Mapping[str, Mention]
) -> float:
    """The score with what the other names of the words say to it."""
    above = [spot.parent_code]
    if spot.kind is Kind.LANDMARK:
        above.append(spot.parent_code.rpartition(".")[0])
    others = [
        mention
        for mention in mentions
        if mention.at != by.at and any(one.code in above and one.code for one in mention.spots)
    ]
    if others:
        score = _either(score, SUPPORT * max(mention.weight for mention in others))
    elif any(_contradicts(other, code, spot, by) for code, other in named.items()):
        score *= CONTRADICTED
    if score >= OWN_REGENCY_SUPPORT and any(mention.own_regency and mention.at != by.at for mention in mentions):
        score = _either(score, OWN_REGENCY_SUPPORT)
    return score


def _contradicts(other: Mention, code: str, spot: Spot, by: Mention) -> bool:
    """Whether another name is that of a kecamatan, and the spot does not lie in it."""
    if code.count(".") != KECAMATAN_DOTS or other.at == by.at or spot.kind is Kind.LANDMARK:
        return False
    if spot.kind is Kind.KECAMATAN:
        # Two kecamatan may both be meant, unless one is said to be the kecamatan and the other is a desa's name too.
        return other.ranked and not by.ranked and code != spot.code
    return other.weight >= MIN_SCORE and code != spot.parent_code


def _absorbed(spot: Spot, scores: Mapping[Spot, float]) -> bool:
    """A kecamatan beside a desa or landmark of its own only says where that is."""
    if spot.kind is not Kind.KECAMATAN:
        return False
    return any(
        other.kind is not Kind.KECAMATAN and other.parent_code.startswith(spot.code) and score >= MIN_SCORE
        for other, score in scores.items()
    )


def _widest(spots: Sequence[Spot]) -> Sequence[Spot]:
    """A bare name that is a kecamatan's and a desa's means the kecamatan: its circle holds both, if they are nested."""
    kecamatan = [spot for spot in spots if spot.kind is Kind.KECAMATAN]
    if len(kecamatan) == 1 and all(spot.parent_code == kecamatan[0].code for spot in spots if spot.kind is Kind.DESA):
        return kecamatan
    return spots


def _foreign(mentions: Sequence[Mention], home: str, middle: tuple[float, float]) -> list[Ranked]:
    """One candidate for each regency beyond the border: its kecamatan where one is named, else all of it."""
    found: dict[str, Ranked] = {}
    told: dict[str, tuple[float, int]] = {}
    for mention in mentions:
        for spot in mention.spots:
            if spot.kind is Kind.KABUPATEN and spot.code != home:
                held = found.get(spot.code)
                score = _either(held.score if held else 0.0, mention.weight)
                found[spot.code] = Ranked(spot, round(score, 3), "kabupaten", spot.radius_m, abroad=True)
                told[spot.code] = (score, mention.at)
    for mention in mentions:
        beyond = [spot for spot in mention.spots if spot.kind is Kind.KECAMATAN and spot.regency_code != home]
        within = [spot for spot in beyond if spot.regency_code in told and told[spot.regency_code][1] != mention.at]
        for spot in within or _alone(beyond, mention, middle):
            score = _either(mention.weight, told[spot.regency_code][0]) if spot in within else mention.weight
            held = found.get(spot.regency_code)
            if held is None or held.score < score:
                found[spot.regency_code] = Ranked(spot, round(score, 3), mention.basis, spot.radius_m, abroad=True)
    return _one_of_a_name(found.values())


def _one_of_a_name(found: Iterable[Ranked]) -> list[Ranked]:
    """Of a kota and a kabupaten of one name the better, else the kota: who means the other says so."""
    kept: dict[str, Ranked] = {}
    for one in sorted(found, key=lambda one: (-one.score, not one.spot.title.startswith("Kota "), one.spot.code)):
        name = one.spot.title.partition(" ")[2] if one.spot.kind is Kind.KABUPATEN else one.spot.regency_code
        kept.setdefault(name, one)
    return list(kept.values())


def _alone(spots: Sequence[Spot], mention: Mention, middle: tuple[float, float]) -> Iterable[Spot]:
    """A kecamatan named without its regency: only one that no other regency has, and next door unless said to be one."""
    if len({spot.regency_code for spot in spots}) != 1:
        return ()
    return [spot for spot in spots if mention.ranked or distance_m(spot.lat, spot.lon, *middle) <= NEIGHBOUR_M]


def _together(one: Ranked, other: Ranked) -> bool:
    """Whether both may be true: a landmark and the area around it."""
    if one.abroad or other.abroad or (one.spot.kind is Kind.LANDMARK) == (other.spot.kind is Kind.LANDMARK):
        return False
    landmark, area = (one.spot, other.spot) if one.spot.kind is Kind.LANDMARK else (other.spot, one.spot)
    if f"{landmark.parent_code}.".startswith(f"{area.code}."):
        return True
    return distance_m(landmark.lat, landmark.lon, area.lat, area.lon) <= one.radius_m + other.radius_m


def _either(one: float, other: float) -> float:
    return 1 - (1 - one) * (1 - other)
