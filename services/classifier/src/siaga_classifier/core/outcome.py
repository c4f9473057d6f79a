"""The outcome truth table: what a call was, from what happened on it. Rows in order, the first that holds decides.

Facts are bits and a row names those it needs and those it excludes, so that the table stays data: it is printed in the
tests, and each row is reached by a scenario there. No timer is in it: an answered call that is over and that nobody has
described is `unresolved` at once, and stops being so when the operator's form arrives.
"""

from dataclasses import dataclass
from enum import IntFlag, auto
from typing import Final

from siaga_classifier.core.state import CallState, Mark
from siaga_classifier.core.vocabulary import NO_EVENT_TYPES, UNCLEAR, Channel, Disposition, Outcome

# Less talk than this is no conversation: the outcome is the same, the reason tells the reviewer.
SHORT_TALK_MS: Final = 3_000
# Two fives: what a caller who cannot speak is asked to press.
SILENT_CODE: Final = "55"


class Fact(IntFlag):
    """What can be said of a call without judging it."""

    TEST = auto()
    SAID_EMERGENCY = auto()
    SAID_PRANK = auto()
    # A malicious report that moved a unit: abuse with a name of its own.
    SAID_FALSE_REPORT = auto()
    SAID_GHOST = auto()
    SAID_NON_EMERGENCY = auto()
    SAID_MISDIRECTED = auto()
    # Words of violence at home, sexual violence or a child in danger, not overruled by a type an operator chose.
    CONFIDENTIAL_CUE = auto()
    WRITTEN = auto()
    OVER = auto()
    ANSWERED = auto()
    SHORT_TALK = auto()
    SIP_ANSWERED = auto()
    IVR_ENTERED = auto()
    IVR_CONFIRMED = auto()
    TALK_DETECTED = auto()
    # Answered as somebody who cannot speak is asked to.
    SILENT_CODE = auto()
    QUEUE_JOINED = auto()
    # The switch saw the call leave the queue for lack of an operator, or the caller leave it.
    QUEUE_FAILED = auto()
    QUEUE_CALLER_LEFT = auto()
    ENDED_BY_SYSTEM = auto()
    NETWORK_FAILED = auto()
    FIRST_CALL = auto()
    # A timer found that nothing more was heard: of a call, or of positions that no call came to.
    OVERDUE = auto()
    LONE_POSITION = auto()


NOTHING: Final = Fact(0)


@dataclass(frozen=True, slots=True)
class CallerHistory:
    """The first call ever seen of a number."""

    first_ring_ms: int
    first_call_id: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row: all of `needs` and none of `excludes` make the outcome; `basis` names the row in an assessment."""

    basis: str
    outcome: Outcome
    needs: Fact = NOTHING
    excludes: Fact = NOTHING


@dataclass(frozen=True, slots=True)
class Judgement:
    """An outcome and the row that made it."""

    outcome: Outcome
    basis: str


F = Fact
# Somebody or something answered; without it, and with the queue's own word that no operator came, a form cannot
# make abuse of a call that was never spoken on.
_NOT_SPOKEN: Final = F.ANSWERED | F.SIP_ANSWERED
TABLE: Final = (
    Row("test", Outcome.TEST, F.TEST),
    Row("operator_emergency", Outcome.REAL, F.SAID_EMERGENCY),
    Row("operator_misdirected", Outcome.MISDIRECTED, F.SAID_MISDIRECTED),
    # K2: never abuse and never a mere chat.
    Row("confidential_is_no_chat", Outcome.UNRESOLVED, F.SAID_NON_EMERGENCY | F.CONFIDENTIAL_CUE),
    Row("operator_non_emergency", Outcome.NON_EMERGENCY, F.SAID_NON_EMERGENCY),
    Row("operator_ghost", Outcome.GHOST, F.SAID_GHOST),
    Row("confidential_is_no_abuse", Outcome.UNRESOLVED, F.SAID_PRANK | F.CONFIDENTIAL_CUE),
    Row("confidential_is_no_false_report", Outcome.UNRESOLVED, F.SAID_FALSE_REPORT | F.CONFIDENTIAL_CUE),
    # A unit went, so somebody was spoken with or wrote: whatever the switch saw of it.
    Row("operator_false_report", Outcome.ANSWERED_PRANK, F.SAID_FALSE_REPORT),
    Row("prank_but_never_served", Outcome.UNSERVED, F.SAID_PRANK | F.QUEUE_FAILED, _NOT_SPOKEN),
    Row("prank_but_never_answered", Outcome.ABANDON, F.SAID_PRANK | F.QUEUE_CALLER_LEFT, _NOT_SPOKEN),
    # Whoever pressed the code and was never spoken with may have been unable to speak.
    Row("silent_is_no_abuse", Outcome.ABANDON, F.SAID_PRANK | F.SILENT_CODE, _NOT_SPOKEN),
    Row("operator_prank", Outcome.ANSWERED_PRANK, F.SAID_PRANK),
    # A citizen's own words are real only when an operator says so; until then a person has to look.
    Row("written_awaits_operator", Outcome.UNRESOLVED, F.WRITTEN),
    Row("position_without_call", Outcome.UNRESOLVED, F.LONE_POSITION),
    # Its end was lost, or it still goes on after hours: a person looks.
    Row("end_lost", Outcome.UNRESOLVED, F.OVERDUE, F.OVER),
    Row("in_progress", Outcome.IN_PROGRESS, excludes=F.OVER),
    Row("answered_shortly_no_disposition", Outcome.UNRESOLVED, F.ANSWERED | F.SHORT_TALK),
    Row("answered_no_disposition", Outcome.UNRESOLVED, F.ANSWERED),
    # The SIP edge cannot tell an announcement from a person.
    Row("sip_answered_no_disposition", Outcome.UNRESOLVED, F.SIP_ANSWERED),
    # Our fault, whoever hung up in the end; never counted against the caller.
    Row("queue_failed", Outcome.UNSERVED, F.QUEUE_FAILED),
    Row("queue_ended_by_system", Outcome.UNSERVED, F.QUEUE_JOINED | F.ENDED_BY_SYSTEM),
    Row("confirmed_ended_by_system", Outcome.UNSERVED, F.IVR_CONFIRMED | F.ENDED_BY_SYSTEM),
    Row("network_failed", Outcome.UNSERVED, F.NETWORK_FAILED),
    Row("ended_by_system_before_ivr", Outcome.UNSERVED, F.ENDED_BY_SYSTEM, F.IVR_ENTERED),
    Row("queue_caller_left", Outcome.ABANDON, F.QUEUE_JOINED),
    Row("left_queue", Outcome.ABANDON, F.QUEUE_CALLER_LEFT),
    Row("ivr_confirmed_then_left", Outcome.ABANDON, F.IVR_CONFIRMED),
    Row("ivr_talk_detected", Outcome.ABANDON, F.IVR_ENTERED | F.TALK_DETECTED),
    Row("ivr_silent_code", Outcome.ABANDON, F.SILENT_CODE),
    Row("ivr_first_call_of_number", Outcome.ABANDON, F.IVR_ENTERED | F.FIRST_CALL),
    Row("ivr_no_input", Outcome.IVR_PRANK, F.IVR_ENTERED),
    Row("left_while_ringing", Outcome.ABANDON),
)

_SAID: Final = {
    Disposition.UNSPECIFIED: NOTHING.value,
    Disposition.EMERGENCY: F.SAID_EMERGENCY.value,
    Disposition.PRANK: F.SAID_PRANK.value,
    Disposition.GHOST: F.SAID_GHOST.value,
    Disposition.NON_EMERGENCY: F.SAID_NON_EMERGENCY.value,
    Disposition.MISDIRECTED: F.SAID_MISDIRECTED.value,
    Disposition.TEST: F.TEST.value,
    Disposition.FALSE_REPORT: F.SAID_FALSE_REPORT.value,
}
_OF_MARK: Final = tuple(
    (mark.value, fact.value)
    for mark, fact in (
        (Mark.TEST, F.TEST),
        (Mark.QUEUE_FAILED, F.QUEUE_FAILED),
        (Mark.QUEUE_CALLER_LEFT, F.QUEUE_CALLER_LEFT),
        (Mark.ENDED_BY_SYSTEM, F.ENDED_BY_SYSTEM),
        (Mark.NETWORK_FAILED, F.NETWORK_FAILED),
    )
)
_ROWS: Final = tuple((row.needs.value, row.excludes.value, Judgement(row.outcome, row.basis)) for row in TABLE)
# As numbers: a call's facts are gathered with every event, and arithmetic with the enumeration costs ten times as much.
_ANSWERED: Final = F.ANSWERED.value
_CONFIDENTIAL_CUE: Final = F.CONFIDENTIAL_CUE.value
_FIRST_CALL: Final = F.FIRST_CALL.value
_IVR_CONFIRMED: Final = F.IVR_CONFIRMED.value
_IVR_ENTERED: Final = F.IVR_ENTERED.value
_LONE_POSITION: Final = F.LONE_POSITION.value
_OVER: Final = F.OVER.value
_OVERDUE: Final = F.OVERDUE.value
_QUEUE_CALLER_LEFT: Final = F.QUEUE_CALLER_LEFT.value
_QUEUE_JOINED: Final = F.QUEUE_JOINED.value
_SHORT_TALK: Final = F.SHORT_TALK.value
_SILENT_CODE: Final = F.SILENT_CODE.value
_SIP_ANSWERED: Final = F.SIP_ANSWERED.value
_TALK_DETECTED: Final = F.TALK_DETECTED.value
_WRITTEN: Final = F.WRITTEN.value
_SILENT_MARK, _MERGED_MARK = Mark.SILENT.value, Mark.MERGED.value


def judge(facts: int) -> Judgement:
    """The first row of the table that holds; the last row holds always."""
    for needs, excludes, judgement in _ROWS:
        if facts & needs == needs and not facts & excludes:
            return judgement
    raise AssertionError("the last row of the table has no condition")


def facts_of(call_id: str, state: CallState, history: CallerHistory | None, *, confidential_cue: bool) -> int:
    """The facts of a call as bits of `Fact`; `history` None = nothing known of the number, taken as its first call."""
    facts = _SAID[state.disposition]
    for mark, fact in _OF_MARK:
        if state.marks & mark:
            facts |= fact
    if confidential_cue and (state.form_type == UNCLEAR or state.form_type not in NO_EVENT_TYPES):
        facts |= _CONFIDENTIAL_CUE
    if state.messages or state.channel > Channel.VOICE:
        facts |= _WRITTEN
    # A caller whom the queue saw leave is gone, also when the hang-up itself was lost.
    if state.ended_at_ms or (facts & _QUEUE_CALLER_LEFT and not state.answered_at_ms):
        facts |= _OVER
    if state.answered_at_ms:
        facts |= _ANSWERED
        if (state.talk_ended_at_ms or state.ended_at_ms) - state.answered_at_ms < SHORT_TALK_MS:
            facts |= _SHORT_TALK
    return facts | _line_facts(call_id, state, history)


def _line_facts(call_id: str, state: CallState, history: CallerHistory | None) -> int:
    facts = _QUEUE_JOINED if state.queue_joined_at_ms else 0
    if state.sip_answered_at_ms:
        facts |= _SIP_ANSWERED
    if state.ivr_entered_at_ms:
        facts |= _IVR_ENTERED
    if state.ivr_confirmed_at_ms:
        facts |= _IVR_CONFIRMED
    if state.talk_detected_at_ms:
        facts |= _TALK_DETECTED
    if has_silent_code(state):
        facts |= _SILENT_CODE
    if state.overdue_at_ms:
        facts |= _overdue(state)
    # A call without a number has no history that could be its first.
    if state.caller_key and (history is None or history.first_call_id == call_id):
        facts |= _FIRST_CALL
    return facts


def _overdue(state: CallState) -> int:
    if state.is_position_only:
        return 0 if state.marks & _MERGED_MARK else _LONE_POSITION
    return _OVERDUE if state.is_overdue else 0


def is_silent_confirmed(state: CallState) -> bool:
    """Whether somebody who may be unable to speak answered: as asked to, or by a sound in the menu and no key."""
    if has_silent_code(state):
        return True
    heard_ms = state.talk_detected_at_ms
    in_menu = bool(state.ivr_entered_at_ms and heard_ms) and not state.ivr_confirmed_at_ms
    return in_menu and (not state.answered_at_ms or heard_ms < state.answered_at_ms)


def has_silent_code(state: CallState) -> bool:
    """Whether the caller pressed the code of those who cannot speak, or answered the switch's prompt for them."""
    if state.marks & _SILENT_MARK:
        return True
    return bool(state.digits) and SILENT_CODE in "".join(digits for _, digits in state.digits)
