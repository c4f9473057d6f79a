"""The product's driving times beside those really driven, where the log has both ends of the drive."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean, linear_regression, median, quantiles
from typing import Any, Final

from siaga_dispatcher.core.geo import distance_m
from siaga_dispatcher.core.values import Position
from siaga_dispatcher.evaluation.availability import Availability
from siaga_dispatcher.evaluation.engines import travel_s
from siaga_dispatcher.evaluation.fire_log import Sent
from siaga_dispatcher.evaluation.fire_replay import Replayed, Way
from siaga_dispatcher.evaluation.misses import just_cleared

# Shorter and longer drives are buttons pressed late: nobody is there in ten seconds, nor drives an hour through a city.
SHORTEST_S: Final = 10.0
LONGEST_S: Final = 3600.0
# The own area of a station in this city ends sooner: a place farther away was put on the map wrongly, and a handful of
# them would turn the line.
FARTHEST_KM: Final = 4.0


def times_of(
    replayed: Sequence[Replayed], availability: Availability, stations: Mapping[str, Position]
) -> dict[str, Any]:  # fmt: skip
    """Medians in seconds, and how the driving times that the choice counts with compare with those driven."""
    firsts = [one.case.first for one in replayed]
    return {
        "received_to_dispatch_s": _spread(_seconds(one.received_ms, one.dispatched_ms) for one in firsts),
        "travel_s": _spread(travelled_s(one) for one in firsts),
        "drives": _drives(replayed, availability, stations),
        "both_arrived": _both_arrived(replayed),
    }


def travelled_s(sent: Sent) -> float | None:
    """From driving off until on scene; None where one of them is not written or cannot be true."""
    took_s = _seconds(sent.responded_ms, sent.on_scene_ms)
    return took_s if took_s is not None and SHORTEST_S <= took_s <= LONGEST_S else None


def _seconds(start_ms: int | None, end_ms: int | None) -> float | None:
    return None if start_ms is None or end_ms is None else (end_ms - start_ms) / 1000


def _spread(values: Iterable[float | None]) -> dict[str, float | int | None]:
    known = sorted(value for value in values if value is not None)
    if len(known) < 2:
        return {"n": len(known), "median": known[0] if known else None, "p90": None}
    return {"n": len(known), "median": median(known), "p90": quantiles(known, n=10)[-1]}


def _drives(
    replayed: Sequence[Replayed], availability: Availability, stations: Mapping[str, Position]
) -> dict[str, Any]:  # fmt: skip
    """Drives from the station: what they took, as a straight line over the distance by air, and who is off that line."""
    drives: list[tuple[float, float, str]] = []
    estimated: list[float] = []
    for one in replayed:
        case, sent = one.case, one.case.first
        took_s = travelled_s(sent)
        if took_s is None or sent.engine not in stations or just_cleared(case, sent.engine, availability):
            continue
        away_km = distance_m(stations[sent.engine], case.place) / 1000
        if away_km > FARTHEST_KM:
            continue
        drives.append((away_km, took_s, _whose(one)))
        estimated.append(travel_s(stations[sent.engine], case.place) - took_s)
    if len({away_km for away_km, _, _ in drives}) < 2:
        return {"n": len(drives)}
    line = linear_regression([away_km for away_km, _, _ in drives], [took_s for _, took_s, _ in drives])
    off = {
        whose: [took_s - line.intercept - line.slope * away_km for away_km, took_s, area in drives if area == whose]
        for whose in sorted({area for _, _, area in drives})
    }
    return {
        "n": len(drives),
        "start_s": line.intercept,
        "s_per_km": line.slope,
        "estimate_over_s": median(estimated),
        "off_line_s": {whose: {"n": len(found), "mean": fmean(found)} for whose, found in off.items()},
    }


def _whose(one: Replayed) -> str:
    sent = one.case.first.engine
    if sent != one.case.home:
        return "not_its_area"
    return "its_area_nearest" if one.orders[Way.NEAREST_FREE][:1] == (sent,) else "its_area_another_nearer"


def _both_arrived(replayed: Sequence[Replayed]) -> dict[str, int]:
    """Where another engine than the chosen was sent first, but both arrived: who was there sooner."""
    told = {"n": 0, "chosen_sooner": 0}
    for one in replayed:
        chosen = one.orders[Way.CHOSEN][:1]
        second = next((sent for sent in one.case.sent[1:] if (sent.engine,) == chosen), None)
        first = one.case.first
        if second is None or second.on_scene_ms is None or first.on_scene_ms is None:
            continue
        told["n"] += 1
        told["chosen_sooner"] += second.on_scene_ms < first.on_scene_ms
    return told
