"""Where a call's event is: a position somebody gave, else what its words name; and whose call it is beyond the border."""

from dataclasses import replace
from typing import Final

from siaga_classifier.core.events import Fix
from siaga_classifier.core.fixes import likely_radius_m
from siaga_classifier.core.place.areas import Areas, full_name
from siaga_classifier.core.place.mentions import mentions_of
from siaga_classifier.core.place.model import SOURCE_GAZETTEER, Candidate, Doubt, Kind, Place, distance_m
from siaga_classifier.core.place.ranking import MARGIN, MIN_SCORE, Ranked, rank, rivals
from siaga_classifier.core.place.tokens import neighbourhood, words_of

OPERATOR: Final = "operator"
# The words must be this sure before they contradict a phone's position.
SURE_ELSEWHERE: Final = 0.6
# Words must be this much narrower than a phone's circle to stand for it: of two alike, the phone knows better.
NARROWER: Final = 2.0
# A phone's radius holds two thirds of its errors, and the middle of a desa is not its edge: closer than this is no contradiction.
SLACK_M: Final = 1_000.0


def locate(address: str, text: str, fix: Fix | None, areas: Areas | None) -> Place:
    """The place of a call: a fix, unless the words name a smaller place within it; of words, the address beats the text.

    Words that contradict a phone's fix are told beside it.
    """
    if areas is None:
        return Place(fix, address)
    said = _said(address, text, areas) if address or text else Place()
    if fix is None or _refines(said, fix):
        return said
    area = areas.at(fix.lat, fix.lon)
    if area is None:
        placed = Place(
            fix, address, inside=False, misdirected_to=areas.regency_at(fix.lat, fix.lon), detail=said.detail
        )
    else:
        placed = Place(fix, address, area.code, full_name(area, areas), detail=said.detail)
    if fix.source == OPERATOR or not _contradicts(said, fix):
        return placed
    elsewhere = said.misdirected_to if placed.inside else None
    return replace(placed, candidates=said.candidates, misdirected_to=elsewhere, doubt=Doubt.WORDS_ELSEWHERE)


def place_of_words(text: str, areas: Areas | None) -> Place:
    """The place that a text alone names; its `fix` is the middle of the area, with the area's radius."""
    return locate("", text, None, areas)


def _said(address: str, text: str, areas: Areas) -> Place:
    names = areas.names()
    in_address = mentions_of(words_of(address), names, in_address=True) if address else []
    ranked = rank(in_address, names.centre.code, names.middle)
    if text and not (ranked and ranked[0].score >= MIN_SCORE):
        in_text = mentions_of(words_of(text), names, in_address=False)
        ranked = rank([*in_address, *in_text], names.centre.code, names.middle)
    told = Place(
        None, address, candidates=tuple(_candidate(one, areas) for one in ranked),
        detail=neighbourhood(address) or neighbourhood(text),
    )  # fmt: skip
    if not ranked or ranked[0].score < MIN_SCORE:
        return told
    best = ranked[0]
    if best.abroad and all(other.abroad or best.score - other.score >= MARGIN for other in ranked):
        return replace(told, score=best.score, misdirected_to=areas.regency(best.spot.regency_code))
    if rivals(ranked):
        return replace(told, doubt=Doubt.AMBIGUOUS)
    spot = best.spot
    middle = Fix(spot.lat, spot.lon, best.radius_m, 0, SOURCE_GAZETTEER)
    first = told.candidates[0]
    return replace(told, fix=middle, area_code=first.code, area_name=first.name, score=best.score)


def _candidate(one: Ranked, areas: Areas) -> Candidate:
    spot = one.spot
    name, code = spot.title, spot.code
    if spot.kind is Kind.LANDMARK:
        code = spot.parent_code
        holder = areas.by_code(code)
        name = f"{spot.title}, {full_name(holder, areas)}" if holder else spot.title
    elif one.abroad:
        regency = areas.regency(spot.regency_code)
        name = spot.title if regency is None or spot.kind is Kind.KABUPATEN else f"{spot.title}, {regency.name}"
    else:
        area = areas.by_code(code)
        name = full_name(area, areas) if area else spot.title
    return Candidate(code, name, spot.lat, spot.lon, one.radius_m, one.score, one.basis)


def _refines(said: Place, fix: Fix) -> bool:
    """Whether the words say more narrowly what a phone's fix says: a desa within a cell of five kilometres."""
    if fix.source == OPERATOR or said.fix is None or said.score < SURE_ELSEWHERE:
        return False
    radius_m = likely_radius_m(fix)
    apart_m = distance_m(said.fix.lat, said.fix.lon, fix.lat, fix.lon)
    return NARROWER * said.fix.radius_m <= radius_m and apart_m <= radius_m


def _contradicts(said: Place, fix: Fix) -> bool:
    """Whether the words name one place for certain, and the phone is not there."""
    if said.score < SURE_ELSEWHERE or not said.candidates or said.doubt:
        return False
    best: Candidate = said.candidates[0]
    apart_m = distance_m(best.lat, best.lon, fix.lat, fix.lon)
    return apart_m > best.radius_m + likely_radius_m(fix) + SLACK_M
