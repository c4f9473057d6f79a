"""A place as plain fields, for lines of JSON."""

from siaga_classifier.core.place.model import Candidate, Place


def place_fields(place: Place) -> dict[str, object] | None:
    """The place with its candidates; None when the words name none at all."""
    fix = place.fix
    if fix is None and not place.candidates and place.misdirected_to is None:
        return None
    centre = place.misdirected_to
    return {
        "name": place.area_name,
        "code": place.area_code,
        "lat": fix.lat if fix else None,
        "lon": fix.lon if fix else None,
        "radius_m": round(fix.radius_m) if fix else None,
        "score": round(place.score, 3),
        "detail": place.detail,
        "doubt": place.doubt.value,
        "candidates": [_candidate_fields(candidate) for candidate in place.candidates],
        "misdirected_to": {"code": centre.code, "name": centre.name} if centre else None,
    }


def _candidate_fields(candidate: Candidate) -> dict[str, object]:
    return {
        "name": candidate.name,
        "code": candidate.code,
        "lat": candidate.lat,
        "lon": candidate.lon,
        "radius_m": round(candidate.radius_m),
        "score": round(candidate.score, 3),
        "basis": candidate.basis,
    }
