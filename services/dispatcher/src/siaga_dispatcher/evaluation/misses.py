"""Why an engine was sent that the dispatcher would not have sent first: what the log itself can tell."""

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

from siaga_dispatcher.core.values import Position
from siaga_dispatcher.evaluation.availability import Availability
from siaga_dispatcher.evaluation.engines import travel_s
from siaga_dispatcher.evaluation.fire_replay import Case, Replayed, Way

# An engine that was free again so shortly before may still be at its last call, on the way home, or unable to go.
JUST_CLEARED_MS: Final = 15 * 60_000
# Driving times by air differ from those by road by more than this: nobody can tell such two apart without a map.
CLOSE_S: Final = 45.0


class Miss(StrEnum):
    """The first that holds is taken."""

    # Where the engine sent stands is not in the list of stations.
    STATION_UNKNOWN = "station_unknown"
    # By the log it was still on another call: diverted, or written free too late.
    BUSY_IN_LOG = "busy_in_log"
    # The engine chosen was sent too, in the same second: the log keeps no order within it.
    SAME_SECOND = "same_second"
    # The engine chosen was sent too, later.
    SENT_LATER = "sent_later"
    # Where a life was at risk an engine with a paramedic went; the one chosen had none at its last task.
    NO_PARAMEDIC = "no_paramedic"
    # One of the two had just ended a task: where it was, the log does not say.
    CHOSEN_JUST_CLEARED = "chosen_just_cleared"
    SENT_JUST_CLEARED = "sent_just_cleared"
    # The engine of the area was busy, and of the others another was taken.
    HOME_BUSY = "home_busy"
    # By air the two are equally far.
    EQUALLY_FAR = "equally_far"
    # The engine sent stands nearer by air than the one whose area it is.
    SENT_NEARER = "sent_nearer"
    # Nothing in the log tells why.
    UNTOLD = "untold"


def misses_of(
    replayed: Sequence[Replayed], availability: Availability, stations: Mapping[str, Position]
) -> Mapping[Miss, int]:  # fmt: skip
    """How many misses each reason explains, the most frequent first."""
    missed = (one for one in replayed if one.rank(Way.CHOSEN) != 0)
    return dict(Counter(_reason(one, availability, stations) for one in missed).most_common())


def _reason(one: Replayed, availability: Availability, stations: Mapping[str, Position]) -> Miss:
    case, order = one.case, one.orders[Way.CHOSEN]
    sent = case.first.engine
    if sent not in stations:
        return Miss.STATION_UNKNOWN
    if sent not in case.free or not order:
        return Miss.BUSY_IN_LOG
    return _between(case, sent, order[0], availability, stations)


def _between(
    case: Case, sent: str, chosen: str, availability: Availability, stations: Mapping[str, Position]
) -> Miss:  # fmt: skip
    also = {one.engine: one.dispatched_ms for one in case.sent}
    if chosen in also:
        return Miss.SAME_SECOND if also[chosen] == case.at_ms else Miss.SENT_LATER
    if (
        case.first.life_at_risk
        and case.first.paramedic
        and availability.paramedic(chosen, case.at_ms, case.call) is False
    ):
        return Miss.NO_PARAMEDIC
    if just_cleared(case, chosen, availability):
        return Miss.CHOSEN_JUST_CLEARED
    if just_cleared(case, sent, availability):
        return Miss.SENT_JUST_CLEARED
    if case.home and case.home not in case.free:
        return Miss.HOME_BUSY
    nearer_s = travel_s(stations[chosen], case.place) - travel_s(stations[sent], case.place)
    if abs(nearer_s) < CLOSE_S:
        return Miss.EQUALLY_FAR
    return Miss.SENT_NEARER if nearer_s > 0 else Miss.UNTOLD


def just_cleared(case: Case, engine: str, availability: Availability) -> bool:
    """Whether the engine's last task ended less than a quarter of an hour before the call."""
    cleared_ms = availability.cleared_ms(engine, case.at_ms, case.call)
    return cleared_ms is not None and 0 <= case.at_ms - cleared_ms < JUST_CLEARED_MS
