"""Who goes: capability first, then driving time, then fairness; with the reason of every choice, rejection and gap."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from siaga_tenants.model import DispatchPolicy, Need

from siaga_dispatcher.core.choosing import wording
from siaga_dispatcher.core.choosing.gaps import shortfall
from siaga_dispatcher.core.choosing.matching import fitting, match, wanted_of
from siaga_dispatcher.core.choosing.options import options_of
from siaga_dispatcher.core.choosing.reach import enough_m
from siaga_dispatcher.core.choosing.selection import (
    Choice,
    Looked,
    Rejection,
    Selection,
    candidate,
    choice_of,
    choices,
)
from siaga_dispatcher.core.eta import Eta
from siaga_dispatcher.core.own_areas import NOBODY_HELD
from siaga_dispatcher.core.values import Position, Priority, Unit

__all__ = ["Choice", "Rejection", "Selection", "candidate", "choose", "ranked"]

_NOBODY_ASKED: Final[Mapping[str, Eta]] = {}
_NO_POST_SHORT: Final[Mapping[str, str]] = {}
# These go by time alone, whatever the tenant's band says: a life is not traded for a fair share of work.
_TIME_ALONE: Final = frozenset({Priority.P0, Priority.P1})


def choose(
    needs: Sequence[Need],
    candidates: Iterable[Unit],
    place: Position | None,
    policy: DispatchPolicy,
    at_ms: int,
    *,
    priority: Priority = Priority.P1,
    excluded: frozenset[str] = frozenset(),
    etas: Mapping[str, Eta] = _NOBODY_ASKED,
    kept: Mapping[str, str] = _NO_POST_SHORT,
    held: Mapping[str, float] = NOBODY_HELD,
) -> Selection:
    """Fill the needs, required ones first, each with the free suitable unit that is there soonest.

    One unit never fills two needs; a unit moves over to another need when only that lets both be filled. Below P1,
    units within the policy's tie band of the soonest count as equally soon: first goes who is not `kept` (unit → the
    post that its leaving would put under its minimum), then who has been free for longer. `excluded` are units that
    declined this task. `etas` are driving times by unit where a road network was asked; the others' are reckoned by
    great circle. `held` are seconds that units come later in the order only, because the place is in another's own
    area. `place` None = unknown: units go in the order of their ids, as the centre lists them. `at_ms`
    is the time of the event decided about, and only tells how old a position is.
    """
    band_s = band_of(priority, policy)
    options = options_of(candidates, place, policy, at_ms, etas, excluded, held)
    wanted = wanted_of(needs, policy)
    able = [fitting(want, options, band_s, kept) for want in wanted]
    filled = match(wanted, able)
    looked = Looked(wanted, options, filled, kept, at_ms)
    open_now = [want for want, taken in zip(wanted, filled, strict=True) for _ in range(want.need.count - len(taken))]
    return Selection(
        tuple(choices(looked)),
        tuple(shortfall(want, options) for want in open_now if not want.need.optional),
        enough_m(wanted, able, filled, policy, band_s, by_road=bool(etas)),
        looked,
    )


def ranked(
    need: Need,
    candidates: Iterable[Unit],
    place: Position | None,
    policy: DispatchPolicy,
    at_ms: int,
    *,
    priority: Priority = Priority.P1,
    excluded: frozenset[str] = frozenset(),
    etas: Mapping[str, Eta] = _NOBODY_ASKED,
    kept: Mapping[str, str] = _NO_POST_SHORT,
    held: Mapping[str, float] = NOBODY_HELD,
) -> tuple[Choice, ...]:
    """Everybody who can fill the need, in the order in which `choose` would take them: first choice, second and so on."""
    options = options_of(candidates, place, policy, at_ms, etas, excluded, held)
    (want,) = wanted_of([need], policy)
    able = fitting(want, options, band_of(priority, policy), kept)
    return tuple(choice_of(option, need, at_ms, wording.drive(option.eta)) for option in able)


def band_of(priority: Priority, policy: DispatchPolicy) -> float:
    """By how many seconds an incident of that priority may be reached later for the sake of fairness."""
    return 0.0 if priority in _TIME_ALONE else policy.tie_band_s.get(priority.name, 0.0)
