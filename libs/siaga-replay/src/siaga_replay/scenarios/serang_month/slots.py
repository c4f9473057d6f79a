"""Who calls when, and what each call counts as in the published table."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from random import Random
from typing import Final

from siaga_replay.scenarios.serang_month.callers import Caller, make_callers
from siaga_replay.scenarios.serang_month.counts import PERIODS, TOTAL, period_of
from siaga_replay.scenarios.serang_month.real_calls import REAL_CALLS, RealCall
from siaga_replay.scenarios.serang_month.when import a_moment, ring_times

# Of a hundred calls eight show no number: withheld, or a handset without a SIM.
NUMBERED_SHARE: Final = 0.92
# A call is over this long before the same telephone rings again.
PAUSE_S: Final = 6
# Longest a call may take when nothing of the same telephone follows.
ROOM_S: Final = 180
# People in need are not hurried off the line.
REAL_ROOM_S: Final = 600


class Kind(StrEnum):
    """How a call went, as the published table counts it."""

    ANSWERED = "answered"
    ABANDON = "abandon"
    IVR_PRANK = "ivr_prank"


@dataclass(slots=True)
class Slot:
    """A call before it is known how it went; `room_s` is the time until it must be over."""

    ring_s: int
    room_s: int
    caller: Caller | None
    # The first call of its number ever: an IVR-only one would count as abandoned, so it is never one.
    first: bool = False
    real: RealCall | None = None
    kind: Kind = Kind.IVR_PRANK


def make_slots(rng: Random) -> list[Slot]:
    """The month's calls in the order they ring; totals and categories are those of the scaled table."""
    slots = _numbered(rng)
    slots += [Slot(real.ring_s, REAL_ROOM_S, None, real=real) for real in REAL_CALLS if real.no_sim]
    slots += _without_number(rng, slots)
    slots.sort(key=lambda slot: slot.ring_s)
    for index, period in enumerate(PERIODS):
        _give_kinds(rng, [slot for slot in slots if period_of(slot.ring_s) == index], period.scaled)
    return slots


def _numbered(rng: Random) -> list[Slot]:
    callers = make_callers(rng, int(TOTAL * NUMBERED_SHARE))
    real_of = _real_callers(callers)
    return [slot for caller in callers for slot in _slots_of(rng, caller, real_of.get(caller.number))]


def _real_callers(callers: Sequence[Caller]) -> dict[str, RealCall]:
    """Which telephone makes which real call: some have pranked before, the others never called."""
    once = (caller for caller in reversed(callers) if caller.calls == 1)
    return {
        (next(once) if real.caller_rank is None else callers[real.caller_rank]).number: real
        for real in REAL_CALLS
        if not real.no_sim
    }


def _slots_of(rng: Random, caller: Caller, real: RealCall | None) -> list[Slot]:
    if real is None:
        slots = [Slot(at, ROOM_S, caller) for at in ring_times(rng, caller.calls)]
    else:
        slots = [Slot(at, ROOM_S, caller) for at in ring_times(rng, caller.calls - 1, real.ring_s)]
        slots.append(Slot(real.ring_s, REAL_ROOM_S, caller, real=real))
        slots.sort(key=lambda slot: slot.ring_s)
    for slot, following in pairwise(slots):
        slot.room_s = min(slot.room_s, following.ring_s - PAUSE_S - slot.ring_s)
    slots[0].first = True
    return slots


def _without_number(rng: Random, slots: Sequence[Slot]) -> list[Slot]:
    """Calls without a number: what the numbered ones leave of each period's total."""
    missing = [period.total for period in PERIODS]
    for slot in slots:
        missing[period_of(slot.ring_s)] -= 1
    if min(missing) < 0:
        raise AssertionError("the numbered calls exceed a period's total")
    made: list[Slot] = []
    while any(missing):
        at = a_moment(rng)
        if missing[period_of(at)]:
            missing[period_of(at)] -= 1
            made.append(Slot(at, ROOM_S, None))
    return made


def _give_kinds(rng: Random, slots: Sequence[Slot], counts: dict[str, int]) -> None:
    """Gives out a period's categories exactly: real calls are answered, first calls never end in the menu."""
    real = [slot for slot in slots if slot.real]
    first = [slot for slot in slots if slot.first and not slot.real]
    others = [slot for slot in slots if not slot.first and not slot.real]
    queue_calls = counts[Kind.ANSWERED] + counts[Kind.ABANDON]
    rng.shuffle(others)
    queued = first + others[: queue_calls - len(real) - len(first)]
    if len(queued) + len(real) != queue_calls:
        raise AssertionError("more telephones call for the first time than calls reach the queue")
    rng.shuffle(queued)
    answered = counts[Kind.ANSWERED] - len(real)
    for slot in real + queued[:answered]:
        slot.kind = Kind.ANSWERED
    for slot in queued[answered:]:
        slot.kind = Kind.ABANDON
