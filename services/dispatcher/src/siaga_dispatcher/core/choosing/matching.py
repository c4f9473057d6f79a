"""Which option fills which need: a matching, required needs first, that leaves no need open which could be filled."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from siaga_tenants.model import DispatchPolicy, Need

from siaga_dispatcher.core.choosing.options import Option, fits

# Rung of the search ladder up to which an optional unit is worth sending (the second: 5 km by default).
OPTIONAL_RUNG: Final = 1
# Rest counts in such steps: a unit that came back five minutes before another is not worth a longer drive.
REST_STEP_MS: Final = 30 * 60 * 1000


class Wanted(NamedTuple):
    """A need with how far units are searched for it."""

    need: Need
    limit_m: float


def wanted_of(needs: Sequence[Need], policy: DispatchPolicy) -> list[Wanted]:
    """The needs, required ones first."""
    ladder = policy.radius_ladder_m
    near_m = ladder[min(OPTIONAL_RUNG, len(ladder) - 1)]
    required = [Wanted(need, ladder[-1]) for need in needs if not need.optional]
    return required + [Wanted(need, near_m) for need in needs if need.optional]


def obstacle(wanted: Wanted, option: Option) -> str:
    """Why an option of the right kind cannot fill the need, the lasting reasons first; empty = it can."""
    if not fits(wanted.need, option.unit):
        return "capability_missing"
    if option.distance_m > wanted.limit_m:
        return "outside_radius"
    return option.obstacle


def fitting(wanted: Wanted, options: Sequence[Option], band_s: float, kept: Mapping[str, str]) -> list[Option]:
    """Who can fill the need, in the order in which they are asked; `options` come soonest first.

    Within `band_s` of the soonest the times are taken for equal: first who leaves no post short, then who rested longer.
    """
    need, limit_m = wanted
    able = [o for o in options if not o.obstacle and o.distance_m <= limit_m and fits(need, o.unit)]
    if need.optional and kept:
        # The absence of an optional unit is no shortfall; that of a post's last one is.
        able = [option for option in able if option.unit.unit_id not in kept]
    if band_s <= 0 or len(able) < 2:
        return able
    last_s = able[0].eta_s + able[0].held_s + band_s
    inside = [option for option in able if option.eta_s + option.held_s <= last_s]
    # Sorting is stable: what is equal in both stays in the order of time.
    inside.sort(key=lambda o: (o.unit.unit_id in kept, o.unit.free_since_ms // REST_STEP_MS))
    return inside + able[len(inside) :]


def match(wanted: Sequence[Wanted], able: Sequence[Sequence[Option]]) -> list[list[Option]]:
    """For each need the options that fill it. `able` are its fitting options in order.

    A unit moves over to another need when only that lets both be filled, but never for an optional one: that must
    not make a required unit come later.
    """
    slots = [index for index, (need, _) in enumerate(wanted) for _ in range(need.count)]
    by_unit: dict[str, int] = {}
    taken: dict[int, Option] = {}

    def fill(slot: int, asked: set[str] | None) -> bool:
        for option in able[slots[slot]]:
            if option.unit.unit_id not in by_unit:
                by_unit[option.unit.unit_id] = slot
                taken[slot] = option
                return True
        if asked is None:
            return False
        for option in able[slots[slot]]:
            unit_id = option.unit.unit_id
            if unit_id in asked:
                continue
            asked.add(unit_id)
            if fill(by_unit[unit_id], asked):
                by_unit[unit_id] = slot
                taken[slot] = option
                return True
        return False

    for slot, index in enumerate(slots):
        fill(slot, None if wanted[index].need.optional else set())
    filled: list[list[Option]] = [[] for _ in wanted]
    for slot, option in sorted(taken.items()):
        filled[slots[slot]].append(option)
    return filled
