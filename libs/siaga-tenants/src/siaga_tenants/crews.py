"""How crews are followed up: `acknowledge`, `stand_down`, `crew_safety_min` and `diversion` of `dispatch.yaml`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from siaga_tenants.document import Table, Value
from siaga_tenants.vocabulary import PRIORITIES, UNIT_KINDS

KEYS: Final = ("acknowledge", "stand_down", "crew_safety_min", "diversion", "lowered_stands_down")
# An hour: whoever waits longer for a crew's word need not wait at all.
LONGEST_S: Final = 3_600


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """How long a crew may be silent about a task: until it is reminded, and until the next unit is sent."""

    remind_s: float
    next_unit_s: float


@dataclass(frozen=True, slots=True)
class StandDown:
    """How long a crew may be silent about a stand-down: until it is told again, and until a supervisor is alerted."""

    remind_s: float = 30
    alert_s: float = 60


@dataclass(frozen=True, slots=True)
class Diversion:
    """Whether units under way to one incident may be taken for a more urgent one.

    Only for incidents of `priorities`, from incidents of `from_priorities`, and when it saves `gain_s` or more.
    """

    allowed: bool = False
    priorities: tuple[str, ...] = ("P0", "P1")
    from_priorities: tuple[str, ...] = ("P3", "P4")
    gain_s: float = 180


# Sixty seconds is what a centre has from the answered call to the first unit (NFPA 1225): a silent crew may not cost
# more than that once again. Where no life hangs on it, an alarm that is passed on too soon only wakes two crews.
USUAL_ACKNOWLEDGE: Final[Mapping[str, Acknowledge]] = MappingProxyType(
    {
        "P0": Acknowledge(30, 60),
        "P1": Acknowledge(30, 60),
        "P2": Acknowledge(60, 120),
        "P3": Acknowledge(120, 300),
        "P4": Acknowledge(300, 900),
    }
)


@dataclass(frozen=True, slots=True)
class CrewPolicy:
    """How crews are followed up; every entry may be left out of the file."""

    # By priority; complete.
    acknowledge: Mapping[str, Acknowledge] = field(default_factory=lambda: USUAL_ACKNOWLEDGE)
    stand_down: StandDown = StandDown()
    # By unit kind: minutes at the scene without a word after which a supervisor is alerted; 0 or absent = never.
    safety_min: Mapping[str, float] = field(default_factory=dict)
    diversion: Diversion = Diversion()
    # Whether a lowered priority by itself stands down the units that the plan then no longer asks for.
    lowered_stands_down: bool = False


USUAL_CREWS: Final = CrewPolicy()


def read_crews(document: Value) -> CrewPolicy:
    """The entries of `dispatch.yaml` about crews, each of which may be left out."""
    return CrewPolicy(
        _acknowledge(document),
        _stand_down(document),
        _safety(document),
        _diversion(document),
        _lowered(document),
    )


def _acknowledge(document: Value) -> Mapping[str, Acknowledge]:
    place = document.child("acknowledge")
    if place is document:
        return USUAL_ACKNOWLEDGE
    table = place.table((), PRIORITIES)
    told: dict[str, Acknowledge] = {}
    for priority in table.values:
        spans = table.table(priority, ("remind_s", "next_unit_s"))
        told[priority] = Acknowledge(*_rising(spans, table.values[priority], "remind_s", "next_unit_s"))
    if "P1" in told:
        # A crew in distress waits no longer than any other.
        told.setdefault("P0", told["P1"])
    return {**USUAL_ACKNOWLEDGE, **told}


def _stand_down(document: Value) -> StandDown:
    place = document.child("stand_down")
    if place is document:
        return StandDown()
    return StandDown(*_rising(place.table(("remind_s", "alert_s")), place, "remind_s", "alert_s"))


def _rising(table: Table, place: Value, first: str, then: str) -> tuple[float, float]:
    sooner, later = table.number(first, 1, LONGEST_S), table.number(then, 1, LONGEST_S)
    if first in table and then in table and sooner >= later:
        place.wrong(f"{then} must be more than {first}; write it like {{{first}: 30, {then}: 60}}")
    return sooner, later


def _safety(document: Value) -> Mapping[str, float]:
    place = document.child("crew_safety_min")
    if place is document:
        return {}
    table = place.table((), UNIT_KINDS)
    # A day: a crew that is silent for longer is missed by its own post.
    return {kind: table.number(kind, 0, 1_440) for kind in table.values if kind in UNIT_KINDS}


def _diversion(document: Value) -> Diversion:
    place = document.child("diversion")
    if place is document:
        return Diversion()
    table = place.table(("allowed",), ("priorities", "from", "gain_s"))
    usual = Diversion()
    for_ = table.choices("priorities", PRIORITIES) if "priorities" in table else usual.priorities
    from_ = table.choices("from", PRIORITIES) if "from" in table else usual.from_priorities
    if for_ and from_ and max(for_) >= min(from_):
        place.wrong(
            "takes units from incidents that are as urgent; every priority of from must come after those it is for"
        )
    gain_s = table.number("gain_s", 0, LONGEST_S) if "gain_s" in table else usual.gain_s
    return Diversion(table.flag("allowed"), for_, from_, gain_s)


def _lowered(document: Value) -> bool:
    place = document.child("lowered_stands_down")
    return False if place is document else place.flag()
