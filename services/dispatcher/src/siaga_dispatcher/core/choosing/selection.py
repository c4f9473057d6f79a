"""The answer of a choice: who goes, who does not and why, what stays open. Told in full only to whoever asks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from operator import attrgetter
from typing import Final, NamedTuple

from siaga_contracts.values import value
from siaga_tenants.model import Need

from siaga_dispatcher.core.choosing import wording
from siaga_dispatcher.core.choosing.matching import Wanted, obstacle
from siaga_dispatcher.core.choosing.options import Option
from siaga_dispatcher.core.eta import Eta
from siaga_dispatcher.core.positions import position_age_s
from siaga_dispatcher.core.values import Candidate, Shortfall, Unit

# Kept with the change in the timeline, on the topic and in Redis: a hundred bytes each. Who asks after a choice asks for
# those that came close; all of them would make every dispatch in a city larger than the incident itself.
CANDIDATES_PER_ROLE: Final = 5
# How near each obstacle is to being overcome: a unit is told of by the need that it came closest to filling.
_CLOSENESS: Final = {
    "": 0,
    "busy": 1,
    "declined": 2,
    "position_too_old": 3,
    "off_duty": 4,
    "out_of_service": 5,
    "outside_radius": 6,
    "capability_missing": 7,
}


@value(frozen=True, slots=True)
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


@value(frozen=True, slots=True)
class Rejection:
    """Why a unit was not taken: slower, busy, off_duty, out_of_service, capability_missing, declined, outside_radius,
    position_too_old, kept_for_coverage, less_rested, other_area.
    """  # noqa: D205  a list of codes

    unit: Unit
    role: str
    code: str
    detail: str
    distance_m: float
    eta: Eta
    position_age_s: float | None

    @property
    def unit_id(self) -> str:
        """The unit's."""
        return self.unit.unit_id


class Looked(NamedTuple):
    """What a choice was made on, needs and options in order; kept for whoever asks why."""

    wanted: Sequence[Wanted]
    options: Sequence[Option]
    filled: Sequence[Sequence[Option]]
    kept: Mapping[str, str]
    at_ms: int


@value(frozen=True, slots=True)
class Selection:
    """The answer. No unit farther away than `enough_m` could change it; infinite while a need is open."""

    chosen: tuple[Choice, ...]
    shortfalls: tuple[Shortfall, ...]
    enough_m: float
    looked: Looked = field(repr=False, compare=False)

    @property
    def rejected(self) -> tuple[Rejection, ...]:
        """One for each unit whose kind was asked for, by the need that it came closest to filling; soonest first."""
        return tuple(_rejections(self.looked))

    def candidates(self, most: int = CANDIDATES_PER_ROLE) -> tuple[Candidate, ...]:
        """Who was looked at: the chosen, then for each role up to so many of the others, the soonest first."""
        told = [candidate(choice, "chosen", choice.reason) for choice in self.chosen]
        told += [candidate(one, one.code, one.detail) for one in _rejections(self.looked, most)]
        return tuple(told)


def candidate(told: Choice | Rejection, verdict: str, detail: str) -> Candidate:
    """A unit that was looked at, as the timeline keeps it."""
    unit, eta = told.unit, told.eta
    return Candidate(
        unit.unit_id, unit.name, unit.kind, told.role, verdict, detail, told.distance_m, eta.seconds, eta.source,
        told.position_age_s,
    )  # fmt: skip


def choices(looked: Looked) -> Iterator[Choice]:
    """Those that go, by need, each with its reason."""
    going = going_in(looked)
    for wanted, taken in zip(looked.wanted, looked.filled, strict=True):
        for option in taken:
            rivals = -1
            passed: list[tuple[Option, str]] = []
            for other in looked.options:
                if other.unit.kind not in wanted.need.kinds:
                    continue
                rivals += 1
                if other.eta_s < option.eta_s and len(passed) < wording.PASSED_NAMED and other not in taken:
                    passed.append((other, _verdict(wanted, other, option, looked, going)))
            yield choice_of(option, wanted.need, looked.at_ms, wording.reason(option, rivals, passed))


def choice_of(option: Option, need: Need, at_ms: int, reason: str) -> Choice:
    """The option as the choice for the need."""
    return Choice(
        option.unit, need.role, option.distance_m, option.eta, position_age_s(option.unit, at_ms), reason
    )  # fmt: skip


def going_in(looked: Looked) -> frozenset[str]:
    """The units that go."""
    return frozenset(option.unit.unit_id for taken in looked.filled for option in taken)


def _verdict(wanted: Wanted, option: Option, instead: Option, looked: Looked, going: frozenset[str]) -> str:
    """Why an option does not fill the need for which it is sooner than `instead`; empty = another need has it."""
    met = obstacle(wanted, option)
    if met or option.unit.unit_id in going:
        return met
    if option.held_s > instead.held_s:
        return "other_area"
    return "kept_for_coverage" if option.unit.unit_id in looked.kept else "less_rested"


def _rejections(looked: Looked, most: int | None = None) -> Iterator[Rejection]:
    """Those that do not go, the soonest first; no more than `most` of a role."""
    going = going_in(looked)
    by_role: dict[str, int] = {}
    for option in looked.options:
        if option.unit.unit_id in going:
            continue
        closest, nearest = len(_CLOSENESS), -1
        for index, wanted in enumerate(looked.wanted):
            if option.unit.kind in wanted.need.kinds:
                closeness = _CLOSENESS[obstacle(wanted, option)]
                if closeness < closest:
                    closest, nearest = closeness, index
        if nearest < 0:
            continue
        role = looked.wanted[nearest].need.role
        told = by_role[role] = by_role.get(role, 0) + 1
        if most is None or told <= most:
            yield _rejection(option, nearest, looked, going)


def _rejection(option: Option, index: int, looked: Looked, going: frozenset[str]) -> Rejection:
    wanted, taken = looked.wanted[index], looked.filled[index]
    code, later_s = obstacle(wanted, option), 0.0
    if not code and not taken:
        # Only an optional need leaves somebody at home who could fill it.
        code = "kept_for_coverage"
    elif not code:
        last = max(taken, key=attrgetter("eta_s"))
        later_s = option.eta_s - last.eta_s
        code = "slower" if later_s >= 0 else _verdict(wanted, option, last, looked, going)
    detail = wording.rejection(option, code, later_s, looked.kept.get(option.unit.unit_id, ""))
    return Rejection(
        option.unit, wanted.need.role, code, detail, option.distance_m, option.eta, position_age_s(option.unit, looked.at_ms)
    )  # fmt: skip
