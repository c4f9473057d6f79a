"""The figures of a replayed log of fire calls, as they are written out."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from siaga_dispatcher.core.values import Position
from siaga_dispatcher.evaluation.availability import Availability
from siaga_dispatcher.evaluation.fire_log import FireLog
from siaga_dispatcher.evaluation.fire_replay import Replayed, Way, cases_of, other_days, replay
from siaga_dispatcher.evaluation.fire_times import times_of
from siaga_dispatcher.evaluation.misses import misses_of

DEPTHS: Final = (1, 2, 3, 5)


def evaluate_fire_log(log: FireLog, stations: Mapping[str, Position], history: FireLog | None) -> dict[str, Any]:
    """Everything the replay tells. `history` are other days to learn from; its days that are in the log too are left out."""
    availability = Availability(log.sent)
    cases = cases_of(log.sent, availability)
    earlier = [] if history is None else cases_of(history.sent, Availability(history.sent))
    learnt_from = other_days(earlier, cases)
    replayed = replay(cases, stations, learnt_from)
    missed = misses_of(replayed, availability, stations)
    return {
        "incidents": len(replayed),
        "top": _top(replayed, Way.CHOSEN),
        "ways": {way.value: _top(replayed, way) for way in Way},
        "groups": _groups(replayed),
        "learnt_from": {"incidents": len(learnt_from), "left_out": len(earlier) - len(learnt_from)},
        "engines": len(availability.engines),
        "stations_unknown": sorted(availability.engines - stations.keys()),
        "areas_on_map": sum(bool(one.case.home) for one in replayed) / len(replayed),
        "misses": {reason.value: count for reason, count in missed.items()},
        "times": times_of(replayed, availability, stations),
        "faults": len(log.faults),
    }


def _top(replayed: Sequence[Replayed], way: Way) -> dict[str, float]:
    """The share of calls whose first engine is among the first so many."""
    ranks = [one.rank(way) for one in replayed]
    return {
        str(depth): round(sum(rank is not None and rank < depth for rank in ranks) / len(ranks), 4) for depth in DEPTHS
    }


def _groups(replayed: Sequence[Replayed]) -> dict[str, Any]:
    """The same by group of days, where the log names several."""
    names = sorted({one.case.group for one in replayed})
    if len(names) < 2:
        return {}
    grouped = {name: [one for one in replayed if one.case.group == name] for name in names}
    return {name: {"incidents": len(found), "top": _top(found, Way.CHOSEN)} for name, found in grouped.items()}
