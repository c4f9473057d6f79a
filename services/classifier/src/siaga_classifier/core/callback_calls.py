"""What is known of one caller's calls, as far as calling back depends on it, and what of it has to be remembered."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from siaga_classifier.core.state import Callback
from siaga_classifier.core.vocabulary import CallbackResult, Outcome


class Role(Enum):
    """What a call is to the question whether its caller is owed a call."""

    # Nobody spoke with the caller.
    MISSED = "missed"
    # An operator did, and said what it was.
    SPOKEN = "spoken"
    # An operator did if one answered.
    OPEN = "open"
    NONE = "none"


ROLE_OF: Final[Mapping[Outcome, Role]] = {
    Outcome.UNSPECIFIED: Role.NONE,
    Outcome.IN_PROGRESS: Role.NONE,
    Outcome.ABANDON: Role.MISSED,
    Outcome.IVR_PRANK: Role.NONE,
    Outcome.ANSWERED_PRANK: Role.SPOKEN,
    # Answered, but the caller could not or did not speak.
    Outcome.GHOST: Role.MISSED,
    Outcome.NON_EMERGENCY: Role.SPOKEN,
    Outcome.MISDIRECTED: Role.SPOKEN,
    Outcome.TEST: Role.NONE,
    Outcome.REAL: Role.SPOKEN,
    Outcome.UNSERVED: Role.MISSED,
    Outcome.UNRESOLVED: Role.OPEN,
}
# A number that is never called back must not make a value that grows for ever. Beyond these the count stands still; the
# first missed call of the task is kept, for the task is named after it.
MAX_MISSED: Final = 200
# Calls that are owed nothing, by their latest revision: an earlier one that is told late must not hold.
MAX_OTHERS: Final = 50


@dataclass(frozen=True, slots=True)
class KnownCall:
    """A call of the caller that is over, as last told."""

    call_id: str
    revision: int
    outcome: Outcome
    ended_at_ms: int
    # When an operator's leg was bridged; 0 = never.
    answered_at_ms: int = 0
    operator: str = ""
    reports: tuple[Callback, ...] = ()
    silent_confirmed: bool = False
    # Confidential, and nobody has said that the number may be called.
    unsafe: bool = False

    @property
    def is_missed(self) -> bool:
        return ROLE_OF[self.outcome] is Role.MISSED

    @property
    def spoken_at_ms(self) -> int:
        """When an operator dealt with the caller on this call; 0 = nobody did."""
        role = ROLE_OF[self.outcome]
        if role is Role.SPOKEN:
            return self.answered_at_ms or self.ended_at_ms
        return self.answered_at_ms if role is Role.OPEN else 0

    @property
    def settled_at_ms(self) -> int:
        """The latest time at which this call closed what was owed before; 0 = it did not."""
        reported = [self.reported_at_ms(report) for report in self.reports if report.result in _SETTLING]
        return max(self.spoken_at_ms, *reported) if reported else self.spoken_at_ms

    @property
    def touched_at_ms(self) -> int:
        """The latest that happened to it: its end, an operator, or a call back, also one that nobody answered."""
        reported = [self.reported_at_ms(report) for report in self.reports]
        return max(self.ended_at_ms, self.spoken_at_ms, *reported)

    def reported_at_ms(self, report: Callback) -> int:
        """A call back follows its call, whatever clock the form was typed under."""
        return max(report.at_ms, self.ended_at_ms)


_SETTLING: Final = frozenset({CallbackResult.ANSWERED, CallbackResult.NOT_NEEDED})

Calls = Mapping[str, KnownCall]


def learned(calls: Calls, told: KnownCall) -> Calls:
    """The caller's calls with this one as told, unless something newer of it is known."""
    known = calls.get(told.call_id)
    if known is not None and known.revision >= told.revision:
        return calls
    return {**calls, told.call_id: told}


def remembered(calls: Calls, since_ms: int) -> Calls:
    """What of the calls still matters: of the tasks since then, what last settled all before, and confidential cases.

    A missed call from before that comes again (a replay) finds what settled it, and so does not come up anew.
    """
    # Not in that very moment: what settles then settles the task that begins in it, and none of those before.
    before = [call for call in calls.values() if 0 < call.settled_at_ms < since_ms]
    recent = [call for call in calls.values() if call.touched_at_ms >= since_ms]
    missed = sorted(filter(_counts, recent), key=_end)
    others = sorted((call for call in recent if not _counts(call)), key=_end)
    kept = [*missed[:1], *missed[1:][-MAX_MISSED:], *others[-MAX_OTHERS:]]
    kept += sorted((call for call in calls.values() if call.unsafe), key=_end)[-MAX_OTHERS:]
    kept += sorted(before, key=lambda call: (call.settled_at_ms, call.call_id))[-1:]
    return {call.call_id: call for call in kept}


def _counts(call: KnownCall) -> bool:
    return call.is_missed or call.settled_at_ms > 0


def _end(call: KnownCall) -> tuple[int, str]:
    return (call.ended_at_ms, call.call_id)
