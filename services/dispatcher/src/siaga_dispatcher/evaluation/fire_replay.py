"""A log of fire calls played again: whom the dispatcher would have sent first, beside whom the centre sent."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from siaga_dispatcher.core.values import Position
from siaga_dispatcher.evaluation.availability import Availability
from siaga_dispatcher.evaluation.engines import order_of, travel_s
from siaga_dispatcher.evaluation.experience import GUESS_WEIGHT, MAP_WEIGHT, Experience, Sighting
from siaga_dispatcher.evaluation.fire_log import Sent

# A station whose area a place surely is not comes this much later: in effect, only when those at home there are busy.
# With a minute the nearer by air would win again, with an hour nobody could tell two strangers apart by distance.
HOLD_S: Final = 900.0
# Where a life is at risk, an engine without a paramedic is held back by so much: one that is next door still goes.
NO_PARAMEDIC_S: Final = 45.0
DAY_MS: Final = 24 * 3_600_000


class Way(StrEnum):
    """How engines are put in order, from the plainest to what the product does with all it knows."""

    # The nearest station by air, whether its engine is there or not.
    NEAREST_STATION = "nearest_station"
    # The same among engines that are free.
    NEAREST_FREE = "nearest_free"
    # Held back outside the area that the centre's own earlier calls show.
    LEARNT = "learnt"
    # Held back outside the area on the log's own map.
    MAP = "map"
    # Both; and where a life is at risk, a paramedic before none.
    CHOSEN = "chosen"


@dataclass(frozen=True, slots=True)
class Case:
    """One call: the engines sent, first sent first, and all engines that were free when the first was.

    `unskilled` are those without a paramedic by their last task, where the call needs one.
    """

    call: str
    at_ms: int
    place: Position
    home: str
    group: str
    sent: tuple[Sent, ...]
    free: frozenset[str]
    unskilled: frozenset[str] = frozenset()

    @property
    def first(self) -> Sent:
        """The engine really sent first."""
        return self.sent[0]


@dataclass(frozen=True, slots=True)
class Replayed:
    """A case and, by way, the engines in the order in which they would have been sent."""

    case: Case
    orders: Mapping[Way, tuple[str, ...]]

    def rank(self, way: Way) -> int | None:
        """Where in that order the engine really sent first stands, from 0; None = not among them."""
        order = self.orders[way]
        return order.index(self.case.first.engine) if self.case.first.engine in order else None


def cases_of(sent: Iterable[Sent], availability: Availability) -> list[Case]:
    """The calls in the order of time.

    First sent is who was dispatched first; of engines dispatched in the same second, who stands first on the call.
    """
    by_call: dict[str, list[Sent]] = defaultdict(list)
    for one in sent:
        by_call[one.call].append(one)
    cases = (_case(sorted(all_sent, key=_turn), availability) for all_sent in by_call.values())
    return sorted(cases, key=lambda case: (case.at_ms, case.call))


def _turn(sent: Sent) -> tuple[int, int, str]:
    return sent.dispatched_ms, sent.sequence, sent.engine


def _case(sent: Sequence[Sent], availability: Availability) -> Case:
    first = sent[0]
    at_ms = first.dispatched_ms
    free = frozenset(engine for engine in availability.engines if availability.free(engine, at_ms, first.call))
    unskilled = frozenset(
        engine
        for engine in (free if first.life_at_risk else ())
        if availability.paramedic(engine, at_ms, first.call) is False
    )
    return Case(first.call, at_ms, first.place, first.home, first.group, tuple(sent), free, unskilled)


def other_days(history: Iterable[Case], cases: Iterable[Case]) -> list[Case]:
    """What of the history may be learnt from: days and calls that are not those to be judged."""
    judged = list(cases)
    days = {case.at_ms // DAY_MS for case in judged}
    calls = {case.call for case in judged}
    return [case for case in history if case.at_ms // DAY_MS not in days and case.call not in calls]


def replay(cases: Sequence[Case], stations: Mapping[str, Position], history: Sequence[Case]) -> list[Replayed]:
    """Play the cases in their order; each is learnt from once it is over, and never before."""
    named = {engine for case in (*history, *cases) for engine in (*case.free, *(one.engine for one in case.sent))}
    at = {engine: stations[engine] for engine in sorted(named & stations.keys())}
    experience = Experience(list(at), len(history) + len(cases))
    for case in history:
        experience.add(Sighting(case.place, case.first.engine, case.free))
    replayed = []
    for case in cases:
        replayed.append(Replayed(case, _orders(case, at, experience)))
        experience.add(Sighting(case.place, case.first.engine, case.free))
    return replayed


def _orders(case: Case, at: Mapping[str, Position], experience: Experience) -> Mapping[Way, tuple[str, ...]]:
    nearest = min(at, key=lambda engine: travel_s(at[engine], case.place), default="")
    learnt = _held_back(experience.shares(case.place, nearest, GUESS_WEIGHT))
    mapped = {engine: 0.0 if engine == case.home else HOLD_S for engine in at} if case.home else {}
    areas = _held_back(experience.shares(case.place, case.home, MAP_WEIGHT)) if case.home else learnt
    both = {engine: held_s + NO_PARAMEDIC_S * (engine in case.unskilled) for engine, held_s in areas.items()}

    def order(free: Collection[str], held_back_s: Mapping[str, float]) -> tuple[str, ...]:
        return order_of(at, free, case.place, held_back_s, case.at_ms)

    return {
        Way.NEAREST_STATION: order(at.keys(), {}),
        Way.NEAREST_FREE: order(case.free, {}),
        Way.LEARNT: order(case.free, learnt),
        Way.MAP: order(case.free, mapped),
        Way.CHOSEN: order(case.free, both),
    }


def _held_back(shares: Mapping[str, float]) -> Mapping[str, float]:
    return {engine: HOLD_S * (1 - share) for engine, share in shares.items()}
