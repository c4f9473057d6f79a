"""What is known of a call: a value that only ever grows.

Every field is a join-semilattice (earliest, latest, union, best), and so is the whole. That is why the order, the
repetition and the batching of events cannot matter, and why no list of event ids has to be remembered.
"""

from dataclasses import dataclass
from enum import IntFlag
from typing import TypeVar

from siaga_classifier.core.events import Fix
from siaga_classifier.core.vocabulary import CallbackResult, CallerTag, Channel, Disposition, Priority

Value = TypeVar("Value", bound=str | int | tuple[float | int | str, ...])

# Something said at a time: (event_at_ms, event_id, value). The greatest holds: the latest, then the greater id.
Said = tuple[int, str, Value]
# (lat, lon, radius_m, fixed_at_ms, source, method, confidence_percent, floor), as `Fix`, but ordered.
FixValue = tuple[float, float, float, int, str, str, float, str]
# (at_ms, event_id, result, reason, operator): what a form said of calling back.
Reported = tuple[int, str, int, str, str]
# (whose it is, when it was taken and how long that holds, -radius_m, fix); see `fixes`. The greatest holds.
FixRank = tuple[int, int, float, FixValue]


class Mark(IntFlag):
    """Facts of a call that have no time of their own."""

    NONE = 0
    BACKFILLED = 1
    TEST = 2
    ENDED_BY_CALLER = 4
    ENDED_BY_CENTRE = 8
    ENDED_BY_SYSTEM = 16
    # Left the queue because the centre failed: timeout, withdrawal, nobody there, full.
    QUEUE_FAILED = 32
    QUEUE_CALLER_LEFT = 64
    # The network or the switch broke the call (Q.850 causes of congestion and failure).
    NETWORK_FAILED = 128
    # Something other than a position, a form or a timer told of it: it is a call or a conversation.
    CALLED = 256
    # It was a part of another call, which has it now.
    MERGED = 512
    # Answered the prompt for those who cannot speak, as the switch says.
    SILENT = 1024
    # Two numbers were shown for the caller: whose call it was, nobody knows.
    CALLER_CONTRADICTED = 1024


# As numbers: arithmetic with the enumeration costs ten times as much.
_TEST, _CALLED = Mark.TEST.value, Mark.CALLED.value


@dataclass(frozen=True, slots=True)
class FormState:
    """What operators said of the call, field by field: a form that only adds a disposition leaves the address alone."""

    operator: Said[str] | None = None
    text: Said[str] | None = None
    address: Said[str] | None = None
    position: Said[FixValue] | None = None
    type: Said[str] | None = None
    priority: Said[int] | None = None
    disposition: Said[int] | None = None
    # Tags as one number, a bit for each.
    caller_tags: Said[int] | None = None
    safe_to_contact: Said[int] | None = None


@dataclass(frozen=True, slots=True)
class Callback:
    """What came of calling the caller back."""

    result: CallbackResult
    at_ms: int
    reason: str = ""
    operator: str = ""


@dataclass(frozen=True, slots=True)
class CallState:
    """All that the events of one call said so far. Times are epoch milliseconds, 0 = did not happen."""

    tenant: str
    source: str = ""
    channel: Channel = Channel.UNSPECIFIED
    # Earliest and latest event; a form does not begin a call, it may be typed under another clock.
    began_at_ms: int = 0
    latest_at_ms: int = 0
    ringing_at_ms: int = 0
    ivr_entered_at_ms: int = 0
    ivr_confirmed_at_ms: int = 0
    talk_detected_at_ms: int = 0
    queue_joined_at_ms: int = 0
    answered_at_ms: int = 0
    talk_ended_at_ms: int = 0
    ended_at_ms: int = 0
    sip_answered_at_ms: int = 0
    marks: int = 0
    # (how good the number is, trust as in the contract, number, key); the greatest holds.
    caller: tuple[int, int, str, str] = (0, 0, "", "")
    # (event_at_ms, digits), earliest first.
    digits: tuple[tuple[int, str], ...] = ()
    # (event_at_ms, event_id, text), earliest first.
    messages: tuple[Said[str], ...] = ()
    # (answered_at_ms, operator) of the first operator leg.
    answered_by: tuple[int, str] | None = None
    form: FormState | None = None
    fix: FixRank | None = None
    # Latest message of a citizen, and when a written conversation was last said to have gone quiet.
    messaged_at_ms: int = 0
    stale_at_ms: int = 0
    # Up to when all was heard that had been heard when a timer found the call overdue.
    overdue_at_ms: int = 0
    # Of calling back, oldest first.
    reported: tuple[Reported, ...] = ()

    @property
    def is_overdue(self) -> bool:
        """Whether nothing has been heard of the call since it was said to be overdue."""
        return 0 < self.latest_at_ms <= self.overdue_at_ms

    @property
    def is_position_only(self) -> bool:
        """Nothing but positions came: no ring, no menu, no word."""
        return not self.marks & _CALLED

    @property
    def is_stale(self) -> bool:
        """Whether a written conversation has gone quiet; a later message makes it lively again."""
        return self.stale_at_ms > self.messaged_at_ms

    @property
    def is_drill(self) -> bool:
        """Whether its source says so; an operator may say so hours later, when what hangs on it is long decided."""
        return bool(self.marks & _TEST)

    @property
    def caller_key(self) -> str:
        return self.caller[3]

    @property
    def caller_number(self) -> str:
        return self.caller[2]

    @property
    def disposition(self) -> Disposition:
        said = self.form.disposition if self.form else None
        return Disposition(said[2]) if said else Disposition.UNSPECIFIED

    @property
    def disposed_at_ms(self) -> int:
        """When an operator said what the call was; 0 = nobody did."""
        return self.form.disposition[0] if self.form and self.form.disposition else 0

    @property
    def form_type(self) -> str:
        return self.form.type[2] if self.form and self.form.type else ""

    @property
    def form_priority(self) -> Priority:
        return Priority(self.form.priority[2]) if self.form and self.form.priority else Priority.UNSPECIFIED

    @property
    def form_text(self) -> str:
        return self.form.text[2] if self.form and self.form.text else ""

    @property
    def address(self) -> str:
        return self.form.address[2] if self.form and self.form.address else ""

    @property
    def operator(self) -> str:
        """Who filled the form, else who answered."""
        if self.form and self.form.operator:
            return self.form.operator[2]
        return self.answered_by[1] if self.answered_by else ""

    @property
    def callbacks(self) -> tuple[Callback, ...]:
        """All that came of calling back, oldest first."""
        return tuple(Callback(CallbackResult(result), at, why, by) for at, _, result, why, by in self.reported)

    @property
    def caller_tags(self) -> tuple[CallerTag, ...]:
        said = self.form.caller_tags if self.form else None
        return tuple(tag for tag in CallerTag if said and said[2] & tag_bit(tag))

    @property
    def safe_to_contact(self) -> bool:
        return self.form is not None and self.form.safe_to_contact is not None

    @property
    def operator_fix(self) -> Fix | None:
        return Fix(*self.form.position[2]) if self.form and self.form.position else None

    @property
    def best_fix(self) -> Fix | None:
        return Fix(*self.fix[3]) if self.fix else None


def tag_bit(tag: CallerTag) -> int:
    """A tag's place in `FormState.caller_tags`; the tag that says nothing has none."""
    return 1 << tag.value >> 1 if tag else 0
