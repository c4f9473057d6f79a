"""The pure fold of call events into a call's state: `join` of what each event says alone."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Final, TypeVar

from siaga_classifier.core import fixes
from siaga_classifier.core.events import CallEvent, Form
from siaga_classifier.core.state import CallState, FormState, Mark, Reported, Said, tag_bit
from siaga_classifier.core.vocabulary import CallbackResult, EventKind, HangupBy, IdentityTrust, QueueLeft

# Without bounds one stuck key or a chatting robot would make a state that no batch can carry any more. Keeping the
# earliest digits (a menu's answer comes first) and the latest messages is still a semilattice.
MAX_DIGITS: Final = 64
MAX_MESSAGES: Final = 64
# The same for attempts to call back; one that settled the matter outlives those that did not.
MAX_REPORTED: Final = 16
# ITU-T Q.850: no circuit, network out of order, temporary failure, switch congestion, resource unavailable.
FAILED_CAUSES: Final = frozenset({34, 38, 41, 42, 44, 47})

# They do not begin a call: a form may be typed under another clock, silence follows from what was said before.
_FOLLOWING: Final = frozenset({EventKind.FORM, EventKind.SESSION_STALE, EventKind.OVERDUE, EventKind.MERGED})
_OF_KIND: Final = {EventKind.MERGED: Mark.MERGED.value, EventKind.SILENT_CONFIRMED: Mark.SILENT.value}
# What may be told of a call that never was one.
_NO_CALL: Final = _FOLLOWING | {EventKind.POSITION, EventKind.UNSPECIFIED}

_ENDED_BY: Final = {
    HangupBy.CALLER: Mark.ENDED_BY_CALLER.value,
    HangupBy.CENTRE: Mark.ENDED_BY_CENTRE.value,
    HangupBy.SYSTEM: Mark.ENDED_BY_SYSTEM.value,
}
_QUEUE_LEFT: Final = {
    QueueLeft.CALLER_LEFT: Mark.QUEUE_CALLER_LEFT.value,
    QueueLeft.TIMEOUT: Mark.QUEUE_FAILED.value,
    QueueLeft.WITHDRAWN: Mark.QUEUE_FAILED.value,
    QueueLeft.EMPTY: Mark.QUEUE_FAILED.value,
    QueueLeft.FULL: Mark.QUEUE_FAILED.value,
}
# How good a number is: a number beats none, then the trust of the switch decides.
_TRUST_RANK: Final = {
    IdentityTrust.UNSPECIFIED: 0,
    IdentityTrust.NO_SIM: 1,
    IdentityTrust.ANONYMOUS: 2,
    IdentityTrust.UNVERIFIED: 3,
    IdentityTrust.ASSERTED: 4,
    IdentityTrust.VERIFIED: 5,
}
_NUMBER_RANK: Final = 10

# The time of the state that an event of this kind is.
_TIME_OF: Final[Mapping[EventKind, str]] = {
    EventKind.RINGING: "ringing_at_ms",
    EventKind.IVR_ENTERED: "ivr_entered_at_ms",
    EventKind.IVR_CONFIRMED: "ivr_confirmed_at_ms",
    EventKind.TALK_DETECTED: "talk_detected_at_ms",
    EventKind.QUEUE_JOINED: "queue_joined_at_ms",
    EventKind.ANSWERED: "answered_at_ms",
    EventKind.TALK_ENDED: "talk_ended_at_ms",
    EventKind.ENDED: "ended_at_ms",
    EventKind.SIP_ANSWERED: "sip_answered_at_ms",
    EventKind.MESSAGE: "messaged_at_ms",
    EventKind.SESSION_STALE: "stale_at_ms",
    EventKind.OVERDUE: "overdue_at_ms",
}
Ordered = TypeVar("Ordered", bound=tuple[object, ...])


def fold(state: CallState | None, events: Iterable[CallEvent]) -> CallState:
    """The state after these events, in any order and any number of times; at least one event or a state is needed."""
    for event in events:
        said = state_of(event)
        state = said if state is None else join(state, said)
    if state is None:
        raise ValueError("a fold needs a state or an event")
    return state


def state_of(event: CallEvent) -> CallState:
    """What one event says alone."""
    kind, at_ms = event.kind, event.event_at_ms
    time = _TIME_OF.get(kind)
    return CallState(
        tenant=event.tenant,
        source=event.source,
        channel=event.channel,
        began_at_ms=0 if kind in _FOLLOWING else at_ms,
        latest_at_ms=at_ms,
        marks=_marks(event),
        caller=_caller(event),
        digits=((at_ms, event.digits),) if event.digits else (),
        messages=((at_ms, event.event_id, event.text),) if event.text else (),
        answered_by=(at_ms, event.operator) if event.operator and kind is EventKind.ANSWERED else None,
        form=_form(event.form, at_ms, event.event_id) if event.form else _stated(event),
        fix=fixes.ranked(event.position, at_ms) if event.position else None,
        reported=_reported(event.form, at_ms, event.event_id) if event.form else (),
        **({} if time is None else {time: at_ms}),
    )


def join(one: CallState, other: CallState) -> CallState:
    """The least state that says all that both say: commutative, associative, idempotent."""
    return CallState(
        tenant=max(one.tenant, other.tenant),
        source=max(one.source, other.source),
        channel=max(one.channel, other.channel),
        began_at_ms=_earliest(one.began_at_ms, other.began_at_ms),
        latest_at_ms=max(one.latest_at_ms, other.latest_at_ms),
        ringing_at_ms=_earliest(one.ringing_at_ms, other.ringing_at_ms),
        ivr_entered_at_ms=_earliest(one.ivr_entered_at_ms, other.ivr_entered_at_ms),
        ivr_confirmed_at_ms=_earliest(one.ivr_confirmed_at_ms, other.ivr_confirmed_at_ms),
        talk_detected_at_ms=_earliest(one.talk_detected_at_ms, other.talk_detected_at_ms),
        queue_joined_at_ms=_earliest(one.queue_joined_at_ms, other.queue_joined_at_ms),
        answered_at_ms=_earliest(one.answered_at_ms, other.answered_at_ms),
        talk_ended_at_ms=max(one.talk_ended_at_ms, other.talk_ended_at_ms),
        ended_at_ms=max(one.ended_at_ms, other.ended_at_ms),
        sip_answered_at_ms=_earliest(one.sip_answered_at_ms, other.sip_answered_at_ms),
        marks=one.marks | other.marks,
        caller=max(one.caller, other.caller),
        digits=_union(one.digits, other.digits)[:MAX_DIGITS],
        messages=_union(one.messages, other.messages)[-MAX_MESSAGES:],
        answered_by=_least(one.answered_by, other.answered_by),
        form=_joined_form(one.form, other.form),
        fix=_greatest(one.fix, other.fix),
        messaged_at_ms=max(one.messaged_at_ms, other.messaged_at_ms),
        stale_at_ms=max(one.stale_at_ms, other.stale_at_ms),
        overdue_at_ms=max(one.overdue_at_ms, other.overdue_at_ms),
        reported=_weightiest(_union(one.reported, other.reported)),
    )


def _marks(event: CallEvent) -> int:
    marks = Mark.BACKFILLED.value if event.backfilled else 0
    if event.kind not in _NO_CALL:
        marks |= Mark.CALLED.value
    marks |= _OF_KIND.get(event.kind, 0)
    if event.test:
        marks |= Mark.TEST.value
    if event.caller_contradicted:
        marks |= Mark.CALLER_CONTRADICTED.value
    if event.kind == EventKind.ENDED:
        marks |= _ENDED_BY.get(event.hangup_by, 0)
        if event.q850 in FAILED_CAUSES:
            marks |= Mark.NETWORK_FAILED.value
    elif event.kind == EventKind.QUEUE_LEFT:
        marks |= _QUEUE_LEFT.get(event.queue_left, 0)
    return marks


def _caller(event: CallEvent) -> tuple[int, int, str, str]:
    rank = _TRUST_RANK[event.identity_trust] + (_NUMBER_RANK if event.caller_key else 0)
    return (rank, event.identity_trust.value, event.caller_number, event.caller_key)


def _stated(event: CallEvent) -> FormState | None:
    """The address that the network states, as if said before everything: any word of an operator holds against it."""
    return FormState(address=(0, event.event_id, event.civic)) if event.civic else None


def _form(form: Form, at_ms: int, event_id: str) -> FormState:
    def said(value: str) -> Said[str] | None:
        return (at_ms, event_id, value) if value else None

    ranked = fixes.ranked(form.position, at_ms) if form.position else None
    return FormState(
        operator=said(form.operator),
        text=said(form.text),
        address=said(form.address),
        position=(at_ms, event_id, ranked[3]) if ranked else None,
        type=said(form.type),
        priority=(at_ms, event_id, form.priority.value) if form.priority else None,
        disposition=(at_ms, event_id, form.disposition.value) if form.disposition else None,
        caller_tags=(at_ms, event_id, sum(map(tag_bit, form.caller_tags))) if form.caller_tags else None,
        safe_to_contact=(at_ms, event_id, 1) if form.safe_to_contact else None,
    )


def _reported(form: Form, at_ms: int, event_id: str) -> tuple[Reported, ...]:
    if not form.callback:
        return ()
    return ((at_ms, event_id, form.callback.value, form.callback_reason, form.operator),)


def _weightiest(reported: tuple[Reported, ...]) -> tuple[Reported, ...]:
    if len(reported) <= MAX_REPORTED:
        return reported
    return tuple(sorted(sorted(reported, key=lambda one: (one[2] != CallbackResult.NO_ANSWER, one))[-MAX_REPORTED:]))


def _earliest(one: int, other: int) -> int:
    if not one or not other:
        return one or other
    return min(one, other)


def _greatest(one: Ordered | None, other: Ordered | None) -> Ordered | None:
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)


def _least(one: Ordered | None, other: Ordered | None) -> Ordered | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def _union(one: tuple[Ordered, ...], other: tuple[Ordered, ...]) -> tuple[Ordered, ...]:
    if not other or one == other:
        return one
    if not one:
        return other
    return tuple(sorted({*one, *other}))


_FORM_FIELDS: Final = tuple(field.name for field in fields(FormState))


def _joined_form(one: FormState | None, other: FormState | None) -> FormState | None:
    if one is None or other is None:
        return other if one is None else one
    return FormState(*(_greatest(getattr(one, name), getattr(other, name)) for name in _FORM_FIELDS))
