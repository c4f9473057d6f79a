"""Who goes: capability first, then driving time; with the reason of every choice, rejection and gap."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from siaga_tenants.model import DispatchPolicy, Need

from siaga_dispatcher.core import geo
from siaga_dispatcher.core.eta import GREAT_CIRCLE, Eta
from siaga_dispatcher.core.roads.speeds import TOP_KMH
from siaga_dispatcher.core.values import Position, Shortfall, Unit, UnitStatus

# Rung of the search ladder up to which an optional unit is worth sending (the second: 5 km by default).
OPTIONAL_RUNG: Final = 1
_NOBODY_ASKED: Final[Mapping[str, Eta]] = {}


@dataclass(frozen=True, slots=True)
class Choice:
    """A unit for a need, and why. `position_age_s` None = it stands at its station; `distance_m` is straight."""

    unit: Unit
    role: str
    distance_m: float
    eta: Eta
    position_age_s: float | None
    reason: str

    @property
    def eta_s(self) -> float:
        """Driving time."""
        return self.eta.seconds


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a unit was not taken: busy, off_duty, out_of_service, capability_missing, declined, outside_radius, slower."""

    unit_id: str
    role: str
    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Selection:
    """The answer. No unit farther away than `enough_m` could change it; infinite while a need is open."""

    chosen: tuple[Choice, ...]
    rejected: tuple[Rejection, ...]
    shortfalls: tuple[Shortfall, ...]
    enough_m: float


@dataclass(frozen=True, slots=True)
class _Slot:
    need: Need
    limit_m: float


@dataclass(frozen=True, slots=True)
class _Option:
    unit: Unit
    distance_m: float
    eta_s: float
    # None = by great circle; the value is made for those chosen only.
    eta: Eta | None


def choose(
    needs: Sequence[Need],
    candidates: Sequence[Unit],
    place: Position,
    policy: DispatchPolicy,
    now: int,
    *,
    excluded: frozenset[str] = frozenset(),
    etas: Mapping[str, Eta] = _NOBODY_ASKED,
) -> Selection:
    """Fill the needs, required ones first, each with the free suitable unit that is there soonest.

    One unit never fills two needs; a unit moves over to another need when only that lets both be filled. `excluded`
    are units that declined this task. `now` only tells how old a position is. `etas` are driving times by unit where
    a road network was asked; the others' are reckoned by great circle.
    """
    options = [_option(unit, place, policy, etas.get(unit.unit_id)) for unit in candidates]
    slots = _slots(needs, policy)
    taken = _match(slots, options, excluded)
    chosen = tuple(
        _choice(slots[index], option, options, excluded, now) for index, option in sorted(taken.items())
    )  # fmt: skip
    unfilled = [slot.need for index, slot in enumerate(slots) if index not in taken and not slot.need.optional]
    return Selection(
        chosen,
        tuple(_rejections(slots, options, {choice.unit.unit_id for choice in chosen}, excluded)),
        tuple(_shortfall(need, options, policy, excluded) for need in unfilled),
        _enough_m(slots, taken, policy, by_road=bool(etas)),
    )


def _option(unit: Unit, place: Position, policy: DispatchPolicy, eta: Eta | None) -> _Option:
    away_m = geo.distance_m(unit.position, place)
    if eta is not None:
        return _Option(unit, away_m, eta.seconds, eta)
    return _Option(unit, away_m, geo.eta_s(away_m, policy.detour_factor, _speed_kmh(unit.kind, policy)), None)


def _speed_kmh(kind: str, policy: DispatchPolicy) -> float:
    return policy.speed_kmh.get(kind, geo.DEFAULT_SPEED_KMH)


def _slots(needs: Sequence[Need], policy: DispatchPolicy) -> list[_Slot]:
    ladder = policy.radius_ladder_m
    near_m = ladder[min(OPTIONAL_RUNG, len(ladder) - 1)]
    ordered = sorted(needs, key=lambda need: need.optional)
    return [_Slot(need, near_m if need.optional else ladder[-1]) for need in ordered for _ in range(need.count)]


def _obstacle(slot: _Slot, option: _Option, excluded: frozenset[str]) -> str | None:
    """Why a unit of the right kind cannot fill the slot, the lasting reasons first; None = it can."""
    unit = option.unit
    if not slot.need.fits(unit.kind, unit.capabilities):
        return "capability_missing"
    if option.distance_m > slot.limit_m:
        return "outside_radius"
    if unit.unit_id in excluded:
        return "declined"
    if unit.free:
        return None
    if unit.status in (UnitStatus.OFF_DUTY, UnitStatus.OUT_OF_SERVICE):
        return unit.status.value
    return "busy"


def _match(slots: Sequence[_Slot], options: Sequence[_Option], excluded: frozenset[str]) -> dict[int, _Option]:
    fitting = [
        sorted(
            (o for o in options if o.unit.kind in slot.need.kinds and _obstacle(slot, o, excluded) is None),
            key=lambda o: (o.eta_s, o.distance_m, o.unit.unit_id),
        )
        for slot in slots
    ]
    by_unit: dict[str, int] = {}
    taken: dict[int, _Option] = {}

    def fill(index: int, asked: set[str]) -> bool:
        untaken = next((o for o in fitting[index] if o.unit.unit_id not in by_unit), None)
        if untaken is not None:
            by_unit[untaken.unit.unit_id] = index
            taken[index] = untaken
            return True
        # An optional need takes only what is left: it must not make a required unit come later.
        if slots[index].need.optional:
            return False
        for option in fitting[index]:
            unit_id = option.unit.unit_id
            if unit_id in asked:
                continue
            asked.add(unit_id)
            if fill(by_unit[unit_id], asked):
                by_unit[unit_id] = index
                taken[index] = option
                return True
        return False

    for index in range(len(slots)):
        fill(index, set())
    return taken


def _choice(
    slot: _Slot, option: _Option, options: Sequence[_Option], excluded: frozenset[str], now: int
) -> Choice:  # fmt: skip
    unit = option.unit
    rivals = [o for o in options if o.unit.kind in slot.need.kinds and o.unit.unit_id != unit.unit_id]
    sooner = sorted((o for o in rivals if o.eta_s < option.eta_s), key=lambda o: o.eta_s)
    passed = [f"{o.unit.name}: {_words(_obstacle(slot, o, excluded))}" for o in sooner[:3]]
    eta = option.eta or Eta(option.eta_s, option.distance_m)
    by_road = "" if eta.source == GREAT_CIRCLE else " lewat jalan"
    reason = f"{unit.name}: {eta.length_m / 1000:.1f} km{by_road}, ±{math.ceil(eta.seconds / 60)} menit"
    reason += f" ({eta.note})" if eta.note else ""
    reason += f"; tercepat dari {len(rivals) + 1} calon" if not passed else f"; lebih dekat tetapi {'; '.join(passed)}"
    at_station = unit.position.source == "station" or not unit.position.fixed_at_ms
    age_s = None if at_station else max(0.0, (now - unit.position.fixed_at_ms) / 1000)
    return Choice(unit, slot.need.role, option.distance_m, eta, age_s, reason)


_WORDS: Final[Mapping[str | None, str]] = {
    None: "dipakai untuk kebutuhan lain",
    "capability_missing": "kemampuan tidak cukup",
    "outside_radius": "di luar radius",
    "declined": "menolak tugas ini",
    "off_duty": "lepas tugas",
    "out_of_service": "rusak",
    "busy": "sedang bertugas",
}


def _words(code: str | None) -> str:
    return _WORDS[code]


def _rejections(
    slots: Sequence[_Slot], options: Sequence[_Option], chosen: set[str], excluded: frozenset[str]
) -> list[Rejection]:  # fmt: skip
    """One rejection for each unit whose kind was asked for, by the need that it came closest to filling."""
    rejected: list[Rejection] = []
    for option in options:
        if option.unit.unit_id in chosen:
            continue
        slot = next((slot for slot in slots if option.unit.kind in slot.need.kinds), None)
        if slot is not None:
            code = _obstacle(slot, option, excluded) or "slower"
            rejected.append(Rejection(option.unit.unit_id, slot.need.role, code, f"{option.distance_m:.0f} m"))
    return rejected


def _shortfall(
    need: Need, options: Sequence[_Option], policy: DispatchPolicy, excluded: frozenset[str]
) -> Shortfall:  # fmt: skip
    """Why nobody fills it: the last hurdle that any unit came to."""
    slot = _Slot(need, policy.radius_ladder_m[-1])
    hurdles = [_obstacle(slot, option, excluded) for option in options if option.unit.kind in need.kinds]
    for code, names in (
        # None: free and suitable, but taken by another need of this same incident.
        ("all_busy", (None, "busy", "declined")),
        ("off_duty", ("off_duty", "out_of_service")),
        ("outside_radius", ("outside_radius",)),
        ("capability_missing", ("capability_missing",)),
    ):
        met = [hurdle for hurdle in hurdles if hurdle in names]
        if met:
            return Shortfall(need.role, code, f"{len(met)} dari {len(hurdles)} unit {'/'.join(need.kinds)}")
    return Shortfall(need.role, "no_candidate", f"tidak ada unit {'/'.join(need.kinds)}")


def _enough_m(slots: Sequence[_Slot], taken: Mapping[int, _Option], policy: DispatchPolicy, *, by_road: bool) -> float:
    """How far out a unit could still be sooner than those taken; by road, one with the straightest and fastest road."""
    enough = 0.0
    for index, slot in enumerate(slots):
        if index in taken:
            fastest = max(_speed_kmh(kind, policy) for kind in slot.need.kinds)
            reach_m = geo.reach_m(taken[index].eta_s, policy.detour_factor, fastest)
            # No road is shorter than the straight line, and no time by road is taken for less than it needs at top
            # speed: beyond this distance nobody comes sooner, whatever the roads are.
            enough = max(enough, reach_m, geo.reach_m(taken[index].eta_s, 1, TOP_KMH) if by_road else 0.0)
        else:
            enough = max(enough, slot.limit_m if slot.need.optional else math.inf)
    return enough
