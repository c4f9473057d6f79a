"""What a call is now: the fold's state, judged."""

from dataclasses import replace
from typing import Final

from siaga_classifier.core.advice import Case, advise
from siaga_classifier.core.assessment import NO_WORDS, Assessment, TenantView
from siaga_classifier.core.outcome import CallerHistory, facts_of, is_silent_confirmed, judge
from siaga_classifier.core.place import Place, locate
from siaga_classifier.core.state import CallState
from siaga_classifier.core.vocabulary import (
    CONFIDENTIAL_TYPES,
    NO_EVENT_TYPES,
    NON_EMERGENCY,
    PRANK,
    Advice,
    Channel,
    Disposition,
    Outcome,
    Priority,
    most_urgent,
)
from siaga_classifier.core.words.rules import Reading, Reason, most_serious

# The least for a confidential case, whatever anybody said (K2).
CONFIDENTIAL_PRIORITY: Final = Priority.P2
# Rules of the reasons that name what an operator chose.
OPERATORS_TYPE: Final = "operator.type"
OPERATORS_PRIORITY: Final = "operator.priority"
# The least for somebody who may be unable to speak, until an operator has spoken with the caller.
SILENT_PRIORITY: Final = Priority.P2
_OPERATORS_WORD: Final = 1.0
_SILENT_CONFIRMED: Final = Reason("silent_confirmed", "", 1.0)
# What an operator who spoke with the caller found: then it is no silent call any more.
_HEARD: Final = frozenset(
    {Outcome.REAL, Outcome.ANSWERED_PRANK, Outcome.NON_EMERGENCY, Outcome.MISDIRECTED, Outcome.TEST}
)
_SESSION_STALE: Final = Reason("text.session_stale", "", 1.0)
_HELPED: Final = frozenset({Advice.DISPATCH, Advice.REVIEW})
_NOWHERE: Final = Place()
_TYPE_OF_OUTCOME: Final = {
    Outcome.IVR_PRANK: PRANK,
    Outcome.ANSWERED_PRANK: PRANK,
    Outcome.NON_EMERGENCY: NON_EMERGENCY,
    Outcome.TEST: NON_EMERGENCY,
}
# What an operator says an outcome to be, as it stands in the contract's `operator_confirmed`.
_CONFIRMING: Final = frozenset(
    {
        Outcome.REAL, Outcome.ANSWERED_PRANK, Outcome.GHOST, Outcome.NON_EMERGENCY, Outcome.MISDIRECTED,
    }
)  # fmt: skip


def assess(call_id: str, state: CallState, history: CallerHistory | None, tenant: TenantView) -> Assessment:
    """Judge a call. The same state and history give the same judgement, in any process, at any time."""
    reading = _reading(state, tenant)
    facts = facts_of(call_id, state, history, confidential_cue=reading.confidential)
    judgement = judge(facts)
    kind = _type(state, reading, judgement.outcome)
    confidential = reading.confidential or kind in CONFIDENTIAL_TYPES
    silent = _silent(state, judgement.outcome)
    priority = _at_least(_priority(state, reading, kind, tenant), state, confidential=confidential, silent=silent)
    place = _place(state, reading, tenant)
    confidence = _OPERATORS_WORD if state.form_type else reading.confidence
    case = Case(
        judgement.outcome,
        state.channel or Channel.VOICE,
        kind,
        priority,
        confidence,
        reading.strong,
        confidential,
        place,
        state.operator_fix is not None,
        silent,
    )
    counsel = advise(case, tenant.policy)
    return Assessment(
        call_id=call_id,
        state=state,
        outcome=judgement.outcome,
        outcome_basis=Reason(f"outcome.{judgement.basis}", "", 1.0),
        type=kind,
        priority=priority,
        confidence=confidence,
        reasons=(
            *_chosen(state),
            *reading.reasons,
            *_quiet(state, judgement.outcome, silent=silent),
            *_placed(place),
            Reason(f"advice.{counsel.basis}", "", 1.0),
        ),
        advice=counsel.advice,
        place=place,
        text=_text(state),
        confidential=confidential,
        operator_confirmed=judgement.outcome in _CONFIRMING and state.disposition is not Disposition.UNSPECIFIED,
        words=reading,
        agencies=tenant.agencies(kind, priority.name) if counsel.advice in _HELPED else (),
        machine_advice=_unaided(call_id, state, history, tenant),
    )


def _unaided(call_id: str, state: CallState, history: CallerHistory | None, tenant: TenantView) -> Advice:
    """What would be done without the operator's labels; the note and the address are words as any other."""
    form = state.form
    if form is None or not (form.disposition or form.type):
        return Advice.UNSPECIFIED
    unlabelled = replace(form, type=None, priority=None, disposition=None)
    return assess(call_id, replace(state, form=unlabelled), history, tenant).advice


def _reading(state: CallState, tenant: TenantView) -> Reading:
    """Each text read for itself: what one message raised, the next does not lower; only a person does."""
    texts = [text for _, _, text in state.messages]
    if state.form_text:
        texts.append(state.form_text)
    return most_serious(tenant.read(text) for text in texts) if texts else NO_WORDS


def _type(state: CallState, reading: Reading, outcome: Outcome) -> str:
    """The operator's choice; else what the words tell; else what the outcome itself says."""
    if state.form_type:
        return state.form_type
    if reading.type not in NO_EVENT_TYPES:
        return reading.type
    return _TYPE_OF_OUTCOME.get(outcome, reading.type)


def _priority(state: CallState, reading: Reading, kind: str, tenant: TenantView) -> Priority:
    """What the operator chose, else the type's own; words that tell an event or a danger raise it, never lower it."""
    chosen = state.form_priority
    if not chosen and state.form_type:
        chosen = tenant.base_priority.get(state.form_type, Priority.P3)
    if reading.strong or (reading.type not in NO_EVENT_TYPES and kind not in (PRANK, NON_EMERGENCY)):
        return most_urgent(chosen, reading.priority)
    if chosen:
        return chosen
    if kind in (PRANK, NON_EMERGENCY):
        return Priority.P4
    # A cry or a breath on an otherwise empty line.
    return most_urgent(reading.priority, Priority.P2) if state.talk_detected_at_ms else reading.priority


def _at_least(priority: Priority, state: CallState, *, confidential: bool, silent: bool) -> Priority:
    """No less than is due to a confidential case, and to somebody who may be unable to speak and whom nobody has rated."""
    if confidential:
        priority = most_urgent(priority, CONFIDENTIAL_PRIORITY)
    return most_urgent(priority, SILENT_PRIORITY) if silent and not state.form_priority else priority


def _place(state: CallState, reading: Reading, tenant: TenantView) -> Place:
    fix = state.operator_fix or state.best_fix
    tells_event = reading.type not in NO_EVENT_TYPES or state.form_type or state.disposition is Disposition.MISDIRECTED
    text = _text(state) if tells_event else ""
    if fix is None and not state.address and not text:
        return _NOWHERE
    return locate(state.address, text, fix, tenant.areas)


def _placed(place: Place) -> tuple[Reason, ...]:
    """What the words say of the place: what was found by which name, and whose call it is beyond the border."""
    found: list[Reason] = []
    if place.candidates:
        best = place.candidates[0]
        found.append(Reason(f"place.{best.basis}", best.name, best.score))
    if place.misdirected_to is not None:
        centre = place.misdirected_to
        found.append(Reason("place.misdirected_to", f"{centre.code} {centre.name}", place.score or 1.0))
    return tuple(found)


def _text(state: CallState) -> str:
    """The operator's note; without one the citizen's words."""
    return state.form_text or "\n".join(text for _, _, text in state.messages)


def _silent(state: CallState, outcome: Outcome) -> bool:
    """Whether this is somebody who may be unable to speak, and no operator has the caller on the line or found what it was."""
    if outcome in _HEARD or (outcome is Outcome.IN_PROGRESS and state.answered_at_ms):
        return False
    return is_silent_confirmed(state)


def _quiet(state: CallState, outcome: Outcome, *, silent: bool) -> tuple[Reason, ...]:
    """Why somebody says nothing: a citizen has stopped writing and nobody has said what it was; a caller may not speak.

    For whoever looks; that somebody has stopped writing decides nothing.
    """
    stale = (_SESSION_STALE,) if state.is_stale and outcome is Outcome.UNRESOLVED else ()
    return (*stale, _SILENT_CONFIRMED) if silent else stale


def _chosen(state: CallState) -> tuple[Reason, ...]:
    made = []
    if state.form_type:
        made.append(Reason(OPERATORS_TYPE, state.form_type, 1.0))
    if state.form_priority:
        made.append(Reason(OPERATORS_PRIORITY, state.form_priority.name, 1.0))
    return tuple(made)
