"""How each call went: its switch, its times, and what the operator found."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Final

from siaga_replay.scenarios.serang_month.callers import FREESWITCH_SHARE, Caller
from siaga_replay.scenarios.serang_month.counts import DAY_S
from siaga_replay.scenarios.serang_month.real_calls import RealCall
from siaga_replay.scenarios.serang_month.slots import Kind, Slot, make_slots

# The SIP edge sees calls, not menus: it reports only calls that reached the queue or rang in vain.
KAMAILIO_SHARE_OF_QUEUE_CALLS: Final = 0.63
# No telephone's calls end just a day apart: a 24-hour window must not hang on how a switch rounds a second.
WINDOW_MARGIN_S: Final = 3
# What operators found when they had answered, besides the real calls.
DISPOSITIONS: Final = ("prank", "ghost", "non_emergency", "misdirected")
DISPOSITION_WEIGHTS: Final = (92, 4, 3, 1)


class Switch(StrEnum):
    """The switch that reports a call, as the tenant names its sources."""

    ASTERISK = "asterisk/pbx1"
    FREESWITCH = "freeswitch/fs1"
    KAMAILIO = "kamailio/edge1"


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it happened; times are epoch seconds, 0 = did not happen."""

    number: int
    caller: Caller | None
    kind: Kind
    switch: Switch
    ring_s: int
    menu_s: int
    queue_s: int
    answer_s: int
    end_s: int
    disposition: str
    operator: str
    real: RealCall | None

    @property
    def outcome(self) -> str:
        """What the truth table makes of it."""
        if self.kind is not Kind.ANSWERED:
            return self.kind.value
        return {"prank": "answered_prank", "emergency": "real"}.get(self.disposition, self.disposition)


def make_calls(rng: Random) -> Iterator[Call]:
    """The month's calls in the order they ring."""
    ends_of: dict[str, set[int]] = {}
    for number, slot in enumerate(make_slots(rng)):
        yield _went(rng, number, slot, ends_of)


def _went(rng: Random, number: int, slot: Slot, ends_of: dict[str, set[int]]) -> Call:
    menu, queue, answer, shortest, likely = _times(rng, slot)
    end = slot.ring_s + min(max(likely, shortest), slot.room_s)
    if slot.caller:
        ends = ends_of.setdefault(slot.caller.number, set())
        end = _clear_of_windows(end, slot.ring_s + shortest, slot.ring_s + slot.room_s, ends)
        ends.add(end)
    disposition = ""
    if slot.kind is Kind.ANSWERED:
        disposition = "emergency" if slot.real else rng.choices(DISPOSITIONS, DISPOSITION_WEIGHTS)[0]
    return Call(
        number=number, caller=slot.caller, kind=slot.kind, switch=_switch(rng, slot), ring_s=slot.ring_s,
        menu_s=menu, queue_s=queue, answer_s=answer, end_s=end, disposition=disposition,
        operator=_operator(rng, slot.ring_s) if slot.kind is Kind.ANSWERED else "", real=slot.real,
    )  # fmt: skip


def _times(rng: Random, slot: Slot) -> tuple[int, int, int, int, int]:
    """Seconds of menu, queue and answer; then the shortest and the likely length of the call."""
    menu = slot.ring_s + 1
    if slot.kind is Kind.IVR_PRANK:
        return menu, 0, 0, 3, 3 + int(rng.expovariate(1 / 9))
    if slot.kind is Kind.ABANDON and rng.random() < 0.1:
        return 0, 0, 0, 2, 2 + int(rng.expovariate(1 / 4))  # hung up before the menu answered
    queue = menu + 2 + rng.randrange(4)
    if slot.kind is Kind.ABANDON:
        return menu, queue, 0, queue - slot.ring_s + 3, queue - slot.ring_s + 4 + int(rng.expovariate(1 / 25))
    answer = queue + 2 + min(9, int(rng.expovariate(1 / 4)))
    talk = 90 + rng.randrange(120) if slot.real else 4 + int(rng.expovariate(1 / 22))
    return menu, queue, answer, answer - slot.ring_s + 4, answer - slot.ring_s + talk


def _clear_of_windows(end: int, earliest: int, latest: int, ends: set[int]) -> int:
    """The second nearest to `end` that is not a day, to a few seconds, after another call of the same telephone."""
    around = range(-WINDOW_MARGIN_S, WINDOW_MARGIN_S + 1)
    for candidate in sorted(range(earliest, latest + 1), key=lambda at: (abs(at - end), at)):
        if not any(candidate - DAY_S + margin in ends for margin in around):
            return candidate
    raise AssertionError("no end of this call is clear of a 24-hour window")


def _switch(rng: Random, slot: Slot) -> Switch:
    if slot.real:
        return Switch(slot.real.switch)
    if slot.kind is not Kind.IVR_PRANK and rng.random() < KAMAILIO_SHARE_OF_QUEUE_CALLS:
        return Switch.KAMAILIO
    by_freeswitch = slot.caller.by_freeswitch if slot.caller else rng.random() < FREESWITCH_SHARE
    return Switch.FREESWITCH if by_freeswitch else Switch.ASTERISK


def _operator(rng: Random, at_s: int) -> str:
    """Three operators in each of three shifts (WIB is UTC+7)."""
    shift = (at_s + 7 * 3_600) % DAY_S // (8 * 3_600)
    return f"op-{shift * 3 + 1 + rng.randrange(3):02d}"
