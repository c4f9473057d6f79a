"""Which of a call's fixes a unit is sent to: the operator's pin, else the newest, where a sharp one counts as newer.

Every fix gets a rank by itself, and the greatest rank holds; so it does not matter in which order fixes arrive.
"""

from collections.abc import Mapping
from math import isfinite
from typing import Final

from siaga_classifier.core.events import Fix
from siaga_classifier.core.state import FixRank, FixValue

# How much newer a coarser fix has to be to be believed: a crew finds a caller within these metres, and nobody goes far
# from an accident in these minutes. Without it a cell of five kilometres displaces the house door found a second before;
# without an end to it the door stays when the caller has been driven to the next town.
HOUSE_M: Final = 100.0
HOUSE_OUTLIVES_MS: Final = 15 * 60_000
STREET_M: Final = 1_000.0
STREET_OUTLIVES_MS: Final = 5 * 60_000
# Clocks of phones and switches differ by minutes; a fix from further ahead would outlive every true one.
MAX_AHEAD_MS: Final = 10 * 60_000

# What a fix that does not state its uncertainty is usually worth: by how it was found, else by who gave it.
_BY_METHOD_M: Final[Mapping[str, float]] = {
    "gnss": 50.0, "a-gnss": 50.0, "gps": 50.0, "a-gps": 50.0, "manual": 50.0, "fused": 50.0, "wiremap": 50.0,
    "wifi": 100.0, "802.11": 100.0, "cell": 5_000.0, "otdoa": 500.0, "triangulation": 1_000.0, "dhcp": 1_000.0,
}  # fmt: skip
_BY_SOURCE_M: Final[Mapping[str, float]] = {
    "operator": 50.0, "app": 50.0, "whatsapp": 50.0, "gps": 50.0, "cell": 5_000.0,
}  # fmt: skip
_UNKNOWN_M: Final = 1_000.0

# Ranks of states that were kept before this rule begin with 0 and 1; `ranked_anew` gives them one of today.
_OLDEST: Final = 2
_ANY: Final = 2
# A person who has the caller on the line knows more than any device.
_OPERATORS: Final = 3
_OPERATOR: Final = "operator"


def ranked(fix: Fix, at_ms: int) -> FixRank | None:
    """The fix with its rank, from an event at that time; None when it is nowhere on Earth."""
    # A NaN would also break the total order that makes the join a join.
    if not (isfinite(fix.radius_m) and abs(fix.lat) <= 90.0 and abs(fix.lon) <= 180.0):
        return None
    taken_at_ms = fix.fixed_at_ms if 0 < fix.fixed_at_ms <= at_ms + MAX_AHEAD_MS else at_ms
    radius_m = likely_radius_m(fix)
    who = _OPERATORS if fix.source == _OPERATOR else _ANY
    return (who, taken_at_ms + _outlives_ms(radius_m), -radius_m, value(fix))


def ranked_anew(rank: FixRank | None) -> FixRank | None:
    """A kept rank by today's rule."""
    if rank is None or rank[0] >= _OLDEST:
        return rank
    return ranked(Fix(*rank[3]), rank[1])


def value(fix: Fix) -> FixValue:
    """The fix as a state keeps it."""
    sure = fix.confidence_percent if isfinite(fix.confidence_percent) else 0.0
    return (fix.lat, fix.lon, fix.radius_m, fix.fixed_at_ms, fix.source, fix.method, sure, fix.floor)


def likely_radius_m(fix: Fix) -> float:
    """The stated radius, else the usual one of its kind."""
    if fix.radius_m > 0:
        return fix.radius_m
    return _BY_METHOD_M.get(fix.method.lower()) or _BY_SOURCE_M.get(fix.source) or _UNKNOWN_M


def _outlives_ms(radius_m: float) -> int:
    if radius_m <= HOUSE_M:
        return HOUSE_OUTLIVES_MS
    return STREET_OUTLIVES_MS if radius_m <= STREET_M else 0
